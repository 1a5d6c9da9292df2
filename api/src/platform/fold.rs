//! Vietnamese text compared the way people type it: without accents, in any case, composed or not.

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

/// Composed (NFC) and lower case, accents kept: for preferring what was typed exactly.
pub fn exact(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// How text is stored: composed, outer blanks off.
pub fn stored(text: &str) -> String {
    text.trim().nfc().collect()
}

/// `Bưởi Diễn Đú Sáng` → `buoi-dien-du-sang`
pub fn slug(text: &str) -> String {
    words(&fold(text)).collect::<Vec<_>>().join("-")
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
    fn names_sort_in_vietnamese_order() {
        let mut names = vec!["đu đủ", "dừa", "ăn", "ấm", "am", "bơ", "bo", "dưa"];
        names.sort_by_key(|name| collation_key(name));
        assert_eq!(names, ["am", "ăn", "ấm", "bo", "bơ", "dưa", "dừa", "đu đủ"]);
    }
}
