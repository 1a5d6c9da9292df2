//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits, 30 seconds, as every app has it. Thirty lines over
//! `ring`, which is there for TLS; the crates for it bring older copies of what we have.

use ring::hmac;

pub const SECONDS: i64 = 30;
/// A phone's clock may be a step off.
pub const SLACK: i64 = 1;

pub fn step(unix_seconds: i64) -> i64 {
    unix_seconds.div_euclid(SECONDS)
}

pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[bytes.len() - 1] & 15);
    let number = u32::from_be_bytes([bytes[at] & 127, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648, without padding: how a secret is typed into an app.
pub fn base32(bytes: &[u8]) -> String {
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from(byte >> bit & 1)));
    let bits: Vec<usize> = bits.collect();
    let letter = |chunk: &[usize]| {
        let value = (0..5).fold(0, |value, at| value * 2 + chunk.get(at).copied().unwrap_or(0));
        char::from(ALPHABET[value])
    };
    bits.chunks(5).map(letter).collect()
}

pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bits = Vec::with_capacity(text.len() * 5);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits.extend((0..5).rev().map(|bit| value >> bit & 1 == 1));
    }
    let byte = |chunk: &[bool]| chunk.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    Some(bits.chunks_exact(8).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, wanted) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(code(secret, step(seconds)), wanted, "{seconds}");
        }
    }

    #[test]
    fn secrets_are_typed_as_the_standard_says() {
        for (bytes, text) in [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(from_base32("0189"), None);
    }
}
