//! `/v1/seller/cooperatives/{id}/recalls`, what officers order, and what buyers confirm.

use actix_web::web::{Json, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, LotId, NoticeId, NoticeState, OrderId, RecallId};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::choose::Chosen;
use super::outcome::{OutcomeInput, settle};
use super::raise::{NewRecall, raise};
use super::store::{self, BuyerRecall, Recall, RecalledLot};
use super::tasks::{Notice, NoticeConfirmation, Refunded, confirm, confirm_as_buyer, notices, refund_all};
use crate::orders::ordering::{BuyersOrder, Secret};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::people::offices::OfficePermission;
use crate::platform::body::{Body, Params};
use crate::platform::db::by_id;
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::pagination::{MAX_LIMIT, Page, Paging};
use crate::platform::problem::Problem;

/// A recall with its lots.
#[derive(Serialize, ToSchema)]
pub struct RecallView {
    #[serde(flatten)]
    pub recall: Recall,
    /// Up to 1,000, those chosen first.
    pub recalled: Vec<RecalledLot>,
}

async fn view(desk: &Desk, cooperative: CooperativeId, id: RecallId) -> Result<RecallView, Problem> {
    let (recall, recalled) = store::show(desk.db.fresh(), cooperative, id).await?;
    Ok(RecallView { recall, recalled })
}

/// Recalls of the cooperative's lots, its own and those of what it made something of, newest first.
#[utoipa::path(tag = "recalls", operation_id = "list_recalls", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of recalls", body = Page<Recall>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/recalls")]
pub async fn list_recalls(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(store::find(desk.db.fresh(), *cooperative, paging.0.place()).await?))
}

/// Take lots back: what is unsold is blocked at once, open orders are stopped, and everybody who has some is told.
#[utoipa::path(tag = "recalls", operation_id = "create_recall", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = NewRecall, responses((status = 201, description = "The recall", body = RecallView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/recalls")]
pub async fn create_recall(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    key: IdempotencyKey,
    body: Body<NewRecall>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::Recall).await?;
    let id = raise(&desk, *cooperative, body.0, None, Some(&key)).await?;
    Ok(HttpResponse::Created().json(view(&desk, *cooperative, id).await?))
}

/// A recall with its lots.
#[utoipa::path(tag = "recalls", operation_id = "show_recall", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("recall_id" = RecallId, Path)), responses((status = 200, description = "The recall", body = RecallView)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/recalls/{recall_id}")]
pub async fn show_recall(desk: Desk, path: Path<(CooperativeId, RecallId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(view(&desk, cooperative, id).await?))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct NoticeQuery {
    /// Only those who have not confirmed, or only those who have.
    #[param(inline)]
    state: Option<NoticeState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Who had to be told, and who confirmed: all, for who raised the recall; else one's own buyers.
#[utoipa::path(tag = "recalls", operation_id = "list_recall_notices", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("recall_id" = RecallId, Path), NoticeQuery), responses((status = 200, description = "A page of notices", body = Page<Notice>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/recalls/{recall_id}/notices")]
pub async fn list_notices(
    desk: Desk,
    path: Path<(CooperativeId, RecallId)>,
    query: Params<NoticeQuery>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeOrders).await?;
    let place = (query.0.limit, query.0.cursor.as_deref());
    Ok(HttpResponse::Ok().json(notices(&desk, cooperative, id, query.0.state, place).await?))
}

/// Note that somebody was reached.
#[utoipa::path(tag = "recalls", operation_id = "confirm_recall_notice", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("recall_id" = RecallId, Path), ("notice_id" = NoticeId, Path)), request_body = NoticeConfirmation, responses((status = 204, description = "Noted")))]
#[post("/v1/seller/cooperatives/{cooperative_id}/recalls/{recall_id}/notices/{notice_id}/confirm")]
pub async fn confirm_notice(
    desk: Desk,
    path: Path<(CooperativeId, RecallId, NoticeId)>,
    body: Body<NoticeConfirmation>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, recall, notice) = path.into_inner();
    desk.may(cooperative, Permission::AnswerBuyers).await?;
    confirm(&desk, cooperative, (recall, notice), &body.0.note).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Owe the cooperative's buyers what was paid for recalled pieces. Pressed again, it goes on with what is left.
#[utoipa::path(tag = "recalls", operation_id = "refund_recall", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("recall_id" = RecallId, Path)), responses((status = 200, description = "How many", body = Refunded)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/recalls/{recall_id}/refunds")]
pub async fn refund_recall(desk: Desk, path: Path<(CooperativeId, RecallId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::Recall).await?;
    Ok(HttpResponse::Ok().json(refund_all(&desk, cooperative, id).await?))
}

/// Write what becomes of a recalled lot of the cooperative; with the last one the recall is closed.
#[utoipa::path(tag = "recalls", operation_id = "settle_recalled_lot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("recall_id" = RecallId, Path), ("lot_id" = LotId, Path)), request_body = OutcomeInput, responses((status = 204, description = "Written")))]
#[post("/v1/seller/cooperatives/{cooperative_id}/recalls/{recall_id}/lots/{lot_id}/outcome")]
pub async fn settle_lot(
    desk: Desk,
    path: Path<(CooperativeId, RecallId, LotId)>,
    body: Body<OutcomeInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, recall, lot) = path.into_inner();
    desk.may(cooperative, Permission::Recall).await?;
    settle(&desk, cooperative, (recall, lot), body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Serialize, ToSchema)]
