//! Goods that are sold abroad.

use sea_orm::entity::prelude::*;

use crate::supply::{ExportState, Incoterm};
use crate::value::{AccountId, CooperativeId, Currency, ExportId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_order")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExportId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub buyer_name: String,
    pub buyer_address: String,
    /// ISO 3166, of the destination.
    pub country: String,
    pub currency: Currency,
    /// Ten-thousandths of a đồng for one, fixed with the quotation.
    pub rate_e4: Option<i64>,
    pub rate_day: Option<TimeDate>,
    pub incoterm: Incoterm,
    pub named_place: String,
    pub deposit_bp: i32,
    pub valid_until: TimeDate,
    pub state: ExportState,
    pub version: i64,
    /// Why it shipped although papers were missing.
    pub ship_reason: Option<String>,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
