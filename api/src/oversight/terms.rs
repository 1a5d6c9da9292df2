//! Terms of the market, as its administrators set them while it runs (`config::terms` keeps to them).

use actix_web::web::{Json, Path};
use actix_web::{get, put};
use entity::market_term;
use entity::value::PlatformRole;
use garde::Validate;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::config::{TERMS, Term, Unit};
use crate::people::desk::Desk;
use crate::platform::audit;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::revision::CHANGED_MEANWHILE;

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TermUnit {
    Minutes,
    Hours,
    Days,
    /// Đồng
    Vnd,
    Times,
}

impl From<Unit> for TermUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Minutes => Self::Minutes,
            Unit::Hours => Self::Hours,
            Unit::Days => Self::Days,
            Unit::Vnd => Self::Vnd,
            Unit::Times => Self::Times,
        }
    }
}

/// A term of the market.
#[derive(Serialize, ToSchema)]
pub struct MarketTerm {
    #[schema(example = "order_response_hours")]
    pub name: &'static str,
    pub what_vi: &'static str,
    pub what_en: &'static str,
    pub unit: TermUnit,
    /// What holds now.
    pub value: i64,
    /// What holds unless somebody says otherwise.
    pub at_first: i64,
    pub least: i64,
    pub most: i64,
    /// When it was last set; `null` if it never was.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub set_at: Option<OffsetDateTime>,
}

#[derive(Serialize, ToSchema)]
pub struct MarketTerms {
    pub items: Vec<MarketTerm>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"value": 48, "seen": 24}))]
pub struct TermInput {
    /// In the term's unit, within its bounds.
    pub value: i64,
    /// The value that was seen; refused if another holds by now.
    pub seen: Option<i64>,
}

/// Everything that can be set, and what holds.
pub async fn all(desk: &Desk) -> Result<Vec<MarketTerm>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = market_term::Entity::find().all(desk.db.fresh()).await?;
    let shown = |term: &Term| {
        let row = rows.iter().find(|row| row.name == term.name);
        let at_first = desk.config.term_at_first(term);
        MarketTerm {
            name: term.name,
            what_vi: term.what.0,
            what_en: term.what.1,
            unit: term.unit.into(),
            value: row.map_or(at_first, |row| row.value),
            at_first,
            least: term.bounds.0,
            most: term.bounds.1,
            set_at: row.map(|row| row.set_at),
        }
    };
    Ok(TERMS.iter().map(shown).collect())
}

/// Sets a term. It holds for what begins from now on, on this node at once and on the others within a second.
pub async fn set(desk: &Desk, name: &str, input: &TermInput) -> Result<(), Problem> {
    let known = all(desk).await?;
    let term = known.iter().find(|term| term.name == name).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if !(term.least..=term.most).contains(&input.value) {
        let (vi, en) = (format!("từ {} đến {}", term.least, term.most), format!("{} to {}", term.least, term.most));
        return Err(Problem::field("/value", "out_of_range", vi, en));
    }
    if input.seen.is_some_and(|seen| seen != term.value) {
        return Err(Problem::new(&CHANGED_MEANWHILE));
    }
    let transaction = desk.begin().await?;
    // Of two at once the second finds a value that it has not seen.
    let sql = "INSERT INTO market_term (name, value, set_by, set_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (name) DO UPDATE SET value = $2, set_by = $3, set_at = $4 WHERE market_term.value = $5";
    let values = [name.into(), input.value.into(), desk.who.account.into(), desk.now().into(), term.value.into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&CHANGED_MEANWHILE));
    }
    let (was, is) = (json!({"value": term.value}), json!({"name": name, "value": input.value}));
    desk.audit(&transaction, "term.set", ("market_term", audit::of_name(name)), was, is).await?;
    transaction.commit().await?;
    Ok(desk.config.read_terms(desk.db.write()).await?)
}

/// The terms of the market that can be set while it runs.
#[utoipa::path(tag = "admin", operation_id = "list_market_terms", security(("access_token" = [])), responses((status = 200, description = "The terms", body = MarketTerms)))]
#[get("/v1/admin/terms")]
pub async fn list_terms(desk: Desk) -> Result<Json<MarketTerms>, Problem> {
    Ok(Json(MarketTerms { items: all(&desk).await? }))
}

/// Set a term of the market. What was agreed before keeps its dates and amounts.
#[utoipa::path(tag = "admin", operation_id = "set_market_term", security(("access_token" = [])), params(("name" = String, Path)), request_body = TermInput, responses((status = 200, description = "The terms", body = MarketTerms)))]
#[put("/v1/admin/terms/{name}")]
pub async fn set_term(desk: Desk, name: Path<String>, body: Body<TermInput>) -> Result<Json<MarketTerms>, Problem> {
    set(&desk, &name, &body.0).await?;
    Ok(Json(MarketTerms { items: all(&desk).await? }))
}