pub struct BuyerRecalls {
    items: Vec<BuyerRecall>,
}

/// Recalls that concern an order, and what to do.
#[utoipa::path(tag = "recalls", operation_id = "list_order_recalls", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The recalls", body = BuyerRecalls)))]
#[get("/v1/orders/{id}/recalls")]
pub async fn list_order_recalls(order: BuyersOrder) -> Result<Json<BuyerRecalls>, Problem> {
    Ok(Json(BuyerRecalls { items: store::of_order(order.db.fresh(), order.row.id).await? }))
}

/// The buyer has read the recall and keeps to it.
#[utoipa::path(tag = "recalls", operation_id = "confirm_order_recall", security((), ("access_token" = [])), params(("id" = OrderId, Path), ("recall_id" = RecallId, Path), Secret), responses((status = 204, description = "Confirmed")))]
#[post("/v1/orders/{id}/recalls/{recall_id}/confirm")]
pub async fn confirm_order_recall(
    order: BuyersOrder,
    path: Path<(OrderId, RecallId)>,
) -> Result<HttpResponse, Problem> {
    confirm_as_buyer(&order.db, order.row.id, path.1, order.now()).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"cooperative_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11", "decision_number": "12/QĐ-UBND", "lots": {"codes": ["7K3M-9Q2X-C4TB"]},
    "reason": "Mẫu lấy ngày 20/11 vượt mức dư lượng", "advice": "Không ăn. Giữ hộp lại, hợp tác xã sẽ đến nhận và hoàn tiền."}))]
pub struct OrderedRecall {
    pub cooperative_id: CooperativeId,
    /// Of the authority.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub decision_number: String,
    #[garde(dive)]
    pub lots: Chosen,
    #[garde(length(chars, min = 5, max = 500))]
    #[schema(min_length = 5, max_length = 500)]
    pub reason: String,
    #[garde(length(chars, min = 5, max = 500))]
    #[schema(min_length = 5, max_length = 500)]
    pub advice: String,
}

/// Order a recall of a cooperative's lots by an authority's decision.
#[utoipa::path(tag = "recalls", operation_id = "order_recall", security(("access_token" = [])), params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 200)), request_body = OrderedRecall, responses((status = 201, description = "The recall", body = RecallView)))]
#[post("/v1/officer/recalls")]
pub async fn order_recall(desk: Desk, key: IdempotencyKey, body: Body<OrderedRecall>) -> Result<HttpResponse, Problem> {
    let places = desk.jurisdiction(OfficePermission::OrderRecalls).await?;
    let Body(input) = body;
    let known = by_id::<entity::cooperative::Entity>(desk.db.fresh(), input.cooperative_id).await?;
    if known.is_none_or(|cooperative| !places.covers(&cooperative.commune_code)) {
        let (vi, en) = ("không có gian hàng này trong địa bàn", "there is no such cooperative in your place");
        return Err(Problem::field("/cooperative_id", "cooperative", vi, en));
    }
    let recall = NewRecall { lots: input.lots, reason: input.reason, advice: input.advice };
    let decision = Some(input.decision_number.trim().to_owned());
    let id = raise(&desk, input.cooperative_id, recall, decision, Some(&key)).await?;
    Ok(HttpResponse::Created().json(view(&desk, input.cooperative_id, id).await?))
}

/// All recalls of one's place, newest first.
#[utoipa::path(tag = "recalls", operation_id = "list_all_recalls", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of recalls", body = Page<Recall>)))]
#[get("/v1/officer/recalls")]
pub async fn list_all_recalls(desk: Desk, paging: Params<Paging>) -> Result<HttpResponse, Problem> {
    let places = desk.jurisdiction(OfficePermission::SeeRecalls).await?;
    Ok(HttpResponse::Ok().json(store::find_in(desk.db.fresh(), &places, paging.0.place()).await?))
}
