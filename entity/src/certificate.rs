//! A certificate beside the stars: ATTP, VietGAP, organic, …

use sea_orm::entity::prelude::*;

use crate::value::{CertificateKind, ProductId, RowId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub product_id: ProductId,
    pub kind: CertificateKind,
    pub number: String,
    pub issuer: String,
    pub issued_on: TimeDate,
    pub valid_until: Option<TimeDate>,
    pub object_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
