//! Vietnamese text compared the way people type it: without accents, in any case, composed or not.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Accents and tones off, `đ` → `d`, lower case: *Bưởi Diễn*, *BƯỞI DIỄN* and *buoi dien* are one, and so are *hoà* and
/// *hòa*, whose difference is only where the tone stands.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'đ' | 'Đ' => out.push('d'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// `Mã xác nhận` → `Ma xac nhan`: what one text message carries 160 letters of. What is no ASCII after all becomes `?`.
pub fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        'đ' => 'd',
        'Đ' => 'D',
        '“' | '”' => '"',
        '’' => '\'',
        '–' | '—' => '-',
        c if c.is_ascii() && (c == '\n' || !c.is_control()) => c,
        _ => '?',
    };
    text.nfkd().filter(|c| !is_combining_mark(*c)).map(plain).collect()
}

/// Composed (NFC) and lower case, accents kept: for preferring what was typed exactly.
pub fn exact(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// Whether some format we write has no place for the character, escaped or not: XML 1.0 (feeds, spreadsheets, the sitemap)
/// allows no control characters but tab and line ends, and no noncharacters.
pub fn is_forbidden(c: char) -> bool {
    let code = u32::from(c);
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

/// A text without forbidden characters. Word's line break inside a paragraph (U+000B) and the form feed become blanks.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_forbidden) {
        return Cow::Borrowed(text);
    }
    let blank = |c: char| if matches!(c, '\u{b}' | '\u{c}') { ' ' } else { c };
    Cow::Owned(text.chars().map(blank).filter(|c| !is_forbidden(*c)).collect())
}

/// How text is stored: composed, outer blanks off, without what no format can carry. `]]>` would end a CDATA section of
/// whoever puts our texts into one.
pub fn stored(text: &str) -> String {
    let text: String = printable(text).trim().nfc().collect();
    if text.contains("]]>") { text.replace("]]>", "").trim().to_owned() } else { text }
}

/// A text that may be left out: none when nothing is left of it.
pub fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| stored(&text)).filter(|text| !text.is_empty())
}

/// `Bưởi Diễn Đú Sáng` → `buoi-dien-du-sang`: letters and digits alone, markup left out. Empty when there are none.
pub fn slug(text: &str) -> String {
    let folded = fold(&without_tags(text));
    folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// `<b>Cam</b>` → ` Cam `; `a < b` stays.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        out.push_str(before);
        let opens = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match tag.find('>') {
            Some(end) if opens => {
                out.push(' ');
                rest = &tag[end + 1..];
            }
            _ => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out + rest
}

/// The words of a folded text.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A key under which texts sort in Vietnamese order: letters first (a ă â b c d đ e ê …), then tones.
pub fn collation_key(text: &str) -> Vec<u8> {
    const LETTERS: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";
    let (mut letters, mut tones) = (Vec::new(), Vec::new());
    for c in text.nfc().flat_map(char::to_lowercase) {
        let mut tone = 0;
        let mut base = String::new();
        for part in std::iter::once(c).nfd() {
            match part {
                '\u{300}' => tone = 1,
                '\u{309}' => tone = 2,
                '\u{303}' => tone = 3,
                '\u{301}' => tone = 4,
                '\u{323}' => tone = 5,
                other => base.push(other),
            }
        }
        let letter = base.nfc().next().unwrap_or(c);
        match LETTERS.chars().position(|known| known == letter) {
            Some(index) => letters.push(u8::try_from(index).unwrap_or(0) + 64),
            None if letter.is_ascii() => letters.push((letter as u8).min(63)),
            None => letters.push(255),
        }
        tones.push(tone);
    }
    letters.push(0);
    letters.extend(tones);
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_composition_do_not_matter() {
        for typed in ["buoi dien", "BƯỞI DIỄN", "Bưởi Diễn", "bu\u{31b}o\u{31b}\u{309}i die\u{302}\u{303}n"] {
            assert_eq!(fold(typed), "buoi dien", "{typed}");
        }
        assert_eq!(fold("hoà"), fold("hòa"));
        assert_eq!(fold("thuỷ"), fold("thủy"));
        assert_eq!(fold("Đú Sáng"), "du sang");
    }

    #[test]
    fn slugs_hold_letters_and_digits_alone() {
        for (name, wanted) in [
            ("Bưởi Diễn Đú Sáng", "buoi-dien-du-sang"),
            ("<b>Cam & quýt</b>", "cam-quyt"),
            ("Cam <script>alert(1)</script>", "cam-alert-1"),
            ("Mật < 100 đ > ngon", "mat-100-d-ngon"),
            ("🍊🍊", ""),
            ("柚子 Bưởi", "buoi"),
            ("!!! <>", ""),
        ] {
            assert_eq!(slug(name), wanted, "{name}");
        }
    }

    #[test]
    fn what_no_format_can_carry_is_not_stored() {
        assert_eq!(stored(" Cam\u{3} s\u{b}ành\u{fffe}\u{1fffe} ]]>"), "Cam s ành");
        assert_eq!(stored("dòng một\ndòng hai\t"), "dòng một\ndòng hai");
        assert!(matches!(printable("Bưởi"), Cow::Borrowed(_)));
    }

    #[test]
    fn names_sort_in_vietnamese_order() {
        let mut names = vec!["đu đủ", "dừa", "ăn", "ấm", "am", "bơ", "bo", "dưa"];
        names.sort_by_key(|name| collation_key(name));
        assert_eq!(names, ["am", "ăn", "ấm", "bo", "bơ", "dưa", "dừa", "đu đủ"]);
    }
}
