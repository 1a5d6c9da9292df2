//! A set of criteria as a spreadsheet: facts of the set first, then parts, criteria and their options, one a row. What is wrong
//! is told by cell. Pure.

use std::borrow::Cow;

use time::Date;

use super::criteria::{Choice, Criterion, Floor, Part, Scorecard, TOTAL};
use super::points::Points;
use crate::platform::fold;
use crate::platform::i18n::Text;
use crate::platform::numbers;
use crate::platform::sheets::{Cell, Column, Sheet, SheetFormat, Table};

const HEADINGS: [&str; 7] = ["Mã", "Nội dung", "Điểm", "Sàn 3 sao", "Sàn 4 sao", "Sàn 5 sao", "Minh chứng"];
const FACTS: [&str; 6] = ["Mã bộ", "Tên", "Nhóm hàng", "Từ ngày", "Nguồn", "Minh họa"];
/// More rows are no scorecard.
pub const MOST_ROWS: usize = 1_000;

const INSTRUCTIONS: [&str; 7] = [
    "Sáu dòng đầu nói về bộ tiêu chí: mã bộ, tên, nhóm hàng (slug, cách nhau bằng dấu phẩy), từ ngày, nguồn, minh họa (có/không).",
    "Một phần: mã là một chữ cái (A, B, C), điểm là điểm tối đa của phần. Các phần cộng lại đúng 100 điểm.",
    "Một tiêu chí: mã bắt đầu bằng chữ của phần (A1, A1.2), điểm tối đa; điểm các tiêu chí cộng lại bằng điểm của phần.",
    "Phương án của tiêu chí đứng ngay dưới, để trống mã; ít nhất hai phương án, cao nhất bằng điểm tối đa của tiêu chí.",
    "Sàn 3/4/5 sao: thiếu số điểm này ở tiêu chí thì không đạt mức sao đó, dù tổng điểm là bao nhiêu.",
    "Điểm viết như 2 hoặc 2,5; nhiều nhất hai chữ số sau dấu phẩy.",
    "Bộ tiêu chí đã nhập không bao giờ bị sửa: nhập bảng khác đi là một phiên bản mới.",
];

/// A set as a sheet says it.
#[derive(Clone, Debug, PartialEq)]
pub struct CriteriaSheet {
    pub code: String,
    pub name: String,
    /// Slugs.
    pub categories: Vec<String>,
    pub valid_from: Date,
    pub source: String,
    pub illustrative: bool,
    pub card: Scorecard,
}

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub struct CellFault {
    /// As a spreadsheet names it: `C14`.
    pub cell: String,
    pub text: Text,
}

struct Reader<'a> {
    sheet: &'a Sheet,
    columns: [Option<usize>; 7],
    faults: Vec<CellFault>,
}

fn letter(column: usize) -> char {
    char::from(b'A' + u8::try_from(column.min(25)).unwrap_or(25))
}

impl Reader<'_> {
    fn fault(&mut self, column: usize, line: u32, vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) {
        let place = self.columns[column].unwrap_or(column);
        self.faults.push(CellFault { cell: format!("{}{line}", letter(place)), text: Text::new(vi, en) });
    }

    fn cell<'r>(&self, row: &'r [String], column: usize) -> &'r str {
        self.columns[column].and_then(|place| row.get(place)).map_or("", |text| text.trim())
    }

    /// Points in a cell that must hold them.
    fn points(&mut self, row: &[String], column: usize, line: u32) -> Points {
        let text = self.cell(row, column);
        Points::parse(text).unwrap_or_else(|| {
            let (vi, en) = (format!("“{text}” không phải số điểm"), format!("“{text}” is no number of points"));
            self.fault(column, line, vi, en);
            Points(0)
        })
    }

    fn floors(&mut self, row: &[String], line: u32, most: Points) -> Vec<Floor> {
        let mut floors = Vec::new();
        for (column, stars) in [(3, 3), (4, 4), (5, 5)] {
            if self.cell(row, column).is_empty() {
                continue;
            }
            let points = self.points(row, column, line);
            if points > most {
                self.fault(column, line, "sàn cao hơn điểm tối đa", "the floor is above the most points there are");
            }
            floors.push(Floor { stars, points });
        }
        floors
    }
}

#[derive(Default)]
struct Facts {
    values: [Option<(u32, String)>; 6],
}

impl Facts {
    fn take(&self, index: usize, reader: &mut Reader<'_>) -> (u32, String) {
        match &self.values[index] {
            Some((line, text)) if !text.is_empty() => (*line, text.clone()),
            Some((line, _)) => {
                reader.fault(1, *line, "còn trống", "is empty");
                (*line, String::new())
            }
            None => {
                let name = FACTS[index];
                reader.fault(0, 1, format!("thiếu dòng “{name}”"), format!("the row “{name}” is missing"));
                (1, String::new())
            }
        }
    }
}

