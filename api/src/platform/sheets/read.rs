//! Rows of an XLSX or CSV, bounded in number, width and text however the file is made.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use anyhow::{Context, bail};
use calamine::{Data, Reader, Xlsx};

use super::encoding::decoded;
use super::undefused;
use crate::platform::fold::printable;
use crate::platform::i18n::Text;

/// A sheet as read: its headings, and its rows with the line each stands on.
#[derive(Debug)]
pub struct Sheet {
    pub headings: Vec<String>,
    pub rows: Vec<(u32, Vec<String>)>,
}

/// No list of goods is wider.
const MOST_COLUMNS: usize = 100;
/// What a workbook may unpack to, its texts (which are kept in memory while it is read), and what is kept of its cells.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;
const MOST_SHARED_TEXT: u64 = 16 * 1024 * 1024;
const MOST_TEXT: usize = 16 * 1024 * 1024;

/// What is wrong with a file, for the person who made it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.en)]
struct Told(Text);

fn told(vi: impl Into<String>, en: impl Into<String>) -> anyhow::Error {
    Told(Text::new(vi.into(), en.into())).into()
}

fn too_many_rows(most: usize) -> anyhow::Error {
    told(format!("có hơn {most} dòng"), format!("more than {most} rows"))
}

fn too_many_columns() -> anyhow::Error {
    told(format!("có hơn {MOST_COLUMNS} cột"), format!("more than {MOST_COLUMNS} columns"))
}

/// Rows as they are read. Rows without text are left out.
struct Rows {
    most: usize,
    text: usize,
    by_line: BTreeMap<u32, Vec<String>>,
}

impl Rows {
    /// `most_rows` below the headings.
    fn up_to(most_rows: usize) -> Self {
        Self { most: most_rows, text: 0, by_line: BTreeMap::new() }
    }

    fn put(&mut self, line: u32, column: usize, text: &str) -> anyhow::Result<()> {
        let text = printable(text);
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            return Err(too_many_columns());
        }
        self.text += text.len();
        if self.text > MOST_TEXT {
            let most = MOST_TEXT / 1024 / 1024;
            return Err(told(format!("có hơn {most} MB chữ"), format!("more than {most} MB of text")));
        }
        let row = self.by_line.entry(line).or_default();
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        text.clone_into(&mut row[column]);
        if self.by_line.len() > self.most + 1 {
            return Err(too_many_rows(self.most));
        }
        Ok(())
    }
}

/// Reads the first sheet of an XLSX, or a CSV (comma, semicolon or tab). Empty rows are left out. However it is made, a
/// file takes no more memory than the bounds above. What is wrong with it is told in words its maker understands.
pub fn read(bytes: &[u8], most_rows: usize) -> Result<Sheet, Text> {
    sheet(bytes, most_rows).map_err(|error| match error.downcast::<Told>() {
        Ok(Told(text)) => text,
        Err(error) => Text::new(
            format!("tệp hỏng hoặc không phải bảng tính ({error:#}): mở bằng Excel và lưu lại thành .xlsx rồi gửi lại"),
            format!("the file is broken or no sheet ({error:#}): open it in Excel, save it as .xlsx and send it again"),
        ),
    })
}

fn sheet(bytes: &[u8], most_rows: usize) -> anyhow::Result<Sheet> {
    let mut rows = Rows::up_to(most_rows);
    if bytes.starts_with(b"PK\x03\x04") {
        read_xlsx(bytes, &mut rows)?;
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(told(
            "đây là tệp Excel đời cũ (.xls) hoặc có mật khẩu: trong Excel chọn Tệp → Lưu thành → Excel Workbook (.xlsx)",
            "this is an old Excel file (.xls), or one with a password: in Excel choose File → Save As → Excel Workbook (.xlsx)",
        ));
    } else {
        read_csv(bytes, &mut rows)?;
    }
    let mut rows = rows.by_line.into_iter();
    let (_, headings) = rows.next().ok_or_else(|| told("bảng tính trống", "the sheet is empty"))?;
    Ok(Sheet { rows: rows.map(|(line, cells)| (line, padded(cells, headings.len()))).collect(), headings })
}

