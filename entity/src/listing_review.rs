//! A listing that a person looks at before buyers do.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, ListingReviewId, ListingReviewKind, ListingReviewState, ProductId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "listing_review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ListingReviewId,
    pub product_id: ProductId,
    pub kind: ListingReviewKind,
    /// The texts of an edit, applied when approved
    pub changes: Json,
    pub state: ListingReviewState,
    pub reason: Option<String>,
    pub asked_by: AccountId,
    pub decided_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub decided_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
