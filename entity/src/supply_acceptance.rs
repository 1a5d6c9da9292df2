//! What arrived, as the buyer weighed and graded it, and the cooperative's answer.

use sea_orm::entity::prelude::*;

use crate::supply::AcceptanceState;
use crate::value::{AcceptanceId, AccountId, DeliveryId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supply_acceptance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AcceptanceId,
    pub delivery_id: DeliveryId,
    pub received_on: TimeDate,
    pub gross_g: i64,
    pub tare_g: i64,
    pub rejected_g: i64,
    pub grade: String,
    /// What of it was a lesser grade.
    pub graded: Json,
    /// Why something was rejected.
    pub reason: Option<String>,
    /// Ids of pictures.
    pub photos: Json,
    pub state: AcceptanceState,
    pub version: i64,
    pub written_by: AccountId,
    pub written_at: TimeDateTimeWithTimeZone,
    pub answered_by: Option<AccountId>,
    pub answered_at: Option<TimeDateTimeWithTimeZone>,
    pub answer: Option<String>,
    /// For what was accepted; none before both agree.
    pub amount: Option<i64>,
    pub penalty_amount: Option<i64>,
    pub deposit_amount: Option<i64>,
    pub due_on: Option<TimeDate>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
