//! A scorecard in force from a day on. Never changed: what differs is a further version.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CriteriaSetId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "criteria_set")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CriteriaSetId,
    pub code: String,
    pub version: i32,
    pub name: String,
    /// Slugs of categories, between commas.
    pub categories: String,
    /// Made up to show how it works: no decision's own.
    pub illustrative: bool,
    pub valid_from: TimeDate,
    pub source: String,
    /// Parts, criteria and options, as JSON.
    pub content: String,
    pub created_by: Option<AccountId>,
    pub created_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
