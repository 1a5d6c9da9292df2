//! From plant protection to harvest: a plot's waiting period (VietGAP's thời gian cách ly). Pure, and the question that asks it.

use entity::value::{CooperativeId, PlotId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::Serialize;
use time::{Date, Duration};
use utoipa::ToSchema;

use crate::platform::db::{all, list};

/// What was sprayed on a plot, and from when on may be harvested again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    pub plot_id: PlotId,
    pub plot: String,
    /// What was sprayed.
    pub material: String,
    /// The first day of harvest.
    #[schema(value_type = String, format = Date)]
    pub until: Date,
}

/// The first day of harvest after a treatment: with seven days to wait, what was sprayed on the 1st is picked from the 8th on.
pub fn free_on(done_on: Date, wait_days: i32) -> Date {
    done_on.checked_add(Duration::days(wait_days.into())).unwrap_or(Date::MAX)
}

#[derive(FromQueryResult)]
struct Treated {
    plot_id: PlotId,
    plot: String,
    material: Option<String>,
    done_on: Date,
    wait_days: i32,
}

/// Treatments that a harvest on this day would come too early after. Treatments of later days do not count.
pub async fn too_early(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    plots: &[PlotId],
    harvested_on: Date,
) -> Result<Vec<Waiting>, DbErr> {
    if plots.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![cooperative.into(), harvested_on.into()];
    values.extend(plots.iter().map(|plot| Value::from(*plot)));
    let rows = all::<Treated>(
        connection,
        format!(
            "SELECT d.plot_id, p.name AS plot, d.material, d.done_on, d.wait_days FROM diary_entry d JOIN plot p ON p.id = d.plot_id
             WHERE d.cooperative_id = $1 AND d.wait_days > 0 AND d.done_on <= $2 AND d.withdrawn_at IS NULL AND d.plot_id IN {}
             ORDER BY d.done_on, d.id",
            list(3, plots.len())
        ),
        values,
    )
    .await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        plot_id: row.plot_id,
        plot: row.plot,
        material: row.material.unwrap_or_default(),
        until: free_on(row.done_on, row.wait_days),
    });
    Ok(waiting.filter(|waiting| waiting.until > harvested_on).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn days_to_wait_are_whole_days() {
        assert_eq!(free_on(date!(2026 - 11 - 01), 7), date!(2026 - 11 - 08));
        assert_eq!(free_on(date!(2026 - 02 - 25), 5), date!(2026 - 03 - 02));
        assert_eq!(free_on(Date::MAX, 365), Date::MAX);
    }
}
