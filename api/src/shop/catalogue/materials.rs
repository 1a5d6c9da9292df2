//! What goods are packed in and grown with, as buyers filter by it: pure. Each value is a bit.

use entity::value::{Material, MaterialPart, Money, OfferId, Vnd};
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::i18n::Bilingual;

/// A fact of an offer whose certificate is verified and valid.
#[derive(Clone, Debug, FromQueryResult)]
pub struct MaterialRow {
    pub offer_id: OfferId,
    pub part: MaterialPart,
    pub material: Material,
    pub recycled_bp: i64,
    pub returnable: bool,
    pub deposit_amount: Option<Vnd>,
    pub proof: String,
}

/// What an offer is packed in or grown with; an officer has seen the proof.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MaterialView {
    pub part: MaterialPart,
    pub material: Material,
    pub name: Bilingual,
    /// The recycled share, in basis points.
    pub recycled_bp: i64,
    /// The cooperative takes it back.
    pub returnable: bool,
    /// Asked for until it is back.
    #[schema(required = true)]
    pub deposit: Option<Money>,
    /// The number of its certificate.
    pub proof: String,
}

pub fn view(row: &MaterialRow) -> MaterialView {
    let (vi, en) = words(row.material.as_str());
    MaterialView {
        part: row.part,
        material: row.material,
        name: Bilingual::new(vi, en),
        recycled_bp: row.recycled_bp,
        returnable: row.returnable,
        deposit: row.deposit_amount.map(Into::into),
        proof: row.proof.clone(),
    }
}

/// What a filter may name: the materials, what is made of recycled stuff, what is taken back. Key, Vietnamese, English.
pub const VALUES: [(&str, &str, &str); 13] = [
    ("recycled", "Có vật liệu tái chế", "With recycled material"),
    ("returnable", "Bao bì thu hồi dùng lại", "Packaging taken back"),
    ("paper", "Giấy, bìa", "Paper, cardboard"),
    ("bamboo", "Tre, nứa", "Bamboo"),
    ("leaf", "Lá, bẹ cây", "Leaves"),
    ("wood", "Gỗ", "Wood"),
    ("cloth", "Vải, đay", "Cloth, jute"),
    ("glass", "Thủy tinh", "Glass"),
    ("metal", "Kim loại", "Metal"),
    ("bioplastic", "Nhựa phân hủy sinh học", "Compostable plastic"),
    ("plastic", "Nhựa", "Plastic"),
    ("organic_fertiliser", "Phân bón hữu cơ", "Organic fertiliser"),
    ("biological_control", "Bảo vệ cây bằng sinh học", "Biological plant protection"),
];

pub fn words(key: &str) -> (&'static str, &'static str) {
    VALUES.iter().find(|(known, ..)| *known == key).map_or(("", ""), |(_, vi, en)| (vi, en))
}

/// The bit of a value.
pub fn bit(key: &str) -> Option<u16> {
    VALUES.iter().position(|(known, ..)| *known == key).map(|place| 1 << place)
}

/// All that some facts have.
pub fn bits<'a>(rows: impl IntoIterator<Item = &'a MaterialRow>) -> u16 {
    let of = |key: &str, has: bool| if has { bit(key).unwrap_or(0) } else { 0 };
    rows.into_iter().fold(0, |all, row| {
        all | of(row.material.as_str(), true) | of("recycled", row.recycled_bp > 0) | of("returnable", row.returnable)
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn every_material_is_a_value_of_its_own() {
        let mut all = 0;
        for (place, (key, ..)) in VALUES.iter().enumerate() {
            assert_eq!(bit(key), Some(1 << place));
            all |= bit(key).unwrap_or(0);
        }
        for material in Material::iter() {
            assert!(bit(material.as_str()).is_some() && !words(material.as_str()).0.is_empty(), "{material:?}");
        }
        assert_eq!((all.count_ones(), bit("stone")), (13, None));
    }
}
