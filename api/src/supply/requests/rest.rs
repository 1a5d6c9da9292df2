//! What is missing of an accepted request – a contract was declined, a harvest fell short, a delivery was called off – is asked of those
//! who can still deliver: shares of the rest by a rule, and contracts to sign.

use std::collections::HashMap;

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::supply::{OrganisationRole, RequestState, ShareRule, SupplyOfferState};
use entity::value::{OrganisationId, SupplyOfferId, SupplyRequestId, SupplyWindowId};
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::agreed::SupplyContract;
use super::buyer::{lock, own};
use super::contracts::{Proposed, contracts_of_request, propose};
use super::credit::credit_for;
use super::shares::{NOTHING_OFFERED, as_offers, coming};
use super::view::{Eyes, SupplyRequestDetail, detail};
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::db::all;
use crate::platform::pagination::Page;
use crate::platform::problem::{Problem, codes};
use crate::supply::buyers::may_approved;
use crate::supply::deliveries::brought;
use crate::supply::share::{Wanted, allocate};

codes! {
    NOTHING_MISSING = "nothing_missing" 409 "Các hợp đồng đã đủ hàng cho những đợt sắp tới." "The contracts bring enough for the windows to come.";
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"version": 5, "rule": "cheapest"}))]
pub struct RestInput {
    /// Of the request that was looked at.
    pub version: i64,
    /// Not by hand.
    pub rule: ShareRule,
}

#[derive(FromQueryResult)]
struct Own {
    offer_id: SupplyOfferId,
    window_id: SupplyWindowId,
    grams: i64,
    declined: bool,
}

/// What each offer brings by its contracts already; who declined one is not asked again.
async fn own_parts(connection: &impl ConnectionTrait, request: SupplyRequestId) -> Result<Vec<Own>, Problem> {
    let sql = "SELECT k.offer_id, d.window_id, d.grams, k.state = 'declined' AS declined
               FROM supply_delivery d JOIN supply_contract k ON k.id = d.contract_id WHERE k.request_id = $1";
    Ok(all(connection, sql, [request.into()]).await?)
}

/// The request with what is missing as its windows, and what can still be offered for them as its offers.
async fn the_rest(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    found: &mut SupplyRequestDetail,
) -> Result<Vec<Wanted>, Problem> {
    let today = desk.today();
    let mut there: HashMap<SupplyWindowId, i64> = HashMap::new();
    for (window, grams) in brought(connection, found.request.id).await? {
        *there.entry(window).or_default() += grams;
    }
    let tolerance_bp = i64::from(found.request.tolerance_bp);
    let wanted = found.windows.iter().map(|window| {
        let there = there.get(&window.id).copied().unwrap_or(0);
        let enough = Wanted { grams: window.grams, tolerance_bp }.least();
        let grams = if there >= enough || window.to_on < today { 0 } else { window.grams - there };
        Wanted { grams, tolerance_bp: 0 }
    });
    let wanted = wanted.collect();
    let own = own_parts(connection, found.request.id).await?;
    found.offers.retain(|offer| {
        let declined = own.iter().any(|part| part.offer_id == offer.id && part.declined);
        offer.state == SupplyOfferState::Offered && offer.valid_until >= today && !declined
    });
    for offer in &mut found.offers {
        for (window, grams) in found.windows.iter().zip(&mut offer.grams) {
            let ours = own.iter().filter(|part| part.offer_id == offer.id && part.window_id == window.id);
            *grams -= ours.map(|part| part.grams).sum::<i64>();
        }
    }
    Ok(wanted)
}

/// Shares of what is missing among those who can still deliver, with a contract for each to sign.
pub async fn fill_rest(
    desk: &Desk,
    path: (OrganisationId, SupplyRequestId),
    input: RestInput,
) -> Result<Vec<SupplyContract>, Problem> {
    may_approved(desk, path.0, OrganisationRole::Owner).await?;
    if input.rule == ShareRule::ByHand {
        return Err(Problem::field(
            "/rule",
            "value",
            "không chia tay phần còn thiếu",
            "the rest is not shared by hand",
        ));
    }
    let transaction = desk.begin().await?;
    let request = own(&transaction, path).await?;
    lock(&transaction, (path.1, input.version), RequestState::Accepted).await?;
    let mut found = detail(&transaction, request, Eyes::Buyer).await?;
    let wanted = the_rest(desk, &transaction, &mut found).await?;
    if wanted.iter().all(|window| window.grams <= 0) {
        return Err(Problem::new(&NOTHING_MISSING));
    }
    let coming = coming(&transaction, &found.offers).await?;
    let filled = allocate(input.rule, &wanted, &as_offers(&found, &coming, &[]));
    if filled.iter().all(|window| window.total == 0) {
        return Err(Problem::new(&NOTHING_OFFERED));
    }
    let credit_days = credit_for(&transaction, path.0).await?;
    let proposed = found.offers.iter().enumerate().map(|(index, offer)| Proposed {
        offer,
        grams: filled.iter().map(|window| window.shares[index].grams).collect(),
    });
    propose(desk, &transaction, (&found, credit_days), proposed.collect()).await?;
    let after = json!({"rule": input.rule, "given": filled.iter().map(|one| one.total).collect::<Vec<_>>()});
    desk.audit(&transaction, "request.rest_shared", ("supply_request", path.1.0), (), after).await?;
    transaction.commit().await?;
    desk.bell.ring();
    contracts_of_request(desk, path).await
}

/// Ask those who can still deliver for what is missing of an accepted request: an owner of the organisation only.
#[utoipa::path(tag = "business", operation_id = "fill_supply_rest", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), request_body = RestInput, responses((status = 200, description = "All contracts of the request", body = Page<SupplyContract>)))]
#[post("/v1/business/{organisation_id}/requests/{request_id}/rest")]
pub async fn fill_supply_rest(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
    body: Body<RestInput>,
) -> Result<HttpResponse, Problem> {
    let items = fill_rest(&desk, path.into_inner(), body.0).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}
