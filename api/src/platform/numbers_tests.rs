use entity::value::Vnd;
use proptest::prelude::*;

use super::*;

/// `1250000` as it is shown, without the currency: `1.250.000`.
fn grouped(number: i64) -> String {
    Vnd(number).to_string().trim_end_matches(" ₫").to_owned()
}

fn en(result: Result<i64, Text>) -> String {
    result.map_or_else(|text| text.en.into_owned(), |number| number.to_string())
}

#[test]
fn amounts_are_read_as_people_write_them() {
    for (text, number) in [
        ("250k", 250_000),
        ("250 K", 250_000),
        ("250 nghìn", 250_000),
        ("250 nghìn đồng", 250_000),
        ("250 ngàn", 250_000),
        ("1,2 triệu", 1_200_000),
        ("1.2 triệu", 1_200_000),
        ("1tr2", 1_200_000),
        ("1tr250", 1_250_000),
        ("2 triệu rưỡi", 2_500_000),
        ("1 triệu 250 nghìn", 1_250_000),
        ("1 tỷ", 1_000_000_000),
        ("₫250.000", 250_000),
        ("250.000₫", 250_000),
        ("250.000 VND", 250_000),
        ("VND 250,000", 250_000),
        ("250.000,00", 250_000),
        ("250,000.00", 250_000),
        ("250000,00", 250_000),
        ("1 250 000 đ", 1_250_000),
        ("1\u{a0}250\u{202f}000", 1_250_000),
        ("２５０.０００", 250_000),
        ("250", 250),
        ("0", 0),
    ] {
        assert_eq!(en(amount(text)), number.to_string(), "{text}");
    }
}

#[test]
fn what_is_left_over_is_never_passed_over() {
    for text in [
        "",
        "k",
        "250kk",
        "250 kg",
        "250k/hộp",
        "250 - 300",
        "khoảng 250k",
        "250.00.0",
        "12.34.567",
        "2,5",
        "1.5",
        "-3",
        "250k 300k",
        "1.250k",
        "250.000.5",
        "0.250",
        "đ",
        "đ250đ",
        "1 nghìn 2 triệu",
        "1e5",
        "٢٥",
        "99999999999999999999",
        "250.000 đ mỗi hộp",
        "250?",
        "250k2500",
        "1,2,3",
    ] {
        assert!(amount(text).is_err(), "{text} was read as {:?}", amount(text).ok());
    }
    assert!(en(amount("250k/hộp")).contains("/hộp"));
    assert!(en(amount("1.250k")).contains("two ways"));
    assert_eq!(en(signed_amount("-1.250.000 ₫")), "-1250000");
    assert_eq!((en(change("−1")), en(change("+10"))), ("-1".to_owned(), "10".to_owned()));
}

#[test]
fn weights_are_read_with_their_unit() {
    for (text, grams) in [
        ("1 kg", 1_000),
        ("0,5 kg", 500),
        ("0.5kg", 500),
        ("0,250 kg", 250),
        ("1.5 ký", 1_500),
        ("500 g", 500),
        ("500gr", 500),
        ("2 lạng", 200),
        ("2 lạng rưỡi", 250),
        ("1kg2", 1_200),
        ("1 kg 200 g", 1_200),
        ("1 yến", 10_000),
        ("1 tạ", 100_000),
        ("1 tấn", 1_000_000),
        ("6500", 6_500),
        ("6.500", 6_500),
        ("1.500 g", 1_500),
    ] {
        assert_eq!(en(weight(text)), grams.to_string(), "{text}");
    }
    // A dozen (tá) is no quintal (tạ); a lone mark before kilograms could be both.
    for text in ["1 tá", "1 ta", "1.500 kg", "0,5", "1 lít", "0,0005 kg", "kg", "1 kg 2 kg", "500 g g", "-1 kg"] {
        assert!(weight(text).is_err(), "{text} was read as {:?}", weight(text).ok());
    }
}

