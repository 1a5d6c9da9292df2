//! Acceptance: the buyer weighs and grades what arrived, the cooperative agrees or objects. What nobody answers within
//! [`ANSWER_DAYS`] counts as agreed to, and what nobody weighs as accepted in full.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post, put};
use entity::supply::{AcceptanceState, OrganisationRole};
use entity::supply_acceptance;
use entity::value::{AcceptanceId, CooperativeId, DeliveryId, MediaId, OrderId, OrderState, OrganisationId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::grades::{GradeWeight, check_weights};
use super::settle::{Settled, settle};
use super::view::{Delivery, delivery};
use crate::media::{self, Media, pictures::MAX_BYTES};
use crate::orders::ordering::{keep_photo, sale};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::upload;
use crate::supply::buyers::may;

codes! {
    NOT_DELIVERED = "not_delivered" 409 "Đợt này chưa giao tới." "This delivery has not arrived yet.";
    ACCEPTANCE_CHANGED = "acceptance_changed" 409 "Biên bản vừa được sửa: hãy tải lại." "The record has just been changed: load it again.";
    ACCEPTANCE_AGREED = "acceptance_agreed" 409 "Hai bên đã ký biên bản này." "Both sides have agreed to this record.";
}

/// Days after which silence is agreement.
pub const ANSWER_DAYS: i64 = 3;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"received_on": "2026-12-21", "gross_g": 2_120_000, "tare_g": 120_000, "rejected_g": 80_000, "grade": "Loại 1", "reason": "Dập khi vận chuyển"}))]
pub struct AcceptanceRecord {
    /// Of the record that was looked at; none of a new one.
    pub version: Option<i64>,
    #[schema(value_type = String, format = Date)]
    pub received_on: Date,
    /// With packing.
    #[garde(range(min = 1, max = 10_000_000_000))]
    #[schema(minimum = 1, maximum = 10_000_000_000_i64)]
    pub gross_g: i64,
    /// The packing.
    #[serde(default)]
    #[garde(range(min = 0, max = 10_000_000_000))]
    #[schema(minimum = 0, maximum = 10_000_000_000_i64)]
    pub tare_g: i64,
    #[serde(default)]
    #[garde(range(min = 0, max = 10_000_000_000))]
    #[schema(minimum = 0, maximum = 10_000_000_000_i64)]
    pub rejected_g: i64,
    #[serde(default)]
    #[garde(length(chars, max = 200))]
    #[schema(max_length = 200)]
    pub grade: String,
    /// What of it was a lesser grade, at the contract's price for that; the rest is what was asked for.
    #[serde(default)]
    #[garde(length(max = 5), dive)]
    #[schema(max_items = 5)]
    pub graded: Vec<GradeWeight>,
    /// Needed where something is rejected.
    #[garde(inner(length(chars, min = 3, max = 500)))]
    #[schema(min_length = 3, max_length = 500)]
    pub reason: Option<String>,
    /// Pictures that were uploaded to the delivery.
    #[serde(default)]
    #[garde(length(max = 12))]
    #[schema(max_items = 12)]
    pub photos: Vec<MediaId>,
}

/// A delivery of the organisation.
pub async fn bought(desk: &Desk, path: (OrganisationId, DeliveryId)) -> Result<Delivery, Problem> {
    may(desk, path.0, OrganisationRole::Member).await?;
    bought_in(desk.db.fresh(), desk, path).await
}

async fn bought_in(
    connection: &impl ConnectionTrait,
    desk: &Desk,
    (organisation, id): (OrganisationId, DeliveryId),
) -> Result<Delivery, Problem> {
    let found = delivery(connection, &desk.config, id).await?;
    if found.organisation_id == organisation { Ok(found) } else { Err(Problem::new(&NOT_FOUND)) }
}

/// A delivery of the cooperative.
pub async fn sold(desk: &Desk, (cooperative, id): (CooperativeId, DeliveryId)) -> Result<Delivery, Problem> {
    let found = delivery(desk.db.fresh(), &desk.config, id).await?;
    if found.cooperative_id == cooperative { Ok(found) } else { Err(Problem::new(&NOT_FOUND)) }
}

