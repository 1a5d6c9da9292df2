//! A picture of a product in the object store.

use sea_orm::entity::prelude::*;

use crate::value::{MediaId, ProductId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_image")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub product_id: ProductId,
    pub object_key: String,
    pub width: i32,
    pub height: i32,
    pub alt_vi: String,
    pub alt_en: String,
    pub position: i32,
    pub media_id: Option<MediaId>,
    pub widths: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
