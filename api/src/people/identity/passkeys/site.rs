//! What passkeys are bound to: the name of this site. A passkey made here lets in nowhere else, so nobody is talked out of one.

use entity::value::AccountId;
use uuid::Uuid;
use webauthn_rp::bin::Decode;
use webauthn_rp::request::register::UserHandle16;
use webauthn_rp::request::{AsciiDomain, RpId};

pub struct Site {
    pub id: RpId,
    /// Scheme, name and port: where its pages are.
    pub origin: String,
}

impl Site {
    /// None where the site has no name but an address: browsers make no passkeys for those.
    pub fn of(base_url: &str) -> Option<Self> {
        let url = reqwest::Url::parse(base_url).ok()?;
        let id = RpId::Domain(AsciiDomain::try_from(url.domain()?.to_owned()).ok()?);
        Some(Self { id, origin: url.origin().ascii_serialization() })
    }
}

/// What authenticators know an account by.
pub fn handle_of(account: AccountId) -> UserHandle16 {
    super::sure(UserHandle16::decode(*account.0.as_bytes()))
}

pub fn account_of(handle: &UserHandle16) -> Option<AccountId> {
    Uuid::from_slice(handle.as_ref()).ok().map(AccountId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_bound_to_a_name() {
        let site = Site::of("https://cho.hoabinh.gov.vn/").expect("a name");
        assert_eq!(site.origin, "https://cho.hoabinh.gov.vn");
        let site = Site::of("http://localhost:8080").expect("a name");
        assert_eq!(site.origin, "http://localhost:8080");
        for address in ["http://127.0.0.1:8080", "http://[::1]:8080", "nowhere"] {
            assert!(Site::of(address).is_none(), "{address}");
        }
        let account = AccountId::new();
        assert_eq!(account_of(&handle_of(account)), Some(account));
    }
}
