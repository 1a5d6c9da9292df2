//! OCOP stars of a product: valid 36 months, shown only while valid.

use sea_orm::entity::prelude::*;

use crate::value::{DossierId, ProductId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recognition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub product_id: ProductId,
    pub stars: i32,
    pub certificate_number: String,
    pub issuer: String,
    pub issued_on: TimeDate,
    pub valid_until: TimeDate,
    pub revoked_at: Option<TimeDateTimeWithTimeZone>,
    /// By which anybody may check it: `/s/{code}`.
    pub code: Option<String>,
    /// The dossier it came of; without one it was typed in.
    pub dossier_id: Option<DossierId>,
    pub decision_number: Option<String>,
    pub revoked_reason: Option<String>,
    /// The last reminder before its end: months.
    pub reminded_months: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
