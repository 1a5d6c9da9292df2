//! What a request on behalf of a partner works with: a person of its team, or a program with its key.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use entity::api_key;
use entity::value::{PartnerId, PartnerRole, PartnerState};

use super::Desk;
use crate::people::identity::SignedIn;
use crate::people::identity::partner::{
    PARTNER_NOT_APPROVED, Scope, count, key_of, partner_in, require_partner, require_scope, shown_key,
};
use crate::platform::body::service;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id};
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem};

/// A [`Desk`] at a partner. Nothing is allowed until [`PartnerDesk::may`] or [`PartnerDesk::owner`] says so.
pub struct PartnerDesk {
    desk: Desk,
    pub partner: PartnerId,
    key: Option<api_key::Model>,
}

impl Deref for PartnerDesk {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl FromRequest for PartnerDesk {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let signed_in = shown_key(&request).is_none().then(|| Desk::from_request(&request, payload).into_inner());
        Box::pin(async move {
            if let Some(desk) = signed_in {
                let desk = desk?;
                return Ok(Self { desk, partner: partner_in(&request)?, key: None });
            }
            let (db, clock): (Data<Db>, Data<Clock>) = (service(&request)?, service(&request)?);
            let key = key_of(db.fresh(), shown_key(&request).unwrap_or_default(), clock.now()).await?;
            match count(&db, &key, clock.now()).await {
                Ok(allowance) => request.extensions_mut().insert(allowance),
                Err((problem, allowance)) => {
                    request.extensions_mut().insert(allowance);
                    return Err(problem);
                }
            };
            let who = SignedIn::plain(key.created_by);
            Ok(Self { desk: Desk::of(&request, who)?, partner: partner_in(&request)?, key: Some(key) })
        })
    }
}

impl PartnerDesk {
    /// The desk of somebody already known, such as by a cookie.
    pub fn of(desk: Desk, partner: PartnerId) -> Self {
        Self { desk, partner, key: None }
    }

    /// Refused unless the person is of the team, or the key is the partner's and has the scope.
    pub async fn may(&self, scope: Scope) -> Result<PartnerState, Problem> {
        let Some(key) = &self.key else {
            return require_scope(self.db.fresh(), self.who.account, self.partner, scope).await;
        };
        if key.partner_id != self.partner || !key.scopes.split(',').any(|own| own == scope.as_str()) {
            return Err(Problem::new(&FORBIDDEN));
        }
        let partner = by_id::<entity::partner::Entity>(self.db.fresh(), self.partner).await?;
        Ok(partner.ok_or_else(|| Problem::new(&NOT_FOUND))?.state)
    }

    /// As [`Self::may`], of an approved partner.
    pub async fn approved(&self, scope: Scope) -> Result<(), Problem> {
        match self.may(scope).await? {
            PartnerState::Approved => Ok(()),
            state => Err(Problem::new(&PARTNER_NOT_APPROVED).extension("state", state)),
        }
    }

    /// Refused unless the person is an owner; no key is.
    pub async fn owner(&self) -> Result<PartnerState, Problem> {
        if self.key.is_some() {
            return Err(Problem::new(&FORBIDDEN));
        }
        require_partner(self.db.fresh(), self.who.account, self.partner, PartnerRole::Owner).await
    }
}