/// Cells behind the last one with text are not written in a file.
fn padded(mut cells: Vec<String>, width: usize) -> Vec<String> {
    if cells.len() < width {
        cells.resize(width, String::new());
    }
    cells
}

/// Cell by cell: a sheet's first and last cell may lie a billion cells apart.
fn read_xlsx(bytes: &[u8], rows: &mut Rows) -> anyhow::Result<()> {
    check_unpacked_size(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let name = book.sheet_names().first().cloned().context("no sheet")?;
    let mut cells = book.worksheet_cells_reader(&name)?;
    let widths: Vec<usize> = cells
        .styles()
        .iter()
        .map(|style| style.number_format.as_ref().map_or(0, |format| zeros(&format.format_code)))
        .collect();
    while let Some((cell, style)) = cells.next_cell_with_style_id()? {
        let (row, column) = cell.get_position();
        let width = widths.get(style).copied().unwrap_or(0);
        rows.put(row.saturating_add(1), column as usize, &cell_text(&Data::from(cell.get_value().clone()), width))?;
    }
    Ok(())
}

/// The digits a format shows at least: `0000` shows 17 as `0017`.
fn zeros(format: &str) -> usize {
    if format.bytes().all(|byte| byte == b'0') { format.len() } else { 0 }
}

/// A workbook is a ZIP: it is unpacked into nothing first and counted, for what a ZIP says of its size may be a lie.
fn check_unpacked_size(bytes: &[u8]) -> anyhow::Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index)?;
        let shared = part.name().is_ok_and(|name| name.to_lowercase().ends_with("sharedstrings.xml"));
        let most = if shared { left.min(MOST_SHARED_TEXT) } else { left };
        let size = std::io::copy(&mut part.take(most + 1), &mut std::io::sink())?;
        if size > most {
            bail!("unpacks to more than {} MB", MOST_UNPACKED / 1024 / 1024);
        }
        left -= size;
    }
    Ok(())
}

/// What a person sees in the cell, as far as it matters here. `width`: the digits its format shows at least.
fn cell_text(cell: &Data, width: usize) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.trim().to_owned(),
        // Whole numbers come as floats.
        #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        Data::Float(number) if shown(*number).fract() == 0.0 && number.abs() < 9e15 => {
            format!("{:0width$}", shown(*number) as i64)
        }
        Data::Float(number) => fraction(shown(*number)),
        Data::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string().trim().to_owned(),
    }
}

