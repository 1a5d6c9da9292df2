//! Orders of the demo's past, with stock and history that agree with them.

use std::collections::HashMap;

use entity::value::{
    AccountId, CartId, CartState, CooperativeId, DeliveryMethod, Language, MovementKind, OfferId, OrderActor, OrderId,
    OrderLineId, OrderState, PaymentMethod, ProductId, PurchaseId, ReservationState, RowId, Vnd,
};
use entity::{cart, order, order_event, order_line, purchase, reservation, stock_movement};
use sea_orm::{ConnectionTrait, EntityTrait, NotSet, Set};
use time::{Duration, OffsetDateTime};

use super::data::{Good, Pack};
use crate::ledger::{self, payments};
use crate::orders::ordering::cash_reference;
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
        let (quantity, state, placed_at) = (*quantity, *state, now - Duration::days(*days));
        let (cart, purchase, id) = (CartId::new(), PurchaseId::new(), OrderId::new());
        let past = Past { index, sold, quantity, buyer, placed_at, state, cart, purchase, id };
        past.write(connection).await?;
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

/// One order of the past.
struct Past<'a> {
    index: usize,
    sold: &'a (OfferId, ProductId, CooperativeId, &'static Good, &'static Pack),
    quantity: i64,
    buyer: AccountId,
    placed_at: OffsetDateTime,
    state: OrderState,
    cart: CartId,
    purchase: PurchaseId,
    id: OrderId,
}

