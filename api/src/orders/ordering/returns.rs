//! Goods that go back: a buyer asks with pictures, the seller decides, takes them in, and puts them on the shelf again or
//! writes them off.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::value::{CooperativeId, MediaId, OfferId, OrderId, OrderState, ReturnId, ReturnReason, ReturnState};
use entity::{return_line, return_photo, return_request};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::orders::{BuyersOrder, Secret};
use super::refunds::{What, owe};
use super::steps::CONTRACT_ORDER;
use super::store::{OrderRow, lines_of};
use super::write_up::number;
use crate::config::Config;
use crate::ledger;
use crate::ledger::refunds::Owe;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, is_duplicate, list as list_of, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::shop::inventory::{self, Outcome};

codes! {
    NOT_RETURNABLE = "not_returnable" 409 "Chỉ trả được hàng đã nhận, trong thời hạn trả hàng." "Only what has arrived can be returned, and within the time for it.";
    RETURN_OPEN = "return_open" 409 "Đơn này đang có một yêu cầu trả hàng." "There is an open return for this order.";
    RETURN_STATE = "return_state" 409 "Yêu cầu trả hàng không còn ở trạng thái cho phép việc này." "The return is not in a state that allows this.";
}

/// Days after delivery in which goods may be returned, at least: fresh goods show what is wrong at once.
const DAYS: i64 = 7;

#[derive(Clone, FromQueryResult, Serialize, ToSchema)]
pub struct ReturnLine {
    #[serde(skip)]
    return_id: ReturnId,
    pub offer_id: OfferId,
    pub sku: String,
    pub name_vi: String,
    pub quantity: i64,
    /// Put on the shelf again; the rest was written off.
    pub restocked: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    pub id: ReturnId,
    pub number: String,
    pub order_id: OrderId,
    pub order_number: String,
    pub state: ReturnState,
    pub reason: ReturnReason,
    pub text: String,
    /// The seller's.
    #[schema(required = true)]
    pub answer: Option<String>,
    pub lines: Vec<ReturnLine>,
    /// Paths of the buyer's pictures on this server.
    pub photos: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

impl ReturnView {
    /// Asked for, and not at its end.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ReturnState::Requested | ReturnState::Approved | ReturnState::Received)
    }
}