/// A calculated 249999.99999999997 is shown as 250000: spreadsheets count in fifteen digits.
fn shown(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

/// Written so that three digits behind the point are not taken for a group of thousands: 125.125 is no 125125.
fn fraction(number: f64) -> String {
    let mut text = number.to_string();
    if text.split_once('.').is_some_and(|(_, behind)| behind.len() == 3) {
        text.push('0');
    }
    text
}

fn read_csv(bytes: &[u8], rows: &mut Rows) -> anyhow::Result<()> {
    let text = decoded(bytes).map_err(Told)?;
    let delimiter = delimiter(&text);
    if text.bytes().filter(|byte| *byte == delimiter).count() > MOST_COLUMNS * (rows.most + 1) {
        let most = rows.most;
        return Err(told(
            format!("có hơn {most} dòng hoặc {MOST_COLUMNS} cột"),
            format!("more than {most} rows or {MOST_COLUMNS} columns"),
        ));
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    // A spreadsheet counts records: a cell may hold several lines of text.
    for (line, record) in (1_u32..).zip(reader.records()) {
        for (column, cell) in record?.iter().enumerate() {
            rows.put(line, column, undefused(cell.trim()))?;
        }
    }
    Ok(())
}

/// The mark that stands most often in the first line, outside of quotes.
fn delimiter(text: &str) -> u8 {
    let (mut counts, mut quoted) = ([(b',', 0), (b';', 0), (b'\t', 0)], false);
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if !quoted => counts.iter_mut().filter(|(mark, _)| *mark == byte).for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    counts.iter().max_by_key(|(_, count)| *count).map_or(b',', |(mark, _)| *mark)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

    use super::*;

    #[test]
    fn semicolons_and_tabs_are_understood() {
        for text in ["Tên;Giá\nBưởi;1\n", "Tên\tGiá\nBưởi\t1\n", "\u{feff}Tên,Giá\r\nBưởi,1\r\n\r\n"] {
            let sheet = read(text.as_bytes(), 10).expect("read");
            assert_eq!(sheet.rows, [(2, vec!["Bưởi".to_owned(), "1".to_owned()])]);
        }
        assert!(read(b"", 10).is_err());
        assert!(read(b"a\n1\n2\n", 1).is_err());
    }

    #[test]
    fn a_mark_before_a_quoted_heading_is_no_part_of_it() {
        let sheet = read("\u{feff}\"Tên, đầy đủ\";\"Giá\"\n\"Bưởi, cam\";1\n".as_bytes(), 10).expect("read");
        assert_eq!(sheet.headings, ["Tên, đầy đủ", "Giá"]);
        assert_eq!(sheet.rows[0].1, ["Bưởi, cam", "1"]);
    }

    fn refusal(bytes: &[u8]) -> String {
        read(bytes, 20_000).err().map(|text| text.en.into_owned()).unwrap_or_default()
    }

    #[test]
    fn what_is_too_much_is_refused_before_it_is_kept() {
        assert!(refusal(&b",".repeat(3_000_000)).contains("columns"));
        assert!(refusal(&b"a\n".repeat(1_000_000)).contains("more than 20000 rows"));
        assert!(refusal(format!("a{}\n", ",b".repeat(100)).as_bytes()).contains("more than 100 columns"));
        assert!(refusal(b"\xd0\xcf\x11\xe0\xa1\xb1").contains("Save As"));
        assert!(refusal(b"PK\x03\x04broken").contains("save it as .xlsx"));
    }

    fn cells(book: &mut Workbook) -> Vec<Vec<String>> {
        let bytes = book.save_to_buffer().expect("written");
        read(&bytes, 100).expect("read").rows.into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn numbers_are_what_a_person_sees() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let padded = Format::new().set_num_format("0000");
        let money = Format::new().set_num_format("#,##0");
        sheet.write_row(0, 0, ["SKU", "Giá", "Phép tính", "Lẻ"]).expect("headings");
        sheet.write_number_with_format(1, 0, 17, &padded).expect("number");
        sheet.write_number_with_format(1, 1, 250_000, &money).expect("number");
        sheet.write_number(1, 2, 249_999.999_999_999_97).expect("number");
        sheet.write_number(1, 3, 125.125).expect("number");
        assert_eq!(cells(&mut book), [["0017", "250000", "250000", "125.1250"]]);
    }

    #[test]
    fn dates_are_days_whatever_the_workbook_counts_from() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let day = Format::new().set_num_format("dd/mm/yyyy");
        sheet.write_row(0, 0, ["Tính", "Gõ"]).expect("headings");
        let formula = Formula::new("=DATE(2025,3,1)").set_result("45717");
        sheet.write_formula_with_format(1, 0, formula, &day).expect("formula");
        let typed = ExcelDateTime::from_ymd(2025, 3, 1).expect("a day");
        sheet.write_datetime_with_format(1, 1, &typed, &day).expect("date");
        assert_eq!(cells(&mut book), [["2025-03-01", "2025-03-01"]]);
        // The same day in a workbook that counts from 1904, as Excel on a Mac wrote them.
        let bytes = book.save_to_buffer().expect("written");
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).expect("a ZIP");
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).expect("a part");
            let name = part.name().expect("a name").into_owned();
            let mut text = String::new();
            part.read_to_string(&mut text).expect("text");
            if name.ends_with("workbook.xml") {
                text = text.replace("<workbookPr", "<workbookPr date1904=\"1\"");
            }
            text = text.replace("<v>45717</v>", "<v>44255</v>");
            out.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
            out.write_all(text.as_bytes()).expect("written");
        }
        let bytes = out.finish().expect("a ZIP").into_inner();
        assert_eq!(read(&bytes, 10).expect("read").rows[0].1, ["2025-03-01", "2025-03-01"]);
    }

    #[test]
    fn blanks_stay_blank() {
        let sheet = read("a,b\n1,x\n,y\n3,\n".as_bytes(), 10).expect("read");
        let rows: Vec<_> = sheet.rows.iter().map(|(_, cells)| cells.join("|")).collect();
        assert_eq!(rows, ["1|x", "|y", "3|"]);
    }
}
