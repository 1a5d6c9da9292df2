//! Cold rooms and processing, offered by whoever has them.
//!
//! A cooperative or a tourism partner offers a room (`rooms`); others book kilograms of it for some days (`bookings`), never more than it holds. What goes in
//! and comes out is told by lot, as events, and lots keep as the product's rules for that kind of store say (`moves`). Who processes
//! another's goods offers a price, and what it comes to is shared among the households whose lots went in (`processing`). What it costs is
//! booked between the two (`books`, `clerk`).

mod agreement;
mod bookings;
mod books;
mod clerk;
mod keeper;
mod moves;
mod processing;
mod rooms;

pub use agreement::check;
pub use bookings::{BookingInput, ColdBooking, book, bookings_in, bookings_of, cancel};
pub use clerk::Clerk;
pub use keeper::Keeper;
pub use moves::{ColdMoveInput, LotToMove, bring, lots_to_move};
pub use processing::{
    ProcessingInput, ProcessingOrder, ProcessingPart, ProcessingStep, ask, find as processing_of, makers, step,
};
pub use rooms::{
    ColdRoom, FreeRoom, RoomInput, RoomSearch, change as change_room, create as create_room, own as rooms_of, search,
};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(rooms::search_cold_rooms)
        .service(rooms::list_cold_rooms)
        .service(rooms::create_cold_room)
        .service(rooms::change_cold_room)
        .service(bookings::list_cold_bookings)
        .service(bookings::list_room_bookings)
        .service(bookings::book_cold_room)
        .service(bookings::cancel_cold_booking)
        .service(moves::list_cold_moves)
        .service(moves::move_cold_goods)
        .service(rooms::list_partner_rooms)
        .service(rooms::create_partner_room)
        .service(rooms::change_partner_room)
        .service(bookings::list_partner_room_bookings)
        .service(moves::list_partner_moves)
        .service(moves::move_partner_goods)
        .service(processing::list_processing_orders)
        .service(processing::ask_for_processing)
        .service(processing::step_processing_order);
}
