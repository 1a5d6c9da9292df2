//! GS1 keys of a cooperative that has them: a GLN for its place, a GTIN for each offer.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::value::{CooperativeId, OfferId, PickupPointId};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::{gtin14, is_gln, right_gtin};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{all, is_duplicate, run};
use crate::platform::problem::{Problem, codes};

codes! {
    KEY_TAKEN = "gs1_key_taken" 409 "Mã GS1 này đã thuộc về hàng khác." "This GS1 key belongs to something else.";
}

#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct OfferKey {
    pub offer_id: OfferId,
    /// GTIN of 8, 12, 13 or 14 digits; told with 14.
    #[garde(custom(right_gtin))]
    #[schema(pattern = r"^(\d{8}|\d{12,14})$")]
    pub gtin: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
fn right_gln(text: &str, (): &()) -> garde::Result {
    if is_gln(text) { Ok(()) } else { Err(garde::Error::new("GLN")) }
}

/// Of a pick-up point.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PlaceKey {
    pub pickup_point_id: PickupPointId,
    /// 13 digits.
    #[garde(custom(right_gln))]
    #[schema(pattern = r"^\d{13}$")]
    pub gln: String,
}

/// A cooperative's keys.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"gln": "8930000000019", "offers": [{"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "gtin": "8930000000026"}]}))]
pub struct Gs1Keys {
    /// 13 digits.
    #[garde(inner(custom(right_gln)))]
    #[schema(pattern = r"^\d{13}$", required = true)]
    pub gln: Option<String>,
    #[garde(length(max = 500), dive)]
    #[schema(max_items = 500)]
    pub offers: Vec<OfferKey>,
    /// Of pick-up points that have their own.
    #[serde(default)]
    #[garde(length(max = 100), dive)]
    #[schema(max_items = 100)]
    pub places: Vec<PlaceKey>,
}

#[derive(FromQueryResult)]
struct Row {
    key: String,
    offer_id: Option<OfferId>,
    pickup_point_id: Option<PickupPointId>,
}

async fn keys_of(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<Gs1Keys, DbErr> {
    let sql = "SELECT key, offer_id, pickup_point_id FROM gs1_key WHERE cooperative_id = $1 ORDER BY offer_id, pickup_point_id";
    let mut keys = Gs1Keys::default();
    for row in all::<Row>(connection, sql, [cooperative.into()]).await? {
        match (row.offer_id, row.pickup_point_id) {
            (Some(offer_id), _) => keys.offers.push(OfferKey { offer_id, gtin: row.key }),
            (None, Some(pickup_point_id)) => keys.places.push(PlaceKey { pickup_point_id, gln: row.key }),
            (None, None) => keys.gln = Some(row.key),
        }
    }
    Ok(keys)
}

async fn give(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    (kind, key): (&str, &str),
    offer: Option<OfferId>,
) -> Result<u64, Problem> {
    let written = run(
        transaction,
        "INSERT INTO gs1_key (kind, key, cooperative_id, offer_id, created_at)
         SELECT $1, $2, $3, $4, $5 FROM cooperative c WHERE c.id = $3
           AND (CAST($1 AS text) = 'gln' OR EXISTS (SELECT 1 FROM offer o WHERE o.id = $4 AND o.cooperative_id = c.id))",
        [kind.into(), key.into(), cooperative.into(), offer.into(), desk.now().into()],
    );
    written.await.map_err(|error| if is_duplicate(&error) { Problem::new(&KEY_TAKEN) } else { error.into() })
}

async fn give_place(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    place: &PlaceKey,
) -> Result<u64, Problem> {
    let written = run(
        transaction,
        "INSERT INTO gs1_key (kind, key, cooperative_id, pickup_point_id, created_at)
         SELECT 'gln', $1, $2, p.id, $4 FROM pickup_point p WHERE p.id = $3 AND p.cooperative_id = $2",
        [place.gln.as_str().into(), cooperative.into(), place.pickup_point_id.into(), desk.now().into()],
    );
    written.await.map_err(|error| if is_duplicate(&error) { Problem::new(&KEY_TAKEN) } else { error.into() })
}

/// The cooperative's GS1 keys.
#[utoipa::path(tag = "traceability", operation_id = "show_gs1_keys", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The keys", body = Gs1Keys)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/gs1-keys")]
pub async fn show_keys(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(keys_of(desk.db.fresh(), *cooperative).await?))
}

/// Replace the cooperative's GS1 keys: labels and events name goods and places by them from now on.
#[utoipa::path(tag = "traceability", operation_id = "replace_gs1_keys", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = Gs1Keys, responses((status = 200, description = "The keys", body = Gs1Keys)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/gs1-keys")]
pub async fn put_keys(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<Gs1Keys>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    let Body(input) = body;
    let transaction = desk.begin().await?;
    let before = keys_of(&transaction, *cooperative).await?;
    run(&transaction, "DELETE FROM gs1_key WHERE cooperative_id = $1", [(*cooperative).into()]).await?;
    if let Some(gln) = &input.gln {
        give(&transaction, &desk, *cooperative, ("gln", gln), None).await?;
    }
    for (index, OfferKey { offer_id, gtin }) in input.offers.iter().enumerate() {
        let key = gtin14(gtin).unwrap_or_default();
        if give(&transaction, &desk, *cooperative, ("gtin", &key), Some(*offer_id)).await? != 1 {
            let (vi, en) = ("không phải quy cách của gian hàng", "not an offer of this shop");
            return Err(Problem::field(format!("/offers/{index}/offer_id"), "offer", vi, en));
        }
    }
    for (index, place) in input.places.iter().enumerate() {
        if give_place(&transaction, &desk, *cooperative, place).await? != 1 {
            let (vi, en) = ("không phải điểm lấy hàng của gian hàng", "not a pick-up point of this shop");
            return Err(Problem::field(format!("/places/{index}/pickup_point_id"), "place", vi, en));
        }
    }
    let after = keys_of(&transaction, *cooperative).await?;
    desk.audit(&transaction, "gs1_keys.changed", ("cooperative", cooperative.0), before, &after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(after))
}
