//! Money for a measure from one source.

use sea_orm::entity::prelude::*;

use crate::programme::FundSource;
use crate::value::{MeasureId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "measure_budget")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub measure_id: MeasureId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: FundSource,
    pub planned: Vnd,
    pub spent: Vnd,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
