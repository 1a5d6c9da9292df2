//! `/v1/seller/cooperatives/{id}`: profile and delivery rates.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, put};
use entity::value::{CooperativeId, CooperativeKind, CooperativeStatus, DeliveryZone, RowId, Vnd};
use entity::{cooperative, delivery_rate};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::people::identity::{Permission, SignedIn, require_member, rules::phone};
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::read_model::ReadModel;
use crate::platform::{audit, fold};
use crate::shop::delivery::rates;

#[derive(Serialize, ToSchema)]
pub struct ShopProfile {
    id: CooperativeId,
    slug: String,
    kind: CooperativeKind,
    status: CooperativeStatus,
    name_vi: String,
    name_en: String,
    story_vi: String,
    story_en: String,
    legal_name: String,
    tax_code: String,
    licence_number: String,
    representative: String,
    street: String,
    commune_code: String,
    phone: String,
    #[schema(required = true)]
    email: Option<String>,
    pickup_offered: bool,
}

impl From<cooperative::Model> for ShopProfile {
    fn from(row: cooperative::Model) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            kind: row.kind,
            status: row.status,
            name_vi: row.name_vi,
            name_en: row.name_en,
            story_vi: row.story_vi,
            story_en: row.story_en,
            legal_name: row.legal_name,
            tax_code: row.tax_code,
            licence_number: row.licence_number,
            representative: row.representative,
            street: row.street,
            commune_code: row.commune_code,
            phone: row.phone,
            email: row.email,
            pickup_offered: row.pickup_offered,
        }
    }
}

