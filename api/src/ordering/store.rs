//! Baskets, quotes and orders in the database.

use entity::value::{
    AccountId, CartId, CartLineId, CartState, CooperativeId, DeliveryMethod, Language, OfferId, OrderId, OrderState,
    ProductId, PurchaseId, QuoteId, Vnd,
};
use entity::{order, order_event, order_line};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use serde_json::Value;
use time::OffsetDateTime;

use super::rules::Standing;
use crate::platform::db::{all, list, one};

#[derive(Clone, FromQueryResult)]
pub struct CartRow {
    pub id: CartId,
    pub account_id: Option<AccountId>,
    pub token_hash: Option<String>,
    pub state: CartState,
    pub version: i64,
}

pub async fn cart(connection: &impl ConnectionTrait, id: CartId) -> Result<Option<CartRow>, DbErr> {
    one(connection, "SELECT id, account_id, token_hash, state, version FROM cart WHERE id = $1", [id.into()]).await
}

pub async fn open_cart_of(connection: &impl ConnectionTrait, account: AccountId) -> Result<Option<CartRow>, DbErr> {
    one(
        connection,
        "SELECT id, account_id, token_hash, state, version FROM cart WHERE account_id = $1 AND state = 'open'",
        [account.into()],
    )
    .await
}

/// A basket line with the offer as it stands now.
#[derive(Clone, FromQueryResult)]
pub struct LineRow {
    pub id: CartLineId,
    pub offer_id: OfferId,
    pub quantity: i64,
    pub product_id: ProductId,
    pub cooperative_id: CooperativeId,
    pub sku: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub weight_g: i64,
    pub price_amount: Vnd,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub on_sale: bool,
    pub available: i64,
    pub product_slug: String,
    pub name_vi: String,
    pub name_en: String,
    pub cooperative_slug: String,
    pub cooperative_vi: String,
    pub cooperative_en: String,
    pub cooperative_commune: String,
    pub pickup_offered: bool,
}

impl LineRow {
    pub fn standing(&self) -> Standing {
        Standing {
            on_sale: self.on_sale,
            price: self.price_amount,
            min_quantity: self.min_quantity,
            step_quantity: self.step_quantity,
            available: self.available,
        }
    }
}

pub async fn cart_lines(connection: &impl ConnectionTrait, cart: CartId) -> Result<Vec<LineRow>, DbErr> {
    all(
        connection,
        "SELECT l.id, l.offer_id, l.quantity, o.product_id, o.cooperative_id, o.sku, o.pack_vi, o.pack_en, o.weight_g,
                o.price_amount, o.min_quantity, o.step_quantity,
                (o.status = 'active' AND p.status = 'published' AND c.status = 'active') AS on_sale,
                COALESCE(s.on_hand - s.reserved, 0) AS available, p.slug AS product_slug, p.name_vi, p.name_en,
                c.slug AS cooperative_slug, c.name_vi AS cooperative_vi, c.name_en AS cooperative_en,
                c.commune_code AS cooperative_commune, c.pickup_offered
         FROM cart_line l JOIN offer o ON o.id = l.offer_id JOIN product p ON p.id = o.product_id
              JOIN cooperative c ON c.id = o.cooperative_id LEFT JOIN stock s ON s.offer_id = o.id
         WHERE l.cart_id = $1 ORDER BY l.id",
        [cart.into()],
    )
    .await
}

#[derive(FromQueryResult)]
pub struct OfferStanding {
    pub id: OfferId,
    pub on_sale: bool,
    pub price_amount: Vnd,
    pub min_quantity: i64,
    pub step_quantity: i64,
    pub available: i64,
}

impl From<OfferStanding> for Standing {
    fn from(row: OfferStanding) -> Self {
        Self {
            on_sale: row.on_sale,
            price: row.price_amount,
            min_quantity: row.min_quantity,
            step_quantity: row.step_quantity,
            available: row.available,
        }
    }
}

pub async fn offers(connection: &impl ConnectionTrait, ids: &[OfferId]) -> Result<Vec<OfferStanding>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    all(
        connection,
        format!(
            "SELECT o.id, (o.status = 'active' AND p.status = 'published' AND c.status = 'active') AS on_sale,
                    o.price_amount, o.min_quantity, o.step_quantity, COALESCE(s.on_hand - s.reserved, 0) AS available
             FROM offer o JOIN product p ON p.id = o.product_id JOIN cooperative c ON c.id = o.cooperative_id
                  LEFT JOIN stock s ON s.offer_id = o.id WHERE o.id IN {}",
            list(1, ids.len())
        ),
        ids.iter().map(|id| (*id).into()).collect::<Vec<sea_orm::Value>>(),
    )
    .await
}

#[derive(FromQueryResult)]
pub struct QuoteRow {
    pub cart_version: i64,
    pub snapshot: Value,
    pub expires_at: OffsetDateTime,
}

pub async fn quote(connection: &impl ConnectionTrait, cart: CartId, id: QuoteId) -> Result<Option<QuoteRow>, DbErr> {
    one(
        connection,
        "SELECT cart_version, snapshot, expires_at FROM quote WHERE id = $1 AND cart_id = $2",
        [id.into(), cart.into()],
    )
    .await
}

