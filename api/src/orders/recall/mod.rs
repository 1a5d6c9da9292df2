//! Taking lots back: voluntarily by the cooperative, or because an officer's decision orders it (Circular 17/2021/TT-BNNPTNT).
//!
//! Raising a recall (`raise`) is one transaction: the lots are chosen (`choose`) by code, plot, day or plant-protection
//! product, with all that was made of them; what is unsold is blocked, so that baskets and feeds drop it; orders that are
//! packed and have not left are stopped; and a notice is owed to every buyer, to the reception where a box waits, and to the
//! cooperative of every lot that was made of it. Who has confirmed is a list of tasks (`tasks`); what was paid goes back with one
//! press; of every lot it is written what became of it (`outcome`). The report for the authority (`report`) counts the events
//! of the lots: what was made is what is here, gone out, used up and destroyed.

mod choose;
mod outcome;
mod personal;
mod raise;
mod report;
mod routes;
mod store;
mod tasks;

pub use choose::Chosen;
pub use outcome::{OutcomeInput, settle};
pub use personal::PERSONAL;
pub use raise::{NewRecall, raise};
pub use report::{RecallReportFormat, answer};
pub use routes::RecallView;
pub use store::{BuyerRecall, Recall, find, find_all, of_order, show};
pub use tasks::{NoticeConfirmation, confirm, confirm_as_buyer, notices, refund_all};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::list_recalls)
        .service(routes::create_recall)
        .service(routes::show_recall)
        .service(routes::list_notices)
        .service(routes::confirm_notice)
        .service(routes::refund_recall)
        .service(routes::settle_lot)
        .service(report::show_report)
        .service(routes::list_order_recalls)
        .service(routes::confirm_order_recall)
        .service(routes::order_recall)
        .service(routes::list_all_recalls);
}
