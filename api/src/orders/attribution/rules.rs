//! Signed links and clicks, and who is no guest: pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::value::ClickId;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use time::OffsetDateTime;
use uuid::Uuid;

/// Bytes of a signature that are sent: 128 bits.
const MARK: usize = 16;

/// Signs with the first of the server's keys, verifies with all, so that keys can be rotated.
pub struct Signer(Vec<Vec<u8>>);

impl Signer {
    pub fn new(keys: &[(String, SecretString)]) -> Self {
        Self(keys.iter().map(|(_, secret)| mac(secret.expose_secret().as_bytes(), "attribution")).collect())
    }

    fn sign(&self, text: &str) -> String {
        let key = self.0.first().map(Vec::as_slice).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(&mac(key, text)[..MARK])
    }

    fn verify(&self, text: &str, mark: &str) -> bool {
        let Ok(mark) = URL_SAFE_NO_PAD.decode(mark) else { return false };
        self.0.iter().any(|key| mac(key, text)[..MARK].ct_eq(&mark).into())
    }

    /// The mark in a feed's link to a product (or to all of it): nobody can put another feed or product into a link.
    pub fn link(&self, feed: &str, product: &str) -> String {
        self.sign(&format!("link:{feed}:{product}"))
    }

    pub fn is_link(&self, feed: &str, product: &str, mark: &str) -> bool {
        self.verify(&format!("link:{feed}:{product}"), mark)
    }

    /// `<click>.<until>.<mark>`: what a guest carries from a click to a basket.
    pub fn click(&self, id: ClickId, until: OffsetDateTime) -> String {
        let body = format!("{}.{}", URL_SAFE_NO_PAD.encode(id.0.as_bytes()), until.unix_timestamp());
        format!("{body}.{}", self.sign(&format!("click:{body}")))
    }

    /// The click of a token that we made and that has not run out.
    pub fn read_click(&self, token: &str, now: OffsetDateTime) -> Option<ClickId> {
        let (body, mark) = token.rsplit_once('.').filter(|_| token.len() <= 100)?;
        if !self.verify(&format!("click:{body}"), mark) {
            return None;
        }
        let (id, until) = body.split_once('.')?;
        if until.parse::<i64>().ok()? <= now.unix_timestamp() {
            return None;
        }
        Some(ClickId(Uuid::from_slice(&URL_SAFE_NO_PAD.decode(id).ok()?).ok()?))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return vec![0; 32] };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Programs that follow links without anybody looking: they are no guests and count for nothing.
pub fn is_bot(user_agent: &str) -> bool {
    const SIGNS: &[&str] = &[
        "bot",
        "crawl",
        "spider",
        "slurp",
        "preview",
        "facebookexternalhit",
        "headless",
        "lighthouse",
        "monitor",
        "curl/",
        "wget",
        "python",
        "go-http",
        "java/",
        "okhttp",
        "libwww",
        "httpclient",
        "zalo-scraper",
        "phantomjs",
    ];
    let agent = user_agent.to_ascii_lowercase();
    agent.len() < 10 || SIGNS.iter().any(|sign| agent.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::Duration;

    fn signer(secret: &str) -> Signer {
        Signer::new(&[("a".to_owned(), SecretString::from(secret.to_owned()))])
    }

    #[test]
    fn a_click_is_read_until_it_runs_out_and_by_us_alone() {
        let (ours, theirs, now) =
            (signer("ours"), signer("theirs"), OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        let id = ClickId::new();
        let token = ours.click(id, now + Duration::days(7));
        assert_eq!(ours.read_click(&token, now), Some(id));
        assert_eq!(ours.read_click(&token, now + Duration::days(7)), None, "run out");
        assert_eq!(theirs.read_click(&token, now), None, "not theirs");
        let (id_part, rest) = token.split_once('.').expect("three parts");
        let longer = rest.replacen(char::is_numeric, "9", 1);
        assert_eq!(ours.read_click(&format!("{id_part}.{longer}"), now), None, "a longer life is not ours");
        let rotated = Signer(vec![mac(b"new", "attribution"), mac(b"ours", "attribution")]);
        assert_eq!(rotated.read_click(&token, now), Some(id), "keys rotate");
    }

    #[test]
    fn links_name_one_feed_and_one_product() {
        let ours = signer("ours");
        let mark = ours.link("suoi-khoang", "buoi");
        assert!(ours.is_link("suoi-khoang", "buoi", &mark));
        for (feed, product) in [("mai-chau", "buoi"), ("suoi-khoang", "cam"), ("suoi-khoang", "")] {
            assert!(!ours.is_link(feed, product, &mark));
        }
    }

    #[test]
    fn phones_are_guests_and_programs_are_not() {
        assert!(!is_bot(
            "Mozilla/5.0 (Linux; Android 11; Redmi 9A) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36"
        ));
        assert!(!is_bot("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Zalo iOS/600"));
        for bot in [
            "",
            "curl/8.0.1",
            "Mozilla/5.0 (compatible; Googlebot/2.1)",
            "facebookexternalhit/1.1",
            "HeadlessChrome/120",
        ] {
            assert!(is_bot(bot), "{bot}");
        }
    }

    proptest! {
        #[test]
        fn no_tampered_token_is_read(position in 0_usize..70, byte in 33_u8..127) {
            let (ours, now) = (signer("ours"), OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
            let id = ClickId::new();
            let token = ours.click(id, now + Duration::days(7));
            let mut bytes = token.clone().into_bytes();
            let position = position % bytes.len();
            bytes[position] = byte;
            if let Ok(changed) = String::from_utf8(bytes) {
                // Base64's last character has bits to spare: the same bytes are the same token.
                let read = ours.read_click(&changed, now);
                prop_assert!(changed == token || read.is_none() || read == Some(id) && position >= token.len() - 1);
            }
        }
    }
}
