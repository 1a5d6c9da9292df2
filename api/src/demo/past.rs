//! Orders of the demo's past, with stock and history that agree with them.

use std::collections::HashMap;

use entity::value::{
    AccountId, CartId, CartState, CooperativeId, DeliveryMethod, Language, MovementKind, OfferId, OrderActor, OrderId,
    OrderLineId, OrderState, PaymentMethod, ProductId, PurchaseId, ReservationState, RowId, Vnd,
};
use entity::{cart, order, order_event, order_line, purchase, reservation, stock_movement};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use time::{Duration, OffsetDateTime};

use super::data::{Good, Pack};
use crate::ledger;
use crate::platform::db::{Batch, run};
use crate::platform::secrets;

type Offers = HashMap<&'static str, (OfferId, ProductId, CooperativeId, &'static Good, &'static Pack)>;

/// SKU, quantity, days ago, and how far it came.
const PAST: &[(&str, i64, i64, OrderState)] = &[
    ("BD-6", 2, 40, OrderState::Completed),
    ("MORHT-500", 1, 21, OrderState::Completed),
    ("MK-300", 3, 9, OrderState::Completed),
    ("CTR-5", 1, 3, OrderState::Delivered),
    ("TTD-200", 2, 1, OrderState::Shipped),
    ("TDS-10", 1, 0, OrderState::Placed),
];

const FEE: i64 = 35_000;

pub async fn add(
    connection: &impl ConnectionTrait,
    offers: &Offers,
    buyer: AccountId,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    for (index, (sku, quantity, days, state)) in PAST.iter().enumerate() {
        let Some(sold) = offers.get(sku) else { continue };
        add_one(connection, index, sold, *quantity, buyer, now - Duration::days(*days), *state).await?;
    }
    Ok(())
}

/// The states an order went through to reach this one.
fn road(state: OrderState) -> Vec<OrderState> {
    use OrderState::{Completed, Confirmed, Delivered, Packed, Placed, Shipped};
    let all = [Placed, Confirmed, Packed, Shipped, Delivered, Completed];
    let end = all.iter().position(|known| *known == state).unwrap_or(0);
    all[..=end].to_vec()
}