fn check(desk: &Desk, input: &AcceptanceRecord) -> Result<(), Problem> {
    if input.received_on > desk.today() {
        return Err(Problem::field("/received_on", "range", "chưa tới", "is still to come"));
    }
    if input.tare_g >= input.gross_g {
        let (vi, en) = ("phải nhỏ hơn khối lượng cả bì", "must be less than the gross weight");
        return Err(Problem::field("/tare_g", "range", vi, en));
    }
    if input.rejected_g > input.gross_g - input.tare_g {
        let (vi, en) = ("nhiều hơn khối lượng tịnh", "is more than the net weight");
        return Err(Problem::field("/rejected_g", "range", vi, en));
    }
    let reason = input.reason.as_deref().map(fold::stored).filter(|reason| !reason.is_empty());
    if input.rejected_g > 0 && reason.is_none() {
        let (vi, en) = ("cần lý do không nhận", "a reason for what is rejected is needed");
        return Err(Problem::field("/reason", "missing", vi, en));
    }
    Ok(())
}

/// Paths of pictures that belong to the order.
async fn photos_of(
    connection: &impl ConnectionTrait,
    order: OrderId,
    input: &AcceptanceRecord,
) -> Result<Vec<String>, Problem> {
    let mut paths = Vec::new();
    for (index, id) in input.photos.iter().enumerate() {
        let found = entity::media::Entity::find_by_id(*id).one(connection).await?;
        let Some(found) = found.filter(|row| row.order_id == Some(order)) else {
            let (vi, en) = ("không có ảnh này", "there is no such picture");
            return Err(Problem::field(format!("/photos/{index}"), "media", vi, en));
        };
        paths.push(media::view(&found, "").url);
    }
    Ok(paths)
}

/// Writes what arrived, or writes it anew while the cooperative has not agreed.
pub async fn write(
    desk: &Desk,
    path: (OrganisationId, DeliveryId),
    mut input: AcceptanceRecord,
) -> Result<Delivery, Problem> {
    may(desk, path.0, OrganisationRole::Buyer).await?;
    check(desk, &input)?;
    let transaction = desk.begin().await?;
    let found = bought_in(&transaction, desk, path).await?;
    check_weights(&mut input.graded, &found.grades, input.gross_g - input.tare_g - input.rejected_g)?;
    let order = found.order_id.ok_or_else(|| Problem::new(&NOT_DELIVERED))?;
    // Two who write at once come one after the other.
    sale::lock(&transaction, order).await?;
    if found.order_state != Some(OrderState::Delivered) {
        return Err(Problem::new(&NOT_DELIVERED).extension("state", found.order_state));
    }
    let photos = photos_of(&transaction, order, &input).await?;
    let held = supply_acceptance::Entity::find()
        .filter(supply_acceptance::Column::DeliveryId.eq(path.1))
        .one(&transaction)
        .await?;
    let (id, version) = match &held {
        Some(row) if row.state == AcceptanceState::Agreed => return Err(Problem::new(&ACCEPTANCE_AGREED)),
        Some(row) if input.version != Some(row.version) => return Err(Problem::new(&ACCEPTANCE_CHANGED)),
        Some(row) => (row.id, row.version + 1),
        None => (AcceptanceId::new(), 1),
    };
    let row = supply_acceptance::ActiveModel {
        id: Set(id),
        delivery_id: Set(path.1),
        received_on: Set(input.received_on),
        gross_g: Set(input.gross_g),
        tare_g: Set(input.tare_g),
        rejected_g: Set(input.rejected_g),
        grade: Set(fold::stored(&input.grade)),
        graded: Set(json!(input.graded)),
        reason: Set(fold::filled(input.reason.clone())),
        photos: Set(json!(photos)),
        state: Set(AcceptanceState::Written),
        version: Set(version),
        written_by: Set(desk.who.account),
        written_at: Set(desk.now()),
        answered_by: Set(None),
        answered_at: Set(None),
        answer: Set(None),
        amount: Set(None),
        penalty_amount: Set(None),
        deposit_amount: Set(None),
        due_on: Set(None),
    };
    if held.is_some() {
        supply_acceptance::Entity::update(row).exec(&transaction).await?;
    } else {
        supply_acceptance::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    let told = json!({
        "delivery_id": path.1, "contract": found.contract_number, "order": found.order_number, "organisation": found.organisation_name,
        "accepted_g": input.gross_g - input.tare_g - input.rejected_g, "rejected_g": input.rejected_g,
    });
    emit(&transaction, "delivery.weighed", found.cooperative_id.0, told, desk.now()).await?;
    desk.audit(&transaction, "acceptance.written", ("supply_acceptance", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.bell.ring();
    bought(desk, path).await
}

/// Write what arrived, or write it anew while the cooperative has not agreed.
#[utoipa::path(tag = "business", operation_id = "put_acceptance", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path)), request_body = AcceptanceRecord, responses((status = 200, description = "The delivery", body = Delivery)))]
#[put("/v1/business/{organisation_id}/deliveries/{delivery_id}/acceptance")]
pub async fn put_acceptance(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId)>,
    body: Body<AcceptanceRecord>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(write(&desk, path.into_inner(), body.0).await?))
}

/// Keeps a picture of what is wrong with a delivery.
pub async fn photo(
    desk: &Desk,
    path: (OrganisationId, DeliveryId),
    bytes: Vec<u8>,
) -> Result<entity::media::Model, Problem> {
    may(desk, path.0, OrganisationRole::Buyer).await?;
    let order = bought(desk, path).await?.order_id.ok_or_else(|| Problem::new(&NOT_DELIVERED))?;
    keep_photo((&desk.db, &desk.objects), (order, Some(desk.who.account)), bytes, desk.now()).await
}

/// Upload a picture of what is wrong with a delivery: the body itself, or a form's `file`.
#[utoipa::path(tag = "business", operation_id = "upload_delivery_photo", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path)), request_body(content = Vec<u8>, content_type = "image/jpeg"), responses((status = 201, description = "The picture", body = Media)))]
#[post("/v1/business/{organisation_id}/deliveries/{delivery_id}/photos")]
pub async fn upload_delivery_photo(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let kept = photo(&desk, path.into_inner(), upload.bytes).await?;
    Ok(HttpResponse::Created().json(media::view(&kept, &desk.config.base_url())))
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"version": 1, "agree": true}))]
pub struct AcceptanceAnswer {
    /// Of the record that was looked at.
    pub version: i64,
    /// Or object, with a reason.
    pub agree: bool,
    #[garde(inner(length(chars, min = 3, max = 500)))]
    #[schema(min_length = 3, max_length = 500)]
    pub reason: Option<String>,
}

