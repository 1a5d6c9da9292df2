//! Vietnamese and English, side by side.

use std::borrow::Cow;
use std::fmt::Display;

use actix_web::HttpRequest;
use actix_web::http::header;
use entity::value::Language;
use garde::i18n::{I18n, InvalidCreditCard, InvalidEmail, InvalidPhoneNumber, InvalidUrl, IpKind};
use serde::Serialize;
use utoipa::ToSchema;

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub vi: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Text {
    pub fn new(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

/// The language asked for by `Accept-Language`; Vietnamese unless English is preferred.
pub fn language_of(request: &HttpRequest) -> Language {
    request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or(Language::Vi, preferred_language)
}

fn preferred_language(accept: &str) -> Language {
    let mut best = (Language::Vi, 0.0_f32);
    for item in accept.split(',') {
        let mut parts = item.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let weight = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        let language = match tag.split('-').next() {
            Some("vi") => Language::Vi,
            Some("en") => Language::En,
            _ => continue,
        };
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// Validation messages in Vietnamese; the library brings the English ones.
pub struct Vietnamese;

impl I18n for Vietnamese {
    fn length_lower_than(&self, min: usize) -> Cow<'static, str> {
        format!("cần ít nhất {min} ký tự").into()
    }
    fn length_greater_than(&self, max: usize) -> Cow<'static, str> {
        format!("không được dài quá {max} ký tự").into()
    }
    fn range_lower_than(&self, min: &dyn Display) -> Cow<'static, str> {
        format!("không được nhỏ hơn {min}").into()
    }
    fn range_greater_than(&self, max: &dyn Display) -> Cow<'static, str> {
        format!("không được lớn hơn {max}").into()
    }
    fn credit_card_invalid(&self, _: InvalidCreditCard) -> Cow<'static, str> {
        "số thẻ không hợp lệ".into()
    }
    fn pattern_no_match(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("không đúng mẫu {pattern}").into()
    }
    fn contains_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("phải chứa “{pattern}”").into()
    }
    fn url_invalid(&self, _: InvalidUrl) -> Cow<'static, str> {
        "địa chỉ web không hợp lệ".into()
    }
    fn prefix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("phải bắt đầu bằng “{pattern}”").into()
    }
    fn suffix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("phải kết thúc bằng “{pattern}”").into()
    }
    fn phone_number_invalid(&self, _: InvalidPhoneNumber) -> Cow<'static, str> {
        "số điện thoại không hợp lệ".into()
    }
    fn ip_invalid(&self, _: IpKind) -> Cow<'static, str> {
        "địa chỉ IP không hợp lệ".into()
    }
    fn matches_field_mismatch(&self, field: &dyn Display) -> Cow<'static, str> {
        format!("không khớp với {field}").into()
    }
    fn email_invalid(&self, _: InvalidEmail) -> Cow<'static, str> {
        "địa chỉ e-mail không hợp lệ".into()
    }
    fn ascii_invalid(&self) -> Cow<'static, str> {
        "chỉ được dùng ký tự không dấu".into()
    }
    fn alphanumeric_invalid(&self) -> Cow<'static, str> {
        "chỉ được dùng chữ và số".into()
    }
    fn required_not_set(&self) -> Cow<'static, str> {
        "bắt buộc".into()
    }
}

/// A text in Vietnamese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"vi": "Bưởi Diễn Đú Sáng", "en": "Dú Sáng Diễn pomelo"}))]
pub struct Bilingual {
    pub vi: String,
    pub en: String,
}

impl Bilingual {
    pub fn new(vi: &str, en: &str) -> Self {
        Self { vi: vi.to_owned(), en: en.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavier_language_wins_and_vietnamese_is_the_default() {
        assert_eq!(preferred_language("en-GB,en;q=0.9,vi;q=0.8"), Language::En);
        assert_eq!(preferred_language("vi,en;q=0.5"), Language::Vi);
        assert_eq!(preferred_language("fr;q=1.0, en;q=0.2"), Language::En);
        assert_eq!(preferred_language("*"), Language::Vi);
    }
}
