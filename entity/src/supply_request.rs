//! A request for goods in quantity.

use sea_orm::entity::prelude::*;

use crate::supply::{RequestState, ShareRule};
use crate::value::{AccountId, CategoryId, OrganisationId, PurchaseId, SupplyRequestId};

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
    /// Of what its contracts cost, paid before.
    pub deposit_bp: i32,
    /// Of what is missing beyond the tolerance; at most 800 (Commercial Law 2005, article 301).
    pub penalty_bp: i32,
    /// Of what comes late, a day.
    pub late_bp: i32,
    /// What its orders hang under, once its shares are agreed to.
    pub purchase_id: Option<PurchaseId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
