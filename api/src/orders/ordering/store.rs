//! Baskets, quotes and orders in the database.

use entity::sealed::Sealed;
use entity::value::{
    AccountId, CartId, CartLineId, CartState, CategoryId, ClickId, ContractId, CooperativeId, DeliveryMethod,
    ForecastId, Language, OfferId, OrderId, OrderState, PartnerId, PaymentMethod, PickupPointId, ProductId, PurchaseId,
    QuoteId, Vnd,
};
use entity::{order, order_event, order_line};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryFilter, QueryOrder,
    QueryResult,
};
use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::rules::Standing;
use crate::platform::db::{all, list, one, padded, run};
use crate::shop::catalogue::{on_sale, price, season_allows, unsellable};

#[derive(Clone, FromQueryResult)]
pub struct CartRow {
    pub id: CartId,
    pub account_id: Option<AccountId>,
    pub token_hash: Option<String>,
    pub state: CartState,
    pub version: i64,
    /// The last click it came by.
    pub click_id: Option<ClickId>,
}

pub async fn cart(connection: &impl ConnectionTrait, id: CartId) -> Result<Option<CartRow>, DbErr> {
    one(connection, "SELECT id, account_id, token_hash, state, version, click_id FROM cart WHERE id = $1", [id.into()])
        .await
}

