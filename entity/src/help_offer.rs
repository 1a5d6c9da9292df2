//! Help offered with a difficulty by an office or a partner.

use sea_orm::entity::prelude::*;

use crate::programme::HelpState;
use crate::value::{AccountId, DifficultyId, HelpOfferId, OfficeId, PartnerId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "help_offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: HelpOfferId,
    pub difficulty_id: DifficultyId,
    pub office_id: Option<OfficeId>,
    pub partner_id: Option<PartnerId>,
    pub offer: String,
    pub state: HelpState,
    pub outcome: Option<String>,
    pub offered_by: AccountId,
    pub offered_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
