//! What counts as an address, a phone number, a password.

use std::borrow::Cow;

use phonenumber::{Mode, country};

/// Access tokens are short-lived because they are not looked up.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
pub const SESSION_DAYS: i64 = 60;
pub const CODE_MINUTES: i64 = 30;
/// About 49 random bits: beyond guessing within half an hour at any rate we answer.
pub const CODE_LENGTH: usize = 10;
pub const PASSWORD_MIN: usize = 10;
pub const PASSWORD_MAX: usize = 200;
pub const MAX_ADDRESSES: u64 = 20;

/// How somebody is reached, and signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    Email(String),
    /// E.164.
    Phone(String),
}

impl Contact {
    /// An e-mail address (lower-cased) or a Vietnamese phone number in any usual spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains('@') {
            return is_email(text).then(|| Self::Email(text.to_lowercase()));
        }
        phone(text).map(Self::Phone)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }
}

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && garde::rules::email::Email::validate_email(&text).is_ok()
        && text.rsplit('@').next().is_some_and(|domain| domain.contains('.') || domain == "localhost")
}

/// Whether a number in E.164 reads text messages: Vietnamese mobile numbers begin with 3, 5, 7, 8 or 9 (Circular
/// 22/2014/TT-BTTTT and its plan of 2018); landlines (2…) and service numbers (1800, 1900) do not. Others are asked of the
/// library's tables.
pub fn reads_messages(e164: &str) -> bool {
    use phonenumber::Type;
    phonenumber::parse(None, e164).is_ok_and(|number| {
        matches!(
            number.number_type(&phonenumber::metadata::DATABASE),
            Type::Mobile | Type::FixedLineOrMobile | Type::PersonalNumber
        )
    })
}

/// A valid phone number in E.164; numbers without a country code are Vietnamese.
pub fn phone(text: &str) -> Option<String> {
    if text.len() > 30 {
        return None;
    }
    let number = phonenumber::parse(Some(country::VN), text).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(Mode::E164).to_string())
}

/// What a device calls itself, as its owner would: `Chrome, Android`.
pub fn device_label(agent: &str) -> String {
    // Most name others, too, for the sake of old pages: the first that fits is meant.
    let named =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = named(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("coc_coc", "Cốc Cốc"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Zalo", "Zalo"),
        ("FBAN", "Facebook"),
        ("Firefox", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        _ => {
            let plain = agent.chars().filter(|c| !c.is_control()).take(40).collect::<String>();
            if plain.trim().is_empty() { "?".to_owned() } else { plain.trim().to_owned() }
        }
    }
}

/// Why a password will not do, or `None`. Length is what counts (NIST SP 800-63B); the obvious is refused.
pub fn password_fault(password: &str, contact: &str) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Some((
            format!("cần ít nhất {PASSWORD_MIN} ký tự").into(),
            format!("needs at least {PASSWORD_MIN} characters").into(),
        ));
    }
    if length > PASSWORD_MAX {
        return Some((
            format!("không dài quá {PASSWORD_MAX} ký tự").into(),
            format!("at most {PASSWORD_MAX} characters").into(),
        ));
    }
    let lower = password.to_lowercase();
    let local = contact.split('@').next().unwrap_or(contact);
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first)
        || lower == contact
        || (local.len() >= 6 && lower.contains(local))
        || COMMON.contains(&lower.as_str())
    {
        return Some(("mật khẩu này quá dễ đoán".into(), "this password is too easy to guess".into()));
    }
    None
}

const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "12345678910",
    "0987654321",
    "1122334455",
    "password123",
    "password1234",
    "qwertyuiop",
    "1q2w3e4r5t",
    "matkhau123",
    "anhyeuem123",
    "iloveyou123",
    "123456789a",
    "a123456789",
    "abc1234567",
    "vietnam123",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_one_however_it_is_spelt() {
        for spelling in ["0912345678", "+84 912 345 678", "84912345678", "0912.345.678"] {
            assert_eq!(phone(spelling).as_deref(), Some("+84912345678"), "{spelling}");
        }
        assert_eq!(phone("12"), None);
        assert_eq!(phone("hello"), None);
    }

    #[test]
    fn only_mobile_numbers_read_messages() {
        for (typed, reads) in [
            ("0912345678", true),
            ("0352345678", true),
            ("+84 79 234 5678", true),
            ("02183 871 234", false),
            ("024 3826 0001", false),
            ("1900 1234", false),
            ("1800 6789", false),
        ] {
            let number = phone(typed);
            assert_eq!(number.as_deref().is_some_and(reads_messages), reads, "{typed}: {number:?}");
        }
    }

    #[test]
    fn addresses_are_lower_cased_and_checked() {
        assert_eq!(Contact::parse(" Lan@Example.VN "), Some(Contact::Email("lan@example.vn".into())));
        assert_eq!(Contact::parse("lan@"), None);
        assert_eq!(Contact::parse(""), None);
    }

    #[test]
    fn obvious_passwords_are_refused() {
        assert!(password_fault("short", "a@b.vn").is_some());
        assert!(password_fault("1234567890", "a@b.vn").is_some());
        assert!(password_fault("aaaaaaaaaaaa", "a@b.vn").is_some());
        assert!(password_fault("nguyenlan1990", "nguyenlan@b.vn").is_some());
        assert!(password_fault("bưởi diễn mùa đông", "a@b.vn").is_none());
    }

    #[test]
    fn devices_are_called_as_people_call_them() {
        for (agent, label) in [
            (
                "Mozilla/5.0 (Linux; Android 13; SM-A125F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1 Version/17.1 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0", "Edge, Windows"),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "?"),
        ] {
            assert_eq!(device_label(agent), label);
        }
    }
}
