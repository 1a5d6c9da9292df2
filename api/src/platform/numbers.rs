//! Amounts, weights and counts as people write them: `250k`, `1,2 triệu`, `250.000 ₫`, `0,5 kg`, `2 lạng`, `1.000`.
//!
//! A text is understood as a whole or refused with the reason; nothing of it is ever passed over. Marks group (`250.000`,
//! `250,000`, `250 000`) or begin a fraction (`1,2`): where a text could mean both (`1.250 kg`), it is refused.

use time::{Date, Month};

use super::i18n::Text;

/// Money in đồng. Multiples: nghìn, ngàn, k (1,000), triệu, tr (1,000,000), tỷ (1,000,000,000).
pub fn amount(text: &str) -> Result<i64, Text> {
    read(text, &AMOUNT, Sign::Refused)
}

/// Money that may go either way, as in a provider's file.
pub fn signed_amount(text: &str) -> Result<i64, Text> {
    read(text, &AMOUNT, Sign::Allowed)
}

/// A weight in grams; a bare number is grams. Units: g, kg (ký, cân), lạng (100 g), yến (10 kg), tạ (100 kg), tấn (1,000 kg).
pub fn weight(text: &str) -> Result<i64, Text> {
    read(text, &WEIGHT, Sign::Refused)
}

/// A number of things.
pub fn count(text: &str) -> Result<i64, Text> {
    read(text, &COUNT, Sign::Refused)
}

/// A number of things that come or go: `+10`, `-1`, `−1`.
pub fn change(text: &str) -> Result<i64, Text> {
    read(text, &COUNT, Sign::Allowed)
}

/// A number of days.
pub fn days(text: &str) -> Result<i64, Text> {
    read(text, &DAYS, Sign::Refused)
}

/// For settings: a number, or a text such as `2 triệu`.
pub fn amount_setting<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Setting {
        Number(i64),
        Written(String),
    }
    match <Setting as serde::Deserialize>::deserialize(deserializer)? {
        Setting::Number(number) => Ok(number),
        Setting::Written(text) => amount(&text).map_err(|fault| serde::de::Error::custom(fault.en)),
    }
}

/// A month: `11`, `tháng 11`, `T11`.
/// A day as people write it: `24/11/2026`, `24-11-2026`, `24.11.2026`, or as machines do: `2026-11-24`.
pub fn date(text: &str) -> Result<Date, Text> {
    let wrong = || Text::new("ngày không đúng, ví dụ 24/11/2026", "not a date, such as 24/11/2026");
    let parts: Vec<&str> = text.trim().split(['/', '-', '.']).map(str::trim).collect();
    let [first, month, last] = parts.as_slice() else { return Err(wrong()) };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 {
        return Err(wrong());
    }
    let number = |text: &str| text.parse::<u16>().ok();
    let read = || {
        let month = Month::try_from(u8::try_from(number(month)?).ok()?).ok()?;
        Date::from_calendar_date(number(year)?.into(), month, u8::try_from(number(day)?).ok()?).ok()
    };
    read().ok_or_else(wrong)
}

pub fn month(text: &str) -> Result<i64, Text> {
    let bare = spelt(text);
    let bare = bare.strip_prefix("tháng").or_else(|| bare.strip_prefix("thang")).or_else(|| bare.strip_prefix('t'));
    let written = bare.map_or_else(|| text.trim().to_owned(), |rest| rest.trim().to_owned());
    written.parse().ok().filter(|month| (1..=12).contains(month)).ok_or_else(|| {
        Text::new(format!("“{text}” không phải một tháng từ 1 đến 12"), format!("“{text}” is not a month from 1 to 12"))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Allowed,
    Refused,
}

/// What is read: its name, the words that may stand beside the number, and the multiples.
struct Scale {
    vi: &'static str,
    en: &'static str,
    /// Written before or after the number; they change nothing.
    marks: &'static [&'static str],
    /// Lower case, with and without accents where no other word is meant.
    units: &'static [(&'static str, i64)],
    example: &'static str,
}

