//! The states of a payment, and the pauses between questions: pure.

use entity::value::PaymentState;

/// What a provider says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Paid,
    /// Held for us, not ours yet.
    Authorised,
    /// Not settled: ask again.
    Pending,
    Failed(String),
    Expired,
}

/// Where a verdict takes a payment, or `None` if it changes nothing. In whatever order verdicts come, paid is paid: a
/// success after a failure or after the time is over counts, a failure after a success does not.
pub fn next(from: PaymentState, verdict: &Verdict) -> Option<PaymentState> {
    use PaymentState as S;
    let open = matches!(from, S::Pending | S::Unknown | S::Authorised);
    match verdict {
        Verdict::Paid if open || matches!(from, S::Failed | S::Expired) => Some(S::Captured),
        Verdict::Authorised if matches!(from, S::Pending | S::Unknown | S::Failed | S::Expired) => Some(S::Authorised),
        Verdict::Failed(_) if open => Some(S::Failed),
        Verdict::Expired if open => Some(S::Expired),
        Verdict::Pending if from == S::Unknown => Some(S::Pending),
        _ => None,
    }
}

/// Seconds until a payment or refund whose outcome is not known is asked for again: a minute, doubling up to three hours; none
/// once a person has to look, after about two days.
pub fn pause(questions: i32) -> Option<i64> {
    if questions > 22 {
        return None;
    }
    Some(60_i64.saturating_mul(1 << questions.clamp(0, 8)).min(3 * 3600))
}

/// The payment codes in the text of a transfer. Banks upper-case it, and add and drop spaces and signs.
pub fn codes_in(text: &str) -> Vec<String> {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let mut found = Vec::new();
    for (start, _) in plain.match_indices(PREFIX) {
        if let Some(code) = plain.get(start..start + LENGTH)
            && code[2..8].bytes().all(|byte| byte.is_ascii_digit())
        {
            found.push(code.to_owned());
        }
    }
    found
}

/// Every reference of a payment begins so.
pub const PREFIX: &str = "TT";
/// Prefix, six digits of the day, ten random characters.
const LENGTH: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verdict() -> impl Strategy<Value = Verdict> {
        prop_oneof![
            Just(Verdict::Paid),
            Just(Verdict::Authorised),
            Just(Verdict::Pending),
            Just(Verdict::Failed("no".to_owned())),
            Just(Verdict::Expired),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        #[test]
        fn in_any_order_a_payment_is_captured_once_and_stays_so(verdicts in prop::collection::vec(verdict(), 0..12)) {
            let (mut state, mut captures) = (PaymentState::Pending, 0);
            for verdict in &verdicts {
                if let Some(to) = next(state, verdict) {
                    captures += i32::from(to == PaymentState::Captured);
                    state = to;
                }
            }
            let paid = verdicts.contains(&Verdict::Paid);
            prop_assert_eq!(captures, i32::from(paid));
            prop_assert_eq!(state == PaymentState::Captured, paid);
        }
    }

    #[test]
    fn codes_are_found_in_what_banks_make_of_them() {
        let code = "TT261124K7MPXQ2RSW";
        for text in [
            "TT261124K7MPXQ2RSW",
            "tt261124k7mpxq2rsw",
            "MBVCB.123.TT261124 K7MPXQ 2RSW.CT tu 0123",
            "NGUYEN THI LAN chuyen tien TT-261124-K7MPXQ2RSW-GD 9",
            "ATT TT261124K7MPXQ2RSW",
        ] {
            assert!(codes_in(text).contains(&code.to_owned()), "{text}: {:?}", codes_in(text));
        }
        assert!(codes_in("tien cam").is_empty());
    }
}
