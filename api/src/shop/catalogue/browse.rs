//! Lists over the read model: filters, facets, order, cursors. No I/O.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::columns::Traits;
use super::facets::{Asked, Choice, Counts};
use super::rules::{Availability, distance_km};
use super::shelf::{Entry, Snapshot};
use super::view::Facets;
use crate::platform::body;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, decode, encode};
use crate::platform::problem::{MALFORMED, Problem};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    Relevance,
    Newest,
    PriceAsc,
    PriceDesc,
    Name,
    Stars,
    Distance,
    /// What is in season and in stock first, then what is in stock, then what is in season; newest first among equals.
    Season,
}

/// `GET /v1/products`. Lists of values are comma-separated: any of them fits; different filters must all fit.
#[derive(Debug, Default, Deserialize, garde::Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductQuery {
    /// Words, with or without accents; `"in quotes"` as a phrase; the last may be unfinished; one typo is forgiven.
    #[garde(inner(length(chars, max = 200)))]
    #[param(max_length = 200, example = "buoi dien")]
    q: Option<String>,
    /// Slugs; products of categories below count too.
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    category: Option<String>,
    /// OCOP stars in force, such as `4,5`.
    #[garde(inner(length(max = 20)))]
    #[param(max_length = 20, example = "3,4,5")]
    star: Option<String>,
    /// Ids or slugs.
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cooperative: Option<String>,
    /// Province codes.
    #[garde(inner(length(max = 200)))]
    #[param(max_length = 200, example = "25")]
    province: Option<String>,
    /// Commune codes of today.
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500, example = "04990")]
    commune: Option<String>,
    /// What some offer is packed in or grown with, proved: `recycled`, `returnable`, `bamboo`, `paper`, …
    #[garde(inner(length(max = 200)))]
    #[param(max_length = 200, example = "returnable,bamboo")]
    material: Option<String>,
    /// In đồng: some offer costs at least this.
    #[garde(inner(range(min = 0)))]
    #[param(minimum = 0)]
    min_price: Option<i64>,
    /// In đồng: some offer costs at most this.
    #[garde(inner(range(min = 0)))]
    #[param(minimum = 0)]
    max_price: Option<i64>,
    #[garde(skip)]
    in_stock: Option<bool>,
    #[garde(skip)]
    in_season: Option<bool>,
    /// `latitude,longitude`; the answer tells distances.
    #[garde(inner(length(max = 60)))]
    #[param(max_length = 60, example = "20.67,105.53")]
    near: Option<String>,
    /// With `near`: no further than this.
    #[garde(inner(range(min = 0.0, max = 21_000.0)))]
    #[param(minimum = 0, maximum = 21000)]
    radius_km: Option<f64>,
    /// By relevance with `q`, else newest first, unless told.
    #[garde(skip)]
    #[param(inline)]
    sort: Option<Sort>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
    /// Count how many products each further choice would leave.
    #[garde(skip)]
    facets: Option<bool>,
}

/// A query understood.
pub struct Wanted {
    pub q: Option<String>,
    pub(super) category: Vec<String>,
    pub(super) star: Vec<i32>,
    pub(super) cooperative: Vec<String>,
    pub(super) province: Vec<String>,
    pub(super) commune: Vec<String>,
    /// Bits, of which one is enough; none asks for nothing.
    pub(super) materials: u16,
    pub(super) price: Option<(i64, i64)>,
    pub(super) in_stock: Option<bool>,
    pub(super) in_season: Option<bool>,
    pub(super) near: Option<(f64, f64)>,
    pub(super) radius_km: Option<f64>,
    pub(super) sort: Sort,
    pub(super) limit: usize,
    pub(super) after: Option<Position>,
    pub(super) facets: bool,
}

/// Where a page ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    s: Sort,
    m: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    n: Option<String>,
    i: uuid::Uuid,
}

fn fault(parameter: &str, vi: &'static str, en: &'static str) -> Problem {
    let mut problem = Problem::field(parameter, "parameter", vi, en);
    problem.code = &MALFORMED;
    problem
}

