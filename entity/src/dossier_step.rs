//! What was done with a dossier, by whom, when and why. Rows stay as they were written.

use sea_orm::entity::prelude::*;

use crate::certification::DossierState;
use crate::value::{AccountId, DossierId, OfficeId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dossier_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub dossier_id: DossierId,
    pub act: String,
    pub from_state: Option<DossierState>,
    pub to_state: DossierState,
    pub actor_id: AccountId,
    pub office_id: Option<OfficeId>,
    pub reason: Option<String>,
    pub at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
