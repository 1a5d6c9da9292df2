//! Invoices of sellers (Decree 123/2020/NĐ-CP, changed by 70/2025): numbered without a gap by seller and year, made when the
//! goods are handed over, adjusted when money goes back. What an e-invoice provider needs is kept as data and handed to it
//! (`provider`); the buyer gets a receipt on paper.
//!
//! A consumer of the outbox: an invoice is owed from the moment its order is delivered, and made once.

mod personal;
mod provider;
mod receipt;
mod store;

use std::sync::Arc;

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, InvoiceId, InvoiceKind, InvoiceState, Money, OrderId, RefundId};
use entity::{invoice, outbox};
use futures_util::future::BoxFuture;
use sea_orm::EntityTrait;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, run};
use crate::platform::outbox::Consumer;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::routing::Routes;

pub use personal::PERSONAL;
pub use provider::{InvoiceProvider, Local};

pub fn routes(config: &mut Routes<'_>) {
    config.service(list_invoices).service(show_invoice).service(receipt::show_receipt);
}

/// Makes invoices, and hands them to the provider.
pub struct Clerk {
    pub db: Db,
    pub clock: Clock,
    pub provider: Arc<dyn InvoiceProvider>,
}

impl Consumer for Clerk {
    fn name(&self) -> &'static str {
        "invoice"
    }

    fn wants(&self, topic: &str) -> bool {
        matches!(topic, "order.delivered" | "order.accepted" | "refund.succeeded")
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let now = self.clock.now();
            let made = match event.topic.as_str() {
                "order.delivered" => store::of_sale(&self.db, (OrderId(event.subject_id), false), now).await,
                "order.accepted" => store::of_sale(&self.db, (OrderId(event.subject_id), true), now).await,
                _ => store::of_refund(&self.db, RefundId(event.subject_id), now).await,
            };
            made.map_err(|problem| anyhow::anyhow!("{problem}"))?;
            self.hand_over().await?;
            Ok(())
        })
    }
}

impl Clerk {
    /// Hands waiting invoices to the provider; what it cannot take now is tried with the next one.
    async fn hand_over(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let sql = "SELECT * FROM invoice WHERE state = 'waiting' AND next_at <= $1 ORDER BY id LIMIT 50";
        for row in all::<invoice::Model>(self.db.fresh(), sql, [now.into()]).await? {
            let (state, reference, error) = match self.provider.issue(&row).await {
                Ok(reference) => ("issued", Some(reference), None),
                Err(reason) => ("waiting", None, Some(reason)),
            };
            let pause = time::Duration::minutes(i64::from(row.attempts + 1).min(60));
            run(
                self.db.write(),
                "UPDATE invoice SET state = $2, provider_reference = $3, last_error = $4, attempts = attempts + 1, next_at = $5
                 WHERE id = $1 AND state = 'waiting'",
                [row.id.into(), state.into(), reference.into(), error.into(), (now + pause).into()],
            )
            .await?;
        }
        Ok(())
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceView {
    id: InvoiceId,
    kind: InvoiceKind,
    year: i32,
    /// Without a gap in the seller's year.
    number: i32,
    order_id: OrderId,
    #[schema(required = true)]
    adjusts_id: Option<InvoiceId>,
    state: InvoiceState,
    /// The code of the e-invoice provider.
    #[schema(required = true)]
    provider_reference: Option<String>,
    /// Negative where money went back.
    total: Money,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
}

fn view(row: &invoice::Model) -> InvoiceView {
    InvoiceView {
        id: row.id,
        kind: row.kind,
        year: row.year,
        number: row.number,
        order_id: row.order_id,
        adjusts_id: row.adjusts_id,
        state: row.state,
        provider_reference: row.provider_reference.clone(),
        total: row.total_amount.into(),
        created_at: row.created_at,
    }
}

/// Invoices of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_invoices", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of invoices", body = Page<InvoiceView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/invoices")]
pub async fn list_invoices(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    let page = NewestFirst::every::<entity::invoice::Entity>(query.0.place())?.and("cooperative_id = ?", *cooperative);
    let page = page.page(desk.db.fresh(), |row: &invoice::Model| row.id).await?;
    let items = page.items.iter().map(view).collect::<Vec<_>>();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: page.next_cursor }))
}

#[derive(Serialize, ToSchema)]
pub struct InvoiceWithData {
    #[serde(flatten)]
    invoice: InvoiceView,
    /// What the e-invoice provider is given: seller, buyer, lines.
    #[schema(value_type = Object)]
    data: Value,
}

/// An invoice with its data.
#[utoipa::path(tag = "seller", operation_id = "show_seller_invoice", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("id" = InvoiceId, Path)), responses((status = 200, description = "The invoice", body = InvoiceWithData)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/invoices/{id}")]
pub async fn show_invoice(desk: Desk, path: Path<(CooperativeId, InvoiceId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeReports).await?;
    let row = invoice::Entity::find_by_id(id).one(desk.db.fresh()).await?;
    let row = row.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(InvoiceWithData { invoice: view(&row), data: row.data }))
}
