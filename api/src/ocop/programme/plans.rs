//! `/v1/officer/plans`: what an office wants to reach in a year. Progress is counted, never typed in.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::programme::TargetKind;
use entity::value::{OfficeId, PlanId};
use entity::{plan_target, programme_plan};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::sight::{acting, condition};
use super::view::{Plan, PlanDetail, SELECT, grow, own, show};
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{is_duplicate, run};
use crate::platform::fold;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{Problem, codes};

codes! {
    PLAN_EXISTS = "plan_exists" 409 "Cơ quan đã có kế hoạch của năm này." "The office has a plan of this year already.";
    PLAN_ADOPTED = "plan_adopted" 409 "Kế hoạch đã ban hành: mục tiêu không sửa được nữa." "The plan is adopted: its targets stand.";
    PLAN_EMPTY = "plan_empty" 409 "Kế hoạch chưa có mục tiêu nào." "The plan has no targets yet.";
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct PlanQuery {
    #[garde(inner(range(min = 2000, max = 2100)))]
    #[param(minimum = 2000, maximum = 2100)]
    pub year: Option<i32>,
    /// 20 unless told.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Plans of one's office and of offices in its place, newest first.
pub async fn find(desk: &Desk, query: &PlanQuery) -> Result<Page<Plan>, Problem> {
    let seats = desk.seats(OfficePermission::SeeFigures).await?;
    NewestFirst::of(SELECT, "n.id", (query.limit, query.cursor.as_deref()))?
        .and_if("n.year = ?", query.year)
        .and_that(&condition(&seats))
        .page(desk.db.fresh(), |row: &Plan| row.id)
        .await
}

/// Plans of one's office and of offices in its place, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_plans", security(("access_token" = [])), params(PlanQuery), responses((status = 200, description = "A page of plans", body = Page<Plan>)))]
#[get("/v1/officer/plans")]
pub async fn list_plans(desk: Desk, query: Params<PlanQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(find(&desk, &query.0).await?))
}

/// A plan with its progress, counted.
#[utoipa::path(tag = "programme", operation_id = "show_plan", security(("access_token" = [])), params(("plan_id" = PlanId, Path)), responses((status = 200, description = "The plan", body = PlanDetail)))]
#[get("/v1/officer/plans/{plan_id}")]
pub async fn show_plan(desk: Desk, id: Path<PlanId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(show(&desk, *id).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"year": 2026, "title": "Kế hoạch OCOP năm 2026"}))]
pub struct PlanInput {
    /// One's only one unless told.
    pub office_id: Option<OfficeId>,
    #[garde(range(min = 2000, max = 2100))]
    #[schema(minimum = 2000, maximum = 2100)]
    pub year: i32,
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    pub title: String,
}

/// Begin a year's plan.
pub async fn create(desk: &Desk, input: PlanInput) -> Result<PlanDetail, Problem> {
    let office = acting(desk, desk.db.fresh(), OfficePermission::KeepPlans, input.office_id).await?;
    let id = PlanId::new();
    let transaction = desk.begin().await?;
    let row = programme_plan::ActiveModel {
        id: Set(id),
        office_id: Set(office.id),
        year: Set(input.year),
        title: Set(fold::stored(&input.title)),
        decision_number: Set(None),
        adopted_on: Set(None),
        version: Set(1),
        created_by: Set(desk.who.account),
        created_at: Set(desk.now()),
        updated_at: Set(desk.now()),
    };
    match programme_plan::Entity::insert(row).exec_without_returning(&transaction).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&PLAN_EXISTS)),
        done => done?,
    };
    desk.audit(&transaction, "plan.created", ("programme_plan", id.0), (), json!({"year": input.year})).await?;
    transaction.commit().await?;
    show(desk, id).await
}

/// Begin a year's plan of one's office.
#[utoipa::path(tag = "programme", operation_id = "create_plan", security(("access_token" = [])), request_body = PlanInput, responses((status = 201, description = "The plan", body = PlanDetail)))]
#[post("/v1/officer/plans")]
pub async fn create_plan(desk: Desk, body: Body<PlanInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(create(&desk, body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct TargetInput {
    pub kind: TargetKind,
    #[garde(range(min = 1, max = 1_000_000_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    pub goal: i64,
    /// In the plan's year.
    #[schema(value_type = String, format = Date)]
    pub due_on: Date,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"version": 1, "targets": [{"kind": "new_products", "goal": 2, "due_on": "2026-12-31"}]}))]
