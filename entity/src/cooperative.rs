//! A seller, with the legal facts buyers must see (law 122/2025/QH15).

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, CooperativeKind, CooperativeStatus, TaxResidence};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "cooperative")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CooperativeId,
    pub slug: String,
    pub kind: CooperativeKind,
    pub name_vi: String,
    pub name_en: String,
    pub story_vi: String,
    pub story_en: String,
    pub legal_name: String,
    pub tax_code: String,
    pub licence_number: String,
    pub licence_issuer: String,
    pub representative: String,
    pub street: String,
    pub commune_code: String,
    /// The name people still use.
    pub former_commune: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
    pub phone: String,
    pub email: Option<String>,
    pub status: CooperativeStatus,
    pub pickup_offered: bool,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub identity_verified_at: Option<TimeDateTimeWithTimeZone>,
    pub suspended_reason: Option<String>,
    pub tax_residence: TaxResidence,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
