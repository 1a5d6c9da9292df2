//! Somebody is asked to join a cooperative's team.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, InvitationId, MemberRole};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub cooperative_id: CooperativeId,
    /// E-mail, or phone in E.164
    pub contact: String,
    pub role: MemberRole,
    pub token_hash: Option<String>,
    pub invited_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub expires_at: TimeDateTimeWithTimeZone,
    pub accepted_at: Option<TimeDateTimeWithTimeZone>,
    pub revoked_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
