//! Shares of a closed request: reckoned from its offers, stock and forecasts, and agreed to.

use std::collections::HashMap;

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::supply::{OrganisationRole, RequestState, ShareRule, SupplyOfferState};
use entity::supply_share;
use entity::value::{OrganisationId, ProductId, SupplyOfferId, SupplyRequestId, SupplyWindowId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::buyer::{REQUEST_STATE, lock, own, show};
use super::contracts::{self, Proposed, open_purchase};
use super::credit::credit_for;
use super::view::{Eyes, SupplyOffer, SupplyRequestDetail, detail};
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::outbox::emit;
use crate::platform::problem::{Problem, codes};
use crate::supply::buyers::may_approved;
use crate::supply::deliveries::{Pack, packs_of, there};
use crate::supply::share::{self, Offer, Offered, Wanted, allocate};

codes! {
    NOTHING_OFFERED = "nothing_offered" 409 "Chưa có lời chào nào còn hiệu lực." "There is no offer that still holds.";
    SHARES_MISSING = "shares_missing" 409 "Chưa tính phần của từng hợp tác xã." "Shares are not reckoned yet.";
    OFFER_ENDED = "offer_ended" 409 "Có lời chào đã hết hạn: hãy tính lại." "An offer has ended meanwhile: reckon again.";
}

/// A share chosen by hand.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ChosenShare {
    pub offer_id: SupplyOfferId,
    pub window_id: SupplyWindowId,
    #[garde(range(min = 0, max = 10_000_000_000))]
    #[schema(minimum = 0, maximum = 10_000_000_000_i64)]
    pub grams: i64,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"version": 3, "rule": "fair_by_forecast"}))]
pub struct SharesInput {
    /// Of the request that was looked at.
    pub version: i64,
    pub rule: ShareRule,
    /// For `by_hand`.
    #[serde(default)]
    #[garde(length(max = 6_000), dive)]
    #[schema(max_items = 6_000)]
    pub chosen: Vec<ChosenShare>,
}

/// The packs of the products that are offered.
pub(super) async fn coming(
    connection: &impl ConnectionTrait,
    offers: &[SupplyOffer],
) -> Result<HashMap<ProductId, Vec<Pack>>, Problem> {
    let mut products: Vec<ProductId> = offers.iter().map(|one| one.product_id).collect();
    products.sort_unstable();
    products.dedup();
    packs_of(connection, &products).await
}

/// The offers of a request as the rules take them.
pub(super) fn as_offers(
    found: &SupplyRequestDetail,
    coming: &HashMap<ProductId, Vec<Pack>>,
    chosen: &[ChosenShare],
) -> Vec<Offer> {
    let chosen: HashMap<_, i64> = chosen.iter().map(|one| ((one.offer_id, one.window_id), one.grams)).collect();
    let offer = |(order, one): (usize, &SupplyOffer)| {
        let packs = coming.get(&one.product_id).map_or(&[][..], Vec::as_slice);
        let there = |until: Date| there(packs, (one.box_grams, one.price.unwrap_or(0)), until);
        let last = found.windows.iter().map(|window| window.to_on).max();
        let window = |(at, window): (usize, &super::view::SupplyWindow)| Offered {
            grams: one.grams.get(at).copied().unwrap_or(0),
            there: there(window.to_on),
            chosen: chosen.get(&(one.id, window.id)).copied().unwrap_or(0),
        };
        Offer {
            order,
            price: one.price.unwrap_or(0),
            box_grams: one.box_grams,
            least_grams: one.least_grams,
            forecast: last.map_or(0, there),
            windows: found.windows.iter().enumerate().map(window).collect(),
        }
    };
    found.offers.iter().enumerate().map(offer).collect()
}

