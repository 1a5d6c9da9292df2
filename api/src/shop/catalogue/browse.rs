//! Lists over the read model: filters, facets, order, cursors. No I/O.

use std::sync::Arc;

use entity::value::CooperativeId;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rules::{Availability, distance_km};
use super::search::Hit;
use super::shelf::{Entry, Snapshot};
use super::view::{Bilingual, FacetValue, Facets};
use crate::platform::body;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, decode, encode};
use crate::platform::problem::{MALFORMED, Problem};

/// No facet list is longer.
const MAX_FACET_VALUES: usize = 50;

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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    major: u64,
    name: Option<Arc<[u8]>>,
    id: uuid::Uuid,
}

struct Candidate<'a> {
    key: Key,
    entry: &'a Arc<Entry>,
    distance_km: Option<f64>,
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

/// Filters that are facets fail one by one, so that a facet counts what its other values would bring.
const FACETS: usize = 5;
const CATEGORY: usize = 0;
const STAR: usize = 1;
const COOPERATIVE: usize = 2;
const PROVINCE: usize = 3;
const COMMUNE: usize = 4;

pub fn find<'a>(snapshot: &'a Snapshot, wanted: &Wanted, hits: Option<&[Hit]>) -> Found<'a> {
    let mut counts = Counts::default();
    let mut fitting = Vec::new();
    let mut consider = |entry: &'a Arc<Entry>, score: f32| {
        let distance = wanted.near.map(|near| distance_km(near, entry.point()));
        if !fits_always(wanted, entry, distance) {
            return;
        }
        let failed = failed_facets(wanted, snapshot, entry);
        if wanted.facets {
            counts.add(snapshot, entry, failed);
        }
        if failed == 0 {
            fitting.push(Candidate { key: key(wanted.sort, entry, score, distance), entry, distance_km: distance });
        }
    };
    match hits {
        Some(hits) => hits.iter().for_each(|(id, score)| {
            if let Some(entry) = snapshot.get(*id) {
                consider(entry, *score);
            }
        }),
        None => snapshot.entries.iter().for_each(|entry| consider(entry, 0.0)),
    }
    let total = fitting.len();
    let (items, next_cursor) = page(fitting, wanted);
    Found { items, next_cursor, total, facets: wanted.facets.then(|| counts.finish(snapshot)) }
}

fn page<'a>(mut fitting: Vec<Candidate<'a>>, wanted: &Wanted) -> (Vec<Item<'a>>, Option<String>) {
    if let Some(after) = &wanted.after {
        let name = after.n.as_ref().map(|hex| hex::decode(hex).unwrap_or_default().into());
        let after = Key { major: after.m, name, id: after.i };
        fitting.retain(|candidate| candidate.key > after);
    }
    let more = fitting.len() > wanted.limit;
    if more {
        fitting.select_nth_unstable_by(wanted.limit, |a, b| a.key.cmp(&b.key));
        fitting.truncate(wanted.limit);
    }
    fitting.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    let next = fitting.last().filter(|_| more).map(|last| {
        encode(&Position {
            s: wanted.sort,
            m: last.key.major,
            n: last.key.name.as_ref().map(hex::encode),
            i: last.key.id,
        })
    });
    (fitting.into_iter().map(|candidate| (candidate.entry, candidate.distance_km)).collect(), next)
}

fn fits_always(wanted: &Wanted, entry: &Entry, distance: Option<f64>) -> bool {
    let card = &entry.card;
    wanted.in_season.is_none_or(|yes| card.in_season == yes)
        && wanted.in_stock.is_none_or(|yes| (entry.availability() != Availability::OutOfStock) == yes)
        && wanted
            .price
            .is_none_or(|(min, max)| entry.offers.iter().any(|o| (min..=max).contains(&o.row.price_amount.0)))
        && wanted.radius_km.is_none_or(|radius| distance.is_some_and(|distance| distance <= radius))
}

