//! `/officer/figures`: what the programme comes to in one's place, with charts, a map, and files to take along.

use actix_web::web::{Query, ServiceConfig};
use actix_web::{HttpResponse, get};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::officer::Officer;
use super::render::value;
use crate::ocop::figures::{
    self, Figure, FiguresFormat, FiguresQuery, FiguresView, History, ReportQuery, Unit, in_words,
};
use crate::pages::charts::{bars, dots};
use crate::pages::session::Turn;
use crate::platform::body::validate;
use crate::platform::numbers;
use crate::platform::problem::Problem;

pub fn routes(config: &mut ServiceConfig) {
    config.service(on_figures).service(on_report).service(on_map);
}

/// As a form sends it: empty where nothing was chosen.
#[derive(Clone, Default, Deserialize, Serialize)]
struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    rank: String,
    #[serde(default)]
    format: String,
}

fn day(name: &str, text: &str) -> Result<Option<time::Date>, Problem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let read = numbers::date(text);
    read.map(Some).map_err(|fault| Problem::field(format!("/{name}"), "date", fault.vi, fault.en))
}

/// Communes on a page.
const SHOWN: usize = 50;

impl Asked {
    fn figure(&self) -> Option<Figure> {
        Figure::ALL.iter().copied().find(|figure| figure.as_str() == self.by)
    }

    fn query(&self) -> Result<FiguresQuery, Problem> {
        let place = Some(self.place.trim().to_owned()).filter(|code| !code.is_empty());
        validate(FiguresQuery {
            from: day("from", &self.from)?,
            to: day("to", &self.to)?,
            place,
            by: self.figure(),
            from_rank: self.rank.parse().ok(),
            limit: Some(SHOWN),
        })
    }
}

/// Bars of the first communes, and columns of the years.
fn charts(shown: &FiguresView, history: &History) -> minijinja::Value {
    let by = shown.by;
    let first = shown.communes.iter().take(10).map(|one| {
        let number = one.figures.get(by);
        (one.commune_name.clone(), in_words(by, number), number)
    });
    let years = history.years.iter().map(|one| {
        let number = one.figures.get(by);
        let label = if one.until_today { format!("{}*", one.year) } else { one.year.to_string() };
        (label, in_words(by, number), number)
    });
    let places = shown.communes.iter().filter_map(|one| {
        let number = one.figures.get(by);
        Some((one.latitude?, one.longitude?, one.commune_name.clone(), in_words(by, number), number))
    });
    context! { first => value(&bars(first)), years => value(&bars(years)), map => value(&dots(places)) }
}

#[get("/officer/figures")]
async fn on_figures(officer: Officer, query: Query<Asked>) -> Result<HttpResponse, Turn> {
    let desk = &officer.seat.desk;
    let asked = query.into_inner();
    let query = asked.query()?;
    let shown = figures::show(desk, &query).await?;
    let history = figures::history(desk, query.place.as_deref()).await?;
    let words = |figure: &Figure| {
        let (vi, en) = figure.words();
        context! { key => figure.as_str(), vi => vi, en => en }
    };
    let total: Vec<_> = Figure::ALL
        .iter()
        .map(|figure| {
            let (vi, en) = figure.words();
            context! { vi => vi, en => en, words => in_words(*figure, shown.total.get(*figure)) }
        })
        .collect();
    let rows: Vec<_> = shown
        .communes
        .iter()
        .map(|one| {
            context! {
                rank => one.rank, code => one.commune_code.clone(), name => one.commune_name.clone(), province => one.province_name.clone(),
                words => in_words(shown.by, one.figures.get(shown.by)), reached => one.reached.join(", "),
            }
        })
        .collect();
    let least: Vec<_> = shown
        .indicators
        .iter()
        .map(|one| context! { of => value(one), least => in_words(one.indicator.figure, one.indicator.least) })
        .collect();
    let start = query.from_rank.unwrap_or(1);
    let (vi, en) = shown.by.words();
    let told = [("from", &asked.from), ("to", &asked.to), ("place", &asked.place), ("by", &asked.by)];
    let told: Vec<_> = told.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let link = serde_urlencoded::to_string(told);
    let values = context! {
        asked => value(&asked), figures => Figure::ALL.iter().map(words).collect::<Vec<_>>(), total => total, rows => rows,
        indicators => least, charts => charts(&shown, &history), by => context! { vi => vi, en => en },
        shares => shown.by.unit() == Unit::Share, from => shown.period.from.to_string(), to => shown.period.to.to_string(),
        places => shown.communes_in_place, ranked => shown.ranked,
        next => (start + SHOWN <= shown.ranked).then_some(start + SHOWN), link => link.unwrap_or_default(),
    };
    officer.page("officer_figures.html", "place", values)
}

#[get("/officer/figures/report")]
async fn on_report(officer: Officer, query: Query<Asked>) -> Result<HttpResponse, Turn> {
    let FiguresQuery { from, to, place, by, .. } = query.query()?;
    let format = match query.format.as_str() {
        "pdf" => FiguresFormat::Pdf,
        "csv" => FiguresFormat::Csv,
        _ => FiguresFormat::Xlsx,
    };
    let asked = ReportQuery { from, to, place, by, format: Some(format) };
    Ok(figures::download(&officer.seat.desk, asked).await?)
}

#[get("/officer/figures/map.geojson")]
async fn on_map(officer: Officer, query: Query<Asked>) -> Result<HttpResponse, Turn> {
    let FiguresQuery { from, to, place, by, .. } = query.query()?;
    let map = figures::map(&officer.seat.desk, &figures::MapQuery { from, to, place, by }).await?;
    Ok(HttpResponse::Ok().content_type("application/geo+json").body(map.to_string()))
}
