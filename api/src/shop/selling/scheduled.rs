//! Prices to come: from a day on, until another.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, post};
use entity::scheduled_price;
use entity::value::{CooperativeId, OfferId, ScheduledPriceId, ScheduledPriceState, Vnd};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::offers::{PRICE_OVERLAP, own};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::moments;
use crate::platform::problem::{NOT_FOUND, Problem};

#[derive(Serialize, ToSchema)]
pub struct ScheduledPrice {
    pub id: ScheduledPriceId,
    /// Đồng.
    pub price: i64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub ends_at: Option<OffsetDateTime>,
    pub state: ScheduledPriceState,
}

#[derive(Serialize, ToSchema)]
pub struct ScheduledPrices {
    items: Vec<ScheduledPrice>,
}

async fn scheduled(connection: &impl ConnectionTrait, offer: OfferId) -> Result<ScheduledPrices, DbErr> {
    let rows = scheduled_price::Entity::find()
        .filter(scheduled_price::Column::OfferId.eq(offer))
        .order_by_desc(scheduled_price::Column::StartsAt)
        .all(connection)
        .await?;
    let item = |row: scheduled_price::Model| ScheduledPrice {
        id: row.id,
        price: row.amount.0,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        state: row.state,
    };
    Ok(ScheduledPrices { items: rows.into_iter().map(item).collect() })
}

/// Prices that begin or began at a moment, latest first.
#[utoipa::path(tag = "seller", operation_id = "list_scheduled_prices", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), responses((status = 200, description = "The prices", body = ScheduledPrices)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/offers/{offer_id}/prices")]
pub async fn list_prices(desk: Desk, path: Path<(CooperativeId, OfferId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    own(&desk, cooperative, id).await?;
    Ok(HttpResponse::Ok().json(scheduled(desk.db.fresh(), id).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"price": 220_000, "starts_at": "2026-12-01T00:00:00+07:00", "ends_at": "2026-12-08T00:00:00+07:00"}))]
pub struct NewScheduledPrice {
    /// Đồng.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    price: i64,
    /// A day (`2026-12-01`) is its first moment in Vietnam.
    #[serde(deserialize_with = "moments::needed_start")]
    #[schema(value_type = String, example = "2026-12-01")]
    starts_at: OffsetDateTime,
    /// Then the price before returns; without one it stays. A day is valid to its end in Vietnam.
    #[serde(default, deserialize_with = "moments::end")]
    #[schema(value_type = Option<String>, example = "2026-12-07")]
    ends_at: Option<OffsetDateTime>,
}

/// Have a price begin, and perhaps end, at a moment.
#[utoipa::path(tag = "seller", operation_id = "schedule_price", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), request_body = NewScheduledPrice, responses((status = 201, description = "The prices", body = ScheduledPrices)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/offers/{offer_id}/prices")]
pub async fn schedule_price(
    desk: Desk,
    path: Path<(CooperativeId, OfferId)>,
    body: Body<NewScheduledPrice>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    own(&desk, cooperative, id).await?;
    let (input, now) = (body.0, desk.now());
    let whole = |at: OffsetDateTime| at.to_offset(time::UtcOffset::UTC).replace_nanosecond(0).unwrap_or(at);
    let (starts_at, ends_at) = (whole(input.starts_at), input.ends_at.map(whole));
    if ends_at.is_some_and(|end| end <= starts_at || end <= now) || !(1970..=9999).contains(&starts_at.year()) {
        let (vi, en) =
            ("thời gian kết thúc phải sau lúc bắt đầu và sau bây giờ", "must end after it begins, and after now");
        return Err(Problem::field("/ends_at", "time", vi, en));
    }
    let transaction = desk.db.begin().await?;
    // Locks the offer: two schedules at once are judged one after the other.
    run(&transaction, "UPDATE offer SET updated_at = updated_at WHERE id = $1", [id.into()]).await?;
    let others = scheduled_price::Entity::find()
        .filter(scheduled_price::Column::OfferId.eq(id))
        .filter(scheduled_price::Column::State.is_in([ScheduledPriceState::Planned, ScheduledPriceState::Running]))
        .all(&transaction)
        .await?;
    let overlaps = |other: &scheduled_price::Model| {
        let begins_before_end = |start: OffsetDateTime, end: Option<OffsetDateTime>| end.is_none_or(|end| start < end);
        match other.ends_at {
            // A price without an end is only a step: another may follow.
            None => ends_at.is_some_and(|end| starts_at < other.starts_at && other.starts_at < end),
            Some(end) => begins_before_end(starts_at, Some(end)) && begins_before_end(other.starts_at, ends_at),
        }
    };
    if others.iter().any(overlaps) {
        return Err(Problem::new(&PRICE_OVERLAP));
    }
    let row = scheduled_price::ActiveModel {
        id: Set(ScheduledPriceId::new()),
        offer_id: Set(id),
        amount: Set(Vnd(input.price)),
        starts_at: Set(starts_at),
        ends_at: Set(ends_at),
        state: Set(ScheduledPriceState::Planned),
        previous_amount: Set(None),
        created_by: Set(desk.who.account),
        created_at: Set(now),
    };
    scheduled_price::Entity::insert(row).exec_without_returning(&transaction).await?;
    let after = json!({"price": input.price, "starts_at": starts_at.unix_timestamp()});
    desk.audit(&transaction, "offer.price_scheduled", ("offer", id.0), (), after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(scheduled(desk.db.fresh(), id).await?))
}

/// Cancel a price that has not begun.
#[utoipa::path(tag = "seller", operation_id = "cancel_scheduled_price", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path), ("price_id" = ScheduledPriceId, Path)), responses((status = 204, description = "Cancelled")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/offers/{offer_id}/prices/{price_id}")]
pub async fn cancel_price(
    desk: Desk,
    path: Path<(CooperativeId, OfferId, ScheduledPriceId)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id, price) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    own(&desk, cooperative, id).await?;
    let sql = "UPDATE scheduled_price SET state = 'cancelled' WHERE id = $1 AND offer_id = $2 AND state = 'planned'";
    if run(desk.db.write(), sql, [price.into(), id.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    Ok(HttpResponse::NoContent().finish())
}
