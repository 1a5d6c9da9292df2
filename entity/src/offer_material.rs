//! What an offer is packed in and grown with.

use sea_orm::entity::prelude::*;

use crate::value::{CertificateId, Material, MaterialPart, OfferId, RowId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_material")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub offer_id: OfferId,
    pub part: MaterialPart,
    pub material: Material,
    /// Basis points.
    pub recycled_bp: i64,
    /// It is taken back.
    pub returnable: bool,
    pub deposit_amount: Option<Vnd>,
    /// What proves it.
    pub certificate_id: CertificateId,
    pub note: Option<String>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
