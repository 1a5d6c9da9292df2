//! Rows of goods that begin to be counted.

use entity::value::{AccountId, CooperativeId, LotId, LotState, MovementKind, OfferId, ProductId, RowId};
use entity::{lot, lot_stock, stock, stock_movement, trace_event, trace_item};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Set};
use time::{Date, OffsetDateTime};

use crate::ocop::traceability::events::{self, Item};

/// How much there is of a new offer.
pub fn stock(offer: OfferId, on_hand: i64, now: OffsetDateTime) -> stock::ActiveModel {
    stock::ActiveModel {
        offer_id: Set(offer),
        on_hand: Set(on_hand),
        reserved: Set(0),
        version: Set(1),
        updated_at: Set(now),
    }
}

/// A new offer, of which there is nothing yet.
pub async fn none_of(connection: &impl ConnectionTrait, offer: OfferId, now: OffsetDateTime) -> Result<(), DbErr> {
    stock::Entity::insert(stock(offer, 0, now)).exec_without_returning(connection).await?;
    Ok(())
}

/// What was counted of new goods, in a lot of its own.
pub struct Opening {
    pub cooperative: CooperativeId,
    pub product: ProductId,
    pub offer: OfferId,
    /// Of the lot.
    pub code: String,
    pub harvested_on: Date,
    pub expires_on: Option<Date>,
    pub counted: i64,
    pub note: String,
    pub actor: AccountId,
}

/// The lot, what lies in it, and the receipt that explains it, as a movement and as an event.
pub struct Rows {
    pub lot: lot::ActiveModel,
    pub content: lot_stock::ActiveModel,
    pub movement: stock_movement::ActiveModel,
    pub event: trace_event::ActiveModel,
    pub items: Vec<trace_item::ActiveModel>,
}

impl Opening {
    pub fn rows(self, now: OffsetDateTime) -> Rows {
        let id = LotId::new();
        let content = lot_stock::ActiveModel { lot_id: Set(id), offer_id: Set(self.offer), on_hand: Set(self.counted) };
        let movement = stock_movement::ActiveModel {
            id: Set(RowId::new()),
            offer_id: Set(self.offer),
            kind: Set(MovementKind::Receipt),
            quantity: Set(self.counted),
            order_id: Set(None),
            lot_id: Set(Some(id)),
            note: Set(Some(self.note.clone())),
            actor_id: Set(Some(self.actor)),
            at: Set(now),
        };
        let lot = lot::ActiveModel {
            storage: Set(None),
            kept_from_c: Set(None),
            kept_to_c: Set(None),
            id: Set(id),
            cooperative_id: Set(self.cooperative),
            product_id: Set(self.product),
            code: Set(self.code),
            harvested_on: Set(self.harvested_on),
            expires_on: Set(self.expires_on),
            created_at: Set(now),
            state: Set(LotState::Good),
            plot: Set(None),
            household: Set(None),
            note: Set(Some(self.note)),
            forecast_id: Set(None),
            wait_reason: Set(None),
        };
        let item = Item::moved(id, self.offer, self.counted);
        let (event, items) = events::opening(&movement, self.cooperative, item, now);
        Rows { lot, content, movement, event, items }
    }
}
