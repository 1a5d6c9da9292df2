//! A buyer wants to give goods back.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, OrderId, ReturnId, ReturnReason, ReturnState};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "return_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReturnId,
    pub number: String,
    pub order_id: OrderId,
    pub cooperative_id: CooperativeId,
    pub state: ReturnState,
    pub reason_code: ReturnReason,
    pub text: String,
    pub answer: Option<String>,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
