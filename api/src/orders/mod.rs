//! From a basket to goods in somebody's hands, and back.
//!
//! - `attribution`: who brought the buyer.
//! - `ordering`: baskets, quotes, checkout, the order and its states, returns.
//! - `fulfilment`: packing, parcels, carriers, the papers that go with them.
//! - `dispute`: when buyer and seller do not agree. `recall`: taking lots back from the market. `reports`: what was sold, by Vietnam's day.
//!
//! Every step posts to the books (`ledger`, below) in its own transaction; paying (`money`, above) calls steps here.

pub mod attribution;
pub mod dispute;
pub mod fulfilment;
pub mod ordering;
pub mod recall;
pub mod reports;
