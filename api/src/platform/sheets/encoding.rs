//! Texts as programs save them: UTF-8, UTF-16 (Excel's "Unicode Text"), windows-1258 (Excel's "CSV" on a Vietnamese Windows).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1258};

use crate::platform::i18n::Text;

/// The text of a file; refused, with the menu to choose, where letters were lost when it was saved.
pub fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, Text> {
    let text = match utf_16(bytes) {
        Some(encoding) => {
            let (text, broken) = encoding.decode_with_bom_removal(bytes);
            if broken {
                return Err(lost());
            }
            text
        }
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => legacy(bytes)?,
        },
    };
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        Cow::Owned(text) if text.starts_with('\u{feff}') => Cow::Owned(text.trim_start_matches('\u{feff}').to_owned()),
        owned @ Cow::Owned(_) => owned,
    })
}

/// By its mark; without one, a text in Latin letters has every second byte zero.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let start = &bytes[..bytes.len().min(200)];
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 4 > start.len() && even == 0 {
        Some(UTF_16LE)
    } else if even * 4 > start.len() && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn legacy(bytes: &[u8]) -> Result<Cow<'_, str>, Text> {
    let (text, broken) = WINDOWS_1258.decode_without_bom_handling(bytes);
    if broken || text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(lost());
    }
    // A western Windows writes a question mark for every letter it does not know: `B??i Di?n`.
    let letters: Vec<char> = text.chars().collect();
    let holes = letters
        .windows(2)
        .any(|pair| (pair[0].is_alphabetic() && pair[1] == '?') || (pair[0] == '?' && pair[1].is_alphabetic()));
    if holes { Err(lost()) } else { Ok(text) }
}

fn lost() -> Text {
    Text::new(
        "tệp này lưu sai bảng mã nên mất chữ tiếng Việt: trong Excel chọn Tệp → Lưu thành (Save As) → “CSV UTF-8”, hoặc lưu thành Excel (.xlsx) rồi gửi lại",
        "this file was saved in an encoding that lost letters: in Excel choose File → Save As → “CSV UTF-8”, or save it as an Excel workbook (.xlsx), and send it again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Mã hàng (SKU)\tTên\nBD-6\tBưởi Diễn Đú Sáng\n";

    fn utf_16_bytes(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn every_way_of_saving_gives_the_same_text() {
        use unicode_normalization::UnicodeNormalization;
        let marked = format!("\u{feff}{TEXT}");
        assert_eq!(decoded(TEXT.as_bytes()).as_deref(), Ok(TEXT));
        assert_eq!(decoded(marked.as_bytes()).as_deref(), Ok(TEXT));
        for big in [false, true] {
            assert_eq!(decoded(&utf_16_bytes(&marked, big)).as_deref(), Ok(TEXT));
            assert_eq!(decoded(&utf_16_bytes(TEXT, big)).as_deref(), Ok(TEXT));
        }
        // windows-1258 holds some letters composed and adds the tones behind them: half composed, as Windows writes it.
        let halves: String = TEXT
            .chars()
            .flat_map(|c| {
                let parts: Vec<char> = std::iter::once(c).nfd().collect();
                let tone = parts
                    .iter()
                    .copied()
                    .find(|part| matches!(part, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}'));
                let base: String = parts.iter().filter(|part| Some(**part) != tone).collect::<String>().nfc().collect();
                base.chars().chain(tone).collect::<Vec<_>>()
            })
            .collect();
        let (bytes, _, lossy) = WINDOWS_1258.encode(&halves);
        assert!(!lossy && std::str::from_utf8(&bytes).is_err());
        let text = decoded(&bytes).map(|text| text.nfc().collect::<String>());
        assert_eq!(text.as_deref(), Ok(TEXT));
    }

    #[test]
    fn lost_letters_are_refused_with_the_menu_to_choose() {
        // The `đ` of windows-1252 is none: question marks stand for it.
        let fault = decoded(b"M\xe3 h\xe0ng,T\xean\nBD-6,B??i Di?n\n").expect_err("refused");
        assert!(fault.vi.contains("CSV UTF-8") && fault.en.contains("Save As"), "{fault:?}");
        assert!(decoded(b"M\xff\x81\x8d,\x90\n").is_err());
    }
}
