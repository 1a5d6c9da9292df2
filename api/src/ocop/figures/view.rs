//! Figures as they are shown: ranked communes with what they reach, the sum, and the years before.

use std::cmp::Reverse;

use futures_util::future::try_join_all;
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::count::{Counted, Period, count, put_middles};
use super::figure::{Figure, Figures};
use super::indicators::{Indicator, in_force};
use crate::people::desk::Desk;
use crate::people::offices::{Jurisdiction, OfficePermission};
use crate::people::places::{self, commune, communes_of, province_of};
use crate::platform::problem::{FORBIDDEN, Problem};

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct FiguresQuery {
    /// First day in Vietnam; the first of the year unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// A commune's or a province's code; everything one sees unless told.
    #[garde(inner(length(chars, max = 10)))]
    #[param(max_length = 10)]
    pub place: Option<String>,
    /// Communes are ranked by it; `revenue` unless told.
    #[param(inline)]
    pub by: Option<Figure>,
    /// 1 unless told.
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[param(minimum = 1, maximum = 10_000)]
    pub from_rank: Option<usize>,
    /// 100 unless told, 4,000 at the most.
    #[garde(inner(range(min = 1, max = 4_000)))]
    #[param(minimum = 1, maximum = 4_000)]
    pub limit: Option<usize>,
}

/// A commune in the ranking.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CommuneFigures {
    /// Equal figures have equal ranks.
    pub rank: usize,
    pub commune_code: String,
    pub commune_name: String,
    pub province_name: String,
    /// Of the middle of its producers' places; none without producers.
    #[schema(required = true)]
    pub latitude: Option<f64>,
    #[schema(required = true)]
    pub longitude: Option<f64>,
    pub figures: Figures,
    /// Codes of the indicators reached.
    pub reached: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FiguresView {
    pub period: Period,
    pub by: Figure,
    /// Communes of the place, those without any figures too.
    pub communes_in_place: usize,
    /// Of all communes of the place.
    pub total: Figures,
    pub indicators: Vec<IndicatorReached>,
    pub communes: Vec<CommuneFigures>,
    /// Communes that have any figure.
    pub ranked: usize,
}

/// An indicator, and how many communes reach it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IndicatorReached {
    #[serde(flatten)]
    pub indicator: Indicator,
    pub communes: usize,
}

/// Five years of the place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct History {
    pub years: Vec<Year>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Year {
    pub year: i32,
    /// The year is not over: figures until today.
    pub until_today: bool,
    pub figures: Figures,
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// A commune's or a province's code; everything one sees unless told.
    #[garde(inner(length(chars, max = 10)))]
    #[param(max_length = 10)]
    pub place: Option<String>,
}

const YEARS: i32 = 5;

/// Longest period that is counted at once.
const MOST_DAYS: i64 = 366 * 10;

fn period(query: &FiguresQuery, today: Date) -> Result<Period, Problem> {
    let to = query.to.unwrap_or(today);
    let from = query.from.unwrap_or_else(|| to.replace_ordinal(1).unwrap_or(to));
    if from > to || (to - from).whole_days() > MOST_DAYS {
        let (vi, en) =
            ("phải trước ngày cuối, nhiều nhất mười năm", "must be before the last day, ten years at the most");
        return Err(Problem::field("/from", "range", vi, en));
    }
    Ok(Period { from, to })
}

/// Where one looks at: the place asked for, as far as one's offices are for it.
pub(super) async fn place(desk: &Desk, asked: Option<&str>) -> Result<Jurisdiction, Problem> {
    let own = desk.jurisdiction(OfficePermission::SeeFigures).await?;
    let Some(code) = asked.map(str::trim).filter(|code| !code.is_empty()) else { return Ok(own) };
    let mut codes: Vec<&'static str> = commune(code).map(|found| found.code).into_iter().collect();
    if codes.is_empty() && places::province(code).is_some() {
        codes = communes_of(code).map(|found| found.code).collect();
    }
    if codes.is_empty() {
        return Err(Problem::field("/place", "place", "không có địa bàn này", "there is no such place"));
    }
    codes.retain(|code| own.covers(code));
    if codes.is_empty() {
        return Err(Problem::new(&FORBIDDEN));
    }
    Ok(Jurisdiction::Communes(codes))
}

fn communes_in(place: &Jurisdiction) -> usize {
    match place {
        Jurisdiction::Country => places::provinces().iter().map(|province| communes_of(province.code).count()).sum(),
        Jurisdiction::Communes(codes) => codes.len(),
    }
}

fn row(code: String, counted: Counted, indicators: &[Indicator]) -> CommuneFigures {
    let found = commune(&code);
    let reached = indicators.iter().filter(|one| counted.figures.get(one.figure) >= one.least);
    CommuneFigures {
        rank: 0,
        commune_name: found.map_or_else(|| code.clone(), |found| found.name.to_owned()),
        province_name: found.map_or("", |found| province_of(found).name).to_owned(),
        latitude: counted.middle.map(|(latitude, _)| latitude),
        longitude: counted.middle.map(|(_, longitude)| longitude),
        reached: reached.map(|one| one.code.clone()).collect(),
        figures: counted.figures,
        commune_code: code,
    }
}

/// The figures of a period and place, communes ranked.
pub async fn show(desk: &Desk, query: &FiguresQuery) -> Result<FiguresView, Problem> {
    let place = place(desk, query.place.as_deref()).await?;
    let period = period(query, desk.today())?;
    let connection = desk.db.fresh();
    let indicators = in_force(connection).await?;
    let by = query.by.unwrap_or(Figure::Revenue);
    let mut counted = count(connection, &place, period).await?;
    put_middles(connection, &place, &mut counted).await?;
    let mut communes: Vec<CommuneFigures> =
        counted.into_iter().map(|(code, counted)| row(code, counted, &indicators)).collect();
    communes.sort_by(|a, b| {
        (Reverse(a.figures.get(by)), &a.commune_code).cmp(&(Reverse(b.figures.get(by)), &b.commune_code))
    });
    let mut total = Figures::default();
    for index in 0..communes.len() {
        total.add(&communes[index].figures);
        let before = index.checked_sub(1).map(|before| (communes[before].rank, communes[before].figures.get(by)));
        communes[index].rank = match before {
            Some((rank, figure)) if figure == communes[index].figures.get(by) => rank,
            _ => index + 1,
        };
    }
    let reached = |code: &String| communes.iter().filter(|one| one.reached.contains(code)).count();
    let indicators = indicators
        .into_iter()
        .map(|indicator| IndicatorReached { communes: reached(&indicator.code), indicator })
        .collect();
    let ranked = communes.len();
    let communes =
        communes.into_iter().skip(query.from_rank.unwrap_or(1) - 1).take(query.limit.unwrap_or(100)).collect();
    Ok(FiguresView { period, by, communes_in_place: communes_in(&place), total, indicators, communes, ranked })
}

/// The sums of this year and the four before.
pub async fn history(desk: &Desk, asked: Option<&str>) -> Result<History, Problem> {
    let place = place(desk, asked).await?;
    let today = desk.today();
    let wholes = ((today.year() - YEARS + 1)..=today.year()).filter_map(|year| Some((year, Period::year(year)?)));
    let of_year = async |(year, whole): (i32, Period)| {
        let period = Period { to: whole.to.min(today), ..whole };
        let mut figures = Figures::default();
        for counted in count(desk.db.fresh(), &place, period).await?.values() {
            figures.add(&counted.figures);
        }
        Ok::<_, Problem>(Year { year, until_today: period.to < whole.to, figures })
    };
    Ok(History { years: try_join_all(wholes.map(of_year)).await? })
}