#[derive(FromQueryResult)]
struct ReturnRow {
    id: ReturnId,
    number: String,
    order_id: OrderId,
    order_number: String,
    state: ReturnState,
    reason_code: ReturnReason,
    text: String,
    answer: Option<String>,
    created_at: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct PhotoRow {
    return_id: ReturnId,
    media_id: MediaId,
    widths: String,
}

const RETURNS: &str = "SELECT r.id, r.number, r.order_id, o.number AS order_number, r.state, r.reason_code, r.text, r.answer, r.created_at
 FROM return_request r JOIN orders o ON o.id = r.order_id";

async fn return_views(connection: &impl ConnectionTrait, rows: Vec<ReturnRow>) -> Result<Vec<ReturnView>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<sea_orm::Value> = rows.iter().map(|row| row.id.into()).collect();
    let among = list_of(1, ids.len());
    let lines = all::<ReturnLine>(
        connection,
        format!(
            "SELECT l.return_id, l.offer_id, ol.sku, ol.name_vi, l.quantity, l.restocked
             FROM return_line l JOIN return_request r ON r.id = l.return_id
                  JOIN order_line ol ON ol.order_id = r.order_id AND ol.offer_id = l.offer_id
             WHERE l.return_id IN {among} ORDER BY ol.id"
        ),
        ids.clone(),
    )
    .await?;
    let photos = all::<PhotoRow>(
        connection,
        format!(
            "SELECT p.return_id, p.media_id, m.widths FROM return_photo p JOIN media m ON m.id = p.media_id
             WHERE p.return_id IN {among} ORDER BY p.media_id"
        ),
        ids,
    )
    .await?;
    let view = |row: ReturnRow| ReturnView {
        lines: lines.iter().filter(|line| line.return_id == row.id).cloned().collect(),
        photos: photos
            .iter()
            .filter(|photo| photo.return_id == row.id)
            .map(|photo| format!("/media/{}", crate::media::key(photo.media_id, &photo.widths)))
            .collect(),
        id: row.id,
        number: row.number,
        order_id: row.order_id,
        order_number: row.order_number,
        state: row.state,
        reason: row.reason_code,
        text: row.text,
        answer: row.answer,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

pub async fn of_order(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<ReturnView>, DbErr> {
    let sql = format!("{RETURNS} WHERE r.order_id = $1 ORDER BY r.id");
    return_views(connection, all(connection, sql, [order.into()]).await?).await
}

async fn one_view(connection: &impl ConnectionTrait, id: ReturnId) -> Result<ReturnView, Problem> {
    let row = one::<ReturnRow>(connection, format!("{RETURNS} WHERE r.id = $1"), [id.into()]).await?;
    let views = return_views(connection, row.into_iter().collect()).await?;
    views.into_iter().next().ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[derive(Clone, Copy, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ReturnedLine {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = 9_999))]
    #[schema(minimum = 1, maximum = 9999)]
    pub quantity: i64,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"reason": "damaged", "text": "Hai quả bị dập khi nhận", "lines": [{"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 1}], "photos": []}))]
pub struct NewReturn {
    pub reason: ReturnReason,
    #[garde(length(chars, min = 3, max = 1000))]
    #[schema(min_length = 3, max_length = 1000)]
    pub text: String,
    #[garde(length(min = 1, max = 100), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<ReturnedLine>,
    /// Pictures uploaded to the order before.
    #[garde(length(max = 6))]
    #[serde(default)]
    #[schema(max_items = 6)]
    pub photos: Vec<MediaId>,
}

#[derive(Serialize, ToSchema)]
pub struct Returns {
    items: Vec<ReturnView>,
}

/// Ask to give goods back.
#[utoipa::path(tag = "orders", operation_id = "create_return", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), request_body = NewReturn, responses((status = 201, description = "The request", body = ReturnView)))]
#[post("/v1/orders/{id}/returns")]
pub async fn create(order: BuyersOrder, config: Data<Config>, body: Body<NewReturn>) -> Result<HttpResponse, Problem> {
    let id = ask(&order, &config, body.0).await?;
    Ok(HttpResponse::Created().json(one_view(order.db.fresh(), id).await?))
}

/// Until when the goods of an order may be asked to go back; none where they may not.
pub fn returnable_until(
    row: &OrderRow,
    delivered_at: Option<OffsetDateTime>,
    config: &Config,
) -> Option<OffsetDateTime> {
    let arrived = matches!(row.state, OrderState::Delivered | OrderState::Completed) && row.contract_id.is_none();
    let days = DAYS.max(config.terms().order_completion_days.into());
    delivered_at.filter(|_| arrived).map(|at| at + Duration::days(days))
}

/// Asks to give goods back.
pub async fn ask(order: &BuyersOrder, config: &Config, input: NewReturn) -> Result<ReturnId, Problem> {
    let BuyersOrder { db, row, bell, .. } = order;
    let now = order.now();
    if row.contract_id.is_some() {
        // What is not good is rejected when it is accepted.
        return Err(Problem::new(&CONTRACT_ORDER));
    }
    let since = one::<Delivered>(db.fresh(), "SELECT delivered_at FROM orders WHERE id = $1", [row.id.into()]).await?;
    let delivered_at = since.and_then(|row| row.delivered_at);
    if returnable_until(row, delivered_at, config).is_none_or(|until| now > until) {
        return Err(Problem::new(&NOT_RETURNABLE));
    }
    let bought = lines_of(db.fresh(), &[row.id]).await?;
    let before = returned(db.fresh(), row.id).await?;
    for (index, line) in input.lines.iter().enumerate() {
        let had = bought.iter().find(|l| l.offer_id == line.offer_id).map_or(0, |l| l.quantity);
        let gone: i64 = before.iter().filter(|l| l.offer_id == line.offer_id).map(|l| l.quantity).sum();
        let twice = input.lines.iter().filter(|other| other.offer_id == line.offer_id).count() > 1;
        if twice || line.quantity > had - gone {
            let (vi, en) = ("nhiều hơn số đã mua", "more than was bought");
            return Err(Problem::field(format!("/lines/{index}/quantity"), "quantity", vi, en));
        }
    }
    let return_id = ReturnId::new();
    let transaction = order.begin().await?;
    let request = return_request::ActiveModel {
        id: Set(return_id),
        number: Set(number("TH", now)),
        order_id: Set(row.id),
        cooperative_id: Set(row.cooperative_id),
        state: Set(ReturnState::Requested),
        reason_code: Set(input.reason),
        text: Set(fold::stored(&input.text)),
        answer: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    return_request::Entity::insert(request)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&RETURN_OPEN) } else { error.into() })?;
    let lines = input.lines.iter().map(|line| return_line::ActiveModel {
        return_id: Set(return_id),
        offer_id: Set(line.offer_id),
        quantity: Set(line.quantity),
        restocked: Set(0),
    });
    return_line::Entity::insert_many(lines.collect::<Vec<_>>()).exec_without_returning(&transaction).await?;
    for (index, photo) in input.photos.iter().enumerate() {
        if input.photos[..index].contains(photo)
            || !crate::media::belongs_to_order(&transaction, *photo, row.id).await?
        {
            let (vi, en) = ("không có ảnh này, hoặc bị lặp", "there is no such picture, or it is named twice");
            return Err(Problem::field(format!("/photos/{index}"), "photo", vi, en));
        }
        let photo = return_photo::ActiveModel { return_id: Set(return_id), media_id: Set(*photo) };
        return_photo::Entity::insert(photo).exec_without_returning(&transaction).await?;
    }
    emit(&transaction, "return.requested", row.id.0, serde_json::json!({"return": return_id}), now).await?;
    transaction.commit().await?;
    bell.ring();
    Ok(return_id)
}

#[derive(FromQueryResult)]
struct Delivered {
    delivered_at: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
pub(super) struct ReturnedSoFar {
    pub offer_id: OfferId,
    pub quantity: i64,
}

/// What of an order was given back or is about to be.
pub(super) async fn returned(connection: &impl ConnectionTrait, order: OrderId) -> Result<Vec<ReturnedSoFar>, DbErr> {
    all(
        connection,
        "SELECT l.offer_id, l.quantity FROM return_line l JOIN return_request r ON r.id = l.return_id
         WHERE r.order_id = $1 AND r.state NOT IN ('refused', 'withdrawn')",
        [order.into()],
    )
    .await
}

/// Returns of an order.
#[utoipa::path(tag = "orders", operation_id = "list_order_returns", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The requests", body = Returns)))]
#[get("/v1/orders/{id}/returns")]
pub async fn list_for_buyer(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Returns { items: of_order(order.db.fresh(), order.row.id).await? }))
}

/// Withdraw a request nobody has decided on.
#[utoipa::path(tag = "orders", operation_id = "withdraw_return", security((), ("access_token" = [])), params(("id" = OrderId, Path), ("return_id" = ReturnId, Path), Secret), responses((status = 200, description = "The request", body = ReturnView)))]
#[post("/v1/orders/{id}/returns/{return_id}/withdraw")]
pub async fn withdraw(order: BuyersOrder, path: Path<(OrderId, ReturnId)>) -> Result<HttpResponse, Problem> {
    take_back_request(&order, path.1).await?;
    Ok(HttpResponse::Ok().json(one_view(order.db.fresh(), path.1).await?))
}

/// Withdraws a request nobody has decided on.
pub async fn take_back_request(order: &BuyersOrder, id: ReturnId) -> Result<(), Problem> {
    let sql = "UPDATE return_request SET state = 'withdrawn', updated_at = $3 WHERE id = $1 AND order_id = $2 AND state IN ('requested', 'approved')";
    match run(order.db.write(), sql, [id.into(), order.row.id.into(), order.now().into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&RETURN_STATE)),
    }
}

#[derive(Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ReturnQuery {
    #[param(inline)]
    pub state: Option<ReturnState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Returns of a cooperative, newest first.
pub async fn find(desk: &Desk, cooperative: CooperativeId, query: &ReturnQuery) -> Result<Page<ReturnView>, Problem> {
    let page = NewestFirst::of(RETURNS, "r.id", (query.limit, query.cursor.as_deref()))?
        .and("r.cooperative_id = ?", cooperative)
        .and_if("r.state = ?", query.state)
        .page(desk.db.fresh(), |row: &ReturnRow| row.id)
        .await?;
    Ok(Page { items: return_views(desk.db.fresh(), page.items).await?, next_cursor: page.next_cursor })
}

/// Returns of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_returns", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ReturnQuery), responses((status = 200, description = "A page of requests", body = Page<ReturnView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/returns")]
pub async fn list_for_seller(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<ReturnQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeOrders).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, &query.0).await?))
}

