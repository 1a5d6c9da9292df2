//! Measures of a plan: courses, fairs, machines; when, where, and paid from which funds.

use std::collections::HashMap;

use actix_web::web::Path;
use actix_web::{HttpResponse, post, put};
use entity::programme::{FundSource, MeasureKind, MeasureState};
use entity::value::{MeasureId, PlanId, Vnd};
use entity::{measure_budget, plan_measure};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::guests::{Guest, guests_of};
use super::plans::{PlanDetail, own, show};
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    MEASURE_CHANGED = "measure_changed" 409 "Biện pháp vừa được người khác sửa: hãy tải lại." "Somebody else has just changed the measure: load it again.";
    MEASURES_FULL = "measures_full" 409 "Kế hoạch đã đủ số biện pháp cho phép." "The plan holds no more measures.";
}

/// Measures of one plan.
const MOST: u64 = 200;

/// Money from one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct BudgetLine {
    pub source: FundSource,
    /// Đồng.
    #[garde(range(min = 0, max = 1_000_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub planned: i64,
    /// Đồng; 0 until it is spent.
    #[serde(default)]
    #[garde(range(min = 0, max = 1_000_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub spent: i64,
}

/// Something done for a plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Measure {
    pub id: MeasureId,
    pub kind: MeasureKind,
    pub title: String,
    pub subject: String,
    pub venue: String,
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    pub state: MeasureState,
    pub version: i64,
    pub budget: Vec<BudgetLine>,
    pub guests: Vec<Guest>,
    /// The mean of those who came and said, in hundredths; 0 without any.
    pub rating_hundredths: i64,
}

fn shown(row: plan_measure::Model, budget: Vec<BudgetLine>, guests: Vec<Guest>) -> Measure {
    let ratings: Vec<i64> = guests.iter().filter_map(|guest| guest.rating.map(i64::from)).collect();
    let count = i64::try_from(ratings.len()).unwrap_or(0).max(1);
    let plan_measure::Model { id, kind, title, subject, venue, starts_on, ends_on, state, version, .. } = row;
    let rating_hundredths = ratings.iter().sum::<i64>() * 100 / count;
    Measure { id, kind, title, subject, venue, starts_on, ends_on, state, version, budget, guests, rating_hundredths }
}

/// The measures of a plan in the order of their days.
pub(super) async fn measures_of(connection: &impl ConnectionTrait, plan: PlanId) -> Result<Vec<Measure>, Problem> {
    let rows = plan_measure::Entity::find()
        .filter(plan_measure::Column::PlanId.eq(plan))
        .order_by_asc(plan_measure::Column::StartsOn)
        .order_by_asc(plan_measure::Column::Id)
        .all(connection)
        .await?;
    let ids: Vec<MeasureId> = rows.iter().map(|row| row.id).collect();
    let mut budgets: HashMap<MeasureId, Vec<BudgetLine>> = HashMap::new();
    let lines = measure_budget::Entity::find().filter(measure_budget::Column::MeasureId.is_in(ids.clone()));
    for row in lines.order_by_asc(measure_budget::Column::Source).all(connection).await? {
        let line = BudgetLine { source: row.source, planned: row.planned.0, spent: row.spent.0 };
        budgets.entry(row.measure_id).or_default().push(line);
    }
    let mut guests = guests_of(connection, &ids).await?;
    let whole = |row: plan_measure::Model| {
        let (budget, guests) = (budgets.remove(&row.id), guests.remove(&row.id));
        shown(row, budget.unwrap_or_default(), guests.unwrap_or_default())
    };
    Ok(rows.into_iter().map(whole).collect())
}

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

/// A measure of one's own office's plan.
pub(super) async fn own_measure(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    id: MeasureId,
) -> Result<(plan_measure::Model, entity::programme_plan::Model), Problem> {
    let row = by_id::<plan_measure::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let plan = own(desk, connection, OfficePermission::KeepPlans, row.plan_id).await?;
    Ok((row, plan))
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
