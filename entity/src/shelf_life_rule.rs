//! How long a product keeps in a kind of store, from a day on.

use sea_orm::entity::prelude::*;

use crate::value::{ProductId, RowId, Storage};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shelf_life_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub product_id: ProductId,
    pub storage: Storage,
    pub days: i32,
    pub from_day: TimeDate,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
