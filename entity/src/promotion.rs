//! A discount: who may have it, when, how often, and who pays for it.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, FundedBy, ProductId, PromotionId, PromotionKind, PromotionState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promotion")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PromotionId,
    /// Upper case; none is given by itself
    pub code: Option<String>,
    /// None: on everything sold here
    pub cooperative_id: Option<CooperativeId>,
    pub funded_by: FundedBy,
    pub kind: PromotionKind,
    /// Commission rules may name it
    pub campaign: Option<String>,
    pub name_vi: String,
    pub name_en: String,
    pub rate_bp: Option<i32>,
    pub amount: Option<Vnd>,
    pub buy_quantity: Option<i64>,
    pub free_quantity: Option<i64>,
    pub product_id: Option<ProductId>,
    pub max_amount: Option<Vnd>,
    pub min_goods_amount: Option<Vnd>,
    pub usage_limit: Option<i64>,
    pub per_buyer_limit: Option<i64>,
    pub used: i64,
    pub state: PromotionState,
    pub starts_at: TimeDateTimeWithTimeZone,
    pub ends_at: Option<TimeDateTimeWithTimeZone>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
