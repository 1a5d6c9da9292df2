//! Getting goods to people: what is to be done today, parcels, papers, carriers, collection.
//!
//! An order is packed (`ordering`), put into one or several parcels, and each parcel handed over: to a carrier behind the
//! trait in `carrier`, to the cooperative's own rider, or to the buyer who shows the collection code. The order moves when
//! its parcels have moved. What carriers report comes by webhook, is kept raw, and moves parcels only forward (`rules`).

pub mod carrier;
mod carriers;
mod contracts;
mod faults;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod ghn;
mod ghtk;
mod orders;
mod papers;
mod parcels;
mod personal;
mod queue;
pub mod rules;
mod viettel_post;
mod webhook;
mod worker;

use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
pub use carriers::Carriers;
pub use orders::{BulkAction, WRONG_CODE, bulk, collect_order, deliver_whole, ship_whole};
pub use papers::{delivery_note, parcel_label};
pub use parcels::{
    NewParcel, ParcelStep, ParcelView, create as create_parcel, of_order as parcels_of, settle, take_step,
};
pub use personal::PERSONAL;
pub use queue::{OrderBrief, PackList, Queue, pack_list, today};

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("carrier_account", "token")];
pub use worker::{Booker, CancelParcels};

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(queue::show_queue)
        .service(queue::show_pack_list)
        .service(orders::ship)
        .service(orders::deliver)
        .service(orders::collect)
        .service(orders::bulk_orders)
        .service(parcels::list_parcels)
        .service(parcels::list_for_buyer)
        .service(parcels::create_parcel)
        .service(parcels::step_parcel)
        .service(papers::show_delivery_note)
        .service(papers::show_label)
        .service(contracts::list_contracts)
        .service(contracts::put_contract)
        .service(contracts::delete_contract)
        .service(webhook::receive);
}
