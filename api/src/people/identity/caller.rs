//! Who sent this request, from its access token. A token that is there but not good is refused, never ignored.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use entity::value::{AccountId, AuditActor, PlatformRole, SessionId};
use uuid::Uuid;

use super::keys::Keys;
use crate::platform::clock::Clock;
use crate::platform::problem::{FORBIDDEN, Problem, UNAUTHENTICATED};

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub session: SessionId,
    pub roles: Vec<PlatformRole>,
}

impl SignedIn {
    pub fn require(&self, role: PlatformRole) -> Result<(), Problem> {
        if self.roles.contains(&role) { Ok(()) } else { Err(Problem::new(&FORBIDDEN)) }
    }

    /// Officers, and the platform's own people for them.
    pub fn require_office(&self) -> Result<(), Problem> {
        self.require(PlatformRole::Officer).or_else(|_| self.require(PlatformRole::Admin))
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
    Ok(Some(SignedIn { account: claims.sub, session: claims.sid, roles: claims.roles }))
}