const THOUSANDS: &[(&str, i64)] = &[
    ("k", 1_000),
    ("nghìn", 1_000),
    ("nghin", 1_000),
    ("ngàn", 1_000),
    ("ngan", 1_000),
    ("thousand", 1_000),
    ("tr", 1_000_000),
    ("triệu", 1_000_000),
    ("trieu", 1_000_000),
    ("million", 1_000_000),
    ("tỷ", 1_000_000_000),
    ("tỉ", 1_000_000_000),
    ("ty", 1_000_000_000),
    ("billion", 1_000_000_000),
];

const AMOUNT: Scale = Scale {
    vi: "số tiền",
    en: "an amount",
    marks: &["đ", "₫", "đồng", "dong", "vnd", "vnđ"],
    units: THOUSANDS,
    example: "250000, 250.000 đ, 250k, 1,2 triệu",
};

const WEIGHT: Scale = Scale {
    vi: "khối lượng",
    en: "a weight",
    marks: &[],
    units: &[
        ("g", 1),
        ("gr", 1),
        ("gam", 1),
        ("gram", 1),
        ("grams", 1),
        ("lạng", 100),
        ("lang", 100),
        ("kg", 1_000),
        ("kgs", 1_000),
        ("ký", 1_000),
        ("kí", 1_000),
        ("ky", 1_000),
        ("ki", 1_000),
        ("kilo", 1_000),
        ("kilogam", 1_000),
        ("kilogram", 1_000),
        ("cân", 1_000),
        ("yến", 10_000),
        ("yen", 10_000),
        ("tạ", 100_000),
        ("tấn", 1_000_000),
        ("tan", 1_000_000),
        ("ton", 1_000_000),
        ("tonne", 1_000_000),
    ],
    example: "6500, 500 g, 0,5 kg, 2 lạng",
};

const COUNT: Scale = Scale { vi: "số", en: "a number", marks: &[], units: THOUSANDS, example: "12, 1.000" };

const DAYS: Scale = Scale {
    vi: "số ngày",
    en: "a number of days",
    marks: &["ngày", "ngay", "day", "days"],
    units: &[],
    example: "10, 10 ngày",
};

/// Why a text is not read.
enum Fault {
    /// This part has no meaning here.
    Strange(String),
    /// A mark that could group or begin a fraction.
    Ambiguous(String),
    /// Less than one đồng, gram or piece.
    Fraction,
    Negative,
    TooLarge,
}

impl Fault {
    fn told(self, text: &str, scale: &Scale) -> Text {
        let (vi, en, example) = (scale.vi, scale.en, scale.example);
        match self {
            Self::Strange(part) if part.is_empty() => Text::new(
                format!("“{text}” không phải {vi}; viết như {example}"),
                format!("“{text}” is not {en}; write it like {example}"),
            ),
            Self::Strange(part) => Text::new(
                format!("“{text}” không phải {vi}: không hiểu “{part}”; viết như {example}"),
                format!("“{text}” is not {en}: “{part}” is not understood; write it like {example}"),
            ),
            Self::Ambiguous(part) => Text::new(
                format!(
                    "“{text}” có thể hiểu hai cách: “{part}” là hàng nghìn hay phần lẻ? Viết lại không có dấu hàng nghìn"
                ),
                format!(
                    "“{text}” can be read in two ways: does “{part}” group thousands or hold a fraction? Write it without grouping"
                ),
            ),
            Self::Fraction => {
                Text::new(format!("“{text}” không phải số nguyên"), format!("“{text}” is not a whole number"))
            }
            Self::Negative => Text::new(format!("“{text}” là số âm"), format!("“{text}” is negative")),
            Self::TooLarge => Text::new(format!("“{text}” quá lớn"), format!("“{text}” is too large")),
        }
    }
}

fn read(text: &str, scale: &Scale, sign: Sign) -> Result<i64, Text> {
    value(&spelt(text), scale, sign).map_err(|fault| fault.told(text.trim(), scale))
}

