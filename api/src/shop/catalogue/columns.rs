//! What filters and facets ask of every product, side by side: a search that finds half the shop reads a few bytes of
//! each product it finds, and none of its card.

use std::hash::Hash;

use entity::value::{CategoryId, CooperativeId, ProductId};
use rustc_hash::FxHashMap;

/// Facets whose values are numbered; stars are their own numbers.
pub const NAMED: usize = 4;
pub const CATEGORY: usize = 0;
pub const COOPERATIVE: usize = 1;
pub const PROVINCE: usize = 2;
pub const COMMUNE: usize = 3;
pub const STAR: usize = 4;
pub const MATERIAL: usize = 5;

/// What a product is, as far as lists ask, whatever its stock.
pub struct Facts<'a> {
    pub id: ProductId,
    /// The least and the greatest price of its offers, in đồng.
    pub prices: Option<(i64, i64)>,
    pub category: CategoryId,
    pub cooperative: CooperativeId,
    pub province: &'a str,
    pub commune: &'a str,
    /// In force.
    pub stars: Option<i32>,
    pub in_season: bool,
    /// As [`super::materials`] has its bits.
    pub materials: u16,
}

/// The same in a few bytes.
pub struct Traits {
    pub id: ProductId,
    pub prices: Option<(i64, i64)>,
    /// Its value of each named facet, as a place among the columns' examples.
    pub numbers: [u32; NAMED],
    /// None is 0.
    pub stars: u8,
    pub in_season: bool,
    pub materials: u16,
}

/// The traits of a snapshot's products, in the order of its entries.
#[derive(Default)]
pub struct Columns {
    traits: Vec<Traits>,
    /// For each named facet, per value: the place of a product that has it, and knows its names.
    pub examples: [Vec<usize>; NAMED],
}

struct Numbers<K> {
    of: FxHashMap<K, u32>,
    examples: Vec<usize>,
}

impl<K: Hash + Eq> Numbers<K> {
    fn new() -> Self {
        Self { of: FxHashMap::default(), examples: Vec::new() }
    }

    fn number(&mut self, value: K, place: usize) -> u32 {
        let Self { of, examples } = self;
        *of.entry(value).or_insert_with(|| {
            examples.push(place);
            u32::try_from(examples.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

impl Columns {
    pub fn of<'a>(products: impl Iterator<Item = Facts<'a>>) -> Self {
        let (mut categories, mut cooperatives) = (Numbers::new(), Numbers::new());
        let (mut provinces, mut communes) = (Numbers::new(), Numbers::new());
        let traits = products.enumerate().map(|(place, facts)| Traits {
            id: facts.id,
            prices: facts.prices,
            numbers: [
                categories.number(facts.category, place),
                cooperatives.number(facts.cooperative, place),
                provinces.number(facts.province, place),
                communes.number(facts.commune, place),
            ],
            stars: facts.stars.and_then(|stars| u8::try_from(stars).ok()).unwrap_or(0).min(5),
            in_season: facts.in_season,
            materials: facts.materials,
        });
        let traits = traits.collect();
        Self { traits, examples: [categories.examples, cooperatives.examples, provinces.examples, communes.examples] }
    }

    pub fn at(&self, place: usize) -> &Traits {
        &self.traits[place]
    }
}
