//! Spreadsheets: tables out as XLSX or CSV, rows in from either.
//!
//! What goes out never becomes a formula: XLSX cells are typed, and in CSV a text that a program would calculate is led by
//! an apostrophe, which reading takes off again.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use anyhow::{Context, bail};
use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{DataValidation, Format, Workbook};
use serde::Deserialize;
use time::Date;
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SheetFormat {
    Xlsx,
    Csv,
}

impl SheetFormat {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }
}

#[derive(Clone, Debug)]
pub enum Cell {
    Text(String),
    Number(i64),
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }
}

impl From<Option<Date>> for Cell {
    fn from(day: Option<Date>) -> Self {
        day.map_or(Self::Empty, |day| Self::Text(day.to_string()))
    }
}

/// A column: its heading, how wide, and the values it may hold.
pub struct Column {
    pub heading: &'static str,
    pub width: f64,
    pub choices: Vec<String>,
}

impl Column {
    pub fn new(heading: &'static str, width: f64) -> Self {
        Self { heading, width, choices: Vec::new() }
    }

    #[must_use]
    pub fn of(mut self, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }
}

/// A table, and a page of instructions behind it.
pub struct Table<'a> {
    pub title: &'a str,
    pub columns: &'a [Column],
    pub rows: &'a [Vec<Cell>],
    pub instructions: &'a [&'a str],
}

/// A drop-down's choices stand in the cell rule itself, up to this length; longer lists get a sheet.
const CHOICES_INLINE: usize = 240;
/// Drop-downs reach down to here in an empty template.
const TEMPLATE_ROWS: u32 = 10_000;

impl Table<'_> {
    pub fn write(&self, format: SheetFormat) -> anyhow::Result<Vec<u8>> {
        match format {
            SheetFormat::Xlsx => self.xlsx(),
            SheetFormat::Csv => self.csv(),
        }
    }

    fn csv(&self) -> anyhow::Result<Vec<u8>> {
        // Excel reads UTF-8 by its byte order mark.
        let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
        writer.write_record(self.columns.iter().map(|column| column.heading))?;
        for row in self.rows {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::Text(text) => defused(text),
                Cell::Number(number) => number.to_string(),
                Cell::Empty => String::new(),
            }))?;
        }
        writer.into_inner().context("CSV")
    }

    fn xlsx(&self) -> anyhow::Result<Vec<u8>> {
        let mut book = Workbook::new();
        let heading = Format::new().set_bold().set_background_color("D9EAD3").set_text_wrap();
        let mut lists: Vec<(u16, &Column)> = Vec::new();
        let sheet = book.add_worksheet();
        sheet.set_name(self.title)?;
        sheet.set_freeze_panes(1, 0)?;
        for (index, column) in (0_u16..).zip(self.columns) {
            sheet.write_with_format(0, index, column.heading, &heading)?;
            sheet.set_column_width(index, column.width)?;
            if column.choices.is_empty() {
                continue;
            }
            if column.choices.iter().map(|choice| choice.len() + 1).sum::<usize>() <= CHOICES_INLINE {
                let rule = DataValidation::new().allow_list_strings(&column.choices)?;
                sheet.add_data_validation(1, index, TEMPLATE_ROWS, index, &rule)?;
            } else {
                let letter = char::from(b'A' + u8::try_from(lists.len()).unwrap_or(25));
                let range = format!("='Danh mục'!${letter}$1:${letter}${}", column.choices.len());
                let rule = DataValidation::new().allow_list_formula(range.as_str().into());
                sheet.add_data_validation(1, index, TEMPLATE_ROWS, index, &rule)?;
                lists.push((index, column));
            }
        }
        for (line, row) in (1_u32..).zip(self.rows) {
            for (index, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Text(text) => {
                        sheet.write_string(line, index, text)?;
                    }
                    #[allow(clippy::cast_precision_loss, reason = "amounts in đồng stay far below 2^53")]
                    Cell::Number(number) => {
                        sheet.write_number(line, index, *number as f64)?;
                    }
                    Cell::Empty => {}
                }
            }
        }
        if !lists.is_empty() {
            let sheet = book.add_worksheet();
            sheet.set_name("Danh mục")?;
            for (at, (_, column)) in (0_u16..).zip(&lists) {
                for (line, choice) in (0_u32..).zip(&column.choices) {
                    sheet.write_string(line, at, choice)?;
                }
            }
        }
        if !self.instructions.is_empty() {
            let sheet = book.add_worksheet();
            sheet.set_name("Hướng dẫn")?;
            sheet.set_column_width(0, 100.0)?;
            for (line, text) in (0_u32..).zip(self.instructions) {
                sheet.write_string_with_format(line, 0, *text, &Format::new().set_text_wrap())?;
            }
        }
        Ok(book.save_to_buffer()?)
    }
}

const CALCULATED: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn defused(text: &str) -> String {
    if text.starts_with(CALCULATED) || text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(CALCULATED)) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn undefused(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(CALCULATED) || rest.starts_with('\'') => rest,
        _ => text,
    }
}

/// A sheet as read: its headings, and its rows with the line each stands on.
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

