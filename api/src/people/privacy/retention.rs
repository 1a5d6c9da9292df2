//! How long things are kept: what the program says, and what the platform's people say from a day on.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, put};
use entity::retention_rule;
use entity::value::PlatformRole;
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::platform::audit;
use crate::platform::body::Body;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::retention::{Over, in_force, rules};

/// How long something is kept.
#[derive(Serialize, ToSchema)]
pub struct RetentionRule {
    #[schema(example = "carts")]
    pub kind: &'static str,
    pub what_vi: &'static str,
    pub what_en: &'static str,
    /// Days it is kept today.
    pub days: i64,
    /// No rule may say less.
    pub least_days: i64,
    /// What holds from a later day on.
    pub coming: Vec<ComingRule>,
}

#[derive(Serialize, ToSchema)]
pub struct ComingRule {
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    pub days: i64,
}

#[derive(Serialize, ToSchema)]
pub struct RetentionRules {
    pub items: Vec<RetentionRule>,
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": 30, "valid_from": "2027-01-01"}))]
pub struct RuleInput {
    #[garde(range(min = 1, max = 36_525))]
    #[schema(minimum = 1, maximum = 36_525)]
    pub days: i64,
    /// Today or later.
    #[garde(skip)]
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
}

/// Everything that is kept for a while, and how long: for the platform's people to change, for everybody to read.
pub async fn kept(connection: &impl ConnectionTrait, over: &[Over], today: Date) -> Result<Vec<RetentionRule>, DbErr> {
    let rows = rules(connection).await?;
    let now = in_force(connection, today).await?;
    let shown = |over: &Over| RetentionRule {
        kind: over.kind,
        what_vi: over.what.0,
        what_en: over.what.1,
        days: now.get(over.kind).copied().unwrap_or(over.days).max(over.least),
        least_days: over.least,
        coming: rows
            .iter()
            .filter(|row| row.kind == over.kind && row.valid_from > today)
            .map(|row| ComingRule { valid_from: row.valid_from, days: row.days })
            .collect(),
    };
    Ok(over.iter().map(shown).collect())
}

/// The same for the platform's people.
pub async fn all(desk: &Desk, over: &[Over]) -> Result<Vec<RetentionRule>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(kept(desk.db.fresh(), over, desk.today()).await?)
}

/// Says how long something is kept from a day on; said again for the same day, the last word counts.
pub async fn set(desk: &Desk, over: &[Over], kind: &str, input: &RuleInput) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let over = over.iter().find(|over| over.kind == kind).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if input.days < over.least {
        let (vi, en) = (format!("ít nhất {} ngày", over.least), format!("at least {} days", over.least));
        return Err(Problem::field("/days", "too_few", vi, en));
    }
    if input.valid_from < desk.today() {
        let (vi, en) = ("ngày đã qua", "the day is past");
        return Err(Problem::field("/valid_from", "past", vi, en));
    }
    let row = retention_rule::ActiveModel {
        kind: Set(over.kind.to_owned()),
        valid_from: Set(input.valid_from),
        days: Set(input.days),
        set_by: Set(desk.who.account),
        set_at: Set(desk.now()),
    };
    let again = OnConflict::columns([retention_rule::Column::Kind, retention_rule::Column::ValidFrom])
        .update_columns([retention_rule::Column::Days, retention_rule::Column::SetBy, retention_rule::Column::SetAt])
        .to_owned();
    let transaction = desk.begin().await?;
    retention_rule::Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    let after = json!({"kind": over.kind, "days": input.days, "valid_from": input.valid_from.to_string()});
    desk.audit(&transaction, "retention.set", ("retention", audit::of_name(over.kind)), (), after).await?;
    transaction.commit().await?;
    Ok(())
}

/// How long everything is kept that is kept for a while.
#[utoipa::path(tag = "admin", operation_id = "list_retention", security(("access_token" = [])), responses((status = 200, description = "The rules", body = RetentionRules)))]
#[get("/v1/admin/retention")]
pub async fn list(desk: Desk, over: Data<Vec<Over>>) -> Result<Json<RetentionRules>, Problem> {
    Ok(Json(RetentionRules { items: all(&desk, &over).await? }))
}

/// Say how long something is kept, from today or a later day on.
#[utoipa::path(tag = "admin", operation_id = "set_retention", security(("access_token" = [])), params(("kind" = String, Path)), request_body = RuleInput, responses((status = 200, description = "The rules", body = RetentionRules)))]
#[put("/v1/admin/retention/{kind}")]
pub async fn put(
    desk: Desk,
    over: Data<Vec<Over>>,
    kind: Path<String>,
    body: Body<RuleInput>,
) -> Result<Json<RetentionRules>, Problem> {
    set(&desk, &over, &kind, &body.0).await?;
    Ok(Json(RetentionRules { items: all(&desk, &over).await? }))
}
