//! Jobs of a season, as a cooperative counts them.

use sea_orm::entity::prelude::*;

use crate::value::{AccountId, CooperativeId, SeasonReportId, Vnd};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "season_report")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SeasonReportId,
    pub cooperative_id: CooperativeId,
    pub season: String,
    pub from_on: TimeDate,
    pub to_on: TimeDate,
    pub households: i64,
    pub regular_workers: i64,
    pub seasonal_workers: i64,
    pub women: i64,
    pub working_days: i64,
    pub turnover: Option<Vnd>,
    pub reported_by: AccountId,
    pub reported_at: TimeDateTimeWithTimeZone,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
