//! Random secrets and how they are kept: the client holds the secret, the database its hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Unambiguous when read aloud or typed from a message: no 0/O, 1/I/L.
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// 256 random bits for machines, URL-safe.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// `length` characters for people; about 4.95 random bits each.
pub fn code(length: usize) -> String {
    let mut out = String::with_capacity(length);
    while out.len() < length {
        // Bytes past the last whole multiple would favour the first letters.
        let byte = rand::random::<u8>();
        if byte < 248 {
            out.push(char::from(ALPHABET[usize::from(byte % 31)]));
        }
    }
    out
}

/// What the database keeps of a secret. Secrets are random and long, so a fast hash is right.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// A code as typed by a person: blanks and dashes off, upper case.
pub fn normalise_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Equal, in a time that tells nothing about where they differ.
pub fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
