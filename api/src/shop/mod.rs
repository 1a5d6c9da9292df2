//! What cooperatives offer and how much there is of it.
//!
//! - `catalogue`: what is on sale, as the public reads and searches it; held in memory, followed by the outbox.
//! - `delivery`: what a cooperative asks for bringing goods, and where they are collected.
//! - `favourites`: what buyers keep an eye on, and are told of.
//! - `inventory`: lots, stock, reservations, forecasts; the last box is sold once.
//! - `promotion`: codes and discounts. `reviews`: what buyers say.
//! - `selling`: how cooperatives apply, who works there, their listings, prices and sheets.

pub mod catalogue;
pub mod delivery;
pub mod favourites;
pub mod inventory;
pub mod promotion;
pub mod reviews;
pub mod selling;
