//! A homestay, a tour site: shows products where guests are, and earns commission.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{AccountId, PartnerId, PartnerState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PartnerId,
    pub name: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub street: String,
    pub commune_code: String,
    pub phone: String,
    pub email: String,
    /// Where commission is paid to
    pub bank_bin: String,
    pub bank_account: Sealed,
    pub bank_holder: String,
    pub state: PartnerState,
    pub decision_note: Option<String>,
    pub decided_by: Option<AccountId>,
    pub decided_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