fn split(list: Option<String>) -> Vec<String> {
    list.unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

impl Wanted {
    pub fn distance(&self, entry: &Entry) -> Option<f64> {
        self.near.map(|near| distance_km(near, entry.point()))
    }

    pub fn parse(query: &str) -> Result<Self, Problem> {
        let query: ProductQuery = body::parse_query(query)?;
        let q = query.q.map(|q| q.trim_start().to_owned()).filter(|q| !q.trim().is_empty());
        let near = query.near.as_deref().map(point).transpose()?;
        if query.radius_km.is_some() && near.is_none() {
            return Err(fault("radius_km", "cần kèm theo near", "needs near beside it"));
        }
        let mut stars = Vec::new();
        for star in split(query.star) {
            match star.parse() {
                Ok(star @ 1..=5) => stars.push(star),
                _ => return Err(fault("star", "sao từ 1 đến 5", "stars are 1 to 5")),
            }
        }
        let mut materials = 0;
        for material in split(query.material) {
            let unknown = || fault("material", "không rõ vật liệu này", "is no material that is known");
            materials |= super::materials::bit(&material).ok_or_else(unknown)?;
        }
        let price = match (query.min_price, query.max_price) {
            (None, None) => None,
            (min, max) => Some((min.unwrap_or(0), max.unwrap_or(i64::MAX))),
        };
        let sort = query.sort.unwrap_or(if q.is_some() { Sort::Relevance } else { Sort::Newest });
        if sort == Sort::Distance && near.is_none() {
            return Err(fault("sort", "xếp theo khoảng cách cần kèm theo near", "sorting by distance needs near"));
        }
        let after: Option<Position> = query.cursor.as_deref().map(decode).transpose()?;
        if after.as_ref().is_some_and(|after| after.s != sort) {
            return Err(fault("cursor", "con trỏ thuộc cách sắp xếp khác", "the cursor is of another order"));
        }
        Ok(Self {
            q,
            category: split(query.category),
            star: stars,
            cooperative: split(query.cooperative),
            province: split(query.province),
            commune: split(query.commune),
            materials,
            price,
            in_stock: query.in_stock,
            in_season: query.in_season,
            near,
            radius_km: query.radius_km,
            sort,
            limit: usize::try_from(query.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(20),
            after,
            facets: query.facets.unwrap_or(false),
        })
    }
}

fn point(text: &str) -> Result<(f64, f64), Problem> {
    let wrong = || fault("near", "cần vĩ độ,kinh độ như 20.67,105.53", "latitude,longitude such as 20.67,105.53");
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    let point: (f64, f64) =
        (latitude.trim().parse().map_err(|_| wrong())?, longitude.trim().parse().map_err(|_| wrong())?);
    if (-90.0..=90.0).contains(&point.0) && (-180.0..=180.0).contains(&point.1) { Ok(point) } else { Err(wrong()) }
}

/// Sorts ascending, whatever the order asked for: descending figures are turned round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    major: u64,
    name: Option<&'a [u8]>,
    id: uuid::Uuid,
}

struct Candidate<'a> {
    key: Key<'a>,
    place: usize,
    distance_km: Option<f64>,
}

/// A product that fits the words typed, by its place among a snapshot's entries, and how well it fits.
#[derive(Clone, Copy)]
pub struct Fit {
    pub place: u32,
    pub score: f32,
}

/// An entry and, where it was asked for, how far away it is in kilometres.
pub type Item<'a> = (&'a Arc<Entry>, Option<f64>);

/// What a list shows.
pub struct Found<'a> {
    pub items: Vec<Item<'a>>,
    pub next_cursor: Option<String>,
    pub total: usize,
    pub facets: Option<Facets>,
}

/// What fits, of all products or of those that fit the words.
pub fn find<'a>(snapshot: &'a Snapshot, wanted: &Wanted, fits: Option<&[Fit]>) -> Found<'a> {
    let asked = Asked {
        category: &wanted.category,
        cooperative: &wanted.cooperative,
        province: &wanted.province,
        commune: &wanted.commune,
        star: &wanted.star,
        materials: wanted.materials,
    };
    let choice = Choice::of(&asked, snapshot);
    let mut counts = wanted.facets.then(|| Counts::new(&snapshot.columns));
    let after_name = wanted.after.as_ref().and_then(|after| after.n.as_ref());
    let after_name = after_name.map(|hex| hex::decode(hex).unwrap_or_default());
    let after = wanted.after.as_ref().map(|after| Key { major: after.m, name: after_name.as_deref(), id: after.i });
    let mut best = Best { after, limit: wanted.limit, kept: Vec::new(), worst: None, seen: 0 };
    let mut total = 0;
    let mut consider = |place: usize, score: f32| {
        let traits = snapshot.columns.at(place);
        let entry = &snapshot.entries[place];
        let distance = wanted.distance(entry);
        if !fits_always(wanted, traits, entry, distance) {
            return;
        }
        let failed = choice.failed(traits);
        if let Some(counts) = &mut counts {
            counts.add(traits, failed);
        }
        if failed == 0 {
            total += 1;
            let key = key(wanted.sort, traits, entry, score, distance);
            best.take(Candidate { key, place, distance_km: distance });
        }
    };
    match fits {
        Some(fits) => fits.iter().for_each(|fit| consider(fit.place as usize, fit.score)),
        None => (0..snapshot.entries.len()).for_each(|place| consider(place, 0.0)),
    }
    let (kept, more) = best.finish();
    let last = kept.last().filter(|_| more).map(|last| last.key);
    let next_cursor =
        last.map(|key| encode(&Position { s: wanted.sort, m: key.major, n: key.name.map(hex::encode), i: key.id }));
    let items = kept.iter().map(|candidate| (&snapshot.entries[candidate.place], candidate.distance_km)).collect();
    Found { items, next_cursor, total, facets: counts.map(|counts| counts.finish(snapshot)) }
}

