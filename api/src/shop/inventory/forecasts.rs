//! `/v1/seller/cooperatives/{id}/forecasts`: harvests to come, and the part of them that may be ordered before.
//!
//! A pre-order books a share of the forecast by one conditional statement. When the harvest is recorded as a lot, those who
//! ordered first are served first; whom it does not suffice for is asked: wait, take a part, or have it cancelled.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, patch, post};
use entity::forecast;
use entity::value::{CooperativeId, ForecastId, ForecastState, OfferId, ProductId};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use super::preorders::{fall_short, lock_harvest, waiting};
use super::rules::{MAX_QUANTITY, preorder_limit};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{is_duplicate, one, run};
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    FORECAST_OPEN = "forecast_open" 409 "Quy cách này đã có một dự báo đang mở." "This offer has an open forecast already.";
    FORECAST_CLOSED = "forecast_closed" 409 "Dự báo này đã đóng." "This forecast is closed.";
    FORECAST_PROMISED = "forecast_promised" 409 "Khách đã đặt trước nhiều hơn số này." "Buyers have ordered more than that already.";
}

#[derive(FromQueryResult, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    pub id: ForecastId,
    pub offer_id: OfferId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name_vi: String,
    pub quantity: i64,
    /// Basis points of the quantity that may be ordered before the harvest.
    pub share_bp: i32,
    pub preordered: i64,
    #[schema(value_type = String, format = Date)]
    pub expected_from: Date,
    #[schema(value_type = String, format = Date)]
    pub expected_to: Date,
    pub state: ForecastState,
}

const FORECASTS: &str =
    "SELECT f.id, f.offer_id, o.product_id, o.sku, p.name_vi AS product_name_vi, f.quantity, f.share_bp, f.preordered,
        f.expected_from, f.expected_to, f.state
 FROM forecast f JOIN offer o ON o.id = f.offer_id JOIN product p ON p.id = o.product_id";

async fn shown(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: ForecastId,
) -> Result<ForecastView, Problem> {
    let sql = format!("{FORECASTS} WHERE f.cooperative_id = $1 AND f.id = $2");
    let row = one::<ForecastView>(connection, sql, [cooperative.into(), id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Forecasts of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_forecasts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of forecasts", body = Page<ForecastView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/forecasts")]
pub async fn list_forecasts(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    let page = NewestFirst::of(FORECASTS, "f.id", paging.0.place())?
        .and("f.cooperative_id = ?", *cooperative)
        .page(desk.db.fresh(), |row: &ForecastView| row.id)
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 500, "share_bp": 6000, "expected_from": "2026-12-15", "expected_to": "2027-01-10"}))]
pub struct NewForecast {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
    /// Basis points of the quantity that may be ordered before the harvest.
    #[garde(range(min = 1, max = 10_000))]
    #[schema(minimum = 1, maximum = 10_000)]
    pub share_bp: i32,
    #[schema(value_type = String, format = Date)]
    pub expected_from: Date,
    #[schema(value_type = String, format = Date)]
    pub expected_to: Date,
}

fn check_dates(desk: &Desk, from: Date, to: Date) -> Result<(), Problem> {
    if to < from || to < desk.today() {
        let (vi, en) = ("khoảng ngày không hợp lệ", "not a period that lies ahead");
        return Err(Problem::field("/expected_to", "date", vi, en));
    }
    Ok(())
}

pub async fn create(desk: &Desk, cooperative: CooperativeId, input: NewForecast) -> Result<ForecastView, Problem> {
    check_dates(desk, input.expected_from, input.expected_to)?;
    let own = one::<OwnOffer>(
        desk.db.fresh(),
        "SELECT product_id FROM offer WHERE id = $1 AND cooperative_id = $2",
        [input.offer_id.into(), cooperative.into()],
    )
    .await?
    .ok_or_else(|| Problem::field("/offer_id", "offer", "không có quy cách này", "there is no such offer of yours"))?;
    let (id, now) = (ForecastId::new(), desk.now());
    let row = forecast::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        offer_id: Set(input.offer_id),
        quantity: Set(input.quantity),
        share_bp: Set(input.share_bp),
        preordered: Set(0),
        expected_from: Set(input.expected_from),
        expected_to: Set(input.expected_to),
        state: Set(ForecastState::Open),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let transaction = desk.db.begin().await?;
    forecast::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&FORECAST_OPEN) } else { error.into() })?;
    let after = serde_json::json!({"offer": input.offer_id, "quantity": input.quantity, "share_bp": input.share_bp});
    desk.audit(&transaction, "forecast.opened", ("forecast", id.0), (), after).await?;
    emit(&transaction, "product.changed", own.product_id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[own.product_id]).await?;
    shown(desk.db.fresh(), cooperative, id).await
}

