//! A certificate that covers a lot.

use sea_orm::entity::prelude::*;

use crate::value::{CertificateId, LotId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lot_certificate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: LotId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub certificate_id: CertificateId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
