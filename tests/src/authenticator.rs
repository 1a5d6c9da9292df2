//! A phone that makes passkeys and signs with them, as the standard says (W3C Web Authentication, level 3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const WITH_KEY: u8 = 64;

pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    user: String,
    counter: u32,
    /// Whether it asks for a finger.
    pub verifies: bool,
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// CBOR of fewer than 256 bytes, as short as it can be.
fn byte_string(bytes: &[u8]) -> Vec<u8> {
    [&[0x58, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

impl Default for Authenticator {
    fn default() -> Self {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pair.as_ref(), &random).unwrap();
        let id = uuid::Uuid::new_v4().as_bytes().repeat(2);
        Self { key, id, user: String::new(), counter: 0, verifies: true }
    }
}

impl Authenticator {
    fn data(&self, site: &str, with: u8) -> Vec<u8> {
        let flags = PRESENT | with | if self.verifies { VERIFIED } else { 0 };
        [Sha256::digest(site).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(kind: &str, options: &Value, origin: &str) -> String {
        let challenge = options["challenge"].as_str().expect("a challenge");
        json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false}).to_string()
    }

    fn told(&self, response: Value) -> Value {
        let id = text(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": response,
        })
    }

    /// Makes a passkey for what was asked of a browser at this origin.
    pub fn make(&mut self, options: &Value, origin: &str) -> Value {
        options["user"]["id"].as_str().expect("a user").clone_into(&mut self.user);
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..65]);
        let public = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data =
            [&self.data(options["rp"]["id"].as_str().unwrap(), WITH_KEY)[..], &[0; 16], &length, &self.id, &public]
                .concat();
        let attestation = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".as_slice(), &byte_string(&data)].concat();
        let client = Self::client_data("webauthn.create", options, origin);
        self.told(json!({
            "clientDataJSON": text(client), "attestationObject": text(attestation), "transports": ["internal", "hybrid"],
        }))
    }

    /// Signs what was asked of a browser at this origin.
    pub fn sign(&mut self, options: &Value, origin: &str) -> Value {
        self.counter += 1;
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client = Self::client_data("webauthn.get", options, origin);
        let signed = [&data[..], Sha256::digest(&client).as_slice()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.told(json!({
            "clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": self.user,
        }))
    }

    /// A copy that was made behind its owner's back: it counts from where it was made.
    pub fn rewind(&mut self, by: u32) {
        self.counter -= by;
    }
}
