//! Who changed what, when, from what to what: written in the transaction of the change itself.

use entity::audit_entry;
use entity::value::{AuditActor, RowId};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, Set};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::personal::{Record, moment, text};

/// What was written down of changes to the account, its orders and papers tells what they said; what somebody did for others
/// stays. First of all, for it is found by what it is about.
pub const PERSONAL: &[Record] = &[
    Record::kept(
        "audit_entry",
        ("Việc đã làm trên sàn", "What was done on the platform"),
        "actor_id = :account",
        &[text("action"), text("entity"), moment("at")],
        ("Sổ sách của tổ chức, không kèm tên", "Records of organisations, without a name"),
    ),
    Record::blanked(
        "audit_entry",
        ("Nhật ký về bạn", "What was done about you"),
        "entity_id IN :subjects",
        &[text("action"), text("entity"), moment("at")],
        &[("before", "NULL"), ("after", "NULL")],
    ),
];

/// Things that are known by a name: the trail knows them by a number made of it.
pub fn of_name(name: &str) -> Uuid {
    let bytes = name.bytes().fold([0_u8; 16], |mut bytes, byte| {
        bytes.rotate_left(1);
        bytes[0] = bytes[0].wrapping_add(byte);
        bytes
    });
    Uuid::from_bytes(bytes)
}

pub struct Change<'a> {
    pub actor: (AuditActor, Option<Uuid>),
    pub action: &'a str,
    pub entity: &'a str,
    pub entity_id: Uuid,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

pub async fn record(connection: &impl ConnectionTrait, change: Change<'_>, at: OffsetDateTime) -> Result<(), DbErr> {
    row(change, at).insert(connection).await?;
    Ok(())
}

/// A change as it is kept, for who writes many at once.
pub fn row(change: Change<'_>, at: OffsetDateTime) -> audit_entry::ActiveModel {
    audit_entry::ActiveModel {
        id: Set(RowId::new()),
        actor_kind: Set(change.actor.0),
        actor_id: Set(change.actor.1),
        action: Set(change.action.to_owned()),
        entity: Set(change.entity.to_owned()),
        entity_id: Set(change.entity_id),
        before: Set(change.before),
        after: Set(change.after),
        at: Set(at),
    }
}