async fn own_cooperative(
    db: &Db,
    caller: &SignedIn,
    id: CooperativeId,
    permission: Permission,
) -> Result<cooperative::Model, Problem> {
    require_member(db.fresh(), caller.account, id, permission).await?;
    by_id::<cooperative::Entity>(db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The shop as its people see it.
#[utoipa::path(tag = "seller", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The shop", body = ShopProfile)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/profile")]
pub async fn show_profile(db: Data<Db>, caller: SignedIn, id: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    let row = own_cooperative(&db, &caller, *id, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(ShopProfile::from(row)))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pickup_offered": true, "phone": "0218 387 1234"}))]
pub struct ShopProfileChange {
    #[garde(inner(length(chars, max = 5000)))]
    #[schema(max_length = 5000)]
    story_vi: Option<String>,
    #[garde(inner(length(chars, max = 5000)))]
    #[schema(max_length = 5000)]
    story_en: Option<String>,
    #[garde(inner(length(max = 30)))]
    #[schema(max_length = 30)]
    phone: Option<String>,
    #[garde(skip)]
    pickup_offered: Option<bool>,
}

/// What is written for every change of a listing: the audit trail and the event other nodes follow.
async fn record(
    transaction: &impl ConnectionTrait,
    clock: &Clock,
    caller: &SignedIn,
    (action, entity, entity_id): (&str, &str, Uuid),
    (before, after): (Value, Value),
    (topic, subject): (&str, Uuid),
) -> Result<(), Problem> {
    let change = audit::Change {
        actor: caller.audit_actor(),
        action,
        entity,
        entity_id,
        before: Some(before),
        after: Some(after),
    };
    let now = clock.now();
    audit::record(transaction, change, now).await?;
    emit(transaction, topic, subject, json!({}), now).await?;
    Ok(())
}

/// Change story, phone or whether buyers may collect. Legal facts are changed by review.
#[utoipa::path(tag = "seller", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = ShopProfileChange, responses((status = 200, description = "The shop", body = ShopProfile)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/profile")]
pub async fn update_profile(
    db: Data<Db>,
    clock: Data<Clock>,
    read_model: Data<ReadModel>,
    caller: SignedIn,
    id: Path<CooperativeId>,
    body: Body<ShopProfileChange>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    let row = own_cooperative(&db, &caller, *id, Permission::EditShop).await?;
    let snapshot = |row: &cooperative::Model| json!({"story_vi": row.story_vi, "story_en": row.story_en, "phone": row.phone, "pickup_offered": row.pickup_offered});
    let before = snapshot(&row);
    let mut change = row.into_active_model();
    if let Some(story) = input.story_vi {
        change.story_vi = Set(fold::stored(&story));
    }
    if let Some(story) = input.story_en {
        change.story_en = Set(fold::stored(&story));
    }
    if let Some(number) = input.phone {
        let number = phone(&number).ok_or_else(|| {
            Problem::field("/phone", "phone", "số điện thoại không hợp lệ", "not a valid phone number")
        })?;
        change.phone = Set(number);
    }
    if let Some(offered) = input.pickup_offered {
        change.pickup_offered = Set(offered);
    }
    change.updated_at = Set(clock.now());
    let transaction = db.begin().await?;
    let row = change.update(&transaction).await?;
    let about = ("shop.changed", "cooperative", row.id.0);
    record(&transaction, &clock, &caller, about, (before, snapshot(&row)), ("cooperative.changed", row.id.0)).await?;
    transaction.commit().await?;
    read_model.cooperative_changed(row.id).await;
    Ok(HttpResponse::Ok().json(ShopProfile::from(row)))
}

fn usual_days() -> i32 {
    4
}

/// The price of delivery to one zone.
#[derive(Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"zone": "nationwide", "base_weight_g": 2000, "base_price": 35_000, "step_weight_g": 1000, "step_price": 6000, "free_from": 1_000_000}))]
pub struct Rate {
    zone: DeliveryZone,
    /// Up to this weight the base price holds.
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    base_weight_g: i64,
    /// Đồng.
    #[garde(range(min = 0, max = 100_000_000))]
    #[schema(minimum = 0, maximum = 100_000_000)]
    base_price: i64,
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    step_weight_g: i64,
    /// Đồng, for every begun step above the base weight.
    #[garde(range(min = 0, max = 100_000_000))]
    #[schema(minimum = 0, maximum = 100_000_000)]
    step_price: i64,
    /// Goods of this worth are delivered free.
    #[garde(inner(range(min = 1, max = 1_000_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000_000, required = true)]
    free_from: Option<i64>,
    /// Days until a parcel is there, at most: nothing is sold that would expire on its way.
    #[garde(range(min = 0, max = 30))]
    #[serde(default = "usual_days")]
    #[schema(minimum = 0, maximum = 30)]
    max_days: i32,
}

#[derive(Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// One per zone; a zone without one is not delivered to.
    #[garde(length(max = 3), dive)]
    #[schema(max_items = 3)]
    items: Vec<Rate>,
}

async fn current_rates(db: &Db, cooperative: CooperativeId) -> Result<Rates, Problem> {
    let mut rows = rates(db.fresh(), &[cooperative]).await?;
    rows.sort_by_key(|row| row.zone);
    let rate = |row: delivery_rate::Model| Rate {
        zone: row.zone,
        base_weight_g: row.base_weight_g,
        base_price: row.base_amount.0,
        step_weight_g: row.step_weight_g,
        step_price: row.step_amount.0,
        free_from: row.free_from_amount.map(|amount| amount.0),
        max_days: row.max_days,
    };
    Ok(Rates { items: rows.into_iter().map(rate).collect() })
}

/// What the cooperative asks for delivery.
#[utoipa::path(tag = "seller", operation_id = "list_delivery_rates", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "Rates by zone", body = Rates)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/delivery-rates")]
pub async fn list_rates(db: Data<Db>, caller: SignedIn, id: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    require_member(db.fresh(), caller.account, *id, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(current_rates(&db, *id).await?))
}

/// Set all delivery rates. Quotes given before are checked again at checkout.
#[utoipa::path(tag = "seller", operation_id = "replace_delivery_rates", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = Rates, responses((status = 200, description = "Rates by zone", body = Rates)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/delivery-rates")]
pub async fn replace_rates(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    id: Path<CooperativeId>,
    body: Body<Rates>,
) -> Result<HttpResponse, Problem> {
    let Body(input) = body;
    require_member(db.fresh(), caller.account, *id, Permission::EditShop).await?;
    for (index, rate) in input.items.iter().enumerate() {
        if input.items[..index].iter().any(|other| other.zone == rate.zone) {
            return Err(Problem::field(
                format!("/items/{index}/zone"),
                "twice",
                "vùng này ghi hai lần",
                "this zone stands twice",
            ));
        }
    }
    let before = current_rates(&db, *id).await?;
    let row = |rate: &Rate| delivery_rate::Model {
        id: RowId::new(),
        cooperative_id: *id,
        zone: rate.zone,
        base_weight_g: rate.base_weight_g,
        base_amount: Vnd(rate.base_price),
        step_weight_g: rate.step_weight_g,
        step_amount: Vnd(rate.step_price),
        free_from_amount: rate.free_from.map(Vnd),
        max_days: rate.max_days,
    };
    let rows: Vec<_> = input.items.iter().map(row).collect();
    let transaction = db.begin().await?;
    crate::shop::delivery::replace_rates(&transaction, *id, rows).await?;
    let about = ("delivery_rates.replaced", "cooperative", id.0);
    record(&transaction, &clock, &caller, about, (json!(before), json!(input)), ("cooperative.changed", id.0)).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(current_rates(&db, *id).await?))
}