fn failed_facets(wanted: &Wanted, snapshot: &Snapshot, entry: &Entry) -> u8 {
    let card = &entry.card;
    let any = |list: &[String], fits: &dyn Fn(&str) -> bool| list.is_empty() || list.iter().any(|item| fits(item));
    let below = |slug: &str| {
        snapshot.categories.get(&entry.category).is_some_and(|category| category.path.iter().any(|own| own == slug))
    };
    let mut failed = 0;
    let mut test = |facet: usize, fits: bool| {
        if !fits {
            failed |= 1 << facet;
        }
    };
    test(CATEGORY, any(&wanted.category, &below));
    test(STAR, wanted.star.is_empty() || card.stars.is_some_and(|stars| wanted.star.contains(&stars)));
    test(
        COOPERATIVE,
        any(&wanted.cooperative, &|key| {
            card.cooperative.slug == key || key.parse::<CooperativeId>().is_ok_and(|id| id == entry.cooperative)
        }),
    );
    test(PROVINCE, any(&wanted.province, &|code| card.origin.province_code == code));
    test(COMMUNE, any(&wanted.commune, &|code| card.origin.commune_code == code));
    failed
}

fn key(sort: Sort, entry: &Entry, score: f32, distance: Option<f64>) -> Key {
    let id = entry.id.0;
    let price = || entry.price_from().map_or(u64::MAX >> 1, |price| price.0.unsigned_abs());
    let (major, name, id) = match sort {
        // Scores are positive, and positive floats sort as their bits do.
        Sort::Relevance => (u64::from(u32::MAX - score.max(0.0).to_bits()), None, id),
        Sort::Newest => (0, None, uuid::Uuid::from_u128(!id.as_u128())),
        Sort::PriceAsc => (price(), None, id),
        Sort::PriceDesc => (u64::MAX - price(), None, id),
        Sort::Name => (0, Some(entry.collation.clone()), id),
        Sort::Stars => (5 - u64::from(entry.card.stars.unwrap_or(0).unsigned_abs()), None, id),
        Sort::Distance => (distance.unwrap_or(f64::MAX).max(0.0).to_bits(), None, id),
    };
    Key { major, name, id }
}

#[derive(Default)]
struct Counts<'a> {
    of: [FxHashMap<&'a str, (usize, Bilingual)>; FACETS],
    stars: [usize; 6],
}

impl<'a> Counts<'a> {
    fn add(&mut self, snapshot: &'a Snapshot, entry: &'a Entry, failed: u8) {
        let counts = |facet: usize| failed & !(1 << facet) == 0;
        let card = &entry.card;
        if counts(CATEGORY)
            && let Some(category) = snapshot.categories.get(&entry.category)
        {
            for slug in &category.path {
                self.of[CATEGORY].entry(slug).or_insert_with(|| (0, Bilingual::new("", ""))).0 += 1;
            }
        }
        if counts(STAR)
            && let Some(stars) = card.stars
        {
            self.stars[usize::try_from(stars).unwrap_or(0).min(5)] += 1;
        }
        let mut plain = |facet: usize, value: &'a str, name: &dyn Fn() -> Bilingual| {
            if counts(facet) {
                self.of[facet].entry(value).or_insert_with(|| (0, name())).0 += 1;
            }
        };
        plain(COOPERATIVE, &card.cooperative.slug, &|| card.cooperative.name.clone());
        let origin = &card.origin;
        plain(PROVINCE, &origin.province_code, &|| Bilingual::new(&origin.province_name, &origin.province_name));
        plain(COMMUNE, &origin.commune_code, &|| Bilingual::new(&origin.commune_name, &origin.commune_name));
    }

    fn finish(self, snapshot: &Snapshot) -> Facets {
        let [mut categories, _, cooperative, province, commune] = self.of;
        for category in snapshot.categories.values() {
            if let Some(counted) = categories.get_mut(category.row.slug.as_str()) {
                counted.1 = Bilingual::new(&category.row.name_vi, &category.row.name_en);
            }
        }
        let stars = (1..=5).rev().filter(|&stars| self.stars[stars] > 0).map(|stars| FacetValue {
            value: stars.to_string(),
            name: Bilingual { vi: format!("{stars} sao"), en: format!("{stars} stars") },
            count: self.stars[stars],
        });
        Facets {
            category: values(categories),
            star: stars.collect(),
            cooperative: values(cooperative),
            province: values(province),
            commune: values(commune),
        }
    }
}

fn values(counted: FxHashMap<&str, (usize, Bilingual)>) -> Vec<FacetValue> {
    let mut values: Vec<_> =
        counted.into_iter().map(|(value, (count, name))| FacetValue { value: value.to_owned(), name, count }).collect();
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values.truncate(MAX_FACET_VALUES);
    values
}
