//! What a request that changes listings, stock or orders works with, and who sent it; or who sends it for a partner
//! (`partner`).

mod partner;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use entity::value::{CooperativeId, MemberRole, PlatformRole};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde::Serialize;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

pub use partner::PartnerDesk;

use crate::config::Config;
use crate::people::identity::{Permission, SignedIn, require_member};
use crate::people::offices::{Jurisdiction, OfficePermission, Seat, seats_of};
use crate::platform::audit;
use crate::platform::body::service;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
use crate::platform::idempotency::Once;
use crate::platform::objects::Objects;
use crate::platform::outbox::Bell;
use crate::platform::problem::{FORBIDDEN, Problem};
use crate::platform::read_model::ReadModel;

/// The services a signed-in person's request needs, taken from the application at once.
#[derive(Clone)]
pub struct Desk {
    pub db: Data<Db>,
    pub clock: Data<Clock>,
    pub read_model: Data<ReadModel>,
    pub bell: Data<Bell>,
    pub objects: Data<Objects>,
    pub config: Data<Config>,
    pub who: SignedIn,
    /// The mark of the form that was sent.
    pub once: Once,
}

impl FromRequest for Desk {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let who = SignedIn::from_request(request, payload).into_inner();
        std::future::ready(who.and_then(|who| Self::of(request, who)))
    }
}

impl Desk {
    /// The desk of somebody already known, such as by a cookie.
    pub fn of(request: &HttpRequest, who: SignedIn) -> Result<Self, Problem> {
        Ok(Self {
            db: service(request)?,
            clock: service(request)?,
            read_model: service(request)?,
            bell: service(request)?,
            objects: service(request)?,
            config: service(request)?,
            who,
            once: Once::default(),
        })
    }

    /// A transaction of the request's work. The first of a form that carries a mark claims it.
    pub async fn begin(&self) -> Result<DatabaseTransaction, Problem> {
        let transaction = self.db.begin().await?;
        self.once.claim(&transaction, &format!("form:{}", self.who.account), self.now()).await?;
        Ok(transaction)
    }

    /// Refused unless the caller's role in the cooperative has the permission.
    pub async fn may(&self, cooperative: CooperativeId, permission: Permission) -> Result<MemberRole, Problem> {
        require_member(self.db.fresh(), self.who.account, cooperative, permission).await
    }

    /// The caller's places in offices that have the permission; refused without one.
    pub async fn seats(&self, permission: OfficePermission) -> Result<Vec<Seat>, Problem> {
        self.seats_in(self.db.fresh(), permission).await
    }

    /// The same inside of a transaction: whoever holds one asks for no second connection, for those who wait for theirs while they
    /// hold one may be all there are.
    pub async fn seats_in(
        &self,
        connection: &impl ConnectionTrait,
        permission: OfficePermission,
    ) -> Result<Vec<Seat>, Problem> {
        self.who.require_strong()?;
        let mut seats = seats_of(connection, self.who.account).await?;
        seats.retain(|seat| seat.may(permission));
        if seats.is_empty() { Err(Problem::new(&FORBIDDEN)) } else { Ok(seats) }
    }

    /// Where the caller's offices let them do this; the platform's own people anywhere.
    pub async fn jurisdiction(&self, permission: OfficePermission) -> Result<Jurisdiction, Problem> {
        if self.who.has(PlatformRole::Admin) {
            return Ok(Jurisdiction::Country);
        }
        Ok(Jurisdiction::of(&self.seats(permission).await?))
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// In Vietnam.
    pub fn today(&self) -> Date {
        self.clock.today()
    }

    /// Writes who changed what, in the change's own transaction.
    pub async fn audit(
        &self,
        transaction: &impl ConnectionTrait,
        action: &str,
        (entity, entity_id): (&str, Uuid),
        before: impl Serialize,
        after: impl Serialize,
    ) -> Result<(), DbErr> {
        let value = |value| Some(value).filter(|value: &serde_json::Value| !value.is_null());
        let change = audit::Change {
            actor: self.who.audit_actor(),
            action,
            entity,
            entity_id,
            before: value(serde_json::to_value(before).unwrap_or_default()),
            after: value(serde_json::to_value(after).unwrap_or_default()),
        };
        audit::record(transaction, change, self.now()).await
    }

    /// Refreshes what buyers see of these products, after the commit that changed them.
    pub async fn products_changed(&self, ids: &[entity::value::ProductId]) -> Result<(), Problem> {
        self.bell.ring();
        self.read_model.products_changed(ids).await;
        Ok(())
    }

    pub async fn cooperative_changed(&self, id: CooperativeId) -> Result<(), Problem> {
        self.bell.ring();
        self.read_model.cooperative_changed(id).await;
        Ok(())
    }
}