#[test]
fn counts_days_and_months() {
    assert_eq!((en(count("1.000")), en(count("12"))), ("1000".to_owned(), "12".to_owned()));
    assert!(count("10 hộp").is_err() && count("1,5").is_err());
    assert_eq!((en(days("10 ngày")), en(days("10"))), ("10".to_owned(), "10".to_owned()));
    assert!(days("2 tháng").is_err());
    for text in ["11", "tháng 11", "Tháng 11", "T11", "thang 11"] {
        assert_eq!(month(text).ok(), Some(11), "{text}");
    }
    assert!(month("13").is_err() && month("tháng giêng").is_err());
}

#[test]
fn days_are_read_as_people_write_them() {
    let right = time::macros::date!(2026 - 11 - 04);
    for text in ["04/11/2026", "4/11/2026", " 4-11-2026 ", "4.11.2026", "4 / 11 / 2026", "2026-11-04"] {
        assert_eq!(date(text).ok(), Some(right), "{text}");
    }
    for text in [
        "",
        "4/11",
        "4/11/26",
        "31/02/2026",
        "11/24/2026",
        "04-11-2026x",
        "0/1/2026",
        "2026-13-01",
        "hôm nay",
        "4/11/2026/1",
    ] {
        assert!(date(text).is_err(), "{text}");
    }
}

/// An independent reading of plain numbers: digits with well-formed groups and nothing else.
fn plainly(text: &str) -> Option<i64> {
    let text = text.trim();
    let ok = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if ok { text.parse().ok() } else { None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn printing_and_reading_again_is_the_identity(number in 0_i64..=1_000_000_000_000_000) {
        for written in [
            number.to_string(), grouped(number), Vnd(number).to_string(), format!("₫{number}"),
            grouped(number).replace('.', ","), grouped(number).replace('.', " "), format!("{},00", grouped(number)),
        ] {
            // `1.250,00` and the like; only a group-less `250,00` would be read the same too.
            prop_assert_eq!(amount(&written).ok(), Some(number), "{}", written);
        }
        prop_assert_eq!(count(&grouped(number)).ok(), Some(number));
        prop_assert_eq!(weight(&format!("{} g", grouped(number))).ok(), Some(number));
        prop_assert_eq!(signed_amount(&grouped(-number)).ok(), Some(-number));
    }

    /// Every character counts: whatever is read, taking one away or adding a foreign one changes the outcome or the
    /// text was a blank or a grouping mark.
    #[test]
    fn a_text_is_understood_as_a_whole_or_refused(text in "[0-9]{1,4}[ .,]?[0-9]{0,3}[ ]?(k|nghìn|triệu|tr|đ|vnd|kg|hộp|\\?|%|x)?[0-9]{0,2}") {
        for junk in ["?", "/", "x", "%", "#", "=", "(", "ß", "€", "$"] {
            prop_assert!(amount(&format!("{text}{junk}")).is_err(), "{text}{junk}");
            prop_assert!(amount(&format!("{junk}{text}")).is_err(), "{junk}{text}");
            prop_assert!(weight(&format!("{text}{junk}")).is_err(), "{text}{junk}");
            prop_assert!(count(&format!("{text}{junk}")).is_err(), "{text}{junk}");
        }
        if let Some(number) = plainly(&text) {
            prop_assert_eq!(amount(&text).ok(), Some(number));
            prop_assert_eq!(count(&text).ok(), Some(number));
        }
    }

    #[test]
    fn no_text_at_all_brings_it_down(text in "\\PC{0,20}") {
        let _ = (amount(&text), weight(&text), count(&text), days(&text), month(&text), change(&text), date(&text).is_ok());
    }

    /// The words alone say how much: the number before a multiple is the number times it.
    #[test]
    fn multiples_multiply(number in 1_i64..=999, unit in prop::sample::select(AMOUNT.units)) {
        prop_assert_eq!(amount(&format!("{number} {}", unit.0)).ok(), Some(number * unit.1));
        prop_assert_eq!(amount(&format!("{number}{} đ", unit.0)).ok(), Some(number * unit.1));
    }
}
