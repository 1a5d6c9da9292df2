//! Reasons as those who offered read them.

use super::{Reason, ShareRule};
use crate::platform::i18n::Text;

fn rule_words(rule: ShareRule) -> (&'static str, &'static str) {
    match rule {
        ShareRule::Cheapest => ("giá thấp trước", "the lowest price first"),
        ShareRule::FairByForecast => ("theo sản lượng dự báo", "by what is forecast"),
        ShareRule::Equal => ("chia đều", "equal shares"),
        ShareRule::ByHand => ("người mua chọn", "as the buyer chose"),
    }
}

/// Why a share is as it is.
pub fn reason(rule: ShareRule, reason: Reason) -> Text {
    let (vi, en) = rule_words(rule);
    match reason {
        Reason::All => {
            Text::new(format!("Lấy hết phần chào ({vi})"), format!("Everything that was offered is taken ({en})"))
        }
        Reason::Enough => {
            Text::new(format!("Đến lượt thì đã đủ hàng ({vi})"), format!("There was enough when the turn came ({en})"))
        }
        Reason::NotOffered => Text::new("Không chào cho đợt này", "Nothing was offered for this window"),
        Reason::NotThere => Text::new(
            "Đến đợt này chưa có đủ hàng theo kho và dự báo",
            "By stock and forecast it will not be there by then",
        ),
        Reason::BelowLot => Text::new("Ít hơn lô tối thiểu", "Less than the minimum lot"),
        Reason::ByHand => Text::new("Người mua chọn", "As the buyer chose"),
    }
}
