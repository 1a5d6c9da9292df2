//! A push message encrypted for one browser (RFC 8291, with the `aes128gcm` coding of RFC 8188): the push service reads nothing.

use anyhow::{anyhow, ensure};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// An uncompressed point of P-256.
const POINT: usize = 65;
pub const AUTH: usize = 16;
/// One record holds it all: push services take 4,096 bytes.
const RECORD: u32 = 4096;
pub const MOST: usize = 3000;

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(from: &Prk, info: &[&[u8]]) -> anyhow::Result<[u8; N]> {
    let mut made = [0; N];
    let filled = from.expand(info, Length(N)).and_then(|okm| okm.fill(&mut made));
    filled.map_err(|_| anyhow!("no key can be derived"))?;
    Ok(made)
}

/// The key and nonce of the one record.
fn record_keys(
    secret: &[u8],
    auth: &[u8],
    salt: &[u8],
    (browser, ours): (&[u8], &[u8]),
) -> anyhow::Result<(LessSafeKey, Nonce)> {
    let shared = Salt::new(HKDF_SHA256, auth).extract(secret);
    let input: [u8; 32] = derived(&shared, &[b"WebPush: info\0", browser, ours])?;
    let record = Salt::new(HKDF_SHA256, salt).extract(&input);
    let key: [u8; 16] = derived(&record, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derived(&record, &[b"Content-Encoding: nonce\0"])?;
    let key = UnboundKey::new(&AES_128_GCM, &key).map_err(|_| anyhow!("no key"))?;
    Ok((LessSafeKey::new(key), Nonce::assume_unique_for_key(nonce)))
}

/// The body of a push message for the browser with this key and secret.
pub fn seal(message: &[u8], browser: &[u8], auth: &[u8]) -> anyhow::Result<Vec<u8>> {
    ensure!(message.len() <= MOST, "a push message of {} bytes", message.len());
    ensure!(auth.len() == AUTH && browser.len() == POINT, "no keys of a browser");
    let random = SystemRandom::new();
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| anyhow!("no randomness"))?;
    let ours = private.compute_public_key().map_err(|_| anyhow!("no public key"))?;
    let mut salt = [0; 16];
    random.fill(&mut salt).map_err(|_| anyhow!("no randomness"))?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, browser);
    let keys = agree_ephemeral(private, &theirs, |secret| record_keys(secret, auth, &salt, (browser, ours.as_ref())));
    let (key, nonce) = keys.map_err(|_| anyhow!("no key of a browser"))??;
    // 2: the last record.
    let mut sealed = [message, &[2]].concat();
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).map_err(|_| anyhow!("not encrypted"))?;
    let point = u8::try_from(POINT)?;
    Ok([&salt[..], &RECORD.to_be_bytes(), &[point], ours.as_ref(), &sealed].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// The example of RFC 8291, appendix A, from the secret both sides agree on.
    #[test]
    fn the_example_of_the_standard_opens() {
        let secret = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let browser = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let body = bytes(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
        );
        let (salt, ours, mut sealed) = (&body[..16], &body[21..86], body[86..].to_vec());
        let (key, nonce) = record_keys(&secret, &auth, salt, (&browser, ours)).expect("keys");
        let opened = key.open_in_place(nonce, Aad::empty(), &mut sealed).expect("opens");
        assert_eq!(opened, b"When I grow up, I want to be a watermelon\x02");
    }

    #[test]
    fn only_its_browser_opens_it() {
        let random = SystemRandom::new();
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).expect("a key");
        let browser = private.compute_public_key().expect("its public half");
        let auth = [7; AUTH];
        let body = seal("Đơn đã gửi".as_bytes(), browser.as_ref(), &auth).expect("sealed");
        assert_eq!((&body[16..20], body[20]), (&4096_u32.to_be_bytes()[..], 65));
        let (salt, ours, mut sealed) = (&body[..16], &body[21..86], body[86..].to_vec());
        let theirs = UnparsedPublicKey::new(&ECDH_P256, ours);
        let (key, nonce) =
            agree_ephemeral(private, &theirs, |secret| record_keys(secret, &auth, salt, (browser.as_ref(), ours)))
                .expect("agreed")
                .expect("keys");
        let opened = key.open_in_place(nonce, Aad::empty(), &mut sealed).expect("opens");
        assert_eq!(opened, ["Đơn đã gửi".as_bytes(), &[2]].concat());
        assert!(seal(&[0; MOST + 1], browser.as_ref(), &auth).is_err(), "too long");
        assert!(seal(b"x", &[4; POINT], &auth).is_err(), "no point of the curve");
    }
}