/// An order with what its page shows beside it.
#[derive(Clone, FromQueryResult)]
pub struct OrderRow {
    pub id: OrderId,
    pub number: String,
    pub purchase_id: PurchaseId,
    pub purchase_number: String,
    pub cooperative_id: CooperativeId,
    pub account_id: Option<AccountId>,
    pub access_token: String,
    pub state: OrderState,
    pub goods_amount: Vnd,
    pub delivery_amount: Vnd,
    pub total_amount: Vnd,
    pub delivery_method: DeliveryMethod,
    pub recipient: String,
    pub phone: String,
    pub street: Option<String>,
    pub commune_code: Option<String>,
    pub note: Option<String>,
    pub placed_at: OffsetDateTime,
    pub cooperative_slug: String,
    pub cooperative_vi: String,
    pub cooperative_en: String,
    pub cooperative_phone: String,
}

const ORDERS: &str =
    "SELECT o.id, o.number, o.purchase_id, p.number AS purchase_number, o.cooperative_id, o.account_id, o.access_token,
        o.state, o.goods_amount, o.delivery_amount, o.total_amount, o.delivery_method, o.recipient, o.phone, o.street,
        o.commune_code, o.note, o.placed_at, c.slug AS cooperative_slug, c.name_vi AS cooperative_vi,
        c.name_en AS cooperative_en, c.phone AS cooperative_phone
 FROM orders o JOIN purchase p ON p.id = o.purchase_id JOIN cooperative c ON c.id = o.cooperative_id";

pub async fn order(connection: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderRow>, DbErr> {
    one(connection, format!("{ORDERS} WHERE o.id = $1"), [id.into()]).await
}

/// Whose orders a list shows.
pub enum Whose {
    Buyer(AccountId),
    Seller(CooperativeId),
}

pub async fn order_list(
    connection: &impl ConnectionTrait,
    whose: &Whose,
    state: Option<OrderState>,
    before: Option<OrderId>,
    limit: u64,
) -> Result<Vec<OrderRow>, DbErr> {
    let (column, owner) = match whose {
        Whose::Buyer(id) => ("account_id", id.0),
        Whose::Seller(id) => ("cooperative_id", id.0),
    };
    let by_state = state.map_or("", |_| " AND o.state = $3");
    let mut values = vec![owner.into(), before.map_or_else(uuid::Uuid::max, |id| id.0).into()];
    values.extend(state.map(|state| state.as_str().into()));
    let sql = format!("{ORDERS} WHERE o.{column} = $1 AND o.id < $2{by_state} ORDER BY o.id DESC LIMIT {}", limit + 1);
    all(connection, sql, values).await
}

pub async fn lines_of(connection: &impl ConnectionTrait, orders: &[OrderId]) -> Result<Vec<order_line::Model>, DbErr> {
    order_line::Entity::find()
        .filter(order_line::Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(order_line::Column::Id)
        .all(connection)
        .await
}

pub async fn events_of(
    connection: &impl ConnectionTrait,
    orders: &[OrderId],
) -> Result<Vec<order_event::Model>, DbErr> {
    order_event::Entity::find()
        .filter(order_event::Column::OrderId.is_in(orders.iter().copied()))
        .order_by_asc(order_event::Column::Id)
        .all(connection)
        .await
}

/// What a mail about an order says, and to whom.
pub struct OrderForMail {
    pub order: order::Model,
    pub lines: Vec<order_line::Model>,
    pub buyer_email: Option<String>,
    pub buyer_language: Language,
    pub cooperative_vi: String,
    pub cooperative_en: String,
    pub seller_emails: Vec<String>,
    pub reason: Option<String>,
}

#[derive(FromQueryResult)]
struct Party {
    email: Option<String>,
    language: Language,
    cooperative_vi: String,
    cooperative_en: String,
    cooperative_email: Option<String>,
}

#[derive(FromQueryResult)]
struct Mailbox {
    email: Option<String>,
}

pub async fn order_for_mail(connection: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderForMail>, DbErr> {
    let Some(order) = order::Entity::find_by_id(id).one(connection).await? else { return Ok(None) };
    let party = one::<Party>(
        connection,
        "SELECT COALESCE(p.email, a.email) AS email, p.language, c.name_vi AS cooperative_vi, c.name_en AS cooperative_en,
                c.email AS cooperative_email
         FROM orders o JOIN purchase p ON p.id = o.purchase_id JOIN cooperative c ON c.id = o.cooperative_id
              LEFT JOIN account a ON a.id = p.account_id WHERE o.id = $1",
        [id.into()],
    )
    .await?;
    let Some(party) = party else { return Ok(None) };
    let members = all::<Mailbox>(
        connection,
        "SELECT a.email FROM cooperative_member m JOIN account a ON a.id = m.account_id
         WHERE m.cooperative_id = $1 AND m.role IN ('owner', 'manager') AND a.disabled_at IS NULL ORDER BY a.email",
        [order.cooperative_id.into()],
    )
    .await?;
    let mut seller_emails: Vec<_> =
        party.cooperative_email.into_iter().chain(members.into_iter().filter_map(|m| m.email)).collect();
    seller_emails.dedup();
    let lines = lines_of(connection, &[id]).await?;
    let reason = events_of(connection, &[id]).await?.pop().and_then(|event| event.reason);
    Ok(Some(OrderForMail {
        order,
        lines,
        buyer_email: party.email,
        buyer_language: party.language,
        cooperative_vi: party.cooperative_vi,
        cooperative_en: party.cooperative_en,
        seller_emails,
        reason,
    }))
}
