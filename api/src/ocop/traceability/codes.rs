//! Codes on boxes and keys of GS1: pure.
//!
//! A lot's code is made of the last 55 bits of its id, in Crockford's base 32 with a check character (ISO 7064's hybrid
//! system, over 32): `7K3M-9Q2X-C4TB`. A box's code is its lot's with eight characters of serial behind it.

use entity::value::LotId;
use time::Date;
use uuid::Uuid;

/// Crockford's: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LOT: usize = 12;
const SERIAL: usize = 8;

fn letter(value: u64) -> char {
    char::from(ALPHABET[usize::try_from(value % 32).unwrap_or(0)])
}

fn worth(c: char) -> Option<u64> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    ALPHABET.iter().position(|known| char::from(*known) == c).map(|at| at as u64)
}

/// What a character more makes the whole right.
fn check(values: impl Iterator<Item = u64>) -> u64 {
    let product = values.fold(32, |product, value| {
        let sum = (product + value) % 32;
        (if sum == 0 { 32 } else { sum }) * 2 % 33
    });
    (33 - product) % 32
}

/// A code as it was typed or scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The lot's part.
    pub lot: String,
    pub serial: Option<String>,
}

impl Code {
    pub fn of(lot: LotId) -> Self {
        let low = lot.0.as_u128() & ((1 << 55) - 1);
        let low = u64::try_from(low).unwrap_or_default();
        let mut text: String = (0..LOT - 1).rev().map(|place| letter(low >> (5 * place))).collect();
        text.push(letter(check(text.chars().filter_map(worth))));
        Self { lot: text, serial: None }
    }

    #[must_use]
    pub fn with(self, serial: &str) -> Self {
        Self { serial: Some(serial.to_owned()), ..self }
    }

    /// Reads what people type: small letters, blanks, dashes, O for 0, I and L for 1. `None` when it is no code.
    pub fn read(typed: &str) -> Option<Self> {
        if typed.len() > 60 {
            return None;
        }
        let values: Vec<u64> =
            typed.chars().filter(|c| !matches!(c, '-' | ' ' | '.')).map(worth).collect::<Option<_>>()?;
        if values.len() != LOT && values.len() != LOT + SERIAL {
            return None;
        }
        let (lot, serial) = values.split_at(LOT);
        let (last, rest) = lot.split_last()?;
        if check(rest.iter().copied()) != *last {
            return None;
        }
        let text = |values: &[u64]| values.iter().map(|value| letter(*value)).collect::<String>();
        Some(Self { lot: text(lot), serial: Some(text(serial)).filter(|serial| !serial.is_empty()) })
    }

    /// The last seven bytes of the lot's id: either may be it, for 55 bits are a bit short of them.
    pub fn tails(&self) -> [Vec<u8>; 2] {
        let low = self.lot.chars().take(LOT - 1).filter_map(worth).fold(0_u64, |low, value| (low << 5) | value);
        [low, low | 1 << 55].map(|tail| tail.to_be_bytes()[1..].to_vec())
    }

    /// What a QR code says: a GS1 Digital Link with a GTIN, else this server's own page.
    pub fn address(&self, base_url: &str, gtin: Option<&str>) -> String {
        match (gtin, &self.serial) {
            (Some(gtin), Some(serial)) => format!("{base_url}/01/{gtin}/10/{}/21/{serial}", self.lot),
            (Some(gtin), None) => format!("{base_url}/01/{gtin}/10/{}", self.lot),
            (None, _) => format!("{base_url}/t/{}", self.plain()),
        }
    }

    /// GS1's element string: what has no fixed length stands last, and FNC1 (ASCII 29) ends it before more.
    pub fn element_string(&self, gtin: &str, made_on: Date, expires_on: Option<Date>) -> String {
        let day =
            |date: Date| format!("{:02}{:02}{:02}", date.year().rem_euclid(100), u8::from(date.month()), date.day());
        let expires = expires_on.map(|date| format!("17{}", day(date))).unwrap_or_default();
        let serial = self.serial.as_ref().map(|serial| format!("\u{1d}21{serial}")).unwrap_or_default();
        format!("01{gtin}11{}{expires}10{}{serial}", day(made_on), self.lot)
    }

    /// As it stands in addresses.
    pub fn plain(&self) -> String {
        format!("{}{}", self.lot, self.serial.as_deref().unwrap_or_default())
    }
}

/// In groups of four, as people read it.
impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plain: Vec<char> = self.plain().chars().collect();
        let groups: Vec<String> = plain.chunks(4).map(|group| group.iter().collect()).collect();
        f.write_str(&groups.join("-"))
    }
}

