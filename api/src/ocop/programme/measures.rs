//! Measures of a plan: courses, fairs, machines; when, where, and paid from which funds.

use actix_web::web::Path;
use actix_web::{HttpResponse, post, put};
use entity::programme::{MeasureKind, MeasureState};
use entity::value::{MeasureId, PlanId, Vnd};
use entity::{measure_budget, plan_measure};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::view::{BudgetLine, PlanDetail, own, own_measure, show};
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::fold;
use crate::platform::problem::{Problem, codes};

codes! {
    MEASURE_CHANGED = "measure_changed" 409 "Biện pháp vừa được người khác sửa: hãy tải lại." "Somebody else has just changed the measure: load it again.";
    MEASURES_FULL = "measures_full" 409 "Kế hoạch đã đủ số biện pháp cho phép." "The plan holds no more measures.";
}

/// Measures of one plan.
const MOST: u64 = 200;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "course", "title": "Chụp ảnh và viết bài bán hàng", "subject": "Kỹ năng số", "venue": "Nhà văn hóa xã Nật Sơn", "starts_on": "2026-04-10", "ends_on": "2026-04-11", "budget": [{"source": "cooperative_alliance", "planned": 15_000_000}]}))]
pub struct MeasureInput {
    /// Of the measure that was looked at; none of a new one.
    pub version: Option<i64>,
    pub kind: MeasureKind,
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    pub title: String,
    #[serde(default)]
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    pub subject: String,
    #[serde(default)]
    #[garde(length(chars, max = 200))]
    #[schema(max_length = 200)]
    pub venue: String,
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    /// `planned` unless told.
    pub state: Option<MeasureState>,
    #[serde(default)]
    #[garde(length(max = 5), dive)]
    #[schema(max_items = 5)]
    pub budget: Vec<BudgetLine>,
}

fn check(input: &MeasureInput, year: i32) -> Result<(), Problem> {
    if input.ends_on < input.starts_on {
        return Err(Problem::field("/ends_on", "range", "trước ngày bắt đầu", "is before the first day"));
    }
    if input.starts_on.year() != year {
        let (vi, en) = ("phải trong năm của kế hoạch", "must be in the plan's year");
        return Err(Problem::field("/starts_on", "range", vi, en));
    }
    for (index, line) in input.budget.iter().enumerate() {
        if input.budget[..index].iter().any(|before| before.source == line.source) {
            let (vi, en) = ("nguồn này đã có ở trên", "the source stands above already");
            return Err(Problem::field(format!("/budget/{index}/source"), "unique", vi, en));
        }
    }
    Ok(())
}

async fn write_budget(
    connection: &impl ConnectionTrait,
    measure: MeasureId,
    budget: &[BudgetLine],
) -> Result<(), Problem> {
    measure_budget::Entity::delete_many()
        .filter(measure_budget::Column::MeasureId.eq(measure))
        .exec(connection)
        .await?;
    let rows = budget.iter().map(|line| measure_budget::ActiveModel {
        measure_id: Set(measure),
        source: Set(line.source),
        planned: Set(Vnd(line.planned)),
        spent: Set(Vnd(line.spent)),
    });
    if !budget.is_empty() {
        measure_budget::Entity::insert_many(rows).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// Add a measure to one's plan.
pub async fn add_measure(desk: &Desk, plan: PlanId, input: MeasureInput) -> Result<PlanDetail, Problem> {
    use sea_orm::PaginatorTrait;
    let transaction = desk.begin().await?;
    let row = own(desk, &transaction, OfficePermission::KeepPlans, plan).await?;
    check(&input, row.year)?;
    let held = plan_measure::Entity::find().filter(plan_measure::Column::PlanId.eq(plan)).count(&transaction).await?;
    if held >= MOST {
        return Err(Problem::new(&MEASURES_FULL));
    }
    let id = MeasureId::new();
    let model = plan_measure::ActiveModel {
        id: Set(id),
        plan_id: Set(plan),
        kind: Set(input.kind),
        title: Set(fold::stored(&input.title)),
        subject: Set(fold::stored(&input.subject)),
        venue: Set(fold::stored(&input.venue)),
        starts_on: Set(input.starts_on),
        ends_on: Set(input.ends_on),
        state: Set(input.state.unwrap_or(MeasureState::Planned)),
        version: Set(1),
        created_at: Set(desk.now()),
        updated_at: Set(desk.now()),
    };
    plan_measure::Entity::insert(model).exec_without_returning(&transaction).await?;
    write_budget(&transaction, id, &input.budget).await?;
    let after = json!({"title": input.title, "budget": input.budget});
    desk.audit(&transaction, "measure.added", ("plan_measure", id.0), (), after).await?;
    transaction.commit().await?;
    show(desk, plan).await
}

/// Add a measure to one's plan.
#[utoipa::path(tag = "programme", operation_id = "add_plan_measure", security(("access_token" = [])), params(("plan_id" = PlanId, Path)), request_body = MeasureInput, responses((status = 201, description = "The plan", body = PlanDetail)))]
#[post("/v1/officer/plans/{plan_id}/measures")]
pub async fn add_plan_measure(desk: Desk, id: Path<PlanId>, body: Body<MeasureInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add_measure(&desk, *id, body.0).await?))
}

/// Write a measure anew: its days, state, money.
pub async fn change_measure(desk: &Desk, id: MeasureId, input: MeasureInput) -> Result<PlanDetail, Problem> {
    let transaction = desk.begin().await?;
    let (row, plan) = own_measure(desk, &transaction, id).await?;
    check(&input, plan.year)?;
    let state = input.state.unwrap_or(row.state);
    if state == MeasureState::Done && input.starts_on > desk.today() {
        return Err(Problem::field("/state", "state", "chưa bắt đầu", "it has not begun yet"));
    }
    let sql = "UPDATE plan_measure SET kind = $3, title = $4, subject = $5, venue = $6, starts_on = $7, ends_on = $8, state = $9,
                   version = version + 1, updated_at = $10
               WHERE id = $1 AND version = $2";
    let values: [sea_orm::Value; 10] = [
        id.into(),
        input.version.unwrap_or_default().into(),
        input.kind.as_str().into(),
        fold::stored(&input.title).into(),
        fold::stored(&input.subject).into(),
        fold::stored(&input.venue).into(),
        input.starts_on.into(),
        input.ends_on.into(),
        state.as_str().into(),
        desk.now().into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&MEASURE_CHANGED));
    }
    write_budget(&transaction, id, &input.budget).await?;
    let after = json!({"title": input.title, "state": state, "budget": input.budget});
    desk.audit(&transaction, "measure.changed", ("plan_measure", id.0), json!({"state": row.state}), after).await?;
    transaction.commit().await?;
    show(desk, plan.id).await
}

/// Write a measure anew: its days, state, money.
#[utoipa::path(tag = "programme", operation_id = "change_plan_measure", security(("access_token" = [])), params(("measure_id" = MeasureId, Path)), request_body = MeasureInput, responses((status = 200, description = "Its plan", body = PlanDetail)))]
#[put("/v1/officer/measures/{measure_id}")]
pub async fn change_plan_measure(
    desk: Desk,
    id: Path<MeasureId>,
    body: Body<MeasureInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(change_measure(&desk, *id, body.0).await?))
}
