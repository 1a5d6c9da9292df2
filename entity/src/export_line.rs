//! What an export is made of.

use sea_orm::entity::prelude::*;

use crate::value::{ExportId, ProductId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: ExportId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub product_id: ProductId,
    pub hs_code: String,
    pub description: String,
    pub packages: i64,
    pub net_g: i64,
    pub gross_g: i64,
    /// Minor units of the currency for a kilogram.
    pub price: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
