//! Figures that are kept in two places and must agree.

use sea_orm::FromQueryResult;

/// A place where figures that must agree do not.
#[derive(Debug, FromQueryResult)]
pub struct Disagreement {
    pub what: String,
    pub id: uuid::Uuid,
    pub expected: i64,
    pub found: i64,
}
