//! The tables, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::platform::fold::fold;

pub struct Province {
    pub code: String,
    pub name: String,
    pub(super) folded: String,
}

pub struct Commune {
    pub code: String,
    pub name: String,
    pub(super) folded: String,
    province: usize,
    /// What it was made of on 1 July 2025.
    pub(super) former: Vec<Former>,
}

/// A commune of before July 2025.
pub struct Former {
    pub code: String,
    pub name: String,
    pub district: String,
    pub province: String,
    pub(super) folded_name: String,
    /// District and province, folded.
    pub(super) folded_context: String,
}

pub(super) struct Table {
    pub provinces: Vec<Province>,
    pub communes: Vec<Commune>,
    by_code: HashMap<String, usize>,
    by_former_code: HashMap<String, usize>,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(Table::read);

fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [String; N]> {
    let reader = csv::Reader::from_reader(text.as_bytes());
    reader.into_records().filter_map(|record| {
        let record = record.ok()?;
        Some(std::array::from_fn(|i| record.get(i).unwrap_or_default().to_owned()))
    })
}

impl Table {
    fn read() -> Self {
        let provinces: Vec<_> = rows(include_str!("data/provinces.csv"))
            .map(|[code, name]| Province { folded: bare(&name), code, name })
            .collect();
        let province_index: HashMap<_, _> = provinces.iter().enumerate().map(|(i, p)| (p.code.clone(), i)).collect();
        let mut communes = Vec::new();
        let mut by_code = HashMap::new();
        for [code, name, province] in rows(include_str!("data/communes.csv")) {
            let Some(&province) = province_index.get(&province) else { continue };
            by_code.insert(code.clone(), communes.len());
            communes.push(Commune { folded: bare(&name), code, name, province, former: Vec::new() });
        }
        let mut by_former_code = HashMap::new();
        for [code, name, district, province, new_code] in rows(include_str!("data/commune_changes.csv")) {
            let Some(&index) = by_code.get(&new_code) else { continue };
            by_former_code.insert(code.clone(), index);
            communes[index].former.push(Former {
                folded_name: bare(&name),
                folded_context: format!("{} {}", bare(&district), bare(&province)),
                code,
                name,
                district,
                province,
            });
        }
        Self { provinces, communes, by_code, by_former_code }
    }
}

/// Folded, and `y` written as `i`: *Mỵ Hòa* is *Mi Hòa* in the registers.
pub(super) fn key(text: &str) -> String {
    fold(text).replace('y', "i")
}

/// Folded, and without the word that tells the kind of unit: people leave it out.
pub(super) fn bare(name: &str) -> String {
    const KINDS: &[&str] =
        &["thanh pho ", "tinh ", "phuong ", "xa ", "thi tran ", "thi xa ", "quan ", "huien ", "dac khu "];
    let folded = key(name);
    let rest = KINDS.iter().find_map(|kind| folded.strip_prefix(kind));
    // “Quận 1” without its kind would be a bare number.
    match rest {
        Some(rest) if !rest.chars().all(|c| c.is_ascii_digit()) => rest.to_owned(),
        _ => folded,
    }
}

/// The commune with this code today.
pub fn commune(code: &str) -> Option<&'static Commune> {
    TABLE.by_code.get(code).map(|&index| &TABLE.communes[index])
}

/// The commune that a former one became part of.
pub fn successor(former_code: &str) -> Option<&'static Commune> {
    TABLE.by_former_code.get(former_code).map(|&index| &TABLE.communes[index])
}

pub fn province(code: &str) -> Option<&'static Province> {
    TABLE.provinces.iter().find(|province| province.code == code)
}

pub fn province_of(commune: &Commune) -> &'static Province {
    &TABLE.provinces[commune.province]
}

/// All communes of a province.
pub fn communes_of(province_code: &str) -> impl Iterator<Item = &'static Commune> {
    TABLE.communes.iter().filter(move |commune| province_of(commune).code == province_code)
}
