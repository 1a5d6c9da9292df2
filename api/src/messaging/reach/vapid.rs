//! Who sends a push message (RFC 8292): a token for one push service, signed with the key that browsers subscribed with.

use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// At most 24 hours.
const GOOD_FOR: Duration = Duration::hours(12);

pub struct Vapid(EcdsaKeyPair);

/// A fresh key, as it is stored.
pub fn new_key() -> anyhow::Result<String> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    Ok(URL_SAFE_NO_PAD.encode(made.map_err(|_| anyhow!("no randomness"))?))
}

impl Vapid {
    pub fn read(stored: &str) -> anyhow::Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(stored)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new());
        pair.map(Self).map_err(|error| anyhow!("the key for push services: {error}"))
    }

    /// What browsers subscribe with.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    /// `Authorization` for the push service at this origin.
    pub fn authorization(&self, origin: &str, contact: &str, now: OffsetDateTime) -> anyhow::Result<String> {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"aud": origin, "exp": (now + GOOD_FOR).unix_timestamp(), "sub": contact});
        let signed = format!("{}.{}", part(json!({"typ": "JWT", "alg": "ES256"})), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| anyhow!("not signed"))?;
        Ok(format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature), self.public()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    #[test]
    fn a_push_service_reads_who_sends() {
        let key = Vapid::read(&new_key().expect("a key")).expect("reads");
        let now = OffsetDateTime::now_utc();
        let said = key.authorization("https://push.example", "mailto:lien-he@example.vn", now).expect("signed");
        let (token, public) =
            said.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")).expect("both parts");
        assert_eq!(public, key.public());
        let point = URL_SAFE_NO_PAD.decode(public).expect("base64url");
        let of = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let known = DecodingKey::from_ec_components(&of(&point[1..33]), &of(&point[33..])).expect("a key");
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["https://push.example"]);
        let claims = decode::<serde_json::Value>(token, &known, &validation).expect("verifies").claims;
        assert_eq!(claims["sub"], "mailto:lien-he@example.vn");
        assert!(Vapid::read("AAAA").is_err());
    }
}