/// Rows as they are read, bounded in number, width and text. Rows without text are left out.
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

    fn put(&mut self, line: u32, column: usize, text: String) -> anyhow::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            bail!("more than {MOST_COLUMNS} columns");
        }
        self.text += text.len();
        if self.text > MOST_TEXT {
            bail!("more than {} MB of text", MOST_TEXT / 1024 / 1024);
        }
        let row = self.by_line.entry(line).or_default();
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        row[column] = text;
        if self.by_line.len() > self.most + 1 {
            bail!("more than {} rows", self.most);
        }
        Ok(())
    }
}

/// Reads the first sheet of an XLSX, or a CSV (comma, semicolon or tab). Empty rows are left out. However it is made, a
/// file takes no more memory than the bounds above.
pub fn read(bytes: &[u8], most_rows: usize) -> anyhow::Result<Sheet> {
    let mut rows = Rows::up_to(most_rows);
    if bytes.starts_with(b"PK\x03\x04") {
        read_xlsx(bytes, &mut rows)?;
    } else {
        read_csv(bytes, &mut rows)?;
    }
    let mut rows = rows.by_line.into_iter();
    let (_, headings) = rows.next().context("the sheet is empty")?;
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
    while let Some(cell) = cells.next_cell()? {
        let (row, column) = cell.get_position();
        rows.put(row.saturating_add(1), column as usize, cell_text(&Data::from(cell.get_value().clone())))?;
    }
    Ok(())
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

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.trim().to_owned(),
        // Whole numbers come as floats.
        #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => (*number as i64).to_string(),
        Data::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string().trim().to_owned(),
    }
}

fn read_csv(bytes: &[u8], rows: &mut Rows) -> anyhow::Result<()> {
    let text = std::str::from_utf8(bytes).context("not UTF-8: save it as “CSV UTF-8”")?;
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let count = |text: &str, delimiter| text.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = *[b',', b';', b'\t'].iter().max_by_key(|delimiter| count(first, **delimiter)).unwrap_or(&b',');
    if count(text, delimiter) > MOST_COLUMNS * (rows.most + 1) {
        bail!("more than {} rows or {MOST_COLUMNS} columns", rows.most);
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    // A spreadsheet counts records: a cell may hold several lines of text.
    for (line, record) in (1_u32..).zip(reader.records()) {
        for (column, cell) in record?.iter().enumerate() {
            rows.put(line, column, undefused(cell.trim()).to_owned())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(format: SheetFormat, texts: &[&str]) -> Vec<String> {
        let columns = [Column::new("Tên", 20.0), Column::new("Giá", 10.0)];
        let rows: Vec<Vec<Cell>> = texts.iter().map(|text| vec![Cell::from(*text), Cell::Number(250_000)]).collect();
        let table = Table { title: "Sản phẩm", columns: &columns, rows: &rows, instructions: &["Đọc kỹ"] };
        let sheet = read(&table.write(format).expect("written"), 100).expect("read");
        assert_eq!(sheet.headings, ["Tên", "Giá"]);
        assert!(sheet.rows.iter().all(|(_, cells)| cells[1] == "250000"));
        sheet.rows.into_iter().map(|(_, cells)| cells[0].clone()).collect()
    }

    #[test]
    fn what_is_written_is_read_again_and_never_calculated() {
        let texts = ["Bưởi \"Diễn\"; Đú Sáng, loại 1", "=1+1", "+84 912", "-5", "@SUM(A1)", "'=x", "thường"];
        for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
            assert_eq!(round(format, &texts), texts);
        }
        let columns = [Column::new("Tên", 20.0)];
        let rows = [vec![Cell::from("=cmd|' /C calc'!A0")]];
        let table = Table { title: "x", columns: &columns, rows: &rows, instructions: &[] };
        let csv = String::from_utf8(table.write(SheetFormat::Csv).expect("written")).expect("UTF-8");
        assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with('\'')), "{csv}");
    }

    #[test]
    fn semicolons_and_tabs_are_understood() {
        for text in ["Tên;Giá\nBưởi;1\n", "Tên\tGiá\nBưởi\t1\n", "\u{feff}Tên,Giá\r\nBưởi,1\r\n\r\n"] {
            let sheet = read(text.as_bytes(), 10).expect("read");
            assert_eq!(sheet.rows, [(2, vec!["Bưởi".to_owned(), "1".to_owned()])]);
        }
        assert!(read(b"", 10).is_err());
        assert!(read(b"a\n1\n2\n", 1).is_err());
    }

    fn refusal(bytes: &[u8]) -> String {
        read(bytes, 20_000).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn what_is_too_much_is_refused_before_it_is_kept() {
        assert!(refusal(&b",".repeat(3_000_000)).contains("columns"));
        assert!(refusal(&b"a\n".repeat(1_000_000)).contains("more than 20000 rows"));
        assert!(refusal(format!("a{}\n", ",b".repeat(100)).as_bytes()).contains("more than 100 columns"));
        assert!(
            refusal("Giá\nb\u{1b0}\u{1edf}i".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice())
                .contains("UTF-8")
        );
    }
}