/// Reads a set; all that is wrong at once, by cell.
pub fn read(sheet: &Sheet) -> Result<CriteriaSheet, Vec<CellFault>> {
    let place = |heading: &str| {
        let wanted = fold::fold(heading);
        sheet.headings.iter().position(|own| fold::fold(own) == wanted)
    };
    let mut reader = Reader { sheet, columns: HEADINGS.map(place), faults: Vec::new() };
    for (column, heading) in HEADINGS.into_iter().enumerate().take(3) {
        if reader.columns[column].is_none() {
            reader.fault(column, 1, format!("thiếu cột “{heading}”"), format!("the column “{heading}” is missing"));
        }
    }
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let (facts, parts) = rows(&mut reader);
    let set = assemble(&mut reader, &facts, parts);
    if reader.faults.is_empty() { Ok(set) } else { Err(reader.faults) }
}

/// Lines of parts and criteria beside them, for what is wrong with their sums.
struct Lines {
    part: Part,
    line: u32,
    criteria: Vec<u32>,
}

fn rows(reader: &mut Reader<'_>) -> (Facts, Vec<Lines>) {
    let (mut facts, mut parts) = (Facts::default(), Vec::<Lines>::new());
    for (line, row) in &reader.sheet.rows {
        let (code, name) = (reader.cell(row, 0).to_owned(), fold::stored(reader.cell(row, 1)));
        if let Some(index) = FACTS.iter().position(|fact| fold::fold(fact) == fold::fold(&code)) {
            facts.values[index] = Some((*line, name));
            continue;
        }
        if name.is_empty() {
            reader.fault(1, *line, "còn trống", "is empty");
        }
        let points = reader.points(row, 2, *line);
        if code.is_empty() {
            match parts.last_mut().and_then(|part| part.part.criteria.last_mut()) {
                Some(criterion) => criterion.options.push(Choice { label: name, points }),
                None => {
                    reader.fault(0, *line, "phương án không thuộc tiêu chí nào", "the option belongs to no criterion");
                }
            }
        } else if code.chars().count() == 1 {
            if parts.iter().any(|part| part.part.code == code) {
                reader.fault(0, *line, format!("phần {code} có hai lần"), format!("part {code} stands here twice"));
            }
            parts.push(Lines {
                part: Part { code, name, points, criteria: Vec::new() },
                line: *line,
                criteria: Vec::new(),
            });
        } else {
            criterion(reader, &mut parts, (*line, row), (code, name, points));
        }
    }
    (facts, parts)
}

fn criterion(
    reader: &mut Reader<'_>,
    parts: &mut [Lines],
    (line, row): (u32, &[String]),
    (code, name, points): (String, String, Points),
) {
    let floors = reader.floors(row, line, points);
    if parts.iter().any(|part| part.part.criteria.iter().any(|own| own.code == code)) {
        reader.fault(0, line, format!("tiêu chí {code} có hai lần"), format!("criterion {code} stands here twice"));
    }
    if points.0 == 0 {
        reader.fault(2, line, "tiêu chí không có điểm", "the criterion has no points");
    }
    let evidence = fold::stored(reader.cell(row, 6));
    match parts.last_mut().filter(|part| code.starts_with(&part.part.code)) {
        Some(part) => {
            part.part.criteria.push(Criterion { code, name, points, evidence, floors, options: Vec::new() });
            part.criteria.push(line);
        }
        None => reader.fault(
            0,
            line,
            format!("tiêu chí {code} không nằm dưới phần của nó"),
            format!("criterion {code} does not stand below its part"),
        ),
    }
}

/// Sums that must agree, and the facts.
fn assemble(reader: &mut Reader<'_>, facts: &Facts, parts: Vec<Lines>) -> CriteriaSheet {
    for Lines { part, line, criteria } in &parts {
        let sum: Points = part.criteria.iter().map(|criterion| criterion.points).sum();
        if sum != part.points {
            let (vi, en) = (
                format!("các tiêu chí cộng lại {sum} điểm, phần có {}", part.points),
                format!("the criteria add up to {sum} points, the part has {}", part.points),
            );
            reader.fault(2, *line, vi, en);
        }
        for (criterion, line) in part.criteria.iter().zip(criteria) {
            let most = criterion.options.iter().map(|option| option.points).max();
            if criterion.options.len() < 2 {
                reader.fault(0, *line, "cần ít nhất hai phương án", "needs at least two options");
            } else if most != Some(criterion.points) {
                let (vi, en) = ("phương án cao nhất khác điểm tối đa", "the best option has not the most points");
                reader.fault(2, *line, vi, en);
            }
        }
    }
    let total: Points = parts.iter().map(|part| part.part.points).sum();
    if total != TOTAL {
        let (vi, en) = (
            format!("các phần cộng lại {total} điểm, không phải 100"),
            format!("the parts add up to {total} points, not 100"),
        );
        reader.fault(2, parts.first().map_or(1, |part| part.line), vi, en);
    }
    let [code, name, categories, from, source, illustrative] =
        [0, 1, 2, 3, 4, 5].map(|index| facts.take(index, reader));
    let valid_from = numbers::date(&from.1).unwrap_or_else(|text| {
        if !from.1.is_empty() {
            reader
                .faults
                .push(CellFault { cell: format!("{}{}", letter(reader.columns[1].unwrap_or(1)), from.0), text });
        }
        Date::MIN
    });
    if fold::slug(&code.1) != code.1 {
        reader.fault(
            1,
            code.0,
            "mã bộ chỉ gồm chữ thường, số và gạch nối",
            "the code is lower case, digits and hyphens only",
        );
    }
    let illustrative = match fold::fold(&illustrative.1).as_str() {
        "co" => true,
        "khong" => false,
        _ => {
            reader.fault(1, illustrative.0, "viết “có” hoặc “không”", "write “có” or “không”");
            true
        }
    };
    CriteriaSheet {
        code: code.1,
        name: name.1,
        categories: categories
            .1
            .split(',')
            .map(|slug| slug.trim().to_owned())
            .filter(|slug| !slug.is_empty())
            .collect(),
        valid_from,
        source: source.1,
        illustrative,
        card: Scorecard { parts: parts.into_iter().map(|part| part.part).collect() },
    }
}