pub struct TargetsInput {
    /// Of the plan that was looked at.
    pub version: i64,
    #[garde(length(max = 10), dive)]
    #[schema(max_items = 10)]
    pub targets: Vec<TargetInput>,
}

/// Write the targets of a plan that is not adopted yet.
pub async fn put_targets(desk: &Desk, id: PlanId, input: TargetsInput) -> Result<PlanDetail, Problem> {
    let transaction = desk.begin().await?;
    let plan = own(desk, &transaction, OfficePermission::KeepPlans, id).await?;
    if plan.adopted_on.is_some() {
        return Err(Problem::new(&PLAN_ADOPTED));
    }
    for (index, target) in input.targets.iter().enumerate() {
        if target.due_on.year() != plan.year {
            let (vi, en) = ("phải trong năm của kế hoạch", "must be in the plan's year");
            return Err(Problem::field(format!("/targets/{index}/due_on"), "range", vi, en));
        }
        if input.targets[..index].iter().any(|before| before.kind == target.kind) {
            let (vi, en) = ("mục tiêu này đã có ở trên", "the target stands above already");
            return Err(Problem::field(format!("/targets/{index}/kind"), "unique", vi, en));
        }
    }
    grow(desk, &transaction, (id, input.version)).await?;
    plan_target::Entity::delete_many().filter(plan_target::Column::PlanId.eq(id)).exec(&transaction).await?;
    let rows = input.targets.iter().map(|target| plan_target::ActiveModel {
        plan_id: Set(id),
        kind: Set(target.kind),
        goal: Set(target.goal),
        due_on: Set(target.due_on),
    });
    if !input.targets.is_empty() {
        plan_target::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    let after = json!({"targets": input.targets.iter().map(|one| (one.kind, one.goal)).collect::<Vec<_>>()});
    desk.audit(&transaction, "plan.targets", ("programme_plan", id.0), (), after).await?;
    transaction.commit().await?;
    show(desk, id).await
}

/// Write the targets of a plan that is not adopted yet.
#[utoipa::path(tag = "programme", operation_id = "put_plan_targets", security(("access_token" = [])), params(("plan_id" = PlanId, Path)), request_body = TargetsInput, responses((status = 200, description = "The plan", body = PlanDetail)))]
#[put("/v1/officer/plans/{plan_id}/targets")]
pub async fn put_plan_targets(desk: Desk, id: Path<PlanId>, body: Body<TargetsInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(put_targets(&desk, *id, body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"version": 2, "decision_number": "45/KH-UBND", "adopted_on": "2026-01-15"}))]
pub struct AdoptionInput {
    /// Of the plan that was looked at.
    pub version: i64,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub decision_number: String,
    #[schema(value_type = String, format = Date)]
    pub adopted_on: Date,
}

/// Adopt a plan: its targets stand from now on; measures go on.
pub async fn adopt(desk: &Desk, id: PlanId, input: AdoptionInput) -> Result<PlanDetail, Problem> {
    if input.adopted_on > desk.today() {
        return Err(Problem::field("/adopted_on", "range", "ở tương lai", "is in the future"));
    }
    let transaction = desk.begin().await?;
    let plan = own(desk, &transaction, OfficePermission::AdoptPlans, id).await?;
    if plan.adopted_on.is_some() {
        return Err(Problem::new(&PLAN_ADOPTED));
    }
    grow(desk, &transaction, (id, input.version)).await?;
    if plan_target::Entity::find().filter(plan_target::Column::PlanId.eq(id)).one(&transaction).await?.is_none() {
        return Err(Problem::new(&PLAN_EMPTY));
    }
    let number = fold::stored(&input.decision_number);
    let sql = "UPDATE programme_plan SET decision_number = $2, adopted_on = $3 WHERE id = $1";
    run(&transaction, sql, [id.into(), number.clone().into(), input.adopted_on.into()]).await?;
    let after = json!({"decision_number": number, "adopted_on": input.adopted_on.to_string()});
    desk.audit(&transaction, "plan.adopted", ("programme_plan", id.0), (), after).await?;
    transaction.commit().await?;
    show(desk, id).await
}

/// Adopt a plan: its targets stand from now on; measures go on.
#[utoipa::path(tag = "programme", operation_id = "adopt_plan", security(("access_token" = [])), params(("plan_id" = PlanId, Path)), request_body = AdoptionInput, responses((status = 200, description = "The plan", body = PlanDetail)))]
#[post("/v1/officer/plans/{plan_id}/adoption")]
pub async fn adopt_plan(desk: Desk, id: Path<PlanId>, body: Body<AdoptionInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(adopt(&desk, *id, body.0).await?))
}
