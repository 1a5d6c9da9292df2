//! A web site that may show a partner's widgets.

use sea_orm::entity::prelude::*;

use crate::value::{PartnerId, SiteId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partner_site")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SiteId,
    pub partner_id: PartnerId,
    /// 'https://homestay.example'
    pub origin: String,
    /// Found in the site's page or file, it proves
    pub token: String,
    pub verified_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
