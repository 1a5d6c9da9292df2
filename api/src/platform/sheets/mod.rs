//! Spreadsheets: tables out as XLSX or CSV, rows in from either.
//!
//! What goes out never becomes a formula: XLSX cells are typed, and in CSV a text that a program would calculate is led by
//! an apostrophe, which reading takes off again.

mod encoding;
mod read;
mod row;

use anyhow::Context;
pub use read::{Sheet, read};
pub use row::{Row, headings};
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

/// Whether a program would calculate the text, once the apostrophes before it are off.
fn is_calculated(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(CALCULATED)
}

fn defused(text: &str) -> String {
    if is_calculated(text) { format!("'{text}") } else { text.to_owned() }
}

fn undefused(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_calculated(rest)).unwrap_or(text)
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
        let texts = [
            "'Cốm",
            "=Mật ong",
            "-10% muối",
            "''=x",
            "'",
            "Bưởi \"Diễn\"; Đú Sáng, loại 1",
            "=1+1",
            "+84 912",
            "-5",
            "@SUM(A1)",
            "'=x",
            "thường",
        ];
        for format in [SheetFormat::Xlsx, SheetFormat::Csv] {
            assert_eq!(round(format, &texts), texts);
        }
        let columns = [Column::new("Tên", 20.0)];
        let rows = [vec![Cell::from("=cmd|' /C calc'!A0")]];
        let table = Table { title: "x", columns: &columns, rows: &rows, instructions: &[] };
        let csv = String::from_utf8(table.write(SheetFormat::Csv).expect("written")).expect("UTF-8");
        assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with('\'')), "{csv}");
    }
}
