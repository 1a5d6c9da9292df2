//! `/v1/officer/indicators`: what a commune is measured by. Data of the ministry's office, with the rule each one comes from.

use std::collections::HashSet;

use actix_web::{HttpResponse, get, put};
use entity::indicator;
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::figure::Figure;
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::body::Body;
use crate::platform::fold;
use crate::platform::problem::Problem;

/// A figure of a commune, and how much of it is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Indicator {
    pub code: String,
    pub figure: Figure,
    /// A count, đồng, or basis points of a share.
    pub least: i64,
    pub name_vi: String,
    pub name_en: String,
    /// Whose rule it is.
    pub source: String,
}

#[derive(Deserialize)]
struct Shipped {
    code: String,
    figure: Figure,
    least: i64,
    name_vi: String,
    name_en: String,
    source: String,
}

/// What holds until an office writes its own: criterion 13 as far as figures here tell of it, with made-up thresholds.
const SHIPPED: &str = include_str!("criterion13.csv");

fn shipped() -> Result<Vec<Indicator>, Problem> {
    let rows: Result<Vec<Shipped>, _> = csv::Reader::from_reader(SHIPPED.as_bytes()).deserialize().collect();
    let indicator = |row: Shipped| {
        let Shipped { code, figure, least, name_vi, name_en, source } = row;
        Indicator { code, figure, least, name_vi, name_en, source }
    };
    Ok(rows.map_err(Problem::internal)?.into_iter().map(indicator).collect())
}

/// The indicators in force, in their order.
pub async fn in_force(connection: &impl ConnectionTrait) -> Result<Vec<Indicator>, Problem> {
    let rows = indicator::Entity::find().order_by_asc(indicator::Column::Ordinal).all(connection).await?;
    if rows.is_empty() {
        return shipped();
    }
    let figure = |row: &indicator::Model| Figure::ALL.iter().copied().find(|figure| figure.as_str() == row.figure);
    let indicator = |row: indicator::Model| {
        let figure = figure(&row)?;
        let indicator::Model { code, least, name_vi, name_en, source, .. } = row;
        Some(Indicator { code, figure, least, name_vi, name_en, source })
    };
    Ok(rows.into_iter().filter_map(indicator).collect())
}

#[derive(Serialize, ToSchema)]
pub struct Indicators {
    items: Vec<Indicator>,
}

/// What communes are measured by.
#[utoipa::path(tag = "programme", operation_id = "list_indicators", security(("access_token" = [])), responses((status = 200, description = "The indicators, in their order", body = Indicators)))]
#[get("/v1/officer/indicators")]
pub async fn list_indicators(desk: Desk) -> Result<HttpResponse, Problem> {
    desk.jurisdiction(OfficePermission::SeeFigures).await?;
    Ok(HttpResponse::Ok().json(Indicators { items: in_force(desk.db.fresh()).await? }))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct IndicatorInput {
    #[garde(length(chars, min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub code: String,
    pub figure: Figure,
    #[garde(range(min = 1, max = 1_000_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub least: i64,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name_vi: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name_en: String,
    #[garde(length(chars, min = 3, max = 300))]
    #[schema(min_length = 3, max_length = 300)]
    pub source: String,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"code": "13.2", "figure": "recognised", "least": 1, "name_vi": "Có sản phẩm OCOP còn hiệu lực", "name_en": "Has a recognised product", "source": "318/QĐ-TTg"}]}))]
pub struct IndicatorsInput {
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<IndicatorInput>,
}

/// Write all indicators anew.
pub async fn put(desk: &Desk, input: IndicatorsInput) -> Result<Vec<Indicator>, Problem> {
    desk.seats(OfficePermission::KeepIndicators).await?;
    let mut codes = HashSet::new();
    if let Some(index) = input.items.iter().position(|one| !codes.insert(fold::stored(&one.code))) {
        let (vi, en) = ("mã này đã có ở trên", "the code stands above already");
        return Err(Problem::field(format!("/items/{index}/code"), "unique", vi, en));
    }
    let transaction = desk.begin().await?;
    let before: Vec<String> = in_force(&transaction).await?.into_iter().map(|one| one.code).collect();
    indicator::Entity::delete_many().exec(&transaction).await?;
    let rows = input.items.iter().zip(0..).map(|(one, ordinal)| indicator::ActiveModel {
        code: Set(fold::stored(&one.code)),
        ordinal: Set(ordinal),
        figure: Set(one.figure.as_str().to_owned()),
        least: Set(one.least),
        name_vi: Set(fold::stored(&one.name_vi)),
        name_en: Set(fold::stored(&one.name_en)),
        source: Set(fold::stored(&one.source)),
        updated_by: Set(desk.who.account),
        updated_at: Set(desk.now()),
    });
    indicator::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    let after = in_force(&transaction).await?;
    let told = json!({"indicators": after.iter().map(|one| (&one.code, one.least)).collect::<Vec<_>>()});
    desk.audit(&transaction, "indicators.written", ("account", desk.who.account.0), json!({"codes": before}), told)
        .await?;
    transaction.commit().await?;
    Ok(after)
}

/// Write all indicators anew: the ministry's office only.
#[utoipa::path(tag = "programme", operation_id = "put_indicators", security(("access_token" = [])), request_body = IndicatorsInput, responses((status = 200, description = "The indicators", body = Indicators)))]
#[put("/v1/officer/indicators")]
pub async fn put_indicators(desk: Desk, body: Body<IndicatorsInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Indicators { items: put(&desk, body.0).await? }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_shipped_indicators_are_read() {
        let shipped = super::shipped().unwrap_or_default();
        assert!(shipped.len() >= 6 && shipped.iter().all(|one| one.source.contains("minh họa")));
    }
}