/// Composed, lower case, every kind of blank one blank, one kind of minus.
fn spelt(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let lower = text.nfkc().flat_map(char::to_lowercase).map(|c| match c {
        '−' | '–' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    });
    lower.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn value(spelt: &str, scale: &Scale, sign: Sign) -> Result<i64, Fault> {
    let mut parts = tokens(spelt)?;
    let negative = match parts.first() {
        Some(Token::Sign(negative)) => {
            let negative = *negative;
            parts.remove(0);
            negative
        }
        _ => false,
    };
    if negative && sign == Sign::Refused {
        return Err(Fault::Negative);
    }
    // A currency stands before the number or behind it, once.
    let is_mark =
        |token: Option<&Token>| matches!(token, Some(Token::Word(word)) if scale.marks.contains(&word.as_str()));
    if is_mark(parts.first()) {
        parts.remove(0);
    } else if is_mark(parts.last()) {
        parts.pop();
    }
    let total = sum(&parts, scale)?;
    let total = i64::try_from(total).map_err(|_| Fault::TooLarge)?;
    Ok(if negative { -total } else { total })
}

/// `1 triệu 250 nghìn`: multiples that fall. What stands behind the last multiple alone is its fraction: `1tr2`, `1 kg 250`
/// (a hundred of a thousand), and `rưỡi` is half of it.
fn sum(parts: &[Token], scale: &Scale) -> Result<i128, Fault> {
    let (mut total, mut last_unit, mut at) = (0_i128, None::<i64>, 0);
    if parts.is_empty() {
        return Err(Fault::Strange(String::new()));
    }
    while at < parts.len() {
        match (&parts[at], last_unit) {
            (Token::Word(word), Some(unit))
                if (word == "rưỡi" || word == "ruoi") && at + 1 == parts.len() && unit > 1 =>
            {
                total += i128::from(unit) / 2;
                at += 1;
            }
            (Token::Number(number), _) => {
                let unit = match parts.get(at + 1) {
                    Some(Token::Word(word)) => scale.units.iter().find(|(name, _)| name == word).map(|(_, unit)| *unit),
                    _ => None,
                };
                match (unit, last_unit) {
                    (Some(unit), last) if last.is_none_or(|last| unit < last) => {
                        total += number.times(unit)?;
                        last_unit = Some(unit);
                        at += 2;
                    }
                    (None, None) => {
                        total += number.times(1)?;
                        at += 1;
                        if let Some(left) = parts.get(at) {
                            return Err(Fault::Strange(left.written()));
                        }
                    }
                    (None, Some(unit)) if at + 1 == parts.len() => {
                        total += number.fraction_of(unit)?;
                        at += 1;
                    }
                    // A multiple larger than the one before it, or a number in the middle without one.
                    (Some(_), _) | (None, Some(_)) => return Err(Fault::Strange(parts[at + 1].written())),
                }
            }
            (token, _) => return Err(Fault::Strange(token.written())),
        }
    }
    Ok(total)
}

#[derive(Debug)]
enum Token {
    /// Whether it is a minus.
    Sign(bool),
    Number(Number),
    Word(String),
}

impl Token {
    fn written(&self) -> String {
        match self {
            Self::Sign(negative) => if *negative { "-" } else { "+" }.to_owned(),
            Self::Number(number) => number.written.clone(),
            Self::Word(word) => word.clone(),
        }
    }
}

fn tokens(spelt: &str) -> Result<Vec<Token>, Fault> {
    let chars: Vec<char> = spelt.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let start = at;
        if c == ' ' {
            at += 1;
        } else if c == '-' || c == '+' {
            if !out.is_empty() {
                return Err(Fault::Strange(chars[at..].iter().collect()));
            }
            out.push(Token::Sign(c == '-'));
            at += 1;
        } else if c.is_ascii_digit() {
            // Digits, and marks or a blank between digits: `1 250 000`.
            while at < chars.len()
                && (chars[at].is_ascii_digit()
                    || (matches!(chars[at], '.' | ',' | '\'' | ' ')
                        && chars.get(at + 1).is_some_and(char::is_ascii_digit)))
            {
                at += 1;
            }
            out.push(Token::Number(Number::read(&chars[start..at].iter().collect::<String>())?));
        } else if c.is_alphabetic() || c == '₫' {
            while at < chars.len() && (chars[at].is_alphabetic() || (chars[at] == '₫' && at == start)) {
                at += 1;
                if chars[start] == '₫' {
                    break;
                }
            }
            out.push(Token::Word(chars[start..at].iter().collect()));
        } else {
            return Err(Fault::Strange(chars[at..].iter().collect()));
        }
    }
    Ok(out)
}

