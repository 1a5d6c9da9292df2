//! What somebody typed and probably did not mean: pure.

use entity::value::Vnd;

use crate::platform::i18n::Text;

/// Nothing on the market costs less than this many đồng: somebody left the thousands out.
const CHEAP: i64 = 1_000;
/// So many times more, or less, than before.
const FAR: i64 = 5;

/// Why a price looks like a slip, if it does: it is taken once a person says that it is meant so.
pub fn price_doubt(price: i64, before: Option<i64>) -> Option<Text> {
    let shown = Vnd(price);
    if let Some(before) = before.filter(|before| *before > 0)
        && (price / FAR >= before || before / FAR >= price)
    {
        let before = Vnd(before);
        return Some(Text::new(
            format!("giá {shown} khác xa giá cũ {before}: hãy xác nhận nếu đúng"),
            format!("the price of {shown} is far from the old {before}: confirm it if it is meant"),
        ));
    }
    (price < CHEAP && before != Some(price)).then(|| {
        Text::new(
            format!("giá {shown} thấp bất thường: hãy xác nhận nếu đúng"),
            format!("a price of {shown} is unusually low: confirm it if it is meant"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_or_cheap_is_doubted_and_what_stays_is_not() {
        assert!(price_doubt(250, None).is_some() && price_doubt(250, Some(250_000)).is_some());
        assert!(price_doubt(1_250_000, Some(250_000)).is_some() && price_doubt(50_000, Some(250_000)).is_some());
        assert!(price_doubt(51_000, Some(250_000)).is_none() && price_doubt(1_240_000, Some(250_000)).is_none());
        assert!(price_doubt(1_000, None).is_none() && price_doubt(500, Some(500)).is_none());
        assert!(price_doubt(i64::MAX, Some(i64::MAX)).is_none());
    }
}
