//! The tables, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::platform::fold::fold;

pub struct Province {
    pub code: &'static str,
    pub name: &'static str,
}

pub struct Commune {
    pub code: &'static str,
    pub name: &'static str,
    pub(super) province: usize,
    /// What it was made of on 1 July 2025.
    pub(super) former: Vec<Former>,
}

/// A commune of before July 2025.
pub struct Former {
    pub code: &'static str,
    pub name: &'static str,
    pub district: &'static str,
    pub province: &'static str,
}

pub(super) struct Table {
    pub provinces: Vec<Province>,
    pub communes: Vec<Commune>,
    by_code: HashMap<&'static str, usize>,
    by_former_code: HashMap<&'static str, usize>,
}

/// The names as they are searched, in the order of the table.
pub(super) struct Folded {
    pub provinces: Vec<String>,
    pub communes: Vec<FoldedCommune>,
}

pub(super) struct FoldedCommune {
    pub name: String,
    /// Name, and district and province, of what it was made of.
    pub former: Vec<(String, String)>,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(Table::read);
/// Made when somebody first searches.
pub(super) static FOLDED: LazyLock<Folded> = LazyLock::new(Folded::make);

/// The rows of one of our own tables, which have no quotes; without the names of the columns.
fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().skip(1).map(|line| {
        let mut fields = line.split(',');
        std::array::from_fn(|_| fields.next().unwrap_or_default())
    })
}

impl Folded {
    fn make() -> Self {
        let former =
            |former: &Former| (bare(former.name), format!("{} {}", bare(former.district), bare(former.province)));
        let commune = |commune: &Commune| FoldedCommune {
            name: bare(commune.name),
            former: commune.former.iter().map(former).collect(),
        };
        Self {
            provinces: TABLE.provinces.iter().map(|province| bare(province.name)).collect(),
            communes: TABLE.communes.iter().map(commune).collect(),
        }
    }
}

impl Table {
    fn read() -> Self {
        let provinces: Vec<_> =
            rows(include_str!("data/provinces.csv")).map(|[code, name]| Province { code, name }).collect();
        let province_index: HashMap<_, _> = provinces.iter().enumerate().map(|(i, p)| (p.code, i)).collect();
        let mut communes = Vec::new();
        let mut by_code = HashMap::new();
        for [code, name, province] in rows(include_str!("data/communes.csv")) {
            let Some(&province) = province_index.get(province) else { continue };
            by_code.insert(code, communes.len());
            communes.push(Commune { code, name, province, former: Vec::new() });
        }
        let mut by_former_code = HashMap::new();
        for [code, name, district, province, new_code] in rows(include_str!("data/commune_changes.csv")) {
            let Some(&index) = by_code.get(new_code) else { continue };
            by_former_code.insert(code, index);
            communes[index].former.push(Former { code, name, district, province });
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

/// All of them, in the order of their codes.
pub fn provinces() -> &'static [Province] {
    &TABLE.provinces
}

pub fn province_of(commune: &Commune) -> &'static Province {
    &TABLE.provinces[commune.province]
}

/// All communes of a province.
pub fn communes_of(province_code: &str) -> impl Iterator<Item = &'static Commune> {
    TABLE.communes.iter().filter(move |commune| province_of(commune).code == province_code)
}
