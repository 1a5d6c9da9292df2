//! Spreadsheets as strangers make them (`api/examples/fuzz/targets.rs`).
#![allow(clippy::missing_panics_doc, reason = "a panic is how a target tells")]

use std::collections::HashMap;

use super::columns::{Field, PRODUCT_COLUMNS, STOCK_COLUMNS};
use super::rules::{Known, Layout, doubts, judge_product, judge_stock};
use crate::platform::fold::is_forbidden;
use crate::platform::sheets;

const ROWS: usize = 200;

pub fn sheet(bytes: &[u8]) {
    let Ok(sheet) = sheets::read(bytes, ROWS) else { return };
    assert!(sheet.rows.len() <= ROWS);
    let cells = sheet.rows.iter().flat_map(|(_, cells)| cells).chain(&sheet.headings);
    assert!(cells.into_iter().all(|cell| !cell.chars().any(is_forbidden)), "{sheet:?}");
    let categories = HashMap::from([("hoa qua".to_owned(), "hoa-qua".to_owned())]);
    let prices = HashMap::from([("BD-6".to_owned(), 250_000)]);
    let known = Known { categories: &categories, prices: &prices, pictures: None };
    for columns in [PRODUCT_COLUMNS, STOCK_COLUMNS] {
        let Ok(layout) = Layout::of(&sheet.headings, columns, &[Field::Sku]) else { continue };
        for (line, cells) in &sheet.rows {
            let place = (*line, cells.as_slice());
            let judged = if columns.len() == STOCK_COLUMNS.len() {
                judge_stock(&layout, &sheet.headings, place, &known)
            } else {
                judge_product(&layout, &sheet.headings, place, &known)
            };
            if let Ok(row) = judged {
                assert!(row.price.is_none_or(|price| price > 0), "{row:?}");
                drop(doubts(&layout, &sheet.headings, *line, &row, &known));
            }
        }
    }
}
