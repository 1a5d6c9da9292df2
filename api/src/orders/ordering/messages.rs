//! Buyer and seller talk about an order.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::order_message;
use entity::value::{AccountId, CooperativeId, OrderActor, OrderId, RowId};
use garde::Validate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::orders::{BuyersOrder, Secret};
use super::seller::own as own_as_seller;
use super::store::OrderRow;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{Db, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{Problem, codes};

codes! {
    TALK_FULL = "messages_full" 409 "Đơn này đã có quá nhiều tin nhắn. Hãy gọi điện." "There are too many messages on this order. Please call.";
}

/// A talk of this length is a dispute, and a telephone is near.
const MOST: u64 = 200;

#[derive(Serialize, ToSchema)]
pub struct Message {
    pub by: OrderActor,
    pub text: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
    /// By the other side.
    pub read: bool,
}

#[derive(Serialize, ToSchema)]
pub struct Messages {
    pub items: Vec<Message>,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Cho em nhận hàng sau 5 giờ chiều nhé"}))]
pub struct NewMessage {
    #[garde(length(chars, min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    text: String,
}

/// The talk, oldest first; what the other side wrote counts as read from now on.
pub async fn read_talk(db: &Db, order: OrderId, reader: OrderActor, now: OffsetDateTime) -> Result<Messages, Problem> {
    let rows = order_message::Entity::find()
        .filter(order_message::Column::OrderId.eq(order))
        .order_by_asc(order_message::Column::Id)
        .all(db.fresh())
        .await?;
    let theirs = |row: &order_message::Model| (row.author_kind == OrderActor::Seller) != (reader == OrderActor::Seller);
    if rows.iter().any(|row| row.read_at.is_none() && theirs(row)) {
        let side = if reader == OrderActor::Seller { "<>" } else { "=" };
        run(
            db.write(),
            format!("UPDATE order_message SET read_at = $2 WHERE order_id = $1 AND read_at IS NULL AND author_kind {side} 'seller'"),
            [order.into(), now.into()],
        )
        .await?;
    }
    let view = |row: order_message::Model| Message {
        by: row.author_kind,
        text: row.text,
        at: row.at,
        read: row.read_at.is_some(),
    };
    Ok(Messages { items: rows.into_iter().map(view).collect() })
}

/// Writes a message and ends the transaction with it; the other side is told by mail.
pub async fn write(
    transaction: DatabaseTransaction,
    row: &OrderRow,
    (kind, account): (OrderActor, Option<AccountId>),
    text: &str,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let text = fold::stored(text);
    if text.is_empty() || text.contains('\0') {
        return Err(Problem::field("/text", "missing", "không được để trống", "must not be blank"));
    }
    if written(&transaction, row.id).await? >= MOST {
        return Err(Problem::new(&TALK_FULL));
    }
    let message = order_message::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(row.id),
        author_kind: Set(kind),
        author_id: Set(account),
        text: Set(text.clone()),
        at: Set(now),
        read_at: Set(None),
    };
    order_message::Entity::insert(message).exec_without_returning(&transaction).await?;
    let payload = serde_json::json!({"by": kind, "text": text});
    emit(&transaction, "message.written", row.id.0, payload, now).await?;
    transaction.commit().await?;
    Ok(())
}

/// The seller writes the same to the buyers of many orders. Whoever does so tells them by mail, too.
pub async fn tell_all(
    transaction: &impl ConnectionTrait,
    orders: &[OrderId],
    author: AccountId,
    text: &str,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    for part in orders.chunks(200) {
        let rows = part.iter().map(|order| order_message::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(*order),
            author_kind: Set(OrderActor::Seller),
            author_id: Set(Some(author)),
            text: Set(text.to_owned()),
            at: Set(now),
            read_at: Set(None),
        });
        order_message::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

async fn written(connection: &impl ConnectionTrait, order: OrderId) -> Result<u64, Problem> {
    Ok(order_message::Entity::find().filter(order_message::Column::OrderId.eq(order)).count(connection).await?)
}

/// What buyer and seller wrote about the order.
#[utoipa::path(tag = "orders", operation_id = "list_order_messages", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), responses((status = 200, description = "The talk", body = Messages)))]
#[get("/v1/orders/{id}/messages")]
pub async fn list_for_buyer(order: BuyersOrder) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(read_talk(&order.db, order.row.id, order.kind, order.now()).await?))
}

/// Write to the seller.
#[utoipa::path(tag = "orders", operation_id = "write_order_message", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret), request_body = NewMessage, responses((status = 201, description = "The talk", body = Messages)))]
#[post("/v1/orders/{id}/messages")]
pub async fn write_as_buyer(order: BuyersOrder, body: Body<NewMessage>) -> Result<HttpResponse, Problem> {
    write(order.begin().await?, &order.row, (order.kind, order.account), &body.0.text, order.now()).await?;
    order.bell.ring();
    Ok(HttpResponse::Created().json(read_talk(&order.db, order.row.id, order.kind, order.now()).await?))
}

/// What buyer and seller wrote about the order.
#[utoipa::path(tag = "seller", operation_id = "list_seller_messages", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), responses((status = 200, description = "The talk", body = Messages)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/messages")]
pub async fn list_for_seller(desk: Desk, path: Path<(CooperativeId, OrderId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    own_as_seller(&desk, cooperative, id, Permission::SeeOrders).await?;
    Ok(HttpResponse::Ok().json(read_talk(&desk.db, id, OrderActor::Seller, desk.now()).await?))
}

/// Write to the buyer.
#[utoipa::path(tag = "seller", operation_id = "write_seller_message", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("order_id" = OrderId, Path)), request_body = NewMessage, responses((status = 201, description = "The talk", body = Messages)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/orders/{order_id}/messages")]
pub async fn write_as_seller(
    desk: Desk,
    path: Path<(CooperativeId, OrderId)>,
    body: Body<NewMessage>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    let row = own_as_seller(&desk, cooperative, id, Permission::AnswerBuyers).await?;
    write(desk.begin().await?, &row, (OrderActor::Seller, Some(desk.who.account)), &body.0.text, desk.now()).await?;
    desk.bell.ring();
    Ok(HttpResponse::Created().json(read_talk(&desk.db, id, OrderActor::Seller, desk.now()).await?))
}
