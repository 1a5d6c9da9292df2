//! Lines of a quotation as people bring them: typed, pasted, or a sheet: a SKU and how many.

use entity::value::OfferId;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::numbers;
use crate::platform::problem::Problem;
use crate::platform::sheets::read;

/// More lines than that are no list.
pub const MOST: usize = 200;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct WholesaleLineInput {
    /// The offer, or its SKU.
    pub offer_id: Option<OfferId>,
    #[garde(inner(length(max = 60)))]
    #[schema(max_length = 60)]
    pub sku: Option<String>,
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
}

/// Lines, or a pasted list of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub struct LinesInput {
    #[garde(length(max = 200), dive)]
    #[schema(max_items = 200)]
    pub lines: Vec<WholesaleLineInput>,
    /// `BD-6 40`, one a line; tab, semicolon or comma between, as a sheet pastes it.
    #[garde(inner(length(max = 20_000)))]
    #[schema(max_length = 20_000)]
    pub text: Option<String>,
}

const BETWEEN: [char; 4] = ['\t', ';', ',', ' '];

/// The SKU and the number of a pasted line.
fn line_of(line: &str) -> Option<(String, i64)> {
    let line = line.trim().trim_end_matches([';', ',']);
    let at = line.rfind(BETWEEN)?;
    let (sku, count) = (line.get(..at)?, line.get(at + 1..)?);
    let sku = sku.trim().trim_end_matches(BETWEEN).trim_matches('"');
    let quantity = numbers::count(count.trim().trim_matches('"')).ok().filter(|count| *count > 0)?;
    (!sku.is_empty()).then(|| (sku.to_owned(), quantity))
}

/// Reads a pasted list; a line that cannot be read is told by its number. A first line without a number is a heading.
pub fn read_text(text: &str) -> Result<Vec<WholesaleLineInput>, Problem> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match line_of(line) {
            Some((sku, quantity)) => {
                found.push(WholesaleLineInput { offer_id: None, sku: Some(sku), quantity });
            }
            None if found.is_empty() && !line.bytes().any(|byte| byte.is_ascii_digit()) => {}
            None => {
                let vi = format!("dòng {}: cần mã hàng rồi số lượng", index + 1);
                let en = format!("line {}: a SKU and how many are needed", index + 1);
                return Err(Problem::field("/goods/text", "line", vi, en));
            }
        }
    }
    if found.len() > MOST {
        return Err(Problem::field("/goods/text", "length", "quá 200 dòng", "more than 200 lines"));
    }
    Ok(found)
}

/// A sheet as pasted text: the first column is the SKU, the second how many; rows without a number are passed over.
pub fn read_sheet(bytes: &[u8]) -> Result<String, Problem> {
    let sheet = read(bytes, 10 * MOST).map_err(|fault| Problem::field("/file", "sheet", fault.vi, fault.en))?;
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    // A first row with a number is goods already.
    let first = Some(&sheet.headings).filter(|row| cell(row, 1).bytes().any(|byte| byte.is_ascii_digit()));
    let all = first.into_iter().chain(sheet.rows.iter().map(|(_, cells)| cells));
    let filled = all.filter(|row| !cell(row, 1).trim().is_empty());
    let rows = filled.map(|row| format!("{}\t{}", cell(row, 0), cell(row, 1)));
    Ok(rows.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_people_paste_them() {
        let text = "Mã hàng\tSố lượng\nBD-6\t40\nCTR 1;  20\n\n\"MK-300\",5\nHD-100 1.200\n";
        let found = read_text(text).unwrap_or_default().into_iter();
        let found: Vec<_> = found.map(|line| (line.sku.unwrap_or_default(), line.quantity)).collect();
        let wanted = [("BD-6", 40), ("CTR 1", 20), ("MK-300", 5), ("HD-100", 1_200)];
        assert_eq!(found, wanted.map(|(sku, quantity)| (sku.to_owned(), quantity)));
        assert!(read_text("BD-6 40\nkhông có số").is_err() && read_text("BD-6 0").is_err());
    }

    #[test]
    fn sheets_have_headings_or_none_and_empty_rows_are_passed_over() {
        let read = |sheet: &str| read_sheet(sheet.as_bytes()).unwrap_or_default();
        assert_eq!(read("Mã hàng,Số lượng,Tên\nBD-6,40,Bưởi\nCTR-1,,Cam\n"), "BD-6\t40");
        assert_eq!(read("BD-6,40\nCTR-1,5\n"), "BD-6\t40\nCTR-1\t5");
    }
}
