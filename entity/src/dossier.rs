//! An application for stars, from the first draft to the decision.

use sea_orm::entity::prelude::*;

use crate::certification::{DossierKind, DossierState};
use crate::value::{AccountId, CooperativeId, CriteriaSetId, DossierId, ProductId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dossier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DossierId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub product_id: ProductId,
    /// Where it is judged: the cooperative's place on the day it began.
    pub commune_code: String,
    pub kind: DossierKind,
    pub criteria_set_id: CriteriaSetId,
    pub state: DossierState,
    /// Of the scoring council.
    pub round: i32,
    /// Working days are counted to here.
    pub due_on: Option<TimeDate>,
    /// The council sits.
    pub meets_on: Option<TimeDate>,
    pub stars: Option<i32>,
    pub decision_number: Option<String>,
    pub decided_on: Option<TimeDate>,
    pub version: i64,
    pub created_by: AccountId,
    pub created_at: TimeDateTimeWithTimeZone,
    pub updated_at: TimeDateTimeWithTimeZone,
    pub submitted_at: Option<TimeDateTimeWithTimeZone>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