pub async fn open_cart_of(connection: &impl ConnectionTrait, account: AccountId) -> Result<Option<CartRow>, DbErr> {
    one(
        connection,
        "SELECT id, account_id, token_hash, state, version, click_id FROM cart WHERE account_id = $1 AND state = 'open'",
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
    pub category_id: CategoryId,
    pub parent_category_id: Option<CategoryId>,
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
    /// Ordered before the harvest, from this forecast.
    pub preorder: bool,
    pub forecast_id: Option<ForecastId>,
    pub expected_from: Option<Date>,
    pub expected_to: Option<Date>,
    /// When the first of its lots expires.
    pub first_expiry: Option<Date>,
}

impl LineRow {
    /// Of the product, from the leaf up.
    pub fn categories(&self) -> Vec<CategoryId> {
        std::iter::once(self.category_id).chain(self.parent_category_id).collect()
    }

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

fn month(day: Date) -> i32 {
    u8::from(day.month()).into()
}

/// The lines of a basket, each at the price its quantity has, with what can be sold of it today.
pub async fn cart_lines(connection: &impl ConnectionTrait, cart: CartId, today: Date) -> Result<Vec<LineRow>, DbErr> {
    // A harvest to come is as fresh as it gets: what is taken off for old boxes is not taken off it.
    let price = format!("CASE WHEN l.preorder THEN o.price_amount ELSE {} END", price("$2"));
    let (in_season, lost, listed) = (season_allows("$3"), unsellable("o.id", "$2"), on_sale("$2"));
    all(
        connection,
        format!(
            "SELECT l.id, l.offer_id, l.quantity, l.preorder, o.product_id, p.category_id, g.parent_id AS parent_category_id, o.cooperative_id, o.sku, o.pack_vi, o.pack_en, o.weight_g,
                    COALESCE((SELECT t.amount FROM price_tier t WHERE t.offer_id = o.id AND t.from_quantity <= l.quantity
                                AND t.amount < ({price}) ORDER BY t.from_quantity DESC LIMIT 1), {price}) AS price_amount,
                    o.min_quantity, o.step_quantity,
                    (o.status = 'active' AND {listed} AND CASE WHEN l.preorder THEN f.id IS NOT NULL ELSE {in_season} END) AS on_sale,
                    CASE WHEN l.preorder THEN COALESCE(f.quantity * f.share_bp / 10000 - f.preordered, 0)
                         ELSE COALESCE(s.on_hand - s.reserved, 0) - {lost} END AS available,
                    p.slug AS product_slug, p.name_vi, p.name_en,
                    c.slug AS cooperative_slug, c.name_vi AS cooperative_vi, c.name_en AS cooperative_en,
                    c.commune_code AS cooperative_commune, c.pickup_offered,
                    f.id AS forecast_id, f.expected_from, f.expected_to,
                    (SELECT MIN(lt.expires_on) FROM lot_stock ls JOIN lot lt ON lt.id = ls.lot_id
                     WHERE ls.offer_id = o.id AND ls.on_hand > 0) AS first_expiry
             FROM cart_line l JOIN offer o ON o.id = l.offer_id JOIN product p ON p.id = o.product_id JOIN category g ON g.id = p.category_id
                  JOIN cooperative c ON c.id = o.cooperative_id LEFT JOIN stock s ON s.offer_id = o.id
                  LEFT JOIN forecast f ON l.preorder AND f.offer_id = o.id AND f.state = 'open'
             WHERE l.cart_id = $1 ORDER BY l.id"
        ),
        [cart.into(), today.into(), month(today).into()],
    )
    .await
}

/// An offer as it stands for a buyer.
#[derive(FromQueryResult)]
pub struct OfferStanding {
    pub id: OfferId,
    /// Sold from stock: published, and in season where that matters.
    pub on_sale: bool,
    pub min_quantity: i64,
    pub step_quantity: i64,
    /// What may still be ordered before the harvest, where there is a forecast.
    pub preorders_left: Option<i64>,
}

pub async fn offers(
    connection: &impl ConnectionTrait,
    ids: &[OfferId],
    today: Date,
) -> Result<Vec<OfferStanding>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<sea_orm::Value> = vec![month(today).into(), today.into()];
    values.extend(ids.iter().map(|id| sea_orm::Value::from(*id)));
    let (in_season, listed) = (season_allows("$1"), on_sale("$2"));
    all(
        connection,
        format!(
            "SELECT o.id, (o.status = 'active' AND {listed} AND {in_season}) AS on_sale,
                    o.min_quantity, o.step_quantity,
                    CASE WHEN o.status = 'active' AND {listed} THEN f.quantity * f.share_bp / 10000 - f.preordered END AS preorders_left
             FROM offer o JOIN product p ON p.id = o.product_id JOIN cooperative c ON c.id = o.cooperative_id
                  LEFT JOIN forecast f ON f.offer_id = o.id AND f.state = 'open'
             WHERE o.id IN {}",
            list(3, ids.len())
        ),
        values,
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
    pub access_token: Sealed,
    pub state: OrderState,
    pub goods_amount: Vnd,
    pub delivery_amount: Vnd,
    pub discount_amount: Vnd,
    pub total_amount: Vnd,
    pub paid_amount: Vnd,
    pub refunded_amount: Vnd,
    pub payment_method: PaymentMethod,
    pub respond_by: Option<OffsetDateTime>,
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
    pub preorder: bool,
    pub arrive_days: i32,
    pub pickup_point_id: Option<PickupPointId>,
    pub collection_code: Option<String>,
    pub updated_at: OffsetDateTime,
    pub partner_id: Option<PartnerId>,
    pub partner_name: Option<String>,
    /// Where it is collected, if not at the cooperative's own address.
    pub pickup_point_name: Option<String>,
    pub arrived_at: Option<OffsetDateTime>,
    pub collect_by: Option<OffsetDateTime>,
    /// An order of a contract.
    pub contract_id: Option<ContractId>,
}

const ORDERS: &str =
    "SELECT o.id, o.number, o.purchase_id, p.number AS purchase_number, o.cooperative_id, o.account_id, o.access_token,
        o.state, o.goods_amount, o.delivery_amount, o.discount_amount, o.total_amount, o.paid_amount, o.refunded_amount, p.payment_method, o.respond_by, o.delivery_method, o.recipient, o.phone, o.street,
        o.commune_code, o.note, o.placed_at, c.slug AS cooperative_slug, c.name_vi AS cooperative_vi,
        c.name_en AS cooperative_en, c.phone AS cooperative_phone, o.preorder, o.arrive_days, o.pickup_point_id,
        o.collection_code, o.updated_at, o.partner_id, r.name AS partner_name, w.name_vi AS pickup_point_name, o.arrived_at, o.collect_by, o.contract_id
 FROM orders o JOIN purchase p ON p.id = o.purchase_id JOIN cooperative c ON c.id = o.cooperative_id
      LEFT JOIN partner r ON r.id = o.partner_id LEFT JOIN pickup_point w ON w.id = o.pickup_point_id";

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
    pub payment_method: PaymentMethod,
    /// It ended before it was paid.
    pub unpaid: bool,
}

#[derive(FromQueryResult)]
struct Party {
    #[sea_orm(nested)]
    order: order::Model,
    buyer_email: Option<String>,
    buyer_language: Language,
    cooperative_vi: String,
    cooperative_en: String,
    cooperative_email: Option<String>,
    /// Mailboxes of its owners and managers, with spaces between.
    leaders: Option<String>,
    paid_by: PaymentMethod,
    last_from_state: Option<OrderState>,
    last_to_state: Option<OrderState>,
    last_reason: Option<String>,
}

/// An order with one of its lines.
struct LineOf {
    party: Party,
    line: Option<order_line::Model>,
}

impl FromQueryResult for LineOf {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let line = order_line::Model::from_query_result_optional(row, "line_")?;
        Ok(Self { party: Party::from_query_result(row, prefix)?, line })
    }
}

/// Owners and managers of a shop, by its id.
fn leaders(cooperative: &str) -> String {
    format!(
        "FROM cooperative_member m JOIN account s ON s.id = m.account_id
         WHERE m.cooperative_id = {cooperative} AND m.role IN ('owner', 'manager') AND s.disabled_at IS NULL"
    )
}

/// Mailboxes of a shop's owners and managers.
pub async fn leaders_of(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<Vec<String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Mailbox {
        email: Option<String>,
    }
    let sql = format!("SELECT s.email {} ORDER BY s.email", leaders("$1"));
    let members = all::<Mailbox>(connection, sql, [cooperative.into()]).await?;
    Ok(members.into_iter().filter_map(|member| member.email).collect())
}