/// The first of what comes after a cursor, however much comes by.
struct Best<'a> {
    after: Option<Key<'a>>,
    limit: usize,
    kept: Vec<Candidate<'a>>,
    /// As many as the limit come before it.
    worst: Option<Key<'a>>,
    seen: usize,
}

impl<'a> Best<'a> {
    fn take(&mut self, candidate: Candidate<'a>) {
        if self.after.is_some_and(|after| candidate.key <= after) {
            return;
        }
        self.seen += 1;
        if self.worst.is_some_and(|worst| candidate.key > worst) {
            return;
        }
        self.kept.push(candidate);
        if self.kept.len() >= self.limit.saturating_mul(4) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.limit {
            let last = self.limit.saturating_sub(1);
            self.kept.select_nth_unstable_by(last, |a, b| a.key.cmp(&b.key));
            self.kept.truncate(self.limit);
            self.worst = self.kept.last().map(|candidate| candidate.key);
        }
    }

    /// In order, and whether there were more.
    fn finish(mut self) -> (Vec<Candidate<'a>>, bool) {
        self.cut();
        self.kept.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let more = self.seen > self.kept.len();
        (self.kept, more)
    }
}

/// What no facet counts beside. The entry itself is looked at only where its traits do not tell.
fn fits_always(wanted: &Wanted, traits: &Traits, entry: &Entry, distance: Option<f64>) -> bool {
    let costs = |(min, max): (i64, i64)| {
        let within = |price: i64| (min..=max).contains(&price);
        traits.prices.is_some_and(|(least, greatest)| {
            let between = least < min && max < greatest;
            let some = || entry.offers.iter().any(|offer| within(offer.row.price_amount.0));
            within(least) || within(greatest) || (between && some())
        })
    };
    wanted.in_season.is_none_or(|yes| traits.in_season == yes)
        && wanted.price.is_none_or(costs)
        && wanted.in_stock.is_none_or(|yes| (entry.availability() != Availability::OutOfStock) == yes)
        && wanted.radius_km.is_none_or(|radius| distance.is_some_and(|distance| distance <= radius))
}

fn key<'a>(sort: Sort, traits: &Traits, entry: &'a Entry, score: f32, distance: Option<f64>) -> Key<'a> {
    let id = traits.id.0;
    let price = || traits.prices.map_or(u64::MAX >> 1, |(least, _)| least.unsigned_abs());
    let (major, name, id) = match sort {
        // Scores are positive, and positive floats sort as their bits do.
        Sort::Relevance => (u64::from(u32::MAX - score.max(0.0).to_bits()), None, id),
        Sort::Newest => (0, None, uuid::Uuid::from_u128(!id.as_u128())),
        Sort::PriceAsc => (price(), None, id),
        Sort::PriceDesc => (u64::MAX - price(), None, id),
        Sort::Name => (0, Some(&*entry.collation), id),
        Sort::Stars => (5 - u64::from(traits.stars), None, id),
        Sort::Season => {
            let (ripe, there) = (traits.in_season, entry.availability() != Availability::OutOfStock);
            (u64::from(!there) * 2 + u64::from(!ripe), None, uuid::Uuid::from_u128(!id.as_u128()))
        }
        Sort::Distance => (distance.unwrap_or(f64::MAX).max(0.0).to_bits(), None, id),
    };
    Key { major, name, id }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key_of(major: u64) -> Key<'static> {
        Key { major, name: None, id: uuid::Uuid::nil() }
    }

    proptest! {
        #[test]
        fn the_best_are_what_sorting_everything_would_bring(
            majors in proptest::collection::vec(0_u64..500, 0..300),
            limit in 1_usize..40,
            after in proptest::option::of(0_u64..500),
        ) {
            let mut best = Best { after: after.map(key_of), limit, kept: Vec::new(), worst: None, seen: 0 };
            for (place, &major) in majors.iter().enumerate() {
                best.take(Candidate { key: key_of(major), place, distance_km: None });
            }
            let (kept, more) = best.finish();
            let mut sorted: Vec<u64> = majors.into_iter().filter(|&major| after.is_none_or(|after| major > after)).collect();
            sorted.sort_unstable();
            prop_assert_eq!(more, sorted.len() > limit);
            sorted.truncate(limit);
            prop_assert_eq!(kept.iter().map(|candidate| candidate.key.major).collect::<Vec<_>>(), sorted);
        }
    }
}
