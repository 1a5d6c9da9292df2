//! Somebody wants to sell: legal facts, judged by a person.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{AccountId, ApplicationId, ApplicationState, CooperativeId, CooperativeKind};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "application")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApplicationId,
    pub account_id: AccountId,
    pub state: ApplicationState,
    pub kind: CooperativeKind,
    pub name: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub licence_number: String,
    pub licence_issuer: String,
    pub street: String,
    pub commune_code: String,
    pub former_commune: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub phone: String,
    pub email: Option<String>,
    /// NAPAS bank identification number, six digits
    pub bank_bin: String,
    pub bank_account: Sealed,
    pub bank_holder: String,
    /// From the reviewer to the applicant: what is missing, why not
    pub message: Option<String>,
    pub cooperative_id: Option<CooperativeId>,
    pub submitted_at: Option<TimeDateTimeWithTimeZone>,
    pub decided_at: Option<TimeDateTimeWithTimeZone>,
    pub decided_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