pub async fn order_for_mail(connection: &impl ConnectionTrait, id: OrderId) -> Result<Option<OrderForMail>, DbErr> {
    Ok(orders_for_mail(connection, &[id]).await?.pop())
}

/// Several at once, in one read.
pub async fn orders_for_mail(connection: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<OrderForMail>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = &padded(ids)[..];
    let line: Vec<_> = order_line::Column::iter().map(|one| format!("l.{0} AS line_{0}", one.as_str())).collect();
    let rows = all::<LineOf>(
        connection,
        format!(
            "SELECT o.*, COALESCE(p.email, a.email) AS buyer_email, p.language AS buyer_language, c.name_vi AS cooperative_vi,
                    c.name_en AS cooperative_en, c.email AS cooperative_email, p.payment_method AS paid_by,
                    e.from_state AS last_from_state, e.to_state AS last_to_state, e.reason AS last_reason,
                    (SELECT string_agg(s.email, ' ' ORDER BY s.email) {}) AS leaders, {}
             FROM orders o JOIN purchase p ON p.id = o.purchase_id JOIN cooperative c ON c.id = o.cooperative_id
                  LEFT JOIN account a ON a.id = p.account_id LEFT JOIN order_line l ON l.order_id = o.id
                  LEFT JOIN order_event e ON e.id = (SELECT id FROM order_event WHERE order_id = o.id ORDER BY id DESC LIMIT 1)
             WHERE o.id IN {} ORDER BY o.id, l.id",
            leaders("o.cooperative_id"),
            line.join(", "),
            list(1, ids.len())
        ),
        ids.iter().map(|id| sea_orm::Value::from(*id)),
    )
    .await?;
    let mut found: Vec<OrderForMail> = Vec::new();
    for LineOf { party, line } in rows {
        match found.last_mut().filter(|last| last.order.id == party.order.id) {
            Some(known) => known.lines.extend(line),
            None => found.push(party.told(line)),
        }
    }
    Ok(found)
}

impl Party {
    /// What a mail says, with the first of the order's lines.
    fn told(self, line: Option<order_line::Model>) -> OrderForMail {
        let own = self.leaders.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned);
        let mut seller_emails: Vec<_> = self.cooperative_email.into_iter().chain(own).collect();
        seller_emails.dedup();
        let unpaid = self.last_from_state == Some(OrderState::AwaitingPayment)
            && self.last_to_state.is_some_and(|state| state != OrderState::Placed);
        OrderForMail {
            lines: line.into_iter().collect(),
            order: self.order,
            buyer_email: self.buyer_email,
            buyer_language: self.buyer_language,
            cooperative_vi: self.cooperative_vi,
            cooperative_en: self.cooperative_en,
            seller_emails,
            reason: self.last_reason,
            unpaid,
            payment_method: self.paid_by,
        }
    }
}

/// The buyer pays in another way than first chosen.
pub async fn pay_by(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    method: PaymentMethod,
) -> Result<(), DbErr> {
    let sql = "UPDATE purchase SET payment_method = $2 WHERE id = $1";
    run(transaction, sql, [purchase.into(), method.as_str().into()]).await?;
    Ok(())
}

/// The basket came by this click; an older click never takes the place of a newer one.
pub async fn came_by(connection: &impl ConnectionTrait, cart: CartId, click: ClickId) -> Result<bool, DbErr> {
    // Ids are UUIDv7: they sort by the time they were made.
    let sql = "UPDATE cart SET click_id = $2 WHERE id = $1 AND state = 'open' AND (click_id IS NULL OR click_id < $2)
               AND EXISTS (SELECT 1 FROM click WHERE id = $2)";
    Ok(run(connection, sql, [cart.into(), click.into()]).await? == 1)
}

/// Takes an order's row, so that of two who change what hangs on it the second sees the first; whether it is still to be sent or
/// on its way.
pub async fn lock_for_parcels(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE orders SET updated_at = $2 WHERE id = $1 AND state IN ('packed', 'shipped')";
    Ok(run(transaction, sql, [order.into(), now.into()]).await? == 1)
}

/// As [`lock_for_parcels`], in whatever state it is.
pub async fn lock(transaction: &impl ConnectionTrait, order: OrderId, now: OffsetDateTime) -> Result<(), DbErr> {
    run(transaction, "UPDATE orders SET updated_at = $2 WHERE id = $1", [order.into(), now.into()]).await?;
    Ok(())
}

/// A packed order has arrived where it is collected, and waits there until then; once.
pub async fn arrived(
    transaction: &impl ConnectionTrait,
    order: OrderId,
    collect_by: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE orders SET arrived_at = $2, collect_by = $3, updated_at = $2
               WHERE id = $1 AND state = 'packed' AND arrived_at IS NULL";
    Ok(run(transaction, sql, [order.into(), now.into(), collect_by.into()]).await? == 1)
}
