//! What the platform keeps of a sale: rules by component, category, cooperative, campaign and date. A rule is never changed;
//! it ends, and another begins, so that what was agreed can be read later.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::commission_rule;
use entity::value::{CategoryId, CommissionRuleId, CooperativeId, Money, PartnerId, PlatformRole, Vnd};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::rules::Rule;
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, run};
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    RULE_OVER = "rule_over" 409 "Quy định này đã có ngày cuối." "This rule has its last day already.";
}

/// The rules that hold on a day.
pub async fn rules_on(connection: &impl ConnectionTrait, day: Date) -> Result<Vec<Rule>, DbErr> {
    let rows = all::<commission_rule::Model>(
        connection,
        "SELECT * FROM commission_rule WHERE starts_on <= $1 AND (ends_on IS NULL OR ends_on >= $1)",
        [day.into()],
    )
    .await?;
    Ok(rows.into_iter().map(rule).collect())
}

fn rule(row: commission_rule::Model) -> Rule {
    Rule {
        id: row.id,
        component: row.component,
        category_id: row.category_id,
        cooperative_id: row.cooperative_id,
        campaign: row.campaign,
        rate_bp: row.rate_bp.into(),
        fixed: row.fixed_amount.0,
        min: row.min_amount.map(|amount| amount.0),
        max: row.max_amount.map(|amount| amount.0),
        partner_id: row.partner_id,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
    }
}

/// What is kept of each line sold, from when to when.
#[derive(Serialize, ToSchema)]
pub struct CommissionRule {
    id: CommissionRuleId,
    component: String,
    #[schema(required = true)]
    category_id: Option<CategoryId>,
    #[schema(required = true)]
    cooperative_id: Option<CooperativeId>,
    #[schema(required = true)]
    campaign: Option<String>,
    rate_bp: i32,
    fixed: Money,
    #[schema(required = true)]
    min: Option<Money>,
    #[schema(required = true)]
    max: Option<Money>,
    #[schema(required = true)]
    partner_id: Option<PartnerId>,
    #[schema(value_type = String, format = Date)]
    starts_on: Date,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
}

fn view(row: commission_rule::Model) -> CommissionRule {
    CommissionRule {
        id: row.id,
        component: row.component,
        category_id: row.category_id,
        cooperative_id: row.cooperative_id,
        campaign: row.campaign,
        rate_bp: row.rate_bp,
        fixed: row.fixed_amount.into(),
        min: row.min_amount.map(Into::into),
        max: row.max_amount.map(Into::into),
        partner_id: row.partner_id,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
    }
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"component": "platform", "rate_bp": 500, "starts_on": "2026-12-01"}))]
pub struct NewRule {
    /// `platform`, `payment`, `partner` (whoever brought the buyer gets it): of each component one rule is used.
    #[garde(length(min = 1, max = 40), pattern("^[a-z_]+$"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z_]+$")]
    component: String,
    category_id: Option<CategoryId>,
    cooperative_id: Option<CooperativeId>,
    #[garde(inner(length(min = 1, max = 60)))]
    #[schema(min_length = 1, max_length = 60)]
    campaign: Option<String>,
    /// Basis points of what the seller gets for the line.
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10000)]
    rate_bp: i32,
    /// Đồng a line, on top.
    #[garde(inner(range(min = 0, max = 100_000_000)))]
    #[schema(minimum = 0, maximum = 100_000_000)]
    fixed: Option<i64>,
    #[garde(inner(range(min = 0, max = 100_000_000)))]
    #[schema(minimum = 0, maximum = 100_000_000)]
    min: Option<i64>,
    #[garde(inner(range(min = 0, max = 1_000_000_000)))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    max: Option<i64>,
    /// Of the component `partner`: for orders this partner brought; all partners unless told. Of others: who gets it; the
    /// platform itself unless told.
    partner_id: Option<PartnerId>,
    #[schema(value_type = String, format = Date)]
    starts_on: Date,
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
}

/// Commission rules, newest first.
pub async fn all_rules(desk: &Desk, query: &Paging) -> Result<Page<CommissionRule>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let page = NewestFirst::every::<entity::commission_rule::Entity>(query.place())?;
    let page = page.page(desk.db.fresh(), |row: &commission_rule::Model| row.id).await?;
    let items = page.items.into_iter().map(view).collect::<Vec<_>>();
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// Commission rules, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_commission_rules", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of rules", body = Page<CommissionRule>)))]
#[get("/v1/admin/commission-rules")]
pub async fn list_rules(desk: Desk, query: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_rules(&desk, &query.0).await?))
}

