//! How much there is: on-hand, reserved, and the movements that explain them.
//!
//! Stock belongs to lots (`lots`): what was harvested together and expires together. Packing takes the lot that expires
//! first, and nothing is promised that would expire on its way. Harvests to come (`forecasts`) may be ordered before
//! (`preorders`).
//!
//! Stock moves by one conditional statement for all lines at once, rows locked in the order of their ids, never by
//! reading and then writing. A checkout reserves; packing takes (a `sale` movement); cancelling releases what was
//! reserved or puts back what was taken. `on_hand` equals the sum of an offer's movements, always.

pub mod amend;
pub mod forecasts;
pub mod harvest;
pub mod holding;
pub mod keeping;
mod lot_of_the_day;
pub mod lots;
mod moves;
pub mod opening;
pub mod preorders;
mod routes;
pub mod rules;
mod store;
mod transform;

pub use moves::{Packing, Pick, SentOut, put_back, record, release, restock, send_out, take};
pub use routes::{NewMovement, StockItem, one_of, receive, receive_within, running_low, stock_of};
pub use store::{
    BELOW_RESERVED, Outcome, Wanted, check, held, level, lock, lots_of, open_lots, reserve, reserve_again,
    reserve_parts, sellable,
};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::list)
        .service(routes::movements)
        .service(routes::record_movement)
        .service(lots::list_lots)
        .service(lots::show_lot)
        .service(harvest::create_lot)
        .service(lots::update_lot)
        .service(lots::write_off)
        .service(keeping::list_shelf_lives)
        .service(keeping::replace_shelf_lives)
        .service(amend::observe_lot)
        .service(amend::declare_error)
        .service(forecasts::list_forecasts)
        .service(forecasts::create_forecast)
        .service(forecasts::update_forecast);
}