/// A box's serial.
pub fn serial(chance: u64) -> String {
    (0..SERIAL).map(|place| letter(chance >> (5 * place))).collect()
}

/// Whether a run of digits ends with GS1's check digit (GS1 General Specifications, 7.9).
pub fn is_checked(digits: &str) -> bool {
    let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(10)).collect();
    let Some((check, rest)) = digits.as_deref().and_then(<[u32]>::split_last) else { return false };
    let sum: u32 = rest.iter().rev().enumerate().map(|(i, d)| if i.is_multiple_of(2) { d * 3 } else { *d }).sum();
    (10 - sum % 10) % 10 == *check
}

/// A GTIN of 8, 12, 13 or 14 digits as one of 14.
pub fn gtin14(typed: &str) -> Option<String> {
    (matches!(typed.len(), 8 | 12..=14) && is_checked(typed)).then(|| format!("{typed:0>14}"))
}

/// The same as a validator of fields.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
pub fn right_gtin(text: &str, (): &()) -> garde::Result {
    gtin14(text).map(|_| ()).ok_or_else(|| garde::Error::new("GTIN"))
}

/// A GLN: 13 digits.
pub fn is_gln(typed: &str) -> bool {
    typed.len() == 13 && is_checked(typed)
}

/// The bytes of an id that a code stands for, and that the index of lots is over.
pub fn tail(id: Uuid) -> Vec<u8> {
    id.as_bytes()[9..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    proptest! {
        #[test]
        fn a_code_leads_back_to_its_lot(bits in any::<u128>(), chance in any::<u64>()) {
            let id = LotId(Uuid::from_u128(bits));
            let code = Code::of(id).with(&serial(chance));
            prop_assert!(code.tails().contains(&tail(id.0)));
            prop_assert_eq!(Code::read(&code.to_string()), Some(code.clone()));
            let sloppy = code.to_string().to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
            prop_assert_eq!(Code::read(&sloppy), Some(code));
        }

        /// One letter misread, or two neighbours swapped: no code of another lot. (Of swaps 2 in 1,000 slip through.)
        #[test]
        fn a_slip_is_seen(bits in any::<u128>(), at in 0_usize..LOT, other in 0_u64..32) {
            let right = Code::of(LotId(Uuid::from_u128(bits))).lot;
            let mut wrong: Vec<char> = right.chars().collect();
            wrong[at] = letter(other);
            let wrong: String = wrong.into_iter().collect();
            prop_assert_eq!(Code::read(&wrong).is_some(), wrong == right);
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_made_key_has_the_right_check_digit(body in "[0-9]{12}", wrong in 1_u32..10) {
            let sum: u32 = body.chars().enumerate().map(|(i, c)| c.to_digit(10).unwrap_or(0) * if i % 2 == 1 { 3 } else { 1 }).sum();
            let check = (10 - sum % 10) % 10;
            let good = format!("{body}{check}");
            prop_assert!(is_gln(&good));
            let whole = format!("0{good}");
            prop_assert_eq!(gtin14(&good), Some(whole));
            let bad = format!("{body}{}", (check + wrong) % 10);
            prop_assert!(!is_gln(&bad) && gtin14(&bad).is_none());
        }
    }

    #[test]
    fn a_box_is_named_as_gs1_names_it() {
        let code = Code { lot: "7K3M9Q2XC4TB".to_owned(), serial: Some("R4T8QXMW".to_owned()) };
        let (made, until) = (date!(2026 - 11 - 24), Some(date!(2027 - 01 - 05)));
        assert_eq!(
            code.element_string("08930000000026", made, until),
            "01089300000000261126112417270105107K3M9Q2XC4TB\u{1d}21R4T8QXMW"
        );
        assert_eq!(
            code.address("https://x.vn", Some("08930000000026")),
            "https://x.vn/01/08930000000026/10/7K3M9Q2XC4TB/21/R4T8QXMW"
        );
        assert_eq!(code.address("https://x.vn", None), "https://x.vn/t/7K3M9Q2XC4TBR4T8QXMW");
    }

    #[test]
    fn what_is_no_code_is_none() {
        for typed in ["", "7K3M", "7K3M9Q2XC4TU", "ấấấấấấấấấấấấ", &"A".repeat(2_000), "01234567890123456789AB"]
        {
            assert_eq!(Code::read(typed), None, "{typed}");
        }
        assert_eq!(gtin14("8930000000011"), None);
        assert_eq!(gtin14("96385074"), Some("00000096385074".to_owned()));
        assert_eq!(gtin14("٨٩٣٠٠٠٠٠"), None);
    }
}
