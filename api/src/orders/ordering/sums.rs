//! What lines ask for, and why one cannot have it.

use std::collections::HashMap;
use std::sync::Arc;

use entity::value::OfferId;
use time::Date;

use super::known::Offer;
use super::rules::{MAX_QUANTITY, quantity_fits};
use crate::platform::problem::Problem;

/// What a line asks for: an offer, how much, and whether before its harvest.
pub type Sum = (OfferId, i64, bool);

pub fn not_on_sale(pointer: &str) -> Problem {
    Problem::field(format!("{pointer}/offer_id"), "offer", "không có bán mặt hàng này", "this is not on sale")
}

pub fn wrong_quantity(pointer: &str, min: i64, step: i64) -> Problem {
    Problem::field(
        format!("{pointer}/quantity"),
        "quantity",
        format!("mua ít nhất {min}, thêm từng {step}, nhiều nhất {MAX_QUANTITY}"),
        format!("at least {min}, in steps of {step}, at most {MAX_QUANTITY}"),
    )
}

/// Refuses what is not on sale from stock, and quantities that cannot be bought, by what is known of the offers.
pub fn check_known(
    found: &HashMap<OfferId, Arc<Offer>>,
    sums: &[Sum],
    pointer: &str,
    today: Date,
) -> Result<(), Problem> {
    for (offer, quantity, _) in sums {
        let known = found.get(offer).filter(|offer| offer.on_sale(today)).ok_or_else(|| not_on_sale(pointer))?;
        if !quantity_fits(*quantity, known.min_quantity, known.step_quantity) {
            return Err(wrong_quantity(pointer, known.min_quantity, known.step_quantity));
        }
    }
    Ok(())
}
