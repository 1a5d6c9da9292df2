//! Terms of the market that its people may change while it runs. The configuration says how they begin, a row of `market_term`
//! what holds now; every node asks for the rows once a second. What was agreed before keeps its dates: they are written into
//! orders, disputes and payouts as those begin.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use entity::market_term;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use super::Config;
use crate::platform::background::Stop;
use crate::platform::db::Db;

const PERIOD: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Minutes,
    Hours,
    Days,
    /// Đồng
    Vnd,
    Times,
}

/// A term, and what may be said of it.
pub struct Term {
    pub name: &'static str,
    pub unit: Unit,
    /// No less, no more.
    pub bounds: (i64, i64),
    /// What it is, in Vietnamese and English.
    pub what: (&'static str, &'static str),
    pub get: fn(&Terms) -> i64,
    set: fn(&mut Terms, i64),
}

macro_rules! terms {
    ($($name:ident: $type:ty, $unit:ident, $least:literal..=$most:literal, $vi:literal, $en:literal;)*) => {
        /// The terms that hold at a moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Terms { $(pub $name: $type,)* }

        pub const TERMS: &[Term] = &[$(Term {
            name: stringify!($name),
            unit: Unit::$unit,
            bounds: ($least, $most),
            what: ($vi, $en),
            get: |terms| terms.$name.into(),
            // Out of bounds is no row of ours; what held goes on then.
            set: |terms, value| terms.$name = <$type>::try_from(value).unwrap_or(terms.$name),
        },)*];

        impl Terms {
            fn at_first(config: &Config) -> Self {
                Self { $($name: config.$name,)* }
            }
        }
    };
}

terms! {
    order_response_hours: u32, Hours, 1..=168, "Hợp tác xã phải trả lời đơn trong", "A cooperative answers an order within";
    payment_minutes: u32, Minutes, 5..=1_440, "Chờ khách trả qua cổng thanh toán", "A payment by gateway is waited for";
    bank_transfer_hours: u32, Hours, 1..=168, "Chờ khách chuyển khoản", "A bank transfer is waited for";
    order_completion_days: u32, Days, 1..=60, "Đơn đã giao được coi là xong sau", "A delivered order counts as completed after";
    dispute_days: u32, Days, 1..=60, "Hai bên gửi chứng cứ khiếu nại trong", "Both sides of a dispute bring evidence within";
    refund_approval_above: i64, Vnd, 0..=100_000_000, "Hoàn tiền trên mức này cần người thứ hai duyệt", "Refunds above this need a second person";
    payout_hold_days: u32, Days, 0..=60, "Tiền bán hàng giữ lại sau khi giao", "Earnings are held after delivery for";
    payout_minimum: i64, Vnd, 0..=100_000_000, "Mỗi lần chi trả ít nhất", "A payout is at least";
    attribution_days: u32, Days, 1..=90, "Khách do đối tác đưa đến được tính trong", "A visitor counts for the partner who brought them for";
    texts_per_number: u32, Times, 1..=100, "Tin nhắn tới một số điện thoại mỗi ngày, nhiều nhất", "Text messages to one number a day, at most";
    texts_per_day: u32, Times, 1..=1_000_000, "Tin nhắn mỗi ngày, tất cả, nhiều nhất", "Text messages a day in all, at most";
}

/// What holds now, the same for everything of a process.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<ArcSwap<Terms>>);

impl Config {
    /// The terms that hold now.
    pub fn terms(&self) -> Terms {
        **self.live.0.load()
    }

    pub(super) fn begin_terms(&self) {
        self.live.0.store(Arc::new(Terms::at_first(self)));
    }

    /// What a term is unless an administrator says otherwise.
    pub fn term_at_first(&self, term: &Term) -> i64 {
        (term.get)(&Terms::at_first(self))
    }

    /// Reads what the platform's people have set.
    pub async fn read_terms(&self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        let mut terms = Terms::at_first(self);
        for row in market_term::Entity::find().all(connection).await? {
            if let Some(term) = TERMS.iter().find(|term| term.name == row.name) {
                (term.set)(&mut terms, row.value.clamp(term.bounds.0, term.bounds.1));
            }
        }
        self.live.0.store(Arc::new(terms));
        Ok(())
    }

    /// Keeps to what is set, on whichever node.
    pub async fn follow_terms(&self, db: Db, stop: Stop) {
        while stop.pause(PERIOD).await {
            if let Err(error) = self.read_terms(db.fresh()).await {
                tracing::warn!(%error, "the market's terms could not be read; trying again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_written_where_it_is_read() {
        let mut terms = Terms::default();
        for (index, term) in (1..).zip(TERMS) {
            (term.set)(&mut terms, index);
            assert_eq!((term.get)(&terms), index, "{}", term.name);
            assert!(term.bounds.0 < term.bounds.1 && term.what.0 != term.what.1, "{}", term.name);
        }
        for (index, term) in (1..).zip(TERMS) {
            assert_eq!((term.get)(&terms), index, "{} is a field of its own", term.name);
        }
    }
}