async fn add_one(
    connection: &impl ConnectionTrait,
    index: usize,
    &(offer, product, cooperative, good, pack): &(OfferId, ProductId, CooperativeId, &'static Good, &'static Pack),
    quantity: i64,
    buyer: AccountId,
    placed_at: OffsetDateTime,
    state: OrderState,
) -> anyhow::Result<()> {
    let (cart, purchase, id) = (CartId::new(), PurchaseId::new(), OrderId::new());
    let goods = pack.price * quantity;
    let packed = !matches!(state, OrderState::Placed | OrderState::Confirmed);
    let delivered = matches!(state, OrderState::Delivered | OrderState::Completed);
    let road = road(state);
    let cart_row = cart::ActiveModel {
        id: Set(cart),
        account_id: Set(Some(buyer)),
        token_hash: Set(None),
        state: Set(CartState::Ordered),
        version: Set(1),
        created_at: Set(placed_at),
        updated_at: Set(placed_at),
        click_id: Set(None),
    };
    let purchase_row = purchase::ActiveModel {
        id: Set(purchase),
        number: Set(format!("MH-DEMO-{index}")),
        cart_id: Set(cart),
        account_id: Set(Some(buyer)),
        email: Set(None),
        phone: Set("+84912345678".to_owned()),
        language: Set(Language::Vi),
        payment_method: Set(PaymentMethod::CashOnDelivery),
        goods_amount: Set(Vnd(goods)),
        delivery_amount: Set(Vnd(FEE)),
        discount_amount: Set(Vnd::ZERO),
        total_amount: Set(Vnd(goods + FEE)),
        currency: Set(Vnd::CURRENCY.to_owned()),
        created_at: Set(placed_at),
    };
    let order_row = order::ActiveModel {
        id: Set(id),
        number: Set(format!("DH-DEMO-{index}")),
        purchase_id: Set(purchase),
        cooperative_id: Set(cooperative),
        account_id: Set(Some(buyer)),
        access_token: Set(secrets::token()),
        state: Set(state),
        goods_amount: Set(Vnd(goods)),
        delivery_amount: Set(Vnd(FEE)),
        total_amount: Set(Vnd(goods + FEE)),
        currency: Set(Vnd::CURRENCY.to_owned()),
        delivery_method: Set(DeliveryMethod::Delivery),
        recipient: Set(super::data::BUYER.1.to_owned()),
        phone: Set("+84912345678".to_owned()),
        street: Set(Some("12 phố Hàng Bông".to_owned())),
        commune_code: Set(Some("00070".to_owned())),
        note: Set(None),
        placed_at: Set(placed_at),
        respond_by: Set((state == OrderState::Placed).then_some(placed_at + Duration::days(3))),
        delivered_at: Set(delivered.then_some(placed_at + Duration::hours(40))),
        updated_at: Set(placed_at),
        preorder: Set(false),
        arrive_days: Set(4),
        pickup_point_id: Set(None),
        collection_code: Set(None),
        channel: Set("web".to_owned()),
        discount_amount: Set(Vnd::ZERO),
        delivery_discount_amount: Set(Vnd::ZERO),
        delivery_platform_discount_amount: Set(Vnd::ZERO),
        delivery_refunded_amount: Set(Vnd::ZERO),
        paid_amount: Set(Vnd::ZERO),
        refunded_amount: Set(Vnd::ZERO),
        paid_at: Set(None),
        earned_at: Set(None),
        partner_id: Set(None),
        click_id: Set(None),
        arrived_at: Set(None),
        collect_by: Set(None),
    };
    let line = order_line::ActiveModel {
        id: Set(OrderLineId::new()),
        order_id: Set(id),
        offer_id: Set(offer),
        product_id: Set(product),
        sku: Set(pack.sku.to_owned()),
        name_vi: Set(good.vi.to_owned()),
        name_en: Set(good.en.to_owned()),
        pack_vi: Set(pack.vi.to_owned()),
        pack_en: Set(pack.en.to_owned()),
        quantity: Set(quantity),
        unit_amount: Set(Vnd(pack.price)),
        total_amount: Set(Vnd(goods)),
        weight_g: Set(pack.weight_g * quantity),
        discount_amount: Set(Vnd::ZERO),
        platform_discount_amount: Set(Vnd::ZERO),
        discounts: Set(serde_json::json!([])),
        commission_amount: Set(Vnd::ZERO),
        commissions: Set(serde_json::json!([])),
        refunded_amount: Set(Vnd::ZERO),
    };
    let reserved = reservation::ActiveModel {
        id: Set(RowId::new()),
        order_id: Set(id),
        offer_id: Set(offer),
        quantity: Set(quantity),
        state: Set(if packed { ReservationState::Taken } else { ReservationState::Held }),
        created_at: Set(placed_at),
        expires_at: Set(None),
    };
    let events: Vec<_> = (0_i64..)
        .zip(&road)
        .map(|(step, to)| order_event::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(id),
            from_state: Set(usize::try_from(step - 1).ok().map(|before| road[before])),
            to_state: Set(*to),
            actor_kind: Set(if step == 0 { OrderActor::Buyer } else { OrderActor::Seller }),
            actor_id: Set(None),
            reason: Set(None),
            reason_code: Set(None),
            at: Set(placed_at + Duration::hours(step * 8)),
        })
        .collect();
    let sale = packed.then(|| stock_movement::ActiveModel {
        id: Set(RowId::new()),
        offer_id: Set(offer),
        kind: Set(MovementKind::Sale),
        quantity: Set(-quantity),
        order_id: Set(Some(id)),
        lot_id: Set(None),
        note: Set(None),
        actor_id: Set(None),
        at: Set(placed_at + Duration::hours(16)),
    });
    let batch = Batch::default().insert([cart_row]).insert([purchase_row]).insert([order_row]).insert([line]);
    batch.insert([reserved]).insert(events).insert(sale).execute(connection).await?;
    // Cash at the door, brought by the cooperative's own people.
    let cash = crate::orders::ordering::cash_row(purchase, id, goods + FEE, placed_at);
    entity::payment::Entity::insert(cash).exec_without_returning(connection).await?;
    if delivered {
        let at = placed_at + Duration::hours(40);
        let journals = ledger::sale::collect_cash(connection, id, at).await?;
        ledger::post(connection, journals, at).await?;
    }
    let column = if packed { "on_hand = on_hand - $2" } else { "reserved = reserved + $2" };
    run(connection, format!("UPDATE stock SET {column} WHERE offer_id = $1"), [offer.into(), quantity.into()]).await?;
    Ok(())
}
