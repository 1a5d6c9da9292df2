//! A plan as it is read: targets with progress, measures with budgets and guests; and whose it is to write.

use std::collections::HashMap;

use entity::programme::{FundSource, GuestState, MeasureKind, MeasureState, TargetKind};
use entity::value::{CooperativeId, GuestId, MeasureId, OfficeId, OfficeLevel, PlanId};
use entity::{measure_budget, office, plan_measure, plan_target, programme_plan};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use super::sight::{condition, place_of};
use crate::ocop::figures::{Figure, Figures, Period, count};
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::db::{all, by_id, one, placeholders, run};
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, codes};

codes! {
    PLAN_CHANGED = "plan_changed" 409 "Kế hoạch vừa được người khác sửa: hãy tải lại." "Somebody else has just changed the plan: load it again.";
}

/// An office's plan of a year.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Plan {
    pub id: PlanId,
    pub office_id: OfficeId,
    pub office_name: String,
    pub level: OfficeLevel,
    pub year: i32,
    pub title: String,
    /// Once it is adopted.
    #[schema(required = true)]
    pub decision_number: Option<String>,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub adopted_on: Option<Date>,
    pub version: i64,
}

pub(super) const SELECT: &str = "SELECT n.id, n.office_id, o.name AS office_name, o.level, n.year, n.title, n.decision_number, n.adopted_on, n.version
    FROM programme_plan n JOIN office o ON o.id = n.office_id";

/// A target, and how far it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Target {
    pub kind: TargetKind,
    /// A count; đồng for revenue.
    pub goal: i64,
    #[schema(value_type = String, format = Date)]
    pub due_on: Date,
    /// Counted from the first of the year until the day it is due, or until today.
    pub reached: i64,
    /// In basis points of the goal, 10,000 at the most.
    pub progress: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlanDetail {
    #[serde(flatten)]
    pub plan: Plan,
    pub targets: Vec<Target>,
    pub measures: Vec<Measure>,
    /// The caller works in its office and may write it.
    pub mine: bool,
}

pub fn figure_of(kind: TargetKind) -> Figure {
    match kind {
        TargetKind::NewProducts => Figure::NewProducts,
        TargetKind::Upgrades => Figure::Upgrades,
        TargetKind::RenewalsKept => Figure::RenewalsKept,
        TargetKind::SellingCooperatives => Figure::SellingCooperatives,
        TargetKind::Revenue => Figure::Revenue,
    }
}

/// What a target has come to: its figure in the office's place.
async fn targets(
    connection: &impl ConnectionTrait,
    (plan, office): (&Plan, &office::Model),
    today: Date,
) -> Result<Vec<Target>, Problem> {
    let mut rows = plan_target::Entity::find().filter(plan_target::Column::PlanId.eq(plan.id)).all(connection).await?;
    rows.sort_by_key(|row| row.kind);
    let Some(year) = Period::year(plan.year) else { return Ok(Vec::new()) };
    let place = place_of(office);
    let mut counted: Vec<(Date, Figures)> = Vec::new();
    let mut targets = Vec::new();
    for row in rows {
        let until = row.due_on.min(today).clamp(year.from, year.to);
        if !counted.iter().any(|(day, _)| *day == until) {
            let mut sum = Figures::default();
            for commune in count(connection, &place, Period { to: until, ..year }).await?.values() {
                sum.add(&commune.figures);
            }
            counted.push((until, sum));
        }
        let figures = counted.iter().find(|(day, _)| *day == until).map(|(_, figures)| figures);
        // Nothing is reached before the year begins.
        let begun = today >= year.from;
        let reached = figures.filter(|_| begun).map_or(0, |figures| figures.get(figure_of(row.kind)));
        let progress = (reached.saturating_mul(10_000) / row.goal).clamp(0, 10_000);
        targets.push(Target { kind: row.kind, goal: row.goal, due_on: row.due_on, reached, progress });
    }
    Ok(targets)
}

/// A plan one sees.
pub async fn show(desk: &Desk, id: PlanId) -> Result<PlanDetail, Problem> {
    let seats = desk.seats(OfficePermission::SeeFigures).await?;
    let gone = || Problem::new(&NOT_FOUND);
    let sql = format!("{SELECT} WHERE n.id = $1 AND {}", condition(&seats));
    let connection = desk.db.fresh();
    let plan = one::<Plan>(connection, sql, [id.into()]).await?.ok_or_else(gone)?;
    let office = by_id::<office::Entity>(connection, plan.office_id).await?.ok_or_else(gone)?;
    let targets = targets(connection, (&plan, &office), desk.today()).await?;
    let measures = measures_of(connection, id).await?;
    let mine = seats.iter().any(|seat| seat.office_id == plan.office_id && seat.may(OfficePermission::KeepPlans));
    Ok(PlanDetail { plan, targets, measures, mine })
}

/// A plan of one's own office, to be written; one that is seen and not written is refused.
pub(super) async fn own(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    permission: OfficePermission,
    id: PlanId,
) -> Result<programme_plan::Model, Problem> {
    let sight = condition(&desk.seats_in(connection, OfficePermission::SeeFigures).await?);
    let sql =
        format!("SELECT n.* FROM programme_plan n JOIN office o ON o.id = n.office_id WHERE n.id = $1 AND {sight}");
    let row = one::<programme_plan::Model>(connection, sql, [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let seats = desk.seats_in(connection, permission).await?;
    if seats.iter().any(|seat| seat.office_id == row.office_id) { Ok(row) } else { Err(Problem::new(&FORBIDDEN)) }
}

/// One more version of the plan that was looked at, or refused.
pub(super) async fn grow(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    (id, version): (PlanId, i64),
) -> Result<(), Problem> {
    let sql = "UPDATE programme_plan SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2";
    match run(connection, sql, [id.into(), version.into(), desk.now().into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&PLAN_CHANGED)),
    }
}

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
async fn measures_of(connection: &impl ConnectionTrait, plan: PlanId) -> Result<Vec<Measure>, Problem> {
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

/// Somebody of a cooperative.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Guest {
    pub id: GuestId,
    #[serde(skip)]
    pub measure_id: MeasureId,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub person: String,
    pub state: GuestState,
    /// 1 to 5.
    #[schema(required = true)]
    pub rating: Option<i32>,
    #[schema(required = true)]
    pub feedback: Option<String>,
}

async fn guests_of(
    connection: &impl ConnectionTrait,
    measures: &[MeasureId],
) -> Result<HashMap<MeasureId, Vec<Guest>>, Problem> {
    let mut found: HashMap<MeasureId, Vec<Guest>> = HashMap::new();
    if measures.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "SELECT g.id, g.measure_id, g.cooperative_id, c.name_vi AS cooperative_name, g.person, g.state, g.rating, g.feedback
         FROM measure_guest g JOIN cooperative c ON c.id = g.cooperative_id
         WHERE g.measure_id IN {} ORDER BY c.name_vi, g.person",
        placeholders(1, 1, measures.len())
    );
    for guest in all::<Guest>(connection, sql, measures.iter().map(|id| (*id).into())).await? {
        found.entry(guest.measure_id).or_default().push(guest);
    }
    Ok(found)
}

/// A measure of one's own office's plan.
pub(super) async fn own_measure(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    id: MeasureId,
) -> Result<(plan_measure::Model, entity::programme_plan::Model), Problem> {
    desk.seats_in(connection, OfficePermission::KeepPlans).await?;
    let row = by_id::<plan_measure::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let plan = own(desk, connection, OfficePermission::KeepPlans, row.plan_id).await?;
    Ok((row, plan))
}
