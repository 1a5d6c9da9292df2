//! Money on its way to a cooperative.

use sea_orm::entity::prelude::*;

use crate::sealed::Sealed;
use crate::value::{CooperativeId, PartnerId, PayoutBatchId, PayoutId, PayoutState, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payout")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PayoutId,
    pub batch_id: PayoutBatchId,
    /// Who is paid: a cooperative or a partner.
    pub cooperative_id: Option<CooperativeId>,
    /// In the transfer's text
    pub reference: String,
    pub amount: Vnd,
    pub bank_bin: String,
    pub bank_account: Sealed,
    pub bank_holder: String,
    pub state: PayoutState,
    pub bank_reference: Option<String>,
    pub failure: Option<String>,
    pub paid_at: Option<TimeDateTimeWithTimeZone>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub partner_id: Option<PartnerId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
