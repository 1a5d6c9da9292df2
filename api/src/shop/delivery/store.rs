//! Delivery rates in the database.

use entity::value::{CooperativeId, RowId, Vnd};
use entity::{cooperative, delivery_rate};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::rules::{DEFAULT_BASE_WEIGHT_G, DEFAULT_RATES, DEFAULT_STEP_WEIGHT_G, zone};
use crate::platform::db::{by_id, run};

/// All rates of these cooperatives.
pub async fn rates(
    connection: &impl ConnectionTrait,
    of: &[CooperativeId],
) -> Result<Vec<delivery_rate::Model>, DbErr> {
    delivery_rate::Entity::find()
        .filter(delivery_rate::Column::CooperativeId.is_in(of.iter().copied()))
        .all(connection)
        .await
}

/// By what a cooperative would bring something to a commune (code of today); nothing where it does not deliver.
pub async fn rate_to(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    to: &str,
) -> Result<Option<delivery_rate::Model>, DbErr> {
    let Some(seller) = by_id::<cooperative::Entity>(connection, cooperative).await? else { return Ok(None) };
    let zone = zone(&seller.commune_code, to);
    Ok(rates(connection, &[cooperative]).await?.into_iter().find(|rate| rate.zone == zone))
}

/// Rates that take the place of all a cooperative had.
pub async fn replace_rates(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    rates: Vec<delivery_rate::Model>,
) -> Result<(), DbErr> {
    run(connection, "DELETE FROM delivery_rate WHERE cooperative_id = $1", [cooperative.into()]).await?;
    if !rates.is_empty() {
        let rows = rates.into_iter().map(IntoActiveModel::into_active_model);
        delivery_rate::Entity::insert_many(rows).exec_without_returning(connection).await?;
    }
    Ok(())
}

pub async fn add_default_rates(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<(), DbErr> {
    let rows = DEFAULT_RATES.map(|(zone, base, step, days)| delivery_rate::ActiveModel {
        id: Set(RowId::new()),
        cooperative_id: Set(cooperative),
        zone: Set(zone),
        base_weight_g: Set(DEFAULT_BASE_WEIGHT_G),
        base_amount: Set(Vnd(base)),
        step_weight_g: Set(DEFAULT_STEP_WEIGHT_G),
        step_amount: Set(Vnd(step)),
        free_from_amount: Set(Some(Vnd(1_000_000))),
        max_days: Set(days),
    });
    delivery_rate::Entity::insert_many(rows).exec_without_returning(connection).await?;
    Ok(())
}
