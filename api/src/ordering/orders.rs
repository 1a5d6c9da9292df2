//! `/v1/orders`: the buyer's side. A guest's key is the secret in the link.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{OrderActor, OrderId, OrderState};
use garde::Validate;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::rules::Action;
use super::steps::{By, Tools, read, step};
use super::store::{OrderRow, Whose, order_list};
use super::view::{OrderView, views};
use crate::catalogue::Catalogue;
use crate::identity::{Caller, SignedIn};
use crate::platform::body::{Body, Params};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::outbox::Bell;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::{fold, secrets};

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Only orders in this state.
    #[garde(skip)]
    #[param(inline)]
    pub state: Option<OrderState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

impl OrderQuery {
    pub async fn page(
        &self,
        db: &Db,
        whose: Whose,
        by: OrderActor,
        now: OffsetDateTime,
    ) -> Result<Page<OrderView>, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let before = self.cursor.as_deref().map(decode::<OrderId>).transpose()?;
        let rows = order_list(db.fresh(), &whose, self.state, before, limit).await?;
        let page = Page::from_rows(rows, limit, |row| row.id);
        let items = views(db.fresh(), page.items, by, now).await?;
        Ok(Page { items, next_cursor: page.next_cursor })
    }
}

/// The buyer's orders, newest first.
#[utoipa::path(tag = "orders", operation_id = "list_orders", security(("access_token" = [])), params(OrderQuery), responses((status = 200, description = "A page of orders", body = Page<OrderView>)))]
#[get("/v1/orders")]
pub async fn list(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    query: Params<OrderQuery>,
) -> Result<HttpResponse, Problem> {
    let page = query.0.page(&db, Whose::Buyer(caller.account), OrderActor::Buyer, clock.now()).await?;
    Ok(HttpResponse::Ok().json(page))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Secret {
    /// The secret of the order's link, for who is not signed in.
    #[garde(inner(length(max = 100)))]
    #[param(max_length = 100)]
    token: Option<String>,
}

/// The order, if it is the caller's. Others learn nothing, not even that it exists.
pub async fn own(db: &Db, caller: &Caller, secret: &Secret, id: OrderId) -> Result<(OrderRow, OrderActor), Problem> {
    let row = read(db, id).await?;
    if row.account_id.is_some() && row.account_id == caller.account() {
        return Ok((row, OrderActor::Buyer));
    }
    match secret.token.as_deref() {
        Some(token) if secrets::same(token, &row.access_token) => Ok((row, OrderActor::Guest)),
        _ => Err(Problem::new(&NOT_FOUND)),
    }
}

pub async fn show_one(db: &Db, row: OrderRow, by: OrderActor, now: OffsetDateTime) -> Result<HttpResponse, Problem> {
    let view = views(db.fresh(), vec![row], by, now).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(view))
}

/// An order of the caller's, or the one a secret link opens.
#[utoipa::path(tag = "orders", operation_id = "show_order", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The order", body = OrderView)))]
#[get("/v1/orders/{id}")]
pub async fn show(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: Caller,
    id: Path<OrderId>,
    secret: Params<Secret>,
) -> Result<HttpResponse, Problem> {
    let (row, by) = own(&db, &caller, &secret.0, *id).await?;
    show_one(&db, row, by, clock.now()).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct BuyerCancellation {
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    reason: Option<String>,
}

/// Cancel before it is packed.
#[utoipa::path(tag = "orders", operation_id = "cancel_order", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), request_body = BuyerCancellation, responses((status = 200, description = "Cancelled", body = OrderView)))]
#[post("/v1/orders/{id}/cancel")]
#[allow(clippy::too_many_arguments, reason = "extractors")]
pub async fn cancel(
    db: Data<Db>,
    clock: Data<Clock>,
    catalogue: Data<Catalogue>,
    bell: Data<Bell>,
    caller: Caller,
    id: Path<OrderId>,
    secret: Params<Secret>,
    body: Body<BuyerCancellation>,
) -> Result<HttpResponse, Problem> {
    let (row, kind) = own(&db, &caller, &secret.0, *id).await?;
    let reason = body.0.reason.map(|reason| fold::stored(&reason)).filter(|reason| !reason.is_empty());
    let tools = Tools { db: &db, catalogue: &catalogue, bell: &bell, now: clock.now() };
    let row = step(&tools, &row, Action::Cancel, By::of(kind, caller.account(), reason)).await?;
    show_one(&db, row, kind, clock.now()).await
}

/// Confirm that it arrived and is in order. Happens by itself some days after delivery.
#[utoipa::path(tag = "orders", operation_id = "complete_order", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "Completed", body = OrderView)))]
#[post("/v1/orders/{id}/complete")]
pub async fn complete(
    db: Data<Db>,
    clock: Data<Clock>,
    catalogue: Data<Catalogue>,
    bell: Data<Bell>,
    caller: Caller,
    id: Path<OrderId>,
    secret: Params<Secret>,
) -> Result<HttpResponse, Problem> {
    let (row, kind) = own(&db, &caller, &secret.0, *id).await?;
    let tools = Tools { db: &db, catalogue: &catalogue, bell: &bell, now: clock.now() };
    let row = step(&tools, &row, Action::Complete, By::of(kind, caller.account(), None)).await?;
    show_one(&db, row, kind, clock.now()).await
}
