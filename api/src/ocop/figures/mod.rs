//! What the programme comes to, commune by commune: stars, cooperatives, sales, traces, jobs.
//!
//! Nothing is typed in: every figure is counted from the rows of orders, lots, recognitions and seasons (`count`), a period and a
//! commune at a time, so that it can be counted again by anybody. What a commune is measured by is data (`indicators`): a figure,
//! how much is enough, whose rule it is. Ranking, change over years, map (`routes`), and the same as sheet and PDF (`report`).

mod count;
mod figure;
mod indicators;
mod report;
mod routes;
mod view;

pub use count::{Period, count};
pub use figure::{Figure, Figures, Unit};
pub use indicators::{
    Indicator, IndicatorInput, IndicatorsInput, in_force as indicators_in_force, put as put_indicators,
};
pub use report::{FiguresFormat, ReportQuery, download, words as in_words};
pub use routes::{MapQuery, map};
pub use view::{CommuneFigures, FiguresQuery, FiguresView, History, HistoryQuery, Year, history, show};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::show_figures)
        .service(routes::show_figures_history)
        .service(routes::figures_geojson)
        .service(report::download_figures)
        .service(indicators::list_indicators)
        .service(indicators::put_indicators);
}
