//! Who brought the buyer: a partner's link clicked, its poster scanned, its code typed.
//!
//! A click is a row here and a signed token with the guest, good for some days; no cookie of a third party is involved. A
//! basket keeps the last click it came by, a checkout asks whether that click still counts, and its orders carry the partner.
//! What the partner earns is a matter of the books (`ledger`), what it shows of partners (`tourism`).

pub mod rules;
mod store;

pub use rules::Signer;
pub use store::{Brought, NewClick, brought, has_code, mint, partner_of_click, resolve_code};

use crate::platform::retention::Over;
use crate::shop::catalogue::view::Bilingual;

/// What is forgotten, and after how many days: a click that brought nothing.
pub const OVER: &[Over] = &[Over::new(
    "clicks",
    ("lượt bấm từ đối tác không dẫn tới đơn nào", "clicks from partners that led to no order"),
    (400, 60),
    &["DELETE FROM click WHERE at < $1
         AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.click_id = click.id)
         AND NOT EXISTS (SELECT 1 FROM cart c WHERE c.click_id = click.id)"],
)];

/// What buyers must be told where a partner earns by their purchase (e-commerce law 122/2025/QH15 on affiliate selling).
pub fn disclosure(partner: &str) -> Bilingual {
    Bilingual {
        vi: format!("{partner} giới thiệu và nhận hoa hồng khi bạn mua; giá của bạn không đổi."),
        en: format!("{partner} recommended this and earns a commission when you buy; your price stays the same."),
    }
}
