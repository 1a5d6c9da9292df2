//! Rights in personal data (law 91/2025/QH15, decree 356/2025/NĐ-CP): everything known of a person is told on request
//! (`known`) and forgotten on request (`erase`), books and invoices staying without a name; what is kept how long (`retention`); a
//! record of what leaked (`breaches`).
//!
//! Nothing here knows a table of others: every slice declares its own (`platform::personal`), `app.rs` hands them in.

mod breaches;
mod erase;
mod known;
mod retention;

pub use breaches::{Breach, BreachInput, all as all_breaches, change as change_breach, record as record_breach};
pub use erase::{Erasing, Shredder, erase_guest, erase_own, erased_since, held_back};
pub use known::{Known, of as known_of};
pub use retention::{RetentionRule, RuleInput, all as retention_rules, kept as kept_for, set as set_retention};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(known::show)
        .service(erase::erase)
        .service(retention::list)
        .service(retention::put)
        .service(breaches::list)
        .service(breaches::create)
        .service(breaches::update);
}
