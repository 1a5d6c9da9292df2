//! An account of the books.

use sea_orm::entity::prelude::*;

use crate::value::{CooperativeId, LedgerAccountId, LedgerAccountKind, PartnerId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LedgerAccountId,
    pub kind: LedgerAccountKind,
    /// A cooperative's or partner's id, a provider's name; '' where there is one such account
    pub owner: String,
    /// Where the owner is one
    pub cooperative_id: Option<CooperativeId>,
    pub currency: String,
    /// Sum of the postings: debits less credits
    pub balance: Vnd,
    pub partner_id: Option<PartnerId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
