//! What is sold of a product: packs, prices by quantity, prices that begin and end at a moment.

use actix_web::web::Path;
use actix_web::{HttpResponse, patch, post};
use entity::value::{CooperativeId, OfferId, OfferStatus, ProductId, Unit, Vnd};
use entity::{offer, price_tier};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::owned;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::{fold, secrets};
use crate::shop::inventory;

codes! {
    SKU_TAKEN = "sku_taken" 409 "Mã hàng (SKU) này đã có." "There is an offer with this SKU.";
    PRICE_OVERLAP = "scheduled_price_overlap" 409 "Trùng thời gian với một giá đã hẹn khác." "Overlaps another scheduled price.";
}

/// From this quantity on a piece costs this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    #[garde(range(min = 2, max = 9_999))]
    #[schema(minimum = 2, maximum = 9999)]
    pub from_quantity: i64,
    /// Đồng.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub price: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SellerOffer {
    pub id: OfferId,
    pub product_id: ProductId,
    pub sku: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub unit: Unit,
    pub weight_g: i64,
    /// Of the goods alone, if it was told.
    #[schema(required = true)]
    pub net_g: Option<i64>,
    pub status: OfferStatus,
    /// Đồng.
    pub price: i64,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub tiers: Vec<Tier>,
    #[schema(required = true)]
    pub wholesale_from: Option<i64>,
}

fn view(row: offer::Model, tiers: &[price_tier::Model]) -> SellerOffer {
    SellerOffer {
        tiers: tiers
            .iter()
            .filter(|tier| tier.offer_id == row.id)
            .map(|tier| Tier { from_quantity: tier.from_quantity, price: tier.amount.0 })
            .collect(),
        id: row.id,
        product_id: row.product_id,
        sku: row.sku,
        pack_vi: row.pack_vi,
        pack_en: row.pack_en,
        unit: row.unit,
        weight_g: row.weight_g,
        net_g: row.net_g,
        status: row.status,
        price: row.price_amount.0,
        min_quantity: row.min_quantity,
        step_quantity: row.step_quantity,
        wholesale_from: row.wholesale_from,
    }
}

async fn tiers_of(connection: &impl ConnectionTrait, offers: &[OfferId]) -> Result<Vec<price_tier::Model>, DbErr> {
    price_tier::Entity::find()
        .filter(price_tier::Column::OfferId.is_in(offers.iter().copied()))
        .order_by_asc(price_tier::Column::FromQuantity)
        .all(connection)
        .await
}

pub async fn offers_of(connection: &impl ConnectionTrait, product: ProductId) -> Result<Vec<SellerOffer>, DbErr> {
    let rows = offer::Entity::find()
        .filter(offer::Column::ProductId.eq(product))
        .order_by_asc(offer::Column::Position)
        .order_by_asc(offer::Column::Id)
        .all(connection)
        .await?;
    let tiers = tiers_of(connection, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    Ok(rows.into_iter().map(|row| view(row, &tiers)).collect())
}

fn one_piece() -> i64 {
    1
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"pack_vi": "Hộp 6 quả", "pack_en": "Box of 6", "unit": "box", "weight_g": 6500, "price": 250_000, "tiers": [{"from_quantity": 10, "price": 230_000}], "wholesale_from": 50}))]
pub struct NewOffer {
    /// The cooperative's own number; made up unless told.
    #[garde(inner(length(chars, min = 1, max = 60)))]
    #[schema(min_length = 1, max_length = 60)]
    pub sku: Option<String>,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub pack_vi: String,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub pack_en: Option<String>,
    pub unit: Unit,
    /// Shipped, with its packing, in grams.
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub weight_g: i64,
    /// Of the goods alone, in grams: what supply in quantity counts by.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub net_g: Option<i64>,
    /// Đồng.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub price: i64,
    #[garde(range(min = 1, max = 9_999))]
    #[serde(default = "one_piece")]
    #[schema(minimum = 1, maximum = 9999)]
    pub min_quantity: i64,
    #[garde(range(min = 1, max = 9_999))]
    #[serde(default = "one_piece")]
    #[schema(minimum = 1, maximum = 9999)]
    pub step_quantity: i64,
    #[garde(length(max = 10), dive)]
    #[serde(default)]
    #[schema(max_items = 10)]
    pub tiers: Vec<Tier>,
    /// The quantity from which wholesale terms hold.
    #[garde(inner(range(min = 1, max = 9_999)))]
    #[schema(minimum = 1, maximum = 9999)]
    pub wholesale_from: Option<i64>,
}

