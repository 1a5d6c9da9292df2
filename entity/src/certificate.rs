//! A certificate beside the stars: ATTP, VietGAP, organic, …

use sea_orm::entity::prelude::*;

use crate::value::{
    AccountId, CertificateId, CertificateKind, CertificateState, CooperativeId, LotId, PlotId, ProductId,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CertificateId,
    pub cooperative_id: CooperativeId,
    /// None of product, plot and lot: of the whole cooperative.
    pub product_id: Option<ProductId>,
    pub plot_id: Option<PlotId>,
    pub lot_id: Option<LotId>,
    pub kind: CertificateKind,
    pub number: String,
    pub issuer: String,
    pub issued_on: TimeDate,
    pub valid_until: Option<TimeDate>,
    pub object_key: Option<String>,
    pub file_name: Option<String>,
    pub media_type: Option<String>,
    pub size_bytes: Option<i64>,
    /// Whether buyers may open the file.
    pub file_shown: bool,
    pub state: CertificateState,
    pub note: Option<String>,
    pub judged_by: Option<AccountId>,
    pub judged_at: Option<TimeDateTimeWithTimeZone>,
    pub version: i64,
    /// Of the last warning before it ends.
    pub warned_days: Option<i64>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