/// Reckon the shares of a closed request by a rule, or anew by another one.
pub async fn reckon(
    desk: &Desk,
    path: (OrganisationId, SupplyRequestId),
    input: SharesInput,
) -> Result<SupplyRequestDetail, Problem> {
    may_approved(desk, path.0, OrganisationRole::Buyer).await?;
    let transaction = desk.begin().await?;
    let request = own(&transaction, path).await?;
    lock(&transaction, (path.1, input.version), RequestState::Closed).await?;
    let today = desk.today();
    let all = detail(&transaction, request, Eyes::Buyer).await?;
    let ids: Vec<SupplyOfferId> = all.offers.iter().map(|one| one.id).collect();
    let holds = |one: &SupplyOffer| one.state == SupplyOfferState::Offered && one.valid_until >= today;
    let mut found = all;
    found.offers.retain(holds);
    if found.offers.is_empty() {
        return Err(Problem::new(&NOTHING_OFFERED));
    }
    if let Some(index) = input.chosen.iter().position(|one| !found.offers.iter().any(|offer| offer.id == one.offer_id))
    {
        let (vi, en) = ("không có lời chào này", "there is no such offer");
        return Err(Problem::field(format!("/chosen/{index}/offer_id"), "offer", vi, en));
    }
    let coming = coming(&transaction, &found.offers).await?;
    let offers = as_offers(&found, &coming, &input.chosen);
    let tolerance_bp = i64::from(found.request.tolerance_bp);
    let wanted: Vec<Wanted> = found.windows.iter().map(|one| Wanted { grams: one.grams, tolerance_bp }).collect();
    let filled = allocate(input.rule, &wanted, &offers);
    supply_share::Entity::delete_many().filter(supply_share::Column::OfferId.is_in(ids)).exec(&transaction).await?;
    let mut rows = Vec::new();
    for (window, filled) in found.windows.iter().zip(&filled) {
        for (offer, share) in found.offers.iter().zip(&filled.shares) {
            let words = share::reason(input.rule, share.reason);
            rows.push(supply_share::ActiveModel {
                window_id: Set(window.id),
                offer_id: Set(offer.id),
                grams: Set(share.grams),
                reason_vi: Set(words.vi.to_string()),
                reason_en: Set(words.en.to_string()),
            });
        }
    }
    for part in rows.chunks(1_000) {
        supply_share::Entity::insert_many(part.to_vec()).exec_without_returning(&transaction).await?;
    }
    let sql = "UPDATE supply_request SET rule = $2, updated_at = $3 WHERE id = $1";
    run(&transaction, sql, [path.1.into(), input.rule.as_str().into(), desk.now().into()]).await?;
    for offer in &found.offers {
        let told = json!({"request_id": path.1, "number": found.request.number, "title": found.request.title});
        emit(&transaction, "request.shared", offer.cooperative_id.0, told, desk.now()).await?;
    }
    let after = json!({"rule": input.rule, "missing": filled.iter().map(|one| one.missing).collect::<Vec<_>>()});
    desk.audit(&transaction, "request.shared", ("supply_request", path.1.0), (), after).await?;
    transaction.commit().await?;
    desk.bell.ring();
    show(desk, path).await
}

/// Reckon the shares of a closed request by a rule, or anew by another one.
#[utoipa::path(tag = "business", operation_id = "reckon_supply_shares", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), request_body = SharesInput, responses((status = 200, description = "The request with the shares", body = SupplyRequestDetail)))]
#[post("/v1/business/{organisation_id}/requests/{request_id}/shares")]
pub async fn reckon_supply_shares(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
    body: Body<SharesInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(reckon(&desk, path.into_inner(), body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"version": 4}))]
pub struct AcceptanceInput {
    /// Of the request that was looked at.
    pub version: i64,
}

/// Agree to the shares as they were reckoned: each cooperative with a share has a contract to sign then.
pub async fn accept(
    desk: &Desk,
    path: (OrganisationId, SupplyRequestId),
    version: i64,
) -> Result<SupplyRequestDetail, Problem> {
    may_approved(desk, path.0, OrganisationRole::Owner).await?;
    let transaction = desk.begin().await?;
    let request = own(&transaction, path).await?;
    if request.state != RequestState::Closed {
        return Err(Problem::new(&REQUEST_STATE));
    }
    if request.rule.is_none() {
        return Err(Problem::new(&SHARES_MISSING));
    }
    lock(&transaction, (path.1, version), RequestState::Closed).await?;
    let found = detail(&transaction, request, Eyes::Buyer).await?;
    let today = desk.today();
    let given = |one: &&SupplyOffer| one.shares.iter().any(|share| share.grams > 0);
    if found.offers.iter().filter(given).any(|one| one.valid_until < today) {
        return Err(Problem::new(&OFFER_ENDED));
    }
    let credit_days = credit_for(&transaction, path.0).await?;
    let purchase = open_purchase(&transaction, (path.0, desk.who.account), desk.now()).await?;
    let sql = "UPDATE supply_request SET state = 'accepted', purchase_id = $3, updated_at = $2 WHERE id = $1";
    run(&transaction, sql, [path.1.into(), desk.now().into(), purchase.into()]).await?;
    let proposed = found
        .offers
        .iter()
        .map(|offer| Proposed { offer, grams: offer.shares.iter().map(|share| share.grams).collect() });
    contracts::propose(desk, &transaction, (&found, credit_days), proposed.collect()).await?;
    desk.audit(&transaction, "request.accepted", ("supply_request", path.1.0), (), ()).await?;
    transaction.commit().await?;
    desk.bell.ring();
    show(desk, path).await
}

/// Agree to the shares as they were reckoned: an owner of the organisation only.
#[utoipa::path(tag = "business", operation_id = "accept_supply_shares", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), request_body = AcceptanceInput, responses((status = 200, description = "The request", body = SupplyRequestDetail)))]
#[post("/v1/business/{organisation_id}/requests/{request_id}/acceptance")]
pub async fn accept_supply_shares(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
    body: Body<AcceptanceInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(accept(&desk, path.into_inner(), body.0.version).await?))
}
