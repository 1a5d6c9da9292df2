//! Per cent withheld from household sellers, by date.

use sea_orm::entity::prelude::*;

use crate::value::{TaxKind, TaxResidence};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tax_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: TaxKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub residence: TaxResidence,
    pub vat_bp: i32,
    pub pit_bp: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub valid_from: TimeDate,
    pub source: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
