//! Days, weights and rates as papers write them, in the language they are asked for in.

use entity::value::{Language, Vnd};
use garde::Validate;
use serde::Deserialize;
use time::{Date, OffsetDateTime};
use utoipa::IntoParams;

use crate::platform::clock::VIETNAM;

/// In which language a paper is drawn.
#[derive(Clone, Copy, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct PaperQuery {
    /// Vietnamese unless told.
    #[param(inline)]
    pub language: Option<Language>,
}

impl PaperQuery {
    pub fn language(self) -> Language {
        self.language.unwrap_or(Language::Vi)
    }
}

/// One of two texts.
pub fn in_language<'a>(language: Language, vi: &'a str, en: &'a str) -> &'a str {
    if language == Language::En { en } else { vi }
}

/// `8%`, `0,5%`; `0.5%` in English
pub fn percent(bp: i32, language: Language) -> String {
    let point = in_language(language, ",", ".");
    match bp % 100 {
        0 => format!("{}%", bp / 100),
        rest => format!("{}{point}{}%", bp / 100, format!("{rest:02}").trim_end_matches('0')),
    }
}

/// `1.250,5 kg`, or `1,250.5 kg` in English
pub fn kilograms_in(grams: i64, language: Language) -> String {
    let text = kilograms(grams);
    if language == Language::Vi {
        return text;
    }
    let turned = |letter| match letter {
        '.' => ',',
        ',' => '.',
        other => other,
    };
    text.chars().map(turned).collect()
}

/// `22/12/2026`
pub fn day(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.day(), u8::from(day.month()), day.year())
}

/// `22/12/2026 08:05`, in Vietnam.
pub fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(VIETNAM);
    format!("{} {:02}:{:02}", day(at.date()), at.hour(), at.minute())
}

/// `1.250 kg`, `1.250,5 kg`
pub fn kilograms(grams: i64) -> String {
    let whole = Vnd(grams / 1_000).to_string();
    let whole = whole.trim_end_matches(" ₫");
    match grams % 1_000 {
        0 => format!("{whole} kg"),
        rest => format!("{whole},{} kg", format!("{rest:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use entity::value::Language;

    use super::{kilograms, kilograms_in, percent};

    #[test]
    fn figures_read_as_the_language_writes_them() {
        assert_eq!(kilograms_in(1_250_500, Language::En), "1,250.5 kg");
        assert_eq!((percent(50, Language::Vi), percent(800, Language::En)), ("0,5%".to_owned(), "8%".to_owned()));
    }

    #[test]
    fn weights_read_as_people_write_them() {
        assert_eq!(
            (kilograms(1_250_000).as_str(), kilograms(1_250_500).as_str(), kilograms(50).as_str()),
            ("1.250 kg", "1.250,5 kg", "0,05 kg")
        );
    }
}
