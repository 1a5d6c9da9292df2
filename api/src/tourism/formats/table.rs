//! Product tables: for Google's Merchant Center (CSV, TSV; "Product data specification") and for Meta's catalogues.

use super::{availability, is_listing};
use crate::tourism::sheet::{Item, Sheet};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Google(u8),
    Meta,
}

pub fn write(sheet: &Sheet, kind: Kind) -> anyhow::Result<Vec<u8>> {
    let delimiter = match kind {
        Kind::Google(delimiter) => delimiter,
        Kind::Meta => b',',
    };
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let common = [
        "id",
        "title",
        "description",
        "link",
        "image_link",
        "availability",
        "price",
        "sale_price",
        "condition",
        "brand",
        "product_type",
    ];
    match kind {
        Kind::Google(_) => {
            writer.write_record(common.iter().chain(&["gtin", "identifier_exists", "shipping_weight"]))?;
        }
        // Meta asks for no identifier.
        Kind::Meta => writer.write_record(common)?,
    }
    for item in sheet.items.iter().filter(|item| is_listing(item)) {
        let mut row = common_cells(item, kind);
        if let Kind::Google(_) = kind {
            row.push(item.gtin.clone().unwrap_or_default());
            row.push(if item.gtin.is_some() { "yes" } else { "no" }.to_owned());
            row.push(format!("{} g", item.weight_g));
        }
        // A tab in a text would be another column to readers that know no quotes.
        writer.write_record(row.iter().map(|cell| cell.replace(['\t', '\n', '\r'], " ")))?;
    }
    writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))
}

fn common_cells(item: &Item, kind: Kind) -> Vec<String> {
    let available = availability(item);
    vec![
        item.id.clone(),
        item.name.chars().take(150).collect(),
        if item.summary.is_empty() { item.name.clone() } else { item.summary.clone() },
        item.link.clone(),
        item.image.as_ref().map(|image| image.url.clone()).unwrap_or_default(),
        // Meta takes spaces where Google takes underscores.
        if kind == Kind::Meta { available.replace('_', " ") } else { available.to_owned() },
        format!("{} VND", item.listed.or(item.price).unwrap_or(0)),
        item.listed.and(item.price).map(|price| format!("{price} VND")).unwrap_or_default(),
        "new".to_owned(),
        item.cooperative.clone(),
        item.category.clone(),
    ]
}
