//! Who sent this request, from its access token. A token that is there but not good is refused, never ignored.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use entity::value::{AccountId, AuditActor, PlatformRole, SessionId};
use uuid::Uuid;

use super::keys::Keys;
use crate::config::Config;
use crate::platform::clock::Clock;
use crate::platform::problem::{FORBIDDEN, Problem, UNAUTHENTICATED, codes};

codes! {
    SECOND_FACTOR_REQUIRED = "second_factor_required" 403 "Việc này cần xác thực hai lớp: hãy bật trong trang Bảo mật của tài khoản rồi đăng nhập lại." "This takes a second factor: switch it on under Security of your account, then sign in again.";
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub session: SessionId,
    roles: Vec<PlatformRole>,
    /// A second factor is asked for here, and was not shown: roles, offices and bank accounts are out of reach.
    weak: bool,
}

impl SignedIn {
    /// `strong`: a second factor was shown, or none is asked for here.
    pub fn new(account: AccountId, session: SessionId, roles: Vec<PlatformRole>, strong: bool) -> Self {
        Self { account, session, roles, weak: !strong }
    }

    /// Whoever something is done for that nobody is asked about.
    pub fn plain(account: AccountId) -> Self {
        Self::new(account, SessionId(Uuid::nil()), Vec::new(), true)
    }

    pub fn has(&self, role: PlatformRole) -> bool {
        !self.weak && self.roles.contains(&role)
    }

    /// Has roles, and must show a second factor before they count.
    pub fn is_held_back(&self) -> bool {
        self.weak && !self.roles.is_empty()
    }

    pub fn require(&self, role: PlatformRole) -> Result<(), Problem> {
        if self.roles.contains(&role) { self.require_strong() } else { Err(Problem::new(&FORBIDDEN)) }
    }

    /// Refused where a second factor is asked for and was not shown.
    pub fn require_strong(&self) -> Result<(), Problem> {
        if self.weak { Err(Problem::new(&SECOND_FACTOR_REQUIRED)) } else { Ok(()) }
    }

    /// Officers, and the platform's own people for them.
    pub fn require_office(&self) -> Result<(), Problem> {
        let role =
            if self.roles.contains(&PlatformRole::Officer) { PlatformRole::Officer } else { PlatformRole::Admin };
        self.require(role)
    }

    pub fn audit_actor(&self) -> (AuditActor, Option<Uuid>) {
        (AuditActor::User, Some(self.account.0))
    }
}

/// Somebody, signed in or not.
#[derive(Clone, Debug)]
pub struct Caller(pub Option<SignedIn>);

impl Caller {
    pub fn account(&self) -> Option<AccountId> {
        self.0.as_ref().map(|signed_in| signed_in.account)
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).map(Self))
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).and_then(|caller| caller.ok_or_else(|| Problem::new(&UNAUTHENTICATED))))
    }
}

fn identify(request: &HttpRequest) -> Result<Option<SignedIn>, Problem> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let refused = || Problem::new(&UNAUTHENTICATED);
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let keys = request.app_data::<Data<Keys>>().ok_or_else(|| Problem::internal("no keys"))?;
    let clock = request.app_data::<Data<Clock>>().ok_or_else(|| Problem::internal("no clock"))?;
    let claims = keys.verify(token.trim(), clock.now()).ok_or_else(refused)?;
    let config = request.app_data::<Data<Config>>().ok_or_else(|| Problem::internal("no configuration"))?;
    let strong = claims.strong || !config.asks_for_second_factor();
    Ok(Some(SignedIn::new(claims.sub, claims.sid, claims.roles, strong)))
}