#[derive(FromQueryResult)]
struct OwnOffer {
    product_id: ProductId,
}

/// Announce a harvest; a share of it may be ordered at once.
#[utoipa::path(tag = "seller", operation_id = "create_forecast", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewForecast, responses((status = 201, description = "The forecast", body = ForecastView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/forecasts")]
pub async fn create_forecast(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewForecast>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, body.0).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForecastEnd {
    /// No more pre-orders; those there are stand.
    Closed,
    /// There will be no harvest: who ordered is asked what to do.
    Cancelled,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ForecastChange {
    #[garde(inner(range(min = 1, max = MAX_QUANTITY)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: Option<i64>,
    #[garde(inner(range(min = 1, max = 10_000)))]
    #[schema(minimum = 1, maximum = 10_000)]
    share_bp: Option<i32>,
    #[schema(value_type = Option<String>, format = Date)]
    expected_from: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    expected_to: Option<Date>,
    state: Option<ForecastEnd>,
}

/// Correct a forecast, close it to further pre-orders, or call the harvest off.
#[utoipa::path(tag = "seller", operation_id = "update_forecast", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("forecast_id" = ForecastId, Path)), request_body = ForecastChange, responses((status = 200, description = "The forecast", body = ForecastView)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/forecasts/{forecast_id}")]
pub async fn update_forecast(
    desk: Desk,
    path: Path<(CooperativeId, ForecastId)>,
    body: Body<ForecastChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    let Body(input) = body;
    let transaction = desk.db.begin().await?;
    // What is not sent stays what it is by then, whoever else changes it.
    lock_harvest(&transaction, id).await?;
    let before = shown(&transaction, cooperative, id).await?;
    if !matches!(before.state, ForecastState::Open | ForecastState::Closed) {
        return Err(Problem::new(&FORECAST_CLOSED));
    }
    let (from, to) =
        (input.expected_from.unwrap_or(before.expected_from), input.expected_to.unwrap_or(before.expected_to));
    if input.expected_from.is_some() || input.expected_to.is_some() {
        check_dates(&desk, from, to)?;
    }
    let (quantity, share) = (input.quantity.unwrap_or(before.quantity), input.share_bp.unwrap_or(before.share_bp));
    let state = match input.state {
        None => before.state,
        Some(ForecastEnd::Closed) => ForecastState::Closed,
        Some(ForecastEnd::Cancelled) => ForecastState::Cancelled,
    };
    let now = desk.now();
    // The limit is judged by the statement, against what is booked by then.
    let changed = run(
        &transaction,
        "UPDATE forecast SET quantity = $2, share_bp = $3, expected_from = $4, expected_to = $5, state = $6, updated_at = $7
         WHERE id = $1 AND state IN ('open', 'closed') AND preordered <= $8",
        [
            id.into(),
            quantity.into(),
            share.into(),
            from.into(),
            to.into(),
            state.as_str().into(),
            now.into(),
            preorder_limit(quantity, share).into(),
        ],
    )
    .await?;
    if changed != 1 {
        return Err(Problem::new(&FORECAST_PROMISED));
    }
    if state == ForecastState::Cancelled {
        for row in waiting(&transaction, id).await? {
            fall_short(&transaction, &row, 0, now).await?;
        }
    }
    let after = serde_json::json!({"quantity": quantity, "share_bp": share, "state": state});
    desk.audit(&transaction, "forecast.changed", ("forecast", id.0), &before, after).await?;
    emit(&transaction, "product.changed", before.product_id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[before.product_id]).await?;
    Ok(HttpResponse::Ok().json(shown(desk.db.fresh(), cooperative, id).await?))
}
