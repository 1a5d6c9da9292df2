//! Money that comes in and goes back.
//!
//! A purchase over several cooperatives is paid once, by whichever of the offered ways (`provider`, one file each) the buyer
//! takes; an attempt that fails may be followed by another (`attempts`). What providers and banks report is kept as it came
//! (`callbacks`, `bank_feed`) and applied in one transaction (`settle`): the amount must agree to the đồng, a second or late
//! message changes nothing, money that came too late or twice goes back by itself. What nobody reports is asked for
//! (`worker`). Bills of contracts (`bills`) wait for their transfer, and settle one order or make a deposit. Refunds are asked for and decided (`refunds`), and sent once
//! (`refund_sending`). What does not match waits for a person (`reconciliation`, `settlements`).

mod attempts;
mod bank_feed;
pub mod bills;
mod callbacks;
mod cash;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod momo;
mod personal;
mod provider;
mod providers;
mod reconciliation;
mod refund_sending;
mod refunds;
pub mod rules;
mod settle;
mod settlements;
mod unmatched;
pub mod vietqr;
mod vnpay;
mod worker;
mod zalopay;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
pub use attempts::{begin as begin_payment, standing as standing_payment};
pub use callbacks::PAYING;
pub use personal::{HOLDS, PERSONAL};
pub use provider::{Charge, PaymentAction};
pub use providers::Providers;
pub use reconciliation::{QueueQuery, ResolutionInput, proposals, queue_of, settle_item};
pub use refunds::{NewRefund, RefundDecision, RefundQuery, all_refunds, give_back, judge_refund};
pub use settle::Till;
pub use settlements::{SettlementSource, all_settlements, book as book_settlement};
pub use vnpay::Vnpay;

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "strange_notices",
    ("báo có không hợp lệ", "payment notices that were not good"),
    (30, 7),
    &["DELETE FROM payment_callback WHERE last_at < $1 AND outcome IN ('forged', 'unreadable', 'not_found')"],
)];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(attempts::create)
        .service(callbacks::bank_webhook)
        .service(callbacks::ipn_get)
        .service(callbacks::ipn_post)
        .service(callbacks::come_back)
        .service(attempts::show)
        .service(attempts::list_of_order)
        .service(refunds::list_refunds)
        .service(refunds::decide_refund)
        .service(refunds::refund_as_seller)
        .service(refunds::refund_as_platform)
        .service(refunds::refund_whole_purchase)
        .service(reconciliation::list_items)
        .service(reconciliation::resolve)
        .service(settlements::upload_settlement)
        .service(settlements::list_settlements);
}
