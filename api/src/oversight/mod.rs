//! Oversight: what the platform's people see over everything, and nobody else does.
//!
//! What waits for a decision, with how many and how long (`to_do`); anything by number, phone, mail, code or name (`search`); who changed
//! what (`trail`); what is sold day by day (`figures`); who has which rights (`rights`); how long, how much and how
//! often, as the market's people set it (`terms`); the same as numbers for watchers (`gauges`). It reads what the slices below keep;
//! decisions are the slices' own.

mod gauges;

pub mod figures;
pub mod rights;
pub mod search;
pub mod terms;
pub mod to_do;
pub mod trail;

pub use gauges::Gauges;

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(to_do::list_tasks)
        .service(to_do::list_late_orders)
        .service(to_do::list_failures)
        .service(to_do::retry_failure)
        .service(search::search_everything)
        .service(trail::list_audit_entries)
        .service(figures::show_platform_figures)
        .service(rights::list_accounts)
        .service(rights::change_platform_role)
        .service(terms::list_terms)
        .service(terms::set_term);
}
