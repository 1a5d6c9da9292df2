//! What a cooperative shows for a criterion: a certificate that is here, or a file of its own.

use sea_orm::entity::prelude::*;

use crate::value::{CertificateId, DossierId, EvidenceId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dossier_evidence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EvidenceId,
    pub dossier_id: DossierId,
    pub criterion: String,
    pub title: String,
    pub certificate_id: Option<CertificateId>,
    pub object_key: Option<String>,
    pub media_type: Option<String>,
    pub size_bytes: Option<i64>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
