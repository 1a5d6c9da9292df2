//! OCOP stars of a product: valid 36 months, shown only while valid.

use sea_orm::entity::prelude::*;

use crate::value::{ProductId, RowId};

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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
