//! The books, for the platform's people to read.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{
    JournalId, LedgerAccountId, LedgerAccountKind, Money, OrderId, OrderLineId, PlatformRole, PostingId, Vnd,
};
use sea_orm::FromQueryResult;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::Problem;

/// An account and what is in it: debits less credits.
#[derive(Serialize, ToSchema)]
pub struct LedgerAccount {
    id: LedgerAccountId,
    kind: LedgerAccountKind,
    /// A cooperative's or partner's id, a provider's name; empty where there is one such account.
    owner: String,
    balance: Money,
}

#[derive(FromQueryResult)]
struct AccountRow {
    id: LedgerAccountId,
    kind: LedgerAccountKind,
    owner: String,
    currency: String,
    balance: Vnd,
}

/// Accounts of the ledger.
#[utoipa::path(tag = "admin", operation_id = "list_ledger_accounts", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of accounts", body = Page<LedgerAccount>)))]
#[get("/v1/admin/ledger/accounts")]
pub async fn list_accounts(desk: Desk, query: Params<Paging>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let page = NewestFirst::of("SELECT id, kind, owner, currency, balance FROM ledger_account", "id", query.0.place())?;
    let page = page.page(desk.db.fresh(), |row: &AccountRow| row.id).await?;
    let view = |row: AccountRow| LedgerAccount {
        id: row.id,
        kind: row.kind,
        owner: row.owner,
        balance: Money { amount: row.balance.0, currency: row.currency },
    };
    Ok(HttpResponse::Ok()
        .json(Page { items: page.items.into_iter().map(view).collect::<Vec<_>>(), next_cursor: page.next_cursor }))
}

/// A debit (positive) or credit (negative), and the event it belongs to.
#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct LedgerPosting {
    id: PostingId,
    journal_id: JournalId,
    /// The event: `captured`, `earned`, `refund_owed`, `payout_sent`, …
    event: String,
    /// The payment, order, refund or payout of the event.
    subject_id: Uuid,
    /// Đồng.
    amount: Vnd,
    #[schema(required = true)]
    order_id: Option<OrderId>,
    #[schema(required = true)]
    order_line_id: Option<OrderLineId>,
    #[schema(required = true)]
    note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

/// What was posted to an account, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_ledger_postings", security(("access_token" = [])), params(("id" = LedgerAccountId, Path), Paging), responses((status = 200, description = "A page of postings", body = Page<LedgerPosting>)))]
#[get("/v1/admin/ledger/accounts/{id}/postings")]
pub async fn list_postings(
    desk: Desk,
    id: Path<LedgerAccountId>,
    query: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let select =
        "SELECT p.id, p.journal_id, j.kind AS event, j.subject_id, p.amount, p.order_id, p.order_line_id, j.note, p.at
                  FROM posting p JOIN journal j ON j.id = p.journal_id";
    let page = NewestFirst::of(select, "p.id", query.0.place())?.and("p.account_id = ?", *id);
    Ok(HttpResponse::Ok().json(page.page(desk.db.fresh(), |row: &LedgerPosting| row.id).await?))
}
