//! A request for goods in quantity.

use sea_orm::entity::prelude::*;

use crate::supply::{RequestState, ShareRule};
use crate::value::{AccountId, CategoryId, OrganisationId, SupplyRequestId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplyRequestId,
    pub number: String,
    pub organisation_id: OrganisationId,
    pub category_id: CategoryId,
    pub title: String,
    pub grade: String,
    pub packing: String,
    pub papers: String,
    pub tolerance_bp: i32,
    pub price_idea: Option<i64>,
    pub chosen_only: bool,
    pub answer_by: TimeDate,
    pub state: RequestState,
    pub rule: Option<ShareRule>,
    pub version: i64,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
