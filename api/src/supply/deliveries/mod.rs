//! What contracts bring, from the signature to the last đồng.
//!
//! A contract that is proposed plans its deliveries (`signing`); when the cooperative signs, each becomes an order whose goods are promised
//! of the shelf and of harvests to come (`packs`), the same rows the shop promises. Days change by agreement only (`changes`). What arrives
//! is weighed and graded by the buyer and agreed to by the cooperative (`acceptance`, `grades`, `paper`); then the order costs what was accepted, what
//! was missing or late and a part of the deposit are set off (`rules`), and the rest is billed (`settle`). Silence is agreement after some
//! days (`clerk`, which also reminds).

mod acceptance;
mod changes;
mod clerk;
pub mod grades;
mod packs;
mod paper;
mod reading;
pub mod rules;
mod settle;
mod signing;
mod view;
pub mod words;

pub use acceptance::{
    ANSWER_DAYS, AcceptanceAnswer, AcceptanceRecord, answer as answer_acceptance, bought, photo, sold, write as weigh,
};
pub use changes::{ChangeAnswer, ChangeProposal, Side, answer as answer_change, propose as propose_change};
pub use clerk::Clerk;
pub use packs::{Pack, packs_of, there};
pub use paper::{buyers_record, sellers_record};
pub use reading::{PaidBill, choose, of_cooperative, paid_bill, to_agree};
pub use signing::{Planned, brought, plan, sign};
pub use view::{Delivery, of_request};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(reading::list_request_deliveries)
        .service(reading::list_supply_deliveries)
        .service(reading::answer_delivery_shortfall)
        .service(acceptance::put_acceptance)
        .service(acceptance::upload_delivery_photo)
        .service(acceptance::answer_acceptance)
        .service(paper::download_buyers_record)
        .service(paper::download_sellers_record)
        .service(changes::propose_buyers_change)
        .service(changes::answer_sellers_change)
        .service(changes::propose_sellers_change)
        .service(changes::answer_buyers_change);
}
