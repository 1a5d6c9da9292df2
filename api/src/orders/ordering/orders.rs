//! `/v1/orders`: the buyer's side. A guest's key is the secret in the link.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use entity::value::{AccountId, OrderActor, OrderId, OrderState};
use garde::Validate;
use sea_orm::DatabaseTransaction;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::rules::Action;
use super::steps::{By, Tools, read, step};
use super::store::{OrderRow, Whose, order_list};
use super::view::{OrderView, views};
use crate::people::identity::{Caller, SignedIn};
use crate::platform::body::{Body, Params, service};
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::idempotency::Once;
use crate::platform::outbox::Bell;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::read_model::ReadModel;
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
    /// So many of the newest, from a place on.
    pub fn newest(limit: u64, cursor: Option<String>) -> Self {
        Self { state: None, limit: Some(limit), cursor }
    }

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

impl Secret {
    fn of_page(query: &str) -> Self {
        let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
        Self { token: token.map(|(_, value)| value.into_owned()) }
    }
}

/// The order a request of its buyer is about, and what is done with it. Others learn nothing of it, not even that it exists.
pub struct BuyersOrder {
    pub db: Data<Db>,
    pub clock: Data<Clock>,
    pub read_model: Data<ReadModel>,
    pub bell: Data<Bell>,
    pub row: OrderRow,
    /// The buyer who is signed in, or whoever holds the secret of the link.
    pub kind: OrderActor,
    pub account: Option<AccountId>,
    /// The mark of the form that was sent.
    pub once: Once,
}

impl FromRequest for BuyersOrder {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        // Pages for people carry more beside the secret.
        let page = request.path().starts_with("/o/").then(|| Secret::of_page(request.query_string()));
        let secret = Params::<Secret>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            let secret = match page {
                Some(secret) => secret,
                None => secret.await?.0,
            };
            let id = request.match_info().get("id").and_then(|id| id.parse::<OrderId>().ok());
            let id = id.ok_or_else(|| Problem::new(&NOT_FOUND))?;
            let db: Data<Db> = service(&request)?;
            let row = read(&db, id).await?;
            let account = caller.account();
            let kind = match secret.token.as_deref() {
                _ if row.account_id.is_some() && row.account_id == account => OrderActor::Buyer,
                Some(token) if secrets::same(token, &row.access_token) => OrderActor::Guest,
                _ => return Err(Problem::new(&NOT_FOUND)),
            };
            let (clock, read_model, bell) = (service(&request)?, service(&request)?, service(&request)?);
            Ok(Self { db, clock, read_model, bell, row, kind, account, once: Once::default() })
        })
    }
}

impl BuyersOrder {
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// A transaction of the request's work. The first of a form that carries a mark claims it.
    pub async fn begin(&self) -> Result<DatabaseTransaction, Problem> {
        let transaction = self.db.begin().await?;
        self.once.claim(&transaction, &self.marks(), self.now()).await?;
        Ok(transaction)
    }

    /// Told before work that no transaction takes back, such as keeping pictures.
    pub async fn refuse_again(&self) -> Result<(), Problem> {
        self.once.refuse_again(self.db.fresh(), &self.marks()).await
    }

    fn marks(&self) -> String {
        format!("order:{}", self.row.id)
    }

    pub fn tools(&self) -> Tools<'_> {
        Tools { db: &self.db, read_model: &self.read_model, bell: &self.bell, now: self.now() }
    }

    /// The order as its buyer sees it now.
    pub async fn shown(&self) -> Result<HttpResponse, Problem> {
        show_one(&self.db, read(&self.db, self.row.id).await?, self.kind, self.now()).await
    }
}

pub async fn show_one(db: &Db, row: OrderRow, by: OrderActor, now: OffsetDateTime) -> Result<HttpResponse, Problem> {
    let view = views(db.fresh(), vec![row], by, now).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(view))
}

/// An order of the caller's, or the one a secret link opens.
#[utoipa::path(tag = "orders", operation_id = "show_order", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The order", body = OrderView)))]
#[get("/v1/orders/{id}")]
pub async fn show(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    order.shown().await
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
pub async fn cancel(order: BuyersOrder, body: Body<BuyerCancellation>) -> Result<HttpResponse, Problem> {
    let reason = body.0.reason.map(|reason| fold::stored(&reason)).filter(|reason| !reason.is_empty());
    step(&order.tools(), &order.row, Action::Cancel, By::of(order.kind, order.account, reason)).await?;
    order.shown().await
}

/// Confirm that it arrived and is in order. Happens by itself some days after delivery.
#[utoipa::path(tag = "orders", operation_id = "complete_order", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "Completed", body = OrderView)))]
#[post("/v1/orders/{id}/complete")]
pub async fn complete(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    step(&order.tools(), &order.row, Action::Complete, By::of(order.kind, order.account, None)).await?;
    order.shown().await
}