/// The cooperative agrees to what was weighed, and the delivery is settled; or it objects with a reason.
pub async fn answer(
    desk: &Desk,
    path: (CooperativeId, DeliveryId),
    input: AcceptanceAnswer,
) -> Result<Delivery, Problem> {
    let reason = fold::filled(input.reason);
    if !input.agree && reason.is_none() {
        return Err(Problem::field("/reason", "missing", "cần lý do", "a reason is needed"));
    }
    let found = sold(desk, path).await?;
    let record = found.acceptance.as_ref().ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if record.state == AcceptanceState::Agreed {
        return Err(Problem::new(&ACCEPTANCE_AGREED));
    }
    let transaction = desk.begin().await?;
    let by = Some(desk.who.account);
    let levels = if input.agree {
        match settle(&transaction, &desk.tools(), (path.1, input.version), by).await? {
            Settled::Done(levels) => levels,
            Settled::Changed => return Err(Problem::new(&ACCEPTANCE_CHANGED)),
        }
    } else {
        let sql = "UPDATE supply_acceptance SET state = 'contested', answer = $3, answered_by = $4, answered_at = $5, version = version + 1
                   WHERE delivery_id = $1 AND version = $2 AND state = 'written'";
        let values: [sea_orm::Value; 5] =
            [path.1.into(), input.version.into(), reason.clone().into(), by.into(), desk.now().into()];
        if run(&transaction, sql, values).await? != 1 {
            return Err(Problem::new(&ACCEPTANCE_CHANGED));
        }
        let told = json!({
            "delivery_id": path.1, "contract": found.contract_number, "organisation_id": found.organisation_id,
            "cooperative": found.cooperative_name, "agreed": false, "reason": reason,
        });
        emit(&transaction, "delivery.answered", path.0.0, told, desk.now()).await?;
        Vec::new()
    };
    let after = json!({"agree": input.agree, "reason": reason});
    desk.audit(&transaction, "acceptance.answered", ("supply_delivery", path.1.0), (), after).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    sold(desk, path).await
}

/// Agree to what was weighed, or object with a reason.
#[utoipa::path(tag = "business", operation_id = "answer_acceptance", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("delivery_id" = DeliveryId, Path)), request_body = AcceptanceAnswer, responses((status = 200, description = "The delivery", body = Delivery)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/deliveries/{delivery_id}/acceptance")]
pub async fn answer_acceptance(
    desk: Desk,
    path: Path<(CooperativeId, DeliveryId)>,
    body: Body<AcceptanceAnswer>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    Ok(HttpResponse::Ok().json(answer(&desk, path.into_inner(), body.0).await?))
}
