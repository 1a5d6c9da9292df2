//! Supply in quantity: what no cooperative fills alone, several do together.
//!
//! - `share`: who supplies how much in which window; a pure function with reasons.
//! - `buyers`: organisations that buy: legal facts, people, places goods go to, credit.
//! - `deliveries`: what contracts bring: promised, weighed on arrival, settled.
//! - `storage`: cold rooms and processing, offered by whoever has them.
//! - `export`: goods that are sold abroad: quotations, papers, money of other currencies.
//! - `wholesale`: goods without a request: own prices, quotations, orders of them.
//! - `requests`: what they ask for, what cooperatives offer, the shares, and the agreement to them.

pub mod buyers;
pub mod deliveries;
pub mod export;
pub mod requests;
pub mod share;
pub mod storage;
pub mod wholesale;