impl Past<'_> {
    fn goods(&self) -> i64 {
        self.sold.4.price * self.quantity
    }

    fn packed(&self) -> bool {
        !matches!(self.state, OrderState::Placed | OrderState::Confirmed)
    }

    fn delivered(&self) -> bool {
        matches!(self.state, OrderState::Delivered | OrderState::Completed)
    }

    async fn write(&self, connection: &impl ConnectionTrait) -> anyhow::Result<()> {
        let batch = Batch::default()
            .insert([self.cart_row()])
            .insert([self.purchase_row()])
            .insert([self.order_row()])
            .insert([self.line_row()])
            .insert([self.reservation_row()])
            .insert(self.event_rows())
            .insert(self.sale_row());
        batch.execute(connection).await?;
        // Cash at the door, brought by the cooperative's own people.
        let reference = cash_reference(self.placed_at);
        let cash = payments::cash_row(self.purchase, self.id, self.goods() + FEE, reference, self.placed_at);
        entity::payment::Entity::insert(cash).exec_without_returning(connection).await?;
        if self.delivered() {
            let at = self.placed_at + Duration::hours(40);
            let journals = crate::orders::ordering::sale::collect_cash(connection, self.id, at).await?;
            ledger::post(connection, journals, at).await?;
        }
        let column = if self.packed() { "on_hand = on_hand - $2" } else { "reserved = reserved + $2" };
        let sql = format!("UPDATE stock SET {column} WHERE offer_id = $1");
        run(connection, sql, [self.sold.0.into(), self.quantity.into()]).await?;
        Ok(())
    }

    fn cart_row(&self) -> cart::ActiveModel {
        cart::ActiveModel {
            id: Set(self.cart),
            account_id: Set(Some(self.buyer)),
            token_hash: Set(None),
            state: Set(CartState::Ordered),
            version: Set(1),
            created_at: Set(self.placed_at),
            updated_at: Set(self.placed_at),
            click_id: Set(None),
        }
    }

    fn purchase_row(&self) -> purchase::ActiveModel {
        purchase::ActiveModel {
            id: Set(self.purchase),
            number: Set(format!("MH-DEMO-{}", self.index)),
            cart_id: Set(self.cart),
            account_id: Set(Some(self.buyer)),
            email: Set(None),
            phone: Set("+84912345678".to_owned()),
            language: Set(Language::Vi),
            payment_method: Set(PaymentMethod::CashOnDelivery),
            goods_amount: Set(Vnd(self.goods())),
            delivery_amount: Set(Vnd(FEE)),
            discount_amount: Set(Vnd::ZERO),
            total_amount: Set(Vnd(self.goods() + FEE)),
            currency: Set(Vnd::CURRENCY.to_owned()),
            created_at: Set(self.placed_at),
        }
    }

    fn order_row(&self) -> order::ActiveModel {
        order::ActiveModel {
            id: Set(self.id),
            number: Set(format!("DH-DEMO-{}", self.index)),
            purchase_id: Set(self.purchase),
            cooperative_id: Set(self.sold.2),
            account_id: Set(Some(self.buyer)),
            access_token: Set(secrets::token().into()),
            state: Set(self.state),
            goods_amount: Set(Vnd(self.goods())),
            delivery_amount: Set(Vnd(FEE)),
            total_amount: Set(Vnd(self.goods() + FEE)),
            currency: Set(Vnd::CURRENCY.to_owned()),
            delivery_method: Set(DeliveryMethod::Delivery),
            recipient: Set(super::data::BUYER.1.to_owned()),
            phone: Set("+84912345678".to_owned()),
            street: Set(Some("12 phố Hàng Bông".to_owned())),
            commune_code: Set(Some("00070".to_owned())),
            note: Set(None),
            placed_at: Set(self.placed_at),
            respond_by: Set((self.state == OrderState::Placed).then_some(self.placed_at + Duration::days(3))),
            delivered_at: Set(self.delivered().then_some(self.placed_at + Duration::hours(40))),
            updated_at: Set(self.placed_at),
            contract_id: NotSet,
            deposit_amount: NotSet,
            penalty_amount: NotSet,
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
        }
    }

    fn line_row(&self) -> order_line::ActiveModel {
        let (offer, product, _, good, pack) = self.sold;
        order_line::ActiveModel {
            id: Set(OrderLineId::new()),
            order_id: Set(self.id),
            offer_id: Set(*offer),
            product_id: Set(*product),
            sku: Set(pack.sku.to_owned()),
            name_vi: Set(good.vi.to_owned()),
            name_en: Set(good.en.to_owned()),
            pack_vi: Set(pack.vi.to_owned()),
            pack_en: Set(pack.en.to_owned()),
            quantity: Set(self.quantity),
            unit_amount: Set(Vnd(pack.price)),
            total_amount: Set(Vnd(self.goods())),
            weight_g: Set(pack.weight_g * self.quantity),
            discount_amount: Set(Vnd::ZERO),
            platform_discount_amount: Set(Vnd::ZERO),
            discounts: Set(serde_json::json!([])),
            commission_amount: Set(Vnd::ZERO),
            commissions: Set(serde_json::json!([])),
            refunded_amount: Set(Vnd::ZERO),
        }
    }

    fn reservation_row(&self) -> reservation::ActiveModel {
        reservation::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(self.id),
            offer_id: Set(self.sold.0),
            quantity: Set(self.quantity),
            state: Set(if self.packed() { ReservationState::Taken } else { ReservationState::Held }),
            created_at: Set(self.placed_at),
            expires_at: Set(None),
        }
    }

    /// The steps it took, eight hours each.
    fn event_rows(&self) -> Vec<order_event::ActiveModel> {
        let road = road(self.state);
        let row = |(step, to): (i64, &OrderState)| order_event::ActiveModel {
            id: Set(RowId::new()),
            order_id: Set(self.id),
            from_state: Set(usize::try_from(step - 1).ok().map(|before| road[before])),
            to_state: Set(*to),
            actor_kind: Set(if step == 0 { OrderActor::Buyer } else { OrderActor::Seller }),
            actor_id: Set(None),
            reason: Set(None),
            reason_code: Set(None),
            at: Set(self.placed_at + Duration::hours(step * 8)),
        };
        (0_i64..).zip(&road).map(row).collect()
    }

    fn sale_row(&self) -> Option<stock_movement::ActiveModel> {
        self.packed().then(|| stock_movement::ActiveModel {
            id: Set(RowId::new()),
            offer_id: Set(self.sold.0),
            kind: Set(MovementKind::Sale),
            quantity: Set(-self.quantity),
            order_id: Set(Some(self.id)),
            lot_id: Set(None),
            note: Set(None),
            actor_id: Set(None),
            at: Set(self.placed_at + Duration::hours(16)),
        })
    }
}