/// Digits with marks between them, not yet told whether a lone mark with three digits behind it groups or not.
#[derive(Debug)]
struct Number {
    written: String,
    /// All digits.
    digits: i128,
    /// How many of them are behind the mark of a fraction.
    decimals: u32,
    /// `1.250`: by itself it groups; before a multiple it may be a fraction.
    ambiguous: bool,
}

impl Number {
    fn read(written: &str) -> Result<Self, Fault> {
        let strange = || Fault::Strange(written.to_owned());
        let groups: Vec<&str> = written.split(['.', ',', '\'', ' ']).collect();
        let marks: Vec<char> = written.chars().filter(|c| !c.is_ascii_digit()).collect();
        let all: String = groups.concat();
        let parse = || all.parse::<i128>().ok().filter(|_| all.len() <= 30).ok_or(Fault::TooLarge);
        let grouped = |groups: &[&str]| {
            groups.iter().enumerate().all(|(index, group)| {
                if index == 0 {
                    (1..=3).contains(&group.len()) && (groups.len() == 1 || *group != "0")
                } else {
                    group.len() == 3
                }
            })
        };
        let plain = |decimals: usize, ambiguous: bool| {
            let decimals = u32::try_from(decimals).map_err(|_| Fault::TooLarge)?;
            Ok(Self { written: written.to_owned(), digits: parse()?, decimals, ambiguous })
        };
        let Some(last) = marks.last() else { return plain(0, false) };
        let same = marks.iter().all(|mark| mark == last);
        let decimal_mark = matches!(last, '.' | ',');
        let behind = groups.last().map_or(0, |group| group.len());
        match marks.len() {
            // A lone mark: three digits behind it are a group, others a fraction.
            1 if grouped(&groups) => plain(0, decimal_mark),
            1 if decimal_mark => plain(behind, false),
            1 => Err(strange()),
            _ if same => {
                if grouped(&groups) {
                    plain(0, false)
                } else {
                    Err(strange())
                }
            }
            // `250.000,50`: the last mark is another than those before it.
            count if decimal_mark && marks[..count - 1].iter().all(|mark| *mark == marks[0]) && marks[0] != *last => {
                if grouped(&groups[..groups.len() - 1]) {
                    plain(behind, false)
                } else {
                    Err(strange())
                }
            }
            _ => Err(strange()),
        }
    }

    /// So many times a unit, exactly.
    fn times(&self, unit: i64) -> Result<i128, Fault> {
        if self.ambiguous && unit > 1 {
            return Err(Fault::Ambiguous(self.written.clone()));
        }
        let whole = self.digits.checked_mul(unit.into()).ok_or(Fault::TooLarge)?;
        let parts = 10_i128.checked_pow(self.decimals).ok_or(Fault::TooLarge)?;
        if whole % parts == 0 { Ok(whole / parts) } else { Err(Fault::Fraction) }
    }

    /// The digits behind a multiple: `1tr2` is two tenths of a million.
    fn fraction_of(&self, unit: i64) -> Result<i128, Fault> {
        let digits = self.written.len();
        if !self.written.chars().all(|c| c.is_ascii_digit()) || digits > 3 {
            return Err(Fault::Strange(self.written.clone()));
        }
        let parts = 10_i128.pow(u32::try_from(digits).unwrap_or(3));
        let whole = self.digits * i128::from(unit);
        if whole % parts == 0 { Ok(whole / parts) } else { Err(Fault::Strange(self.written.clone())) }
    }
}

#[cfg(test)]
#[path = "numbers_tests.rs"]
mod tests;
