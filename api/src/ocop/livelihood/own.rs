//! A household's own income, by its secret link.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use entity::value::HouseholdId;
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::income::{Income, incomes};
use crate::platform::body::Params;
use crate::platform::db::{Db, all, one};
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::secrets;

/// A year's sum.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct YearSum {
    pub year: i64,
    /// Đồng.
    pub wages: i64,
    pub share: i64,
    pub goods: i64,
}

/// What a household was paid by its cooperative.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnIncome {
    pub name: String,
    pub cooperative_name: String,
    pub years: Vec<YearSum>,
    /// The last hundred payments, newest first.
    pub payments: Vec<Income>,
}

#[derive(FromQueryResult)]
struct Row {
    id: HouseholdId,
    name: String,
    cooperative_name: String,
}

/// The household of a link.
pub async fn open(connection: &impl ConnectionTrait, secret: &str) -> Result<OwnIncome, Problem> {
    let gone = || Problem::new(&NOT_FOUND);
    if secret.is_empty() || secret.len() > 100 || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(gone());
    }
    let sql = "SELECT h.id, h.name, c.name_vi AS cooperative_name FROM household h JOIN cooperative c ON c.id = h.cooperative_id
               WHERE h.link_hash = $1 AND h.consented_on IS NOT NULL";
    let row = one::<Row>(connection, sql, [secrets::hash(secret).into()]).await?.ok_or_else(gone)?;
    let year = match connection.get_database_backend() {
        sea_orm::DbBackend::Postgres => "CAST(EXTRACT(YEAR FROM i.paid_on) AS bigint)",
        _ => "CAST(strftime('%Y', i.paid_on) AS bigint)",
    };
    let sum =
        |kind: &str| format!("CAST(SUM(CASE WHEN i.kind = '{kind}' THEN i.amount ELSE 0 END) AS bigint) AS {kind}");
    let sql = format!(
        "SELECT {year} AS year, {}, {}, {} FROM household_income i WHERE i.household_id = $1 GROUP BY {year} ORDER BY {year} DESC",
        sum("wages"),
        sum("share"),
        sum("goods")
    );
    let years = all::<YearSum>(connection, sql, [row.id.into()]).await?;
    let payments = incomes(connection, row.id, (Some(MAX_LIMIT), None)).await?.items;
    Ok(OwnIncome { name: row.name, cooperative_name: row.cooperative_name, years, payments })
}

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OwnQuery {
    /// Of the household's link. In the query, for paths are logged.
    #[garde(length(max = 100))]
    #[param(max_length = 100, example = "nobody-has-this-one")]
    pub token: String,
}

/// What a household was paid, by its secret link.
#[utoipa::path(tag = "programme", operation_id = "show_household_income", params(OwnQuery), responses((status = 200, description = "The household's income", body = OwnIncome)))]
#[get("/v1/household-income")]
pub async fn show_household_income(db: Data<Db>, query: Params<OwnQuery>) -> Result<HttpResponse, Problem> {
    let found = open(db.fresh(), &query.0.token).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(found))
}
