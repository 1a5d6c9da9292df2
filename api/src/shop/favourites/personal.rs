//! What somebody likes.

use crate::platform::personal::{Record, moment, said, yes};

pub const PERSONAL: &[Record] = &[Record::forgotten(
    "favourite",
    ("Sản phẩm yêu thích", "Favourites"),
    "account_id = :account",
    &[
        said("product", "(SELECT p.name_vi FROM product p WHERE p.id = product_id)"),
        yes("notify"),
        moment("told_at"),
        moment("created_at"),
    ],
)];
