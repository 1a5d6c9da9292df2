//! The parts every page is made of, on one page, for who builds pages: in development only.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use minijinja::context;

use super::entry::{LanguageQuery, spoken};
use super::render::{open_page, value};
use crate::config::{Config, Environment};
use crate::pages::charts::bars;
use crate::pages::session::Turn;
use crate::platform::problem::{NOT_FOUND, Problem};

#[get("/design")]
pub async fn on_design(
    request: HttpRequest,
    config: Data<Config>,
    query: Query<LanguageQuery>,
) -> Result<HttpResponse, Turn> {
    if config.env != Environment::Development {
        return Err(Problem::new(&NOT_FOUND).into());
    }
    let colours = [
        "ink",
        "soft",
        "paper",
        "ground",
        "line",
        "edge",
        "leaf",
        "leaf-dark",
        "bar",
        "pale",
        "good-bg",
        "bad",
        "bad-bg",
        "warn",
        "warn-bg",
        "focus",
    ];
    let sold = bars(
        [("Bưởi Diễn", 250), ("Cam Cao Phong", 180), ("Mật ong", 40)]
            .map(|(name, sold)| (name.to_owned(), sold.to_string(), sold)),
    );
    let values = context! { colours => colours, bars => value(&sold) };
    open_page("design.html", StatusCode::OK, spoken(&request, &query), values)
}
