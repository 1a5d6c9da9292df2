//! A harvest taken in: a lot with its stock, and the pre-orders it serves.

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::value::{CertificateId, CooperativeId, ForecastId, LotId, LotState, OfferId, PlotId, ProductId, TraceAct};
use entity::{lot, offer, product};
use garde::Validate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect,
};
use serde::Deserialize;
use time::Date;
use utoipa::ToSchema;

use super::keeping::{self, Kept};
use super::lot_of_the_day::code_of;
use super::lots::{LOT_CODE_TAKEN, LotView, show, text};
use super::moves::record;
use super::preorders;
use super::rules::MAX_QUANTITY;
use super::store::{Outcome, level};
use super::transform::{self, Ingredient};
use crate::ocop::traceability::plots;
use crate::ocop::traceability::waiting::too_early;
use crate::people::desk::Desk;
use crate::people::identity::{Permission, require_member};
use crate::platform::body::Body;
use crate::platform::db::{all, by_id, is_duplicate, run};
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::outbox::emit;
use crate::platform::problem::{Problem, codes};
use crate::platform::read_model::Level;

codes! {
    /// `waiting` names each treatment, its plot and the first day of harvest. A manager may give a `wait_reason`, which stays visible.
    HARVEST_TOO_EARLY = "harvest_too_early" 409 "Thửa còn trong thời gian cách ly sau phun thuốc. Hãy chờ, hoặc quản lý nêu lý do." "A plot is still within its waiting period after plant protection. Wait, or have a manager give a reason.";
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct LotQuantity {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
}

#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"product_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11", "harvested_on": "2026-11-24", "plot": "Đồi Vó", "household": "Bùi Thị Hoa",
    "contents": [{"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 40}]}))]
pub struct NewLot {
    pub product_id: ProductId,
    /// Made of the day and the product unless told.
    #[garde(inner(length(chars, min = 1, max = 40)))]
    #[schema(min_length = 1, max_length = 40)]
    pub code: Option<String>,
    #[schema(value_type = String, format = Date)]
    pub harvested_on: Date,
    /// From the product's rule for this kind of store, or its shelf life, unless told.
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
    /// Where and how warm it is kept.
    #[garde(dive)]
    #[serde(default)]
    pub kept: Kept,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub plot: Option<String>,
    /// The member household it comes from.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub household: Option<String>,
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
    /// Verified certificates of the product, or of the whole cooperative, that cover it.
    #[garde(length(max = 20))]
    #[serde(default)]
    #[schema(max_items = 20)]
    pub certificate_ids: Vec<CertificateId>,
    /// The plots it was harvested on.
    #[serde(default)]
    #[garde(length(max = 20))]
    #[schema(max_items = 20)]
    pub plot_ids: Vec<PlotId>,
    /// Why it is harvested although a plot's waiting period is not over; a manager's to say, and shown to buyers.
    #[garde(inner(length(chars, min = 5, max = 300)))]
    #[schema(min_length = 5, max_length = 300)]
    pub wait_reason: Option<String>,
    /// The lots it is made of, when it is not harvested but made: pomelos into jam.
    #[serde(default)]
    #[garde(length(max = 50), dive)]
    #[schema(max_items = 50)]
    pub made_of: Vec<Ingredient>,
    /// What else went into it, with jars and lids, in grams: what is made weighs no more than what it was made of.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub added_g: i64,
    /// The harvest a forecast promised: pre-orders are served from it, first come first served.
    pub forecast_id: Option<ForecastId>,
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub contents: Vec<LotQuantity>,
}

/// Refuses what cannot be taken in; until when it keeps.
async fn keeps_until(
    connection: &impl ConnectionTrait,
    input: &NewLot,
    product: &product::Model,
    today: Date,
) -> Result<Option<Date>, Problem> {
    input.kept.check("/kept")?;
    if input.harvested_on > today {
        let (vi, en) = ("ngày thu hoạch không được ở tương lai", "the harvest cannot lie in the future");
        return Err(Problem::field("/harvested_on", "date", vi, en));
    }
    let expires_on = match input.expires_on {
        None => keeping::last_day(connection, product, input.harvested_on, input.kept.storage).await?,
        told => told,
    };
    if expires_on.is_some_and(|expires_on| expires_on < input.harvested_on.max(today)) {
        let (vi, en) = ("hạn dùng đã qua hoặc trước ngày thu hoạch", "expired already, or before the harvest");
        return Err(Problem::field("/expires_on", "date", vi, en));
    }
    Ok(expires_on)
}

async fn product_of(desk: &Desk, cooperative: CooperativeId, id: ProductId) -> Result<product::Model, Problem> {
    let found = by_id::<product::Entity>(desk.db.fresh(), id).await?;
    found.filter(|product| product.cooperative_id == cooperative).ok_or_else(|| {
        Problem::field("/product_id", "product", "không có sản phẩm này", "there is no such product of yours")
    })
}

/// Every offer is the product's, and named once.
async fn check_contents(desk: &Desk, input: &NewLot) -> Result<(), Problem> {
    let own = offer::Entity::find().filter(offer::Column::ProductId.eq(input.product_id));
    let own: Vec<OfferId> = own.select_only().column(offer::Column::Id).into_tuple().all(desk.db.fresh()).await?;
    for (index, content) in input.contents.iter().enumerate() {
        let twice = input.contents.iter().filter(|other| other.offer_id == content.offer_id).count() > 1;
        if twice || !own.contains(&content.offer_id) {
            let (vi, en) =
                ("không phải quy cách của sản phẩm này, hoặc bị lặp", "not an offer of this product, or named twice");
            return Err(Problem::field(format!("/contents/{index}/offer_id"), "offer", vi, en));
        }
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Taken {
    code: String,
}

/// The code of the day's harvest; of its second, third, … one with their number.
async fn free_code(connection: &impl ConnectionTrait, cooperative: CooperativeId, code: &str) -> Result<String, DbErr> {
    let head: String = code.chars().take(36).collect();
    // Of a day and a slug: nothing in it is a wildcard.
    let sql = "SELECT code FROM lot WHERE cooperative_id = $1 AND code LIKE $2";
    let taken = all::<Taken>(connection, sql, [cooperative.into(), format!("{head}%").into()]);
    let taken: Vec<String> = taken.await?.into_iter().map(|row| row.code).collect();
    let numbered = (2..=1_000).map(|number| format!("{head}-{number}"));
    let mut all = std::iter::once(code.to_owned()).chain(numbered);
    Ok(all.find(|code| !taken.contains(code)).unwrap_or_else(|| code.to_owned()))
}

async fn attach_certificates(transaction: &impl ConnectionTrait, lot: LotId, input: &NewLot) -> Result<(), Problem> {
    for (index, certificate) in input.certificate_ids.iter().enumerate() {
        let added = run(
            transaction,
            "INSERT INTO lot_certificate (lot_id, certificate_id) SELECT $1, c.id FROM certificate c JOIN product p ON p.id = $3
             WHERE c.id = $2 AND c.state = 'verified' AND c.cooperative_id = p.cooperative_id
               AND (c.product_id = $3 OR (c.product_id IS NULL AND c.plot_id IS NULL AND c.lot_id IS NULL))
             ON CONFLICT DO NOTHING",
            [lot.into(), (*certificate).into(), input.product_id.into()],
        )
        .await?;
        if added != 1 {
            let (vi, en) =
                ("không phải chứng nhận đã duyệt của sản phẩm này", "not a verified certificate of this product");
            return Err(Problem::field(format!("/certificate_ids/{index}"), "certificate", vi, en));
        }
    }
    Ok(())
}

/// Why the plots may be harvested although they were sprayed lately, if they were; refused without a manager's reason.
async fn early_harvest(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    input: &NewLot,
) -> Result<Option<String>, Problem> {
    plots::hold(transaction, cooperative, "/plot_ids", &input.plot_ids).await?;
    let waiting = too_early(transaction, cooperative, &input.plot_ids, input.harvested_on).await?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let Some(reason) = text(input.wait_reason.clone()) else {
        return Err(Problem::new(&HARVEST_TOO_EARLY).extension("waiting", waiting));
    };
    require_member(transaction, desk.who.account, cooperative, Permission::CorrectTraces).await?;
    Ok(Some(reason))
}

/// The harvest on the shelves, and with those first who had ordered it; the levels it leaves.
async fn put_on_sale(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    act: TraceAct,
    lot: &lot::Model,
    contents: &[LotQuantity],
) -> Result<Vec<Level>, Problem> {
    let now = desk.now();
    let mut levels = Vec::new();
    for content in contents {
        let actor = Some(desk.who.account);
        let outcome =
            record(transaction, content.offer_id, act, content.quantity, Some(lot.id), None, actor, now).await?;
        let Outcome::Done(found) = outcome else { return Err(Problem::internal("a receipt cannot be short")) };
        levels.extend(found);
    }
    if let Some(forecast) = lot.forecast_id {
        preorders::serve(transaction, lot.cooperative_id, forecast, lot.id, lot.expires_on, now).await?;
        levels.clear();
        for content in contents {
            levels.extend(level(transaction, content.offer_id, now).await?);
        }
    }
    Ok(levels)
}

/// Takes a harvest in: the lot, its stock, and the pre-orders it serves, in one transaction.
pub async fn create(desk: &Desk, cooperative: CooperativeId, input: NewLot) -> Result<LotView, Problem> {
    let now = desk.now();
    let product = product_of(desk, cooperative, input.product_id).await?;
    let expires_on = keeps_until(desk.db.fresh(), &input, &product, desk.today()).await?;
    check_contents(desk, &input).await?;
    let lot = lot::Model {
        id: LotId::new(),
        cooperative_id: cooperative,
        product_id: input.product_id,
        code: match text(input.code.clone()) {
            Some(code) => code,
            None => free_code(desk.db.fresh(), cooperative, &code_of(input.harvested_on, &product.slug)).await?,
        },
        harvested_on: input.harvested_on,
        expires_on,
        created_at: now,
        state: LotState::Good,
        plot: text(input.plot.clone()),
        household: text(input.household.clone()),
        note: text(input.note.clone()),
        forecast_id: input.forecast_id,
        wait_reason: None,
        storage: input.kept.storage,
        kept_from_c: input.kept.from_c,
        kept_to_c: input.kept.to_c,
    };
    let transaction = desk.begin().await?;
    let early = early_harvest(&transaction, desk, cooperative, &input).await?;
    let lot = lot::Model { wait_reason: early, ..lot };
    if let Some(forecast) = lot.forecast_id {
        preorders::lock_harvest(&transaction, forecast).await?;
    }
    lot::Entity::insert(lot.clone().into_active_model())
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&LOT_CODE_TAKEN) } else { error.into() })?;
    attach_certificates(&transaction, lot.id, &input).await?;
    plots::attach(&transaction, lot.id, &input.plot_ids).await?;
    let mut contents = input.contents;
    contents.sort_by_key(|content| content.offer_id);
    let made: Vec<_> = contents.iter().map(|content| (content.offer_id, content.quantity)).collect();
    let used = transform::use_up(&transaction, desk, &lot, &input.made_of, &made, input.added_g).await?;
    let act = if used.is_some() { TraceAct::Transformed } else { TraceAct::Harvested };
    let mut levels = put_on_sale(&transaction, desk, act, &lot, &contents).await?;
    if let Some(used) = used {
        levels.extend(used);
    }
    let after = serde_json::json!({"code": lot.code, "expires_on": lot.expires_on});
    desk.audit(&transaction, "lot.recorded", ("lot", lot.id.0), (), after).await?;
    let offers: Vec<_> = levels.iter().map(|level| level.offer).collect();
    emit(&transaction, "stock.changed", lot.id.0, serde_json::json!({"offers": offers}), now).await?;
    if lot.forecast_id.is_some() {
        emit(&transaction, "product.changed", lot.product_id.0, serde_json::json!({}), now).await?;
    }
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    if lot.forecast_id.is_some() {
        desk.products_changed(&[lot.product_id]).await?;
    }
    show(desk, cooperative, lot.id).await
}

/// Record a harvest or a packing batch; its goods are on sale at once. Sent again with the same key it is told `done_already`, and nothing
/// is counted twice.
#[utoipa::path(tag = "seller", operation_id = "create_lot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200)), request_body = NewLot, responses((status = 201, description = "The lot", body = LotView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/lots")]
pub async fn create_lot(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    key: Option<IdempotencyKey>,
    body: Body<NewLot>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::CountStock).await?;
    desk.once.marked(key.map(|key| format!("lot:{cooperative}:{}", key.0)).as_deref());
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, body.0).await?))
}
