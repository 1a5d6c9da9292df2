//! A posting that a payout settles.

use sea_orm::entity::prelude::*;

use crate::value::{PayoutId, PostingId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub posting_id: PostingId,
    pub payout_id: PayoutId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