/// Tiers must each begin later and cost less than the one before, and less than the piece alone.
pub fn check_tiers(pointer: &str, price: i64, tiers: &[Tier]) -> Result<(), Problem> {
    let mut last = (1, price);
    for (index, tier) in tiers.iter().enumerate() {
        if tier.from_quantity <= last.0 || tier.price >= last.1 {
            return Err(Problem::field(
                format!("{pointer}/tiers/{index}"),
                "tier",
                "giá theo số lượng phải tăng dần số lượng và giảm dần giá",
                "tiers go up in quantity and down in price",
            ));
        }
        last = (tier.from_quantity, tier.price);
    }
    Ok(())
}

async fn write_tiers(connection: &impl ConnectionTrait, offer: OfferId, tiers: &[Tier]) -> Result<(), DbErr> {
    run(connection, "DELETE FROM price_tier WHERE offer_id = $1", [offer.into()]).await?;
    if tiers.is_empty() {
        return Ok(());
    }
    let rows = tiers.iter().map(|tier| price_tier::ActiveModel {
        offer_id: Set(offer),
        from_quantity: Set(tier.from_quantity),
        amount: Set(Vnd(tier.price)),
    });
    price_tier::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(connection).await?;
    Ok(())
}

/// Adds offers to a product inside the caller's transaction.
pub async fn add_offers(
    transaction: &impl ConnectionTrait,
    cooperative: CooperativeId,
    product: ProductId,
    offers: &[NewOffer],
    now: OffsetDateTime,
) -> Result<Vec<OfferId>, Problem> {
    let mut ids = Vec::new();
    for (position, input) in (0_i32..).zip(offers) {
        let pointer = if offers.len() == 1 { String::new() } else { format!("/offers/{position}") };
        check_tiers(&pointer, input.price, &input.tiers)?;
        let sku = input.sku.as_deref().map(fold::stored).filter(|sku| !sku.is_empty());
        let pack = fold::stored(&input.pack_vi);
        if pack.is_empty() || pack.contains('\0') {
            let (vi, en) = ("không được để trống", "must not be blank");
            return Err(Problem::field(format!("{pointer}/pack_vi"), "missing", vi, en));
        }
        let english = input.pack_en.as_deref().map(fold::stored).filter(|pack| !pack.is_empty());
        let id = OfferId::new();
        let row = offer::ActiveModel {
            reduced_bp: Set(0),
            reduced_until: Set(None),
            id: Set(id),
            product_id: Set(product),
            cooperative_id: Set(cooperative),
            sku: Set(sku.unwrap_or_else(|| format!("SP-{}", secrets::code(7)))),
            pack_en: Set(english.unwrap_or_else(|| pack.clone())),
            pack_vi: Set(pack),
            unit: Set(input.unit),
            weight_g: Set(input.weight_g),
            price_amount: Set(Vnd(input.price)),
            currency: Set(Vnd::CURRENCY.to_owned()),
            min_quantity: Set(input.min_quantity),
            step_quantity: Set(input.step_quantity),
            status: Set(OfferStatus::Active),
            position: Set(position),
            created_at: Set(now),
            updated_at: Set(now),
            net_g: Set(input.net_g),
            wholesale_from: Set(input.wholesale_from),
        };
        offer::Entity::insert(row)
            .exec_without_returning(transaction)
            .await
            .map_err(|error| if is_duplicate(&error) { Problem::new(&SKU_TAKEN) } else { error.into() })?;
        write_tiers(transaction, id, &input.tiers).await?;
        inventory::opening::none_of(transaction, id, now).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Add a pack to a product.
#[utoipa::path(tag = "seller", operation_id = "create_offer", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), request_body = NewOffer, responses((status = 201, description = "The product's offers", body = Vec<SellerOffer>)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}/offers")]
pub async fn create_offer(
    desk: Desk,
    path: Path<(CooperativeId, ProductId)>,
    body: Body<NewOffer>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, product) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    owned::own(&desk, cooperative, product).await?;
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let ids = add_offers(&transaction, cooperative, product, std::slice::from_ref(&body.0), now).await?;
    let after = json!({"offers": ids, "price": body.0.price});
    desk.audit(&transaction, "offer.created", ("product", product.0), (), after).await?;
    emit(&transaction, "product.changed", product.0, json!({}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[product]).await?;
    Ok(HttpResponse::Created().json(offers_of(desk.db.fresh(), product).await?))
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"price": 265_000}))]
pub struct OfferChange {
    /// Đồng.
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub price: Option<i64>,
    #[garde(inner(range(min = 1, max = 9_999)))]
    #[schema(minimum = 1, maximum = 9999)]
    pub min_quantity: Option<i64>,
    #[garde(inner(range(min = 1, max = 9_999)))]
    #[schema(minimum = 1, maximum = 9999)]
    pub step_quantity: Option<i64>,
    pub status: Option<OfferStatus>,
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub pack_vi: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub pack_en: Option<String>,
    pub unit: Option<Unit>,
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub weight_g: Option<i64>,
    /// Of the goods alone.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub net_g: Option<i64>,
    /// All of them; none takes them away.
    #[garde(inner(length(max = 10)), inner(inner(custom(tier_fits))))]
    #[schema(max_items = 10)]
    pub tiers: Option<Vec<Tier>>,
    /// 0 takes it away.
    #[garde(inner(range(min = 0, max = 9_999)))]
    #[schema(minimum = 0, maximum = 9999)]
    pub wholesale_from: Option<i64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
fn tier_fits(tier: &Tier, (): &()) -> garde::Result {
    tier.validate().map_err(|_| garde::Error::new("tier"))
}

fn snapshot(row: &offer::Model) -> serde_json::Value {
    json!({"price": row.price_amount, "min_quantity": row.min_quantity, "step_quantity": row.step_quantity, "status": row.status,
        "pack_vi": row.pack_vi, "weight_g": row.weight_g, "wholesale_from": row.wholesale_from})
}

/// Changes an offer inside the caller's transaction; whether anything changed.
pub async fn apply(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    row: offer::Model,
    input: &OfferChange,
) -> Result<bool, Problem> {
    let (id, product, before) = (row.id, row.product_id, snapshot(&row));
    let price = input.price.unwrap_or(row.price_amount.0);
    let held: Vec<_> = tiers_of(transaction, &[id])
        .await?
        .into_iter()
        .map(|tier| Tier { from_quantity: tier.from_quantity, price: tier.amount.0 })
        .collect();
    let tiers = input.tiers.clone().unwrap_or_else(|| held.clone());
    check_tiers("", price, &tiers)?;
    let mut change = row.clone().into_active_model();
    let set = |new: Option<i64>, old: i64| new.filter(|new| *new != old);
    if let Some(price) = set(input.price, row.price_amount.0) {
        change.price_amount = Set(Vnd(price));
    }
    if let Some(min) = set(input.min_quantity, row.min_quantity) {
        change.min_quantity = Set(min);
    }
    if let Some(step) = set(input.step_quantity, row.step_quantity) {
        change.step_quantity = Set(step);
    }
    if let Some(weight) = set(input.weight_g, row.weight_g) {
        change.weight_g = Set(weight);
    }
    if input.net_g.is_some() && input.net_g != row.net_g {
        change.net_g = Set(input.net_g);
    }
    if let Some(status) = input.status.filter(|status| *status != row.status) {
        change.status = Set(status);
    }
    if let Some(unit) = input.unit.filter(|unit| *unit != row.unit) {
        change.unit = Set(unit);
    }
    if let Some(pack) = input.pack_vi.as_deref().map(fold::stored).filter(|pack| *pack != row.pack_vi) {
        change.pack_vi = Set(pack);
    }
    if let Some(pack) = input.pack_en.as_deref().map(fold::stored).filter(|pack| *pack != row.pack_en) {
        change.pack_en = Set(pack);
    }
    if let Some(from) = input.wholesale_from {
        let from = Some(from).filter(|from| *from > 0);
        if from != row.wholesale_from {
            change.wholesale_from = Set(from);
        }
    }
    if !change.is_changed() && tiers == held {
        return Ok(false);
    }
    change.updated_at = Set(desk.now());
    let row = change.update(transaction).await?;
    if tiers != held {
        write_tiers(transaction, id, &tiers).await?;
    }
    let mut after = snapshot(&row);
    after["tiers"] = json!(tiers);
    desk.audit(transaction, "offer.changed", ("offer", id.0), before, after).await?;
    emit(transaction, "product.changed", product.0, json!({"offers": [id]}), desk.now()).await?;
    Ok(true)
}

/// The cooperative's own offer.
pub async fn own(desk: &Desk, cooperative: CooperativeId, id: OfferId) -> Result<offer::Model, Problem> {
    let row = by_id::<offer::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub async fn change(
    desk: &Desk,
    cooperative: CooperativeId,
    id: OfferId,
    input: &OfferChange,
) -> Result<SellerOffer, Problem> {
    let row = own(desk, cooperative, id).await?;
    let product = row.product_id;
    let transaction = desk.db.begin().await?;
    let changed = apply(&transaction, desk, row, input).await?;
    transaction.commit().await?;
    if changed {
        desk.products_changed(&[product]).await?;
    }
    let row = own(desk, cooperative, id).await?;
    let tiers = tiers_of(desk.db.fresh(), &[id]).await?;
    Ok(view(row, &tiers))
}

/// Change what is asked for a pack, by quantity or alone, how much must be bought, or whether it is sold.
#[utoipa::path(tag = "seller", operation_id = "update_offer", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), request_body = OfferChange, responses((status = 200, description = "The offer", body = SellerOffer)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/offers/{offer_id}")]
pub async fn update_offer(
    desk: Desk,
    path: Path<(CooperativeId, OfferId)>,
    body: Body<OfferChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(change(&desk, cooperative, id, &body.0).await?))
}
