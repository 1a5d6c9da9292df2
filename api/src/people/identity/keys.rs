//! Signing access tokens: HS256, the key id in the header, the algorithm pinned; the first key signs, all verify.

use std::collections::HashMap;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::value::{AccountId, PlatformRole, SessionId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::rules::ACCESS_TOKEN_SECONDS;

const ISSUER: &str = "cho-ocop";

#[derive(Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    pub sub: AccountId,
    /// The session; ends with it at the latest after [`ACCESS_TOKEN_SECONDS`].
    pub sid: SessionId,
    pub roles: Vec<PlatformRole>,
    /// A second factor was shown.
    #[serde(default)]
    pub strong: bool,
    iat: i64,
    exp: i64,
}

pub struct Keys {
    signing: (Header, EncodingKey),
    verifying: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl Keys {
    pub fn new(pairs: &[(String, SecretString)]) -> anyhow::Result<Self> {
        let mut verifying = HashMap::new();
        let mut signing = None;
        for (id, secret) in pairs {
            let bytes = URL_SAFE_NO_PAD
                .decode(secret.expose_secret().trim_end_matches('='))
                .with_context(|| format!("secret key {id} is not URL-safe base64"))?;
            ensure!(bytes.len() >= 32, "secret key {id} is shorter than 256 bits");
            if signing.is_none() {
                let header = Header { kid: Some(id.clone()), ..Header::new(Algorithm::HS256) };
                signing = Some((header, EncodingKey::from_secret(&bytes)));
            }
            ensure!(
                verifying.insert(id.clone(), DecodingKey::from_secret(&bytes)).is_none(),
                "key id {id} stands twice"
            );
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Expiry is judged by our own clock in `verify`.
        validation.validate_exp = false;
        Ok(Self { signing: signing.context("there is no secret key")?, verifying, validation })
    }

    pub fn sign(
        &self,
        account: AccountId,
        (session, strong): (SessionId, bool),
        roles: Vec<PlatformRole>,
        now: OffsetDateTime,
    ) -> jsonwebtoken::errors::Result<String> {
        let iat = now.unix_timestamp();
        let (iss, exp) = (ISSUER.to_owned(), iat + ACCESS_TOKEN_SECONDS);
        let claims = Claims { iss, sub: account, sid: session, roles, strong, iat, exp };
        encode(&self.signing.0, &claims, &self.signing.1)
    }

    /// The claims of a token that we signed and that has not expired.
    pub fn verify(&self, token: &str, now: OffsetDateTime) -> Option<Claims> {
        let key = self.verifying.get(&decode_header(token).ok()?.kid?)?;
        let claims = decode::<Claims>(token, key, &self.validation).ok()?.claims;
        (claims.exp > now.unix_timestamp()).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(id: &str, byte: u8) -> (String, SecretString) {
        (id.to_owned(), URL_SAFE_NO_PAD.encode([byte; 32]).into())
    }

    #[test]
    fn tokens_of_an_older_key_stay_valid_until_it_is_dropped() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let old = Keys::new(&[pair("a", 1)]).expect("keys");
        let token = old.sign(AccountId::new(), (SessionId::new(), false), vec![], now).expect("token");
        let rotated = Keys::new(&[pair("b", 2), pair("a", 1)]).expect("keys");
        assert!(rotated.verify(&token, now).is_some());
        assert!(rotated.verify(&token, now + time::Duration::seconds(ACCESS_TOKEN_SECONDS)).is_none(), "expired");
        assert!(Keys::new(&[pair("b", 2)]).expect("keys").verify(&token, now).is_none(), "dropped");
        assert!(Keys::new(&[pair("a", 3)]).expect("keys").verify(&token, now).is_none(), "forged");
    }
}
