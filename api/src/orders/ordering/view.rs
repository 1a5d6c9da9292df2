//! An order as its buyer and its seller see it.

use std::collections::HashMap;

use entity::value::{
    CooperativeId, DeliveryMethod, Money, OfferId, OrderActor, OrderId, OrderState, PaymentMethod, PickupPointId,
    ProductId, PurchaseId,
};
use entity::{order_event, order_line};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::carts::CartPartner;
use super::rules::{Action, actions};
use super::steps::by_agreement;
use super::store::{OrderRow, events_of, lines_of};
use crate::orders::attribution::disclosure;
use crate::people::places;
use crate::platform::db::{all, list};
use crate::platform::problem::Problem;
use crate::shop::catalogue::view::Bilingual;

#[derive(Serialize, ToSchema)]
pub struct OrderLine {
    offer_id: OfferId,
    product_id: ProductId,
    sku: String,
    name: Bilingual,
    pack: Bilingual,
    pub quantity: i64,
    unit_price: Money,
    total: Money,
    discount: Money,
}

#[derive(Serialize, ToSchema)]
pub struct OrderStep {
    state: OrderState,
    by: OrderActor,
    #[schema(required = true)]
    reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct OrderSeller {
    id: CooperativeId,
    slug: String,
    name: Bilingual,
    phone: String,
}

#[derive(Serialize, ToSchema)]
pub struct OrderDelivery {
    method: DeliveryMethod,
    recipient: String,
    phone: String,
    #[schema(required = true)]
    street: Option<String>,
    #[schema(required = true)]
    commune_code: Option<String>,
    #[schema(required = true)]
    commune_name: Option<String>,
    #[schema(required = true)]
    province_name: Option<String>,
    #[schema(required = true)]
    pickup_point_id: Option<PickupPointId>,
    /// Where it is collected, if not at the cooperative's own address.
    #[schema(required = true)]
    pickup_point_name: Option<String>,
    /// What the buyer shows when collecting; told to the buyer alone.
    #[schema(required = true)]
    collection_code: Option<String>,
    /// When the box arrived at a partner's reception.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    arrived_at: Option<OffsetDateTime>,
    /// Until when it waits there.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    collect_by: Option<OffsetDateTime>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    pub id: OrderId,
    pub number: String,
    purchase_id: PurchaseId,
    purchase_number: String,
    pub state: OrderState,
    cooperative: OrderSeller,
    lines: Vec<OrderLine>,
    goods: Money,
    delivery_fee: Money,
    discount: Money,
    total: Money,
    /// Paid so far; cash on delivery counts once it is handed over.
    paid: Money,
    /// Given back, or on its way.
    refunded: Money,
    /// Who brought the buyer, and earns by it.
    #[schema(required = true)]
    partner: Option<CartPartner>,
    delivery: OrderDelivery,
    payment_method: PaymentMethod,
    /// Until when a prepaid order waits for its payment.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pay_by: Option<OffsetDateTime>,
    #[schema(required = true)]
    note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    placed_at: OffsetDateTime,
    /// Waits for a harvest.
    preorder: bool,
    /// Lines the harvest was too small for; answered with `/shortfall`.
    shortfalls: Vec<Shortfall>,
    /// Every step it took.
    history: Vec<OrderStep>,
    /// What the caller can do with it now.
    actions: Vec<Action>,
}

/// Orders with their lines and steps, by two queries whatever their number.
pub async fn views(
    connection: &impl ConnectionTrait,
    rows: Vec<OrderRow>,
    by: OrderActor,
    now: OffsetDateTime,
) -> Result<Vec<OrderView>, Problem> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for line in lines_of(connection, &ids).await? {
        lines.entry(line.order_id).or_default().push(line_view(line));
    }
    let mut steps: HashMap<OrderId, Vec<OrderStep>> = HashMap::new();
    for event in events_of(connection, &ids).await? {
        steps.entry(event.order_id).or_default().push(step_view(event));
    }
    let shortfalls = shortfalls(connection, &ids).await?;
    let view = |row: OrderRow| {
        let short = shortfalls.iter().filter(|short| short.order_id == row.id).cloned().collect();
        let (lines, history) = (lines.remove(&row.id).unwrap_or_default(), steps.remove(&row.id).unwrap_or_default());
        order_view(row, (lines, history, short), by, now)
    };
    Ok(rows.into_iter().map(view).collect())
}

