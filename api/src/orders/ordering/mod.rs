//! From a basket to a delivered box.
//!
//! A basket (`carts`) holds offers of several cooperatives. A quote (`quotes`) tells what it would cost, delivered where
//! the buyer says, and is kept; checkout (`checkout`) charges exactly that or refuses, telling line by line what changed.
//! What is on sale is known in memory (`known`), by versions that every write makes its condition: a guest's new basket is
//! one statement (`new_basket`), and so is buying what was just quoted (`quick`); whatever is not as it was quoted goes the
//! careful way of `checkout`. One checkout is one transaction: the basket is closed, stock reserved, one purchase with one
//! order per cooperative written, the events stored, the answer kept under the idempotency key. Orders then move through the
//! table of states in `rules`; every step is written with its actor and time (`steps`), and what it does to the order's money
//! (`sale`, `refunds`, which read how it stands by `standing`) is booked in the same transaction. What nobody answers expires
//! (`sweeper`). Orders of a contract (`agreed`) are promised when it is signed, and paid after they were accepted.

pub mod agreed;
mod cart_sources;
mod carts;
mod checkout;
mod holder;
mod known;
mod messages;
mod money;
mod new_basket;
mod orders;
mod personal;
mod photos;
mod purchase;
mod quick;
mod quoted;
mod quotes;
pub mod refunds;
mod returns;
pub mod rules;
pub mod sale;
pub mod seller;
mod shortfall;
mod standing;
mod steps;
mod store;
mod sums;
mod sweeper;
mod take_back;
mod view;
mod write_up;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
pub use cart_sources::{MergeOnSignIn, attribute};
pub use carts::{Cart, Item, put, set_quantity, view as cart_view};
pub use checkout::{Shop, place};
pub use holder::{Holder, held_basket, held_cart, open_basket};
pub use known::Known;
pub use messages::{Messages, read_talk, tell_all, write as write_message};
pub use money::{Due, due, hold};
pub use orders::{BuyersOrder, OrderQuery, Secret};
pub use personal::{HOLDS, MENTIONS, PERSONAL, PICTURES, ROOT, SETS, SUBJECTS};
pub use photos::keep_photo;
pub use purchase::{Checkout, ContactInput, Purchase};
pub use quotes::{Choice, Quote, QuoteRequest, make as make_quote};
pub use returns::{
    NewReturn, ReturnAnswer, ReturnDecision, ReturnQuery, ReturnView, ReturnedLine, ask as ask_return,
    decide as decide_return, find as find_returns, of_order as returns_of_order, returnable_until, take_back_request,
};
pub use rules::Action;
pub use shortfall::{ShortfallAnswer, ShortfallChoice, choose as answer_shortfall};
pub use steps::{By, GOODS_GONE, HARVEST_AWAITED, ORDER_STATE, Tools, order_within, read, step, step_within};
pub use store::{
    OrderForMail, OrderRow, Whose, arrived, leaders_of, lines_of, lock as lock_order, lock_for_parcels, open_cart_of,
    order_for_mail, order_list, orders_for_mail, pay_by,
};
pub use sweeper::Sweeper;
pub use take_back::take_back;
pub use view::{OrderView, views};
pub use write_up::{cash_reference, number};

/// What is sealed where it is stored: who has it sees the order.
pub const SEALED: &[SealedColumn] = &[("orders", "access_token")];

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[
    Over::new("quotes", ("báo giá", "quotes"), (1, 1), &["DELETE FROM quote WHERE expires_at < $1"]),
    Over::new(
        "carts",
        ("giỏ hàng của khách bỏ quên", "baskets that guests left behind"),
        (60, 7),
        &[
            "DELETE FROM cart_line WHERE cart_id IN
                 (SELECT id FROM cart WHERE state = 'open' AND account_id IS NULL AND updated_at < $1)",
            "DELETE FROM quote WHERE cart_id IN
                 (SELECT id FROM cart WHERE state = 'open' AND account_id IS NULL AND updated_at < $1)",
            "DELETE FROM cart WHERE state = 'open' AND account_id IS NULL AND updated_at < $1
               AND NOT EXISTS (SELECT 1 FROM cart_line l WHERE l.cart_id = cart.id)",
        ],
    ),
];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(carts::create)
        .service(carts::show)
        .service(carts::add_item)
        .service(carts::change_item)
        .service(carts::remove_item)
        .service(cart_sources::attribute_cart)
        .service(quotes::create)
        .service(checkout::create)
        .service(orders::list)
        .service(orders::show)
        .service(orders::cancel)
        .service(orders::complete)
        .service(seller::list)
        .service(seller::show)
        .service(seller::confirm)
        .service(seller::pack)
        .service(seller::cancel)
        .service(shortfall::answer)
        .service(photos::upload_photo)
        .service(messages::list_for_buyer)
        .service(messages::write_as_buyer)
        .service(messages::list_for_seller)
        .service(messages::write_as_seller)
        .service(returns::create)
        .service(returns::list_for_buyer)
        .service(returns::withdraw)
        .service(returns::list_for_seller)
        .service(returns::answer_return);
}