/// What a seller does with a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnDecision {
    /// Send it back.
    Approve,
    /// With a reason the buyer reads.
    Refuse,
    /// It arrived; `restocked` says what is good enough to be sold again.
    Receive,
    /// Settled with the buyer.
    Close,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"decision": "receive", "restocked": [{"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 1}]}))]
pub struct ReturnAnswer {
    pub decision: ReturnDecision,
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    pub answer: Option<String>,
    /// With `receive`: what goes back on the shelf; the rest is written off.
    #[garde(length(max = 100), dive)]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub restocked: Vec<ReturnedLine>,
}

impl ReturnedLine {
    pub fn of(offer_id: OfferId, quantity: i64) -> Self {
        Self { offer_id, quantity }
    }
}

/// What goes back on the shelves: no more than is given back, and only once it is here.
fn restocked(view: &ReturnView, input: &ReturnAnswer) -> Result<Vec<(OfferId, i64)>, Problem> {
    let mut back = Vec::new();
    for (index, line) in input.restocked.iter().enumerate() {
        let asked = view.lines.iter().find(|l| l.offer_id == line.offer_id).map_or(0, |l| l.quantity);
        let twice = input.restocked.iter().filter(|other| other.offer_id == line.offer_id).count() > 1;
        if twice || line.quantity > asked || input.decision != ReturnDecision::Receive {
            let (vi, en) = ("nhiều hơn số trả lại", "more than is given back");
            return Err(Problem::field(format!("/restocked/{index}/quantity"), "quantity", vi, en));
        }
        back.push((line.offer_id, line.quantity));
    }
    Ok(back)
}

/// Decides on a return, or takes it in.
pub async fn decide(
    desk: &Desk,
    cooperative: CooperativeId,
    id: ReturnId,
    input: ReturnAnswer,
) -> Result<ReturnView, Problem> {
    let sql = format!("{RETURNS} WHERE r.id = $1 AND r.cooperative_id = $2");
    let row = one::<ReturnRow>(desk.db.fresh(), sql, [id.into(), cooperative.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let answer = input.answer.as_deref().map(fold::stored).filter(|text| !text.is_empty());
    let (from, to): (&[&str], _) = match input.decision {
        ReturnDecision::Approve => (&["requested"], ReturnState::Approved),
        ReturnDecision::Refuse => (&["requested"], ReturnState::Refused),
        ReturnDecision::Receive => (&["approved", "requested"], ReturnState::Received),
        ReturnDecision::Close => (&["received"], ReturnState::Closed),
    };
    if input.decision == ReturnDecision::Refuse && answer.is_none() {
        let (vi, en) = ("cần nói lý do cho khách", "the buyer needs a reason");
        return Err(Problem::field("/answer", "missing", vi, en));
    }
    let view = one_view(desk.db.fresh(), id).await?;
    let back = restocked(&view, &input)?;
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let allowed = from.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "UPDATE return_request SET state = $2, answer = COALESCE($3, answer), updated_at = $4 WHERE id = $1 AND state IN ({allowed})"
    );
    let values = [id.into(), to.as_str().into(), answer.clone().into(), now.into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&RETURN_STATE).extension("state", view.state));
    }
    let mut levels = Vec::new();
    if !back.is_empty() {
        let outcome = inventory::restock(&transaction, row.order_id, &back, Some(desk.who.account), now).await?;
        let Outcome::Done(found) = outcome else {
            return Err(Problem::internal(format!("return {id} brings back more than was sold")));
        };
        levels = found;
        for (offer, quantity) in &back {
            let sql = "UPDATE return_line SET restocked = $3 WHERE return_id = $1 AND offer_id = $2";
            run(&transaction, sql, [id.into(), (*offer).into(), (*quantity).into()]).await?;
        }
    }
    let mut journals = Vec::new();
    if to == ReturnState::Received {
        let goods = view.lines.iter().map(|line| (line.offer_id, line.quantity)).collect();
        let because = Owe {
            note: Some(row.number.clone()),
            by: Some(desk.who.account),
            needs_approval: false,
            ..Owe::because("return_received")
        };
        let owed = owe(&transaction, &[(row.order_id, What::Goods(goods))], because, now).await?;
        journals.extend(owed.into_iter().flat_map(|owed| owed.journals));
    }
    let after = serde_json::json!({"state": to, "answer": answer, "restocked": back.len()});
    desk.audit(&transaction, "return.decided", ("return", id.0), serde_json::json!({"state": view.state}), after)
        .await?;
    let offers: Vec<_> = back.iter().map(|(offer, _)| offer).collect();
    let payload = serde_json::json!({"return": id, "offers": offers});
    emit(&transaction, &format!("return.{}", to.as_str()), row.order_id.0, payload, now).await?;
    ledger::post(&transaction, journals, now).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    one_view(desk.db.fresh(), id).await
}

/// Approve or refuse a return, take it in, or close it.
#[utoipa::path(tag = "seller", operation_id = "answer_return", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("return_id" = ReturnId, Path)), request_body = ReturnAnswer, responses((status = 200, description = "The request after it", body = ReturnView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/returns/{return_id}")]
pub async fn answer_return(
    desk: Desk,
    path: Path<(CooperativeId, ReturnId)>,
    body: Body<ReturnAnswer>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::HandleReturns).await?;
    Ok(HttpResponse::Ok().json(decide(&desk, cooperative, id, body.0).await?))
}
