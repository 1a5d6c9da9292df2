//! An order as its buyer and its seller see it.

use std::collections::HashMap;

use entity::value::{
    CooperativeId, DeliveryMethod, Money, OfferId, OrderActor, OrderId, OrderState, PaymentMethod, ProductId,
    PurchaseId,
};
use entity::{order_event, order_line};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::rules::{Action, actions};
use super::store::{OrderRow, events_of, lines_of};
use crate::catalogue::view::Bilingual;
use crate::places;
use crate::platform::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct OrderLine {
    offer_id: OfferId,
    product_id: ProductId,
    sku: String,
    name: Bilingual,
    pack: Bilingual,
    quantity: i64,
    unit_price: Money,
    total: Money,
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
}

#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    pub id: OrderId,
    number: String,
    purchase_id: PurchaseId,
    purchase_number: String,
    pub state: OrderState,
    cooperative: OrderSeller,
    lines: Vec<OrderLine>,
    goods: Money,
    delivery_fee: Money,
    total: Money,
    delivery: OrderDelivery,
    payment_method: PaymentMethod,
    #[schema(required = true)]
    note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    placed_at: OffsetDateTime,
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
    let view = |row: OrderRow| {
        let (lines, history) = (lines.remove(&row.id).unwrap_or_default(), steps.remove(&row.id).unwrap_or_default());
        order_view(row, lines, history, by)
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
    }
}

fn step_view(event: order_event::Model) -> OrderStep {
    OrderStep { state: event.to_state, by: event.actor_kind, reason: event.reason, at: event.at }
}

fn order_view(row: OrderRow, lines: Vec<OrderLine>, history: Vec<OrderStep>, by: OrderActor) -> OrderView {
    let commune = row.commune_code.as_deref().and_then(places::commune);
    OrderView {
        actions: actions(row.state, by, row.delivery_method),
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
        total: row.total_amount.into(),
        delivery: OrderDelivery {
            method: row.delivery_method,
            recipient: row.recipient,
            phone: row.phone,
            street: row.street,
            commune_name: commune.map(|c| c.name.clone()),
            province_name: commune.map(|c| places::province_of(c).name.clone()),
            commune_code: row.commune_code,
        },
        payment_method: PaymentMethod::CashOnDelivery,
        note: row.note,
        placed_at: row.placed_at,
        history,
    }
}