async fn exists<T: FromQueryResult>(desk: &Desk, sql: &str, id: sea_orm::Value) -> Result<bool, DbErr> {
    Ok(!all::<T>(desk.db.fresh(), sql, [id]).await?.is_empty())
}

#[derive(FromQueryResult)]
struct Found {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    id: uuid::Uuid,
}

/// Add a rule. It counts for what is bought from its first day on; what was bought keeps its commission.
pub async fn add_rule(desk: &Desk, input: NewRule) -> Result<CommissionRule, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    if input.min.zip(input.max).is_some_and(|(min, max)| min > max) {
        return Err(Problem::field("/max", "range", "nhỏ hơn mức tối thiểu", "less than the minimum"));
    }
    if input.ends_on.is_some_and(|end| end < input.starts_on) {
        return Err(Problem::field("/ends_on", "range", "trước ngày bắt đầu", "before the first day"));
    }
    if input.starts_on < desk.today() {
        let (vi, en) = ("không được ở quá khứ", "must not be in the past");
        return Err(Problem::field("/starts_on", "past", vi, en));
    }
    let named: [(&str, Option<uuid::Uuid>, &str); 3] = [
        ("/category_id", input.category_id.map(|id| id.0), "SELECT id FROM category WHERE id = $1"),
        ("/cooperative_id", input.cooperative_id.map(|id| id.0), "SELECT id FROM cooperative WHERE id = $1"),
        ("/partner_id", input.partner_id.map(|id| id.0), "SELECT id FROM partner WHERE id = $1"),
    ];
    for (pointer, id, sql) in named {
        if let Some(id) = id
            && !exists::<Found>(desk, sql, id.into()).await?
        {
            return Err(Problem::field(pointer, "not_found", "không có", "there is none with this id"));
        }
    }
    let id = CommissionRuleId::new();
    let after = serde_json::to_value(&input).map_err(Problem::internal)?;
    let transaction = desk.begin().await?;
    let row = commission_rule::ActiveModel {
        id: Set(id),
        component: Set(input.component),
        category_id: Set(input.category_id),
        cooperative_id: Set(input.cooperative_id),
        campaign: Set(input.campaign),
        rate_bp: Set(input.rate_bp),
        fixed_amount: Set(Vnd(input.fixed.unwrap_or(0))),
        min_amount: Set(input.min.map(Vnd)),
        max_amount: Set(input.max.map(Vnd)),
        partner_id: Set(input.partner_id),
        starts_on: Set(input.starts_on),
        ends_on: Set(input.ends_on),
        created_by: Set(Some(desk.who.account)),
        created_at: Set(desk.now()),
    };
    let row = row.insert(&transaction).await?;
    desk.audit(&transaction, "commission_rule.created", ("commission_rule", id.0), json!(null), after).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// Add a rule. It counts for what is bought from its first day on; what was bought keeps its commission.
#[utoipa::path(tag = "admin", operation_id = "create_commission_rule", security(("access_token" = [])), request_body = NewRule, responses((status = 201, description = "The rule", body = CommissionRule)))]
#[post("/v1/admin/commission-rules")]
pub async fn create_rule(desk: Desk, body: Body<NewRule>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add_rule(&desk, body.0).await?))
}

/// Let a rule hold for the last time today.
pub async fn stop_rule(desk: &Desk, id: CommissionRuleId) -> Result<CommissionRule, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let transaction = desk.begin().await?;
    let before = by_id::<commission_rule::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let today = desk.today();
    let sql = "UPDATE commission_rule SET ends_on = CASE WHEN starts_on > $2 THEN starts_on ELSE $2 END WHERE id = $1 AND (ends_on IS NULL OR ends_on > $2)";
    if run(&transaction, sql, [id.into(), today.into()]).await? != 1 {
        return Err(Problem::new(&RULE_OVER));
    }
    let row = by_id::<commission_rule::Entity>(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let (was, is) = (json!({"ends_on": before.ends_on}), json!({"ends_on": row.ends_on}));
    desk.audit(&transaction, "commission_rule.ended", ("commission_rule", id.0), was, is).await?;
    transaction.commit().await?;
    Ok(view(row))
}

/// Let a rule hold for the last time today.
#[utoipa::path(tag = "admin", operation_id = "end_commission_rule", security(("access_token" = [])), params(("id" = CommissionRuleId, Path)), responses((status = 200, description = "The rule", body = CommissionRule)))]
#[post("/v1/admin/commission-rules/{id}/end")]
pub async fn end_rule(desk: Desk, id: Path<CommissionRuleId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(stop_rule(&desk, *id).await?))
}
