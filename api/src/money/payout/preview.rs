//! What a run would pay, before it is made.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, Money, PartnerId, PlatformRole, Vnd};
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::store::{Due, delivered_by, due, due_to};
use crate::config::Terms;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::problem::{NOT_FOUND, Problem};

/// Why a cooperative or partner is not in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Less than the minimum, or owed by the cooperative: carried over.
    BelowMinimum,
    NoBankAccount,
    /// The shop or partner is suspended: its money is held.
    Suspended,
}

pub(super) fn left_out(row: &Due, minimum: i64) -> Option<LeftOut> {
    if row.amount.0 < minimum.max(1) {
        return Some(LeftOut::BelowMinimum);
    }
    if !row.active {
        return Some(LeftOut::Suspended);
    }
    row.bank_account.is_none().then_some(LeftOut::NoBankAccount)
}

#[derive(Serialize, ToSchema)]
pub struct PreviewLine {
    /// Who is paid: this cooperative,
    #[schema(required = true)]
    cooperative_id: Option<CooperativeId>,
    /// or this partner.
    #[schema(required = true)]
    partner_id: Option<PartnerId>,
    name: String,
    amount: Money,
    #[schema(required = true)]
    left_out: Option<LeftOut>,
}

#[derive(Serialize, ToSchema)]
pub struct PayoutPreview {
    #[schema(value_type = String, format = Date)]
    cutoff_on: Date,
    lines: Vec<PreviewLine>,
    /// Of what would be paid.
    total: Money,
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct Cutoff {
    /// Today unless told.
    #[param(value_type = Option<String>, format = Date)]
    cutoff_on: Option<Date>,
}

/// What a run would pay, and whom not.
pub async fn preview_of(desk: &Desk, cutoff_on: Option<Date>) -> Result<PayoutPreview, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let cutoff_on = cutoff_on.unwrap_or_else(|| desk.today());
    let rows = due(desk.db.fresh(), delivered_by(cutoff_on, desk.config.terms().payout_hold_days)).await?;
    let minimum = desk.config.terms().payout_minimum;
    let paid = rows.iter().filter(|row| left_out(row, minimum).is_none()).map(|row| row.amount.0).sum();
    let line = |row: Due| PreviewLine {
        cooperative_id: row.cooperative_id,
        partner_id: row.partner_id,
        left_out: left_out(&row, minimum),
        name: row.name,
        amount: row.amount.into(),
    };
    let lines = rows.into_iter().map(line).collect();
    Ok(PayoutPreview { cutoff_on, lines, total: Vnd(paid).into() })
}

/// What a run would pay, and whom not.
#[utoipa::path(tag = "admin", operation_id = "preview_payouts", security(("access_token" = [])), params(Cutoff), responses((status = 200, description = "The preview", body = PayoutPreview)))]
#[get("/v1/admin/payout-batches/preview")]
pub async fn preview(desk: Desk, query: Params<Cutoff>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(preview_of(&desk, query.0.cutoff_on).await?))
}

/// What the next run pays a cooperative, and why not more.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextPayout {
    /// If a run were made today.
    due: Money,
    /// Owed, and held until `hold_days` after it was delivered, or while a return or a dispute is open. Negative where the cooperative owes.
    held: Money,
    /// Why a run would leave it out.
    #[schema(required = true)]
    left_out: Option<LeftOut>,
    /// Đồng; less is carried over to the next run.
    minimum: Money,
    /// Days that money is held after the delivery.
    hold_days: u32,
}

/// What the next run pays a cooperative.
pub async fn next_of(desk: &Desk, cooperative: CooperativeId) -> Result<NextPayout, Problem> {
    let Terms { payout_hold_days: hold_days, payout_minimum: minimum, .. } = desk.config.terms();
    let found = due_to(desk.db.fresh(), cooperative, delivered_by(desk.today(), hold_days)).await?;
    let found = found.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let left_out = if found.due.0 < minimum.max(1) {
        Some(LeftOut::BelowMinimum)
    } else if !found.active {
        Some(LeftOut::Suspended)
    } else {
        (!found.has_account).then_some(LeftOut::NoBankAccount)
    };
    let held = Vnd(found.owed.0 - found.due.0);
    Ok(NextPayout { due: found.due.into(), held: held.into(), left_out, minimum: Vnd(minimum).into(), hold_days })
}

/// What the next run pays the cooperative, what is held yet, and why.
#[utoipa::path(tag = "seller", operation_id = "show_next_payout", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The next payout", body = NextPayout)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/next-payout")]
pub async fn show_next_payout(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(next_of(&desk, *cooperative).await?))
}
