//! Who is calling: accounts, sign-in, sessions, roles.
//!
//! Signing up and resetting a password answer the same whether or not the address is known here, after the same work:
//! the request is stored, and what follows (a code, or "you already have an account") goes to the address itself.
//! An account comes into being when its code is shown. A sign-in is a session with a chain of refresh tokens, each used
//! once; an old one shown again means that somebody copied it, and ends the session. Access tokens live 15 minutes.
//! A second factor (`second`) stands beside the password; a passkey (`passkeys`) stands for both.

mod addresses;
pub mod breached;
mod caller;
mod checks;
mod consents;
mod devices;
mod entry;
mod keys;
mod me;
pub mod partner;
mod passkeys;
mod passwords;
mod permissions;
mod personal;
mod routes;
pub mod rules;
mod second;
mod sessions;
mod store;
mod throttle;
mod totp;
mod visit;

use std::sync::Arc;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
use entity::value::{AccountId, CartId};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use utoipa::ToSchema;

pub use addresses::{
    Address, AddressInput, book as address_book, check_commune, enter as enter_address, rewrite as rewrite_address,
    strike as strike_address,
};
pub use caller::{Caller, SignedIn};
pub use consents::{
    Consent, ConsentList, VERSION as CONSENT_VERSION, change as change_consent, give as give_consent, of as consents_of,
};
pub use devices::{begin as begin_session, end_own as end_own_session, note_seen, open_sessions};
pub use entry::{Alive, Entered, SignUp, ask_to_reset, authenticate, confirm, is_alive, reset_by_code, sign_up};
pub use keys::Keys;
pub use me::{PasswordChange, ProfileChange, change as change_profile, prove as prove_password, set_new_password};
pub use passkeys::{
    BAD_PASSKEY, PASSKEYS_UNAVAILABLE, Site, add_passkey, begin_entry, begin_passkey, enter_by_passkey, is_strong,
    passkeys_of, prove_for_passkeys, remove_passkey,
};
pub use passwords::Passwords;
pub use permissions::{Permission, as_markdown as permissions_as_markdown};
pub use personal::{HOLDS, PERSONAL, SUBJECTS};
pub use second::{
    confirm as confirm_second_factor, enrol as enrol_second_factor, forget as forget_second_factor,
    remove as remove_second_factor, second_step, state_of as second_factor_of,
};
pub use sessions::{end as end_session, end_all as end_sessions};
pub use store::{
    NewAccount, change_role, create_account, end_membership, find as find_account, find_by_contact, grant_membership,
    grant_role, issue_registration_code, issue_reset_code, lock_role, memberships, require_member, revoke_role,
    roles as roles_of,
};

pub use visit::{DEVICE, Visit};

use crate::platform::problem::Problem;
use crate::platform::sealing::SealedColumn;

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("second_factor", "secret")];

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[
    Over::new(
        "sign_ups",
        ("đăng ký và đặt lại mật khẩu dở dang", "sign-ups and password resets that led to nothing"),
        (2, 1),
        &[
            "DELETE FROM registration WHERE expires_at < $1",
            "DELETE FROM password_reset WHERE expires_at < $1",
            "DELETE FROM second_step WHERE expires_at < $1",
            "DELETE FROM sign_in_attempt WHERE last_at < $1",
            "DELETE FROM passkey_challenge WHERE expires_at < $1",
        ],
    ),
    Over::new(
        "sessions",
        ("lần đăng nhập đã hết hạn", "sign-ins that are over"),
        (30, 1),
        &[
            "DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM session WHERE expires_at < $1)",
            "DELETE FROM session WHERE expires_at < $1
               AND NOT EXISTS (SELECT 1 FROM console_session c WHERE c.session_id = session.id)",
        ],
    ),
    Over::new(
        "devices",
        ("thiết bị không còn dùng", "devices no longer used"),
        (730, 90),
        &["DELETE FROM device WHERE last_seen_at < $1"],
    ),
];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::register)
        .service(routes::verify)
        .service(routes::sign_in)
        .service(routes::sign_in_second)
        .service(routes::refresh)
        .service(routes::logout)
        .service(routes::forgot_password)
        .service(routes::reset_password)
        .service(me::show)
        .service(me::update)
        .service(me::change_password)
        .service(devices::list)
        .service(devices::end)
        .service(consents::list)
        .service(consents::put)
        .service(second::show)
        .service(second::begin)
        .service(second::confirm_first)
        .service(second::end)
        .service(passkeys::list)
        .service(passkeys::ask_to_add)
        .service(passkeys::add)
        .service(passkeys::remove)
        .service(passkeys::ask_to_enter)
        .service(passkeys::enter)
        .service(addresses::list)
        .service(addresses::create)
        .service(addresses::update)
        .service(addresses::delete);
}

/// A basket filled before signing in.
#[derive(Clone, Debug, Deserialize, ToSchema, garde::Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct GuestCart {
    pub id: CartId,
    #[garde(length(max = 100))]
    #[schema(max_length = 100)]
    pub token: String,
}

/// What other slices do when somebody signs in; wired up in `app.rs`, since identity knows nothing of baskets.
pub trait OnSignIn: Send + Sync {
    /// The basket the buyer goes on with.
    fn signed_in<'a>(
        &'a self,
        account: AccountId,
        guest_cart: &'a GuestCart,
    ) -> BoxFuture<'a, Result<Option<CartId>, Problem>>;
}

pub type SignInHook = Arc<dyn OnSignIn>;
