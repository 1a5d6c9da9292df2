//! Choices, devices and the key for push services in the database.

use entity::sealed::Sealed;
use entity::value::{AccountId, PushId};
use entity::{push_key, push_subscription, session};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use time::OffsetDateTime;

use super::choice::{Way, read_ways};
use super::vapid::{Vapid, new_key};
use crate::people::identity::rules::Contact;
use crate::platform::db::{Db, by_id, one, run};
use crate::platform::problem::Problem;

const VAPID: &str = "vapid";

#[derive(FromQueryResult)]
struct Any {
    chosen: bool,
}

pub async fn anybody(db: &Db) -> Result<bool, Problem> {
    let sql = "SELECT (EXISTS (SELECT 1 FROM notice_choice) OR EXISTS (SELECT 1 FROM push_subscription)) AS chosen";
    Ok(one::<Any>(db.fresh(), sql, []).await?.is_some_and(|row| row.chosen))
}

/// Somebody who chose how to be told.
pub struct Person {
    pub account_id: AccountId,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The first way first; none where nothing was chosen.
    pub ways: Vec<Way>,
    pub has_devices: bool,
}

#[derive(FromQueryResult)]
struct Row {
    account_id: AccountId,
    email: Option<String>,
    phone: Option<String>,
    ways: Option<String>,
    has_devices: bool,
}

pub async fn person(db: &Db, contact: &Contact) -> Result<Option<Person>, Problem> {
    let sql = "SELECT a.id AS account_id, a.email, a.phone, n.ways,
                      EXISTS (SELECT 1 FROM push_subscription p JOIN session s ON s.id = p.session_id
                              WHERE p.account_id = a.id AND s.revoked_at IS NULL) AS has_devices
               FROM account a LEFT JOIN notice_choice n ON n.account_id = a.id
               WHERE a.id = (SELECT id FROM account WHERE email = $1 UNION ALL SELECT id FROM account WHERE phone = $1 LIMIT 1)
                 AND a.disabled_at IS NULL";
    let row = one::<Row>(db.fresh(), sql, [contact.as_str().into()]).await?;
    Ok(row.map(|row| Person {
        account_id: row.account_id,
        email: row.email,
        phone: row.phone,
        ways: row.ways.as_deref().map(read_ways).unwrap_or_default(),
        has_devices: row.has_devices,
    }))
}

/// An account's devices where it is signed in, the newest first.
pub async fn subscriptions(db: &Db, account: AccountId) -> Result<Vec<push_subscription::Model>, Problem> {
    let open = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::RevokedAt.is_null());
    let own = push_subscription::Entity::find()
        .filter(push_subscription::Column::AccountId.eq(account))
        .filter(push_subscription::Column::SessionId.in_subquery(open.into_query()));
    Ok(own.order_by_desc(push_subscription::Column::CreatedAt).all(db.fresh()).await?)
}

/// The browser is there no more, or its owner does not want to be told.
pub async fn drop_subscription(db: &Db, account: AccountId, id: PushId) -> Result<bool, Problem> {
    let sql = "DELETE FROM push_subscription WHERE id = $1 AND account_id = $2";
    Ok(run(db.write(), sql, [id.into(), account.into()]).await? == 1)
}

/// The key push services know us by; of two nodes that make one at once, one is kept.
pub async fn vapid(db: &Db, now: OffsetDateTime) -> Result<Vapid, Problem> {
    if let Some(row) = by_id::<push_key::Entity>(db.fresh(), VAPID.to_owned()).await? {
        return Vapid::read(&row.private_key).map_err(Problem::internal);
    }
    let made = Sealed::from(new_key().map_err(Problem::internal)?);
    let sql = "INSERT INTO push_key (name, private_key, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    run(db.write(), sql, [VAPID.into(), made.into(), now.into()]).await?;
    let row = by_id::<push_key::Entity>(db.fresh(), VAPID.to_owned()).await?;
    let row = row.ok_or_else(|| Problem::internal("no key for push services"))?;
    Vapid::read(&row.private_key).map_err(Problem::internal)
}

/// What browsers subscribe with.
pub async fn public_key(db: &Db, now: OffsetDateTime) -> Result<String, Problem> {
    Ok(vapid(db, now).await?.public())
}
