//! Facets: what somebody chose of each, and how many products each further choice would leave.

use entity::value::CooperativeId;
use rustc_hash::FxHashMap;

use super::columns::{CATEGORY, COMMUNE, COOPERATIVE, Columns, MATERIAL, NAMED, PROVINCE, STAR, Traits};
use super::materials;
use super::shelf::{Entry, Snapshot};
use super::view::{Bilingual, FacetValue, Facets};

/// No facet list is longer.
const MAX_FACET_VALUES: usize = 50;

/// Values asked for, of each facet; an empty list asks for nothing in particular.
pub struct Asked<'a> {
    pub category: &'a [String],
    pub cooperative: &'a [String],
    pub province: &'a [String],
    pub commune: &'a [String],
    pub star: &'a [i32],
    /// Bits, of which one is enough.
    pub materials: u16,
}

/// The products that have what is asked for, by the numbers of their traits.
pub struct Choice {
    allowed: [Option<Vec<bool>>; NAMED],
    stars: Option<[bool; 6]>,
    materials: u16,
}

impl Choice {
    pub fn of(asked: &Asked<'_>, snapshot: &Snapshot) -> Self {
        let allowed = |facet: usize, list: &[String], fits: &dyn Fn(&Entry, &str) -> bool| {
            let fits = |&place: &usize| list.iter().any(|item| fits(&snapshot.entries[place], item));
            (!list.is_empty()).then(|| snapshot.columns.examples[facet].iter().map(fits).collect())
        };
        let below = |entry: &Entry, slug: &str| {
            let category = snapshot.categories.get(&entry.category);
            category.is_some_and(|category| category.path.iter().any(|own| own == slug))
        };
        let maker = |entry: &Entry, key: &str| {
            entry.card.cooperative.slug == key || key.parse::<CooperativeId>().is_ok_and(|id| id == entry.cooperative)
        };
        let mut stars = [false; 6];
        for chosen in asked.star {
            if let Some(place) = usize::try_from(*chosen).ok().and_then(|at| stars.get_mut(at)) {
                *place = true;
            }
        }
        Self {
            allowed: [
                allowed(CATEGORY, asked.category, &below),
                allowed(COOPERATIVE, asked.cooperative, &maker),
                allowed(PROVINCE, asked.province, &|entry, code| entry.card.origin.province_code == code),
                allowed(COMMUNE, asked.commune, &|entry, code| entry.card.origin.commune_code == code),
            ],
            stars: (!asked.star.is_empty()).then_some(stars),
            materials: asked.materials,
        }
    }

    /// A bit for each facet whose choice the product is not among. Facets fail one by one, so that each counts what its
    /// other values would bring.
    pub fn failed(&self, traits: &Traits) -> u8 {
        let mut failed = 0;
        for (facet, (allowed, number)) in self.allowed.iter().zip(traits.numbers).enumerate() {
            if allowed.as_ref().is_some_and(|allowed| !allowed[number as usize]) {
                failed |= 1 << facet;
            }
        }
        if self.stars.is_some_and(|stars| !stars[usize::from(traits.stars)]) {
            failed |= 1 << STAR;
        }
        if self.materials != 0 && self.materials & traits.materials == 0 {
            failed |= 1 << MATERIAL;
        }
        failed
    }
}

pub struct Counts {
    of: [Vec<usize>; NAMED],
    stars: [usize; 6],
    materials: [usize; materials::VALUES.len()],
}

impl Counts {
    pub fn new(columns: &Columns) -> Self {
        Self {
            of: columns.examples.each_ref().map(|values| vec![0; values.len()]),
            stars: [0; 6],
            materials: [0; materials::VALUES.len()],
        }
    }

    pub fn add(&mut self, traits: &Traits, failed: u8) {
        for (facet, (counts, number)) in self.of.iter_mut().zip(traits.numbers).enumerate() {
            if failed & !(1 << facet) == 0 {
                counts[number as usize] += 1;
            }
        }
        if failed & !(1 << STAR) == 0 {
            self.stars[usize::from(traits.stars)] += 1;
        }
        if traits.materials != 0 && failed & !(1 << MATERIAL) == 0 {
            for (place, count) in self.materials.iter_mut().enumerate() {
                *count += usize::from(traits.materials >> place & 1);
            }
        }
    }

    pub fn finish(&self, snapshot: &Snapshot) -> Facets {
        let stars = (1..=5).rev().filter(|&stars| self.stars[stars] > 0).map(|stars| FacetValue {
            value: stars.to_string(),
            name: Bilingual { vi: format!("{stars} sao"), en: format!("{stars} stars") },
            count: self.stars[stars],
        });
        let materials = materials::VALUES.iter().zip(self.materials).filter(|(_, count)| *count > 0);
        let materials = materials.map(|((value, vi, en), count)| FacetValue {
            value: (*value).to_owned(),
            name: Bilingual::new(vi, en),
            count,
        });
        let plain = |facet: usize, value: fn(&Entry) -> &str, name: fn(&Entry) -> Bilingual| {
            let counted = self.counted(facet, snapshot).map(|(entry, count)| (value(entry), count, entry));
            most(counted.collect()).into_iter().map(move |(value, count, entry)| FacetValue {
                value: value.to_owned(),
                name: name(entry),
                count,
            })
        };
        Facets {
            category: self.categories(snapshot),
            star: stars.collect(),
            material: materials.collect(),
            cooperative: plain(COOPERATIVE, |e| &e.card.cooperative.slug, |e| e.card.cooperative.name.clone())
                .collect(),
            province: plain(PROVINCE, |e| &e.card.origin.province_code, |e| twice(&e.card.origin.province_name))
                .collect(),
            commune: plain(COMMUNE, |e| &e.card.origin.commune_code, |e| twice(&e.card.origin.commune_name)).collect(),
        }
    }

    /// Values that some product has: one such product, and how many there are.
    fn counted<'a>(&'a self, facet: usize, snapshot: &'a Snapshot) -> impl Iterator<Item = (&'a Entry, usize)> {
        let counts = self.of[facet].iter().zip(&snapshot.columns.examples[facet]);
        counts.filter(|(count, _)| **count > 0).map(|(count, place)| (&*snapshot.entries[*place], *count))
    }

    /// A product counts for its own category and for those above it.
    fn categories(&self, snapshot: &Snapshot) -> Vec<FacetValue> {
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        for (entry, count) in self.counted(CATEGORY, snapshot) {
            for slug in snapshot.categories.get(&entry.category).iter().flat_map(|category| &category.path) {
                *counts.entry(slug).or_default() += count;
            }
        }
        let rows: FxHashMap<_, _> = snapshot.categories.values().map(|c| (c.row.slug.as_str(), &c.row)).collect();
        let counted = counts.into_iter().map(|(slug, count)| (slug, count, rows.get(slug)));
        most(counted.collect())
            .into_iter()
            .map(|(slug, count, row)| FacetValue {
                value: slug.to_owned(),
                name: row.map_or_else(|| twice(""), |row| Bilingual::new(&row.name_vi, &row.name_en)),
                count,
            })
            .collect()
    }
}

fn twice(name: &str) -> Bilingual {
    Bilingual::new(name, name)
}

/// The most frequent first; equally frequent ones by their value.
fn most<T>(mut counted: Vec<(&str, usize, T)>) -> Vec<(&str, usize, T)> {
    counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counted.truncate(MAX_FACET_VALUES);
    counted
}
