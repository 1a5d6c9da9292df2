//! The audit trail, readable: of a thing, or of a person.

use actix_web::{HttpResponse, get};
use entity::value::{AccountId, AuditActor, PlatformRole, RowId};
use garde::Validate;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::people::desk::Desk;
use crate::platform::body::Params;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::Problem;

/// Who changed what, when, from what to what.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct AuditLine {
    pub id: RowId,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
    pub actor_kind: AuditActor,
    #[schema(required = true)]
    pub actor_id: Option<Uuid>,
    /// Of a person.
    #[schema(required = true)]
    pub actor_name: Option<String>,
    /// `refund.decided`
    pub action: String,
    /// `refund`
    pub entity: String,
    pub entity_id: Uuid,
    #[schema(required = true, value_type = Option<Object>)]
    pub before: Option<Value>,
    #[schema(required = true, value_type = Option<Object>)]
    pub after: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// What was changed, such as an order.
    pub entity_id: Option<Uuid>,
    /// Who changed it.
    pub actor_id: Option<AccountId>,
    /// Only this: `refund.decided`
    #[garde(inner(length(max = 60)))]
    #[param(max_length = 60)]
    pub action: Option<String>,
    /// 20 unless told.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

const SELECT: &str = "SELECT e.id, e.at, e.actor_kind, e.actor_id, a.name AS actor_name, e.action, e.entity, e.entity_id, e.before, e.after
    FROM audit_entry e LEFT JOIN account a ON a.id = e.actor_id";

/// Entries of the trail, newest first.
pub async fn trail(desk: &Desk, query: &AuditQuery) -> Result<Page<AuditLine>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let place = (query.limit, query.cursor.as_deref());
    NewestFirst::of(SELECT, "e.id", place)?
        .and_if("e.entity_id = ?", query.entity_id)
        .and_if("e.actor_id = ?", query.actor_id)
        .and_if("e.action = ?", query.action.clone())
        .page(desk.db.fresh(), |row: &AuditLine| row.id)
        .await
}

/// Who changed what, newest first: of a thing, of a person, or all.
#[utoipa::path(tag = "admin", operation_id = "list_audit_entries", security(("access_token" = [])), params(AuditQuery), responses((status = 200, description = "A page of entries", body = Page<AuditLine>)))]
#[get("/v1/admin/audit")]
pub async fn list_audit_entries(desk: Desk, query: Params<AuditQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(trail(&desk, &query.0).await?))
}