fn line_view(line: order_line::Model) -> OrderLine {
    OrderLine {
        offer_id: line.offer_id,
        product_id: line.product_id,
        sku: line.sku,
        name: Bilingual { vi: line.name_vi, en: line.name_en },
        pack: Bilingual { vi: line.pack_vi, en: line.pack_en },
        quantity: line.quantity,
        unit_price: line.unit_amount.into(),
        total: line.total_amount.into(),
        discount: line.discount_amount.into(),
    }
}

fn step_view(event: order_event::Model) -> OrderStep {
    OrderStep { state: event.to_state, by: event.actor_kind, reason: event.reason, at: event.at }
}

/// Buyers are called about an order while it is under way, and a while after; then their address is nobody's business.
const CONTACT_DAYS: i64 = 14;

/// Whether a seller still needs to know who the buyer is.
fn contact_needed(row: &OrderRow, now: OffsetDateTime) -> bool {
    if row.state == OrderState::AwaitingPayment {
        return false;
    }
    let over = matches!(row.state, OrderState::Completed | OrderState::Cancelled | OrderState::Expired);
    !over || now - row.updated_at < time::Duration::days(CONTACT_DAYS)
}

/// `+84912345678` → `…678`
fn masked(text: &str, kept: usize) -> String {
    let count = text.chars().count();
    format!("…{}", text.chars().skip(count.saturating_sub(kept)).collect::<String>())
}

/// A line its harvest was too small for; the buyer chooses.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub struct Shortfall {
    #[serde(skip)]
    order_id: OrderId,
    offer_id: OfferId,
    wanted: i64,
    /// Held for the buyer until the answer; may be nothing.
    offered: i64,
}

async fn shortfalls(connection: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<Shortfall>, Problem> {
    Ok(all(
        connection,
        format!(
            "SELECT order_id, offer_id, quantity AS wanted, offered FROM preorder WHERE state = 'short' AND order_id IN {} ORDER BY id",
            list(1, ids.len())
        ),
        ids.iter().map(|id| sea_orm::Value::from(*id)).collect::<Vec<_>>(),
    )
    .await?)
}

fn order_view(
    row: OrderRow,
    (lines, history, shortfalls): (Vec<OrderLine>, Vec<OrderStep>, Vec<Shortfall>),
    by: OrderActor,
    now: OffsetDateTime,
) -> OrderView {
    let open = by != OrderActor::Seller || contact_needed(&row, now);
    let commune = row.commune_code.as_deref().and_then(places::commune);
    OrderView {
        actions: actions(row.state, by, row.delivery_method)
            .into_iter()
            .filter(|action| row.contract_id.is_none() || !by_agreement(*action))
            .collect(),
        id: row.id,
        number: row.number,
        purchase_id: row.purchase_id,
        purchase_number: row.purchase_number,
        state: row.state,
        cooperative: OrderSeller {
            id: row.cooperative_id,
            slug: row.cooperative_slug,
            name: Bilingual { vi: row.cooperative_vi, en: row.cooperative_en },
            phone: row.cooperative_phone,
        },
        lines,
        goods: row.goods_amount.into(),
        delivery_fee: row.delivery_amount.into(),
        discount: row.discount_amount.into(),
        total: row.total_amount.into(),
        paid: row.paid_amount.into(),
        refunded: row.refunded_amount.into(),
        delivery: OrderDelivery {
            method: row.delivery_method,
            recipient: if open { row.recipient } else { masked(&row.recipient, 0) },
            phone: if open { row.phone } else { masked(&row.phone, 3) },
            street: row.street.filter(|_| open),
            pickup_point_id: row.pickup_point_id,
            pickup_point_name: row.pickup_point_name,
            collection_code: row.collection_code.filter(|_| by != OrderActor::Seller),
            commune_name: commune.map(|c| c.name.to_owned()),
            province_name: commune.map(|c| places::province_of(c).name.to_owned()),
            commune_code: row.commune_code,
            arrived_at: row.arrived_at,
            collect_by: row.collect_by,
        },
        partner: row.partner_name.map(|name| CartPartner { disclosure: disclosure(&name), name }),
        payment_method: row.payment_method,
        pay_by: row.respond_by.filter(|_| row.state == OrderState::AwaitingPayment),
        note: row.note,
        preorder: row.preorder,
        shortfalls,
        placed_at: row.placed_at,
        history,
    }
}