fn points_cell(points: Points) -> Cell {
    if points.0 % 100 == 0 { Cell::Number(points.0 / 100) } else { Cell::Text(points.to_string()) }
}

/// The set as a sheet that reads as it is.
pub fn write(set: &CriteriaSheet, format: SheetFormat) -> anyhow::Result<Vec<u8>> {
    let empty = || Cell::Empty;
    let line = |code: &str, name: &str, points: Cell| {
        vec![code.into(), name.into(), points, empty(), empty(), empty(), empty()]
    };
    let illustrative = if set.illustrative { "có" } else { "không" };
    let (categories, from) = (set.categories.join(", "), set.valid_from.to_string());
    let values = [set.code.as_str(), &set.name, &categories, &from, &set.source, illustrative];
    let mut rows: Vec<Vec<Cell>> = FACTS.iter().zip(values).map(|(fact, value)| line(fact, value, empty())).collect();
    for part in &set.card.parts {
        rows.push(line(&part.code, &part.name, points_cell(part.points)));
        for criterion in &part.criteria {
            let floor = |stars| {
                let floor = criterion.floors.iter().find(|floor| floor.stars == stars);
                floor.map_or(Cell::Empty, |floor| points_cell(floor.points))
            };
            let mut row = line(&criterion.code, &criterion.name, points_cell(criterion.points));
            row.splice(3..7, [floor(3), floor(4), floor(5), criterion.evidence.as_str().into()]);
            rows.push(row);
            rows.extend(criterion.options.iter().map(|option| line("", &option.label, points_cell(option.points))));
        }
    }
    let widths = [10.0, 70.0, 8.0, 10.0, 10.0, 10.0, 60.0];
    let columns: Vec<Column> =
        HEADINGS.into_iter().zip(widths).map(|(heading, width)| Column::new(heading, width)).collect();
    Table { title: "Bộ tiêu chí", columns: &columns, rows: &rows, instructions: &INSTRUCTIONS }.write(format)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::sheets;

    fn set(card: Scorecard) -> CriteriaSheet {
        CriteriaSheet {
            code: "bo-thu".to_owned(),
            name: "Bộ thử".to_owned(),
            categories: vec!["trai-cay".to_owned(), "rau".to_owned()],
            valid_from: time::macros::date!(2026 - 01 - 01),
            source: "Thử".to_owned(),
            illustrative: true,
            card,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_sheet_reads_as_it_was_written(card in super::super::criteria::tests::scorecards(), csv: bool) {
            let before = set(card);
            let format = if csv { SheetFormat::Csv } else { SheetFormat::Xlsx };
            let bytes = write(&before, format).expect("a sheet");
            let read = read(&sheets::read(&bytes, MOST_ROWS).expect("a sheet")).expect("a set");
            prop_assert_eq!(read, before);
        }
    }

    #[test]
    fn a_broken_sheet_names_its_cells() {
        let text = "Mã,Nội dung,Điểm,Sàn 3 sao,Sàn 4 sao,Sàn 5 sao,Minh chứng\nMã bộ,Bộ Thử,,,,,\nTên,Bộ thử,,,,,\nNhóm hàng,trai-cay,,,,,\n\
                    Từ ngày,hôm qua,,,,,\nNguồn,Thử,,,,,\nA,Phần một,90,,,,\nA1,Một,mười,,,,\n,Không,0,,,,\n,Có,10,,,,\nB2,Lạc chỗ,5,7,,,\n";
        let faults = read(&sheets::read(text.as_bytes(), MOST_ROWS).expect("a sheet")).expect_err("faults");
        let cells: Vec<&str> = faults.iter().map(|fault| fault.cell.as_str()).collect();
        for cell in ["C8", "A11", "D11", "C7", "B5", "B2", "A1"] {
            assert!(cells.contains(&cell), "{cell} in {faults:?}");
        }
    }
}
