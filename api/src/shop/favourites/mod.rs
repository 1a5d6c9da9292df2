//! What buyers keep an eye on: products they like, and a word when one can be had again or its season begins.
//!
//! `list` is the buyer's side; `watch` looks now and then at what is liked, and owes a notice for what changed for the better.
//! A notice is owed in the transaction that writes down what was seen, so that several nodes may look and one tells.

mod list;
mod personal;
mod watch;

pub use list::{Favourite, FavouriteInput, FavouriteList, forget, is_liked, keep, liked};
pub use personal::PERSONAL;
pub use watch::Watcher;

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config.service(list::list).service(list::put).service(list::delete);
}
