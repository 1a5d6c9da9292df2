//! What a run would pay, before it is made.

use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, Money, PartnerId, PlatformRole, Vnd};
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::store::{Due, delivered_by, due};
use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::problem::Problem;

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
    let rows = due(desk.db.fresh(), delivered_by(cutoff_on, desk.config.payout_hold_days)).await?;
    let minimum = desk.config.payout_minimum;
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
