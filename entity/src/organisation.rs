//! Somebody who buys in quantity.

use sea_orm::entity::prelude::*;

use crate::supply::OrganisationState;
use crate::value::{AccountId, OrganisationId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganisationId,
    pub name: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub street: String,
    pub commune_code: String,
    pub phone: String,
    pub email: String,
    pub state: OrganisationState,
    pub decision_note: Option<String>,
    pub decided_by: Option<AccountId>,
    pub decided_at: Option<TimeDateTimeWithTimeZone>,
    pub credit_limit: i64,
    pub credit_days: i32,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
