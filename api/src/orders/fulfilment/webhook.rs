//! `/v1/carriers/{carrier}/webhook`: what carriers report. Kept raw, once; moves parcels only forward.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, post};
use entity::value::{Carrier, ParcelState, RowId};
use entity::{carrier_event, parcel};
use garde::Validate;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::carrier::Update;
use super::carriers::Carriers;
use super::contracts::ContractCarrier;
use super::parcels::advance;
use crate::config::Config;
use crate::orders::ordering::Tools;
use crate::platform::body::Params;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, is_duplicate, run};
use crate::platform::outbox::Bell;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::read_model::ReadModel;
use crate::platform::secrets;

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookToken {
    /// As agreed with the carrier: `OCOP_CARRIER_WEBHOOK_TOKEN`.
    #[garde(length(max = 200))]
    #[param(max_length = 200)]
    token: String,
}

/// Reports of a carrier about its parcels, in the carrier's own format. Twice is once; out of order does no harm.
#[utoipa::path(tag = "carriers", operation_id = "receive_carrier_report", params(("carrier" = inline(ContractCarrier), Path), WebhookToken), request_body(content = String, content_type = "application/json"), responses((status = 204, description = "Taken")))]
#[post("/v1/carriers/{carrier}/webhook")]
#[allow(clippy::too_many_arguments, reason = "extractors")]
pub async fn receive(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    read_model: Data<ReadModel>,
    bell: Data<Bell>,
    carriers: Data<Carriers>,
    carrier: Path<ContractCarrier>,
    token: Params<WebhookToken>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    if !config.carrier_webhook_token().is_some_and(|right| secrets::same(right, &token.0.token)) {
        return Err(Problem::new(&NOT_FOUND));
    }
    let carrier = carrier.carrier();
    let api = carriers.get(carrier).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let tools = Tools { db: &db, read_model: &read_model, bell: &bell, now: clock.now() };
    let update = api.parse_webhook(&body);
    let text = String::from_utf8_lossy(&body).replace('\0', "");
    let key = hex::encode(Sha256::digest(&body));

    let transaction = db.begin().await?;
    let row = match &update {
        Some(update) => find(&transaction, carrier, update).await?,
        None => None,
    };
    let event = carrier_event::ActiveModel {
        id: Set(RowId::new()),
        carrier: Set(carrier.as_str().to_owned()),
        dedup_key: Set(key),
        tracking_code: Set(update.as_ref().map(|update| update.tracking_code.clone())),
        parcel_id: Set(row.as_ref().map(|row| row.id)),
        status: Set(update.as_ref().map(|update| update.status.clone())),
        body: Set(text),
        outcome: Set(match (&update, &row) {
            (None, _) => "unreadable",
            (_, None) => "unknown_parcel",
            (Some(update), Some(row)) if moves(row.state, update.state) => "moved",
            _ => "ignored",
        }
        .to_owned()),
        received_at: Set(tools.now),
    };
    match carrier_event::Entity::insert(event).exec_without_returning(&transaction).await {
        Ok(_) => {}
        // Heard before.
        Err(error) if is_duplicate(&error) => return Ok(HttpResponse::NoContent().finish()),
        Err(error) => return Err(error.into()),
    }
    let mut levels = Vec::new();
    if let (Some(update), Some(mut row)) = (update, row) {
        if row.tracking_code.is_none() {
            // A booking whose answer was lost: the report settles it.
            let sql = "UPDATE parcel SET tracking_code = $2 WHERE id = $1 AND tracking_code IS NULL";
            run(&transaction, sql, [row.id.into(), update.tracking_code.as_str().into()]).await?;
            row.tracking_code = Some(update.tracking_code.clone());
        }
        if let Some(to) = update.state.filter(|_| moves(row.state, update.state)) {
            levels = advance(&transaction, &tools, &row, to, None).await?;
        } else {
            let sql = "UPDATE parcel SET last_event_at = $2 WHERE id = $1";
            run(&transaction, sql, [row.id.into(), tools.now.into()]).await?;
        }
    }
    transaction.commit().await?;
    read_model.levels_changed(&levels).await;
    bell.ring();
    Ok(HttpResponse::NoContent().finish())
}

fn moves(from: ParcelState, to: Option<ParcelState>) -> bool {
    to.is_some_and(|to| super::rules::follows(from, to))
}

async fn find(
    connection: &impl ConnectionTrait,
    carrier: Carrier,
    update: &Update,
) -> Result<Option<parcel::Model>, DbErr> {
    let mut by = Condition::any().add(parcel::Column::TrackingCode.eq(update.tracking_code.as_str()));
    if let Some(reference) = &update.reference {
        by = by.add(parcel::Column::Number.eq(reference.as_str()));
    }
    parcel::Entity::find().filter(parcel::Column::Carrier.eq(carrier)).filter(by).one(connection).await
}
