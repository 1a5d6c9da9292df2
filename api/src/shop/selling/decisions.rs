//! A person of the platform decides on who wants to sell. An approval brings the cooperative into being.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::value::{
    ApplicationId, ApplicationState, CooperativeId, CooperativeStatus, DocumentId, MemberRole, PlatformRole,
};
use entity::{application, application_document, bank_account, cooperative};
use garde::Validate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::applications::{APPLICATION_STATE, ApplicationView, PAPERS_MISSING, has_papers, view};
use super::bank;
use super::slugs::{free_slug, slug_taken};
use crate::people::desk::Desk;
use crate::people::identity::grant_membership;
use crate::people::places;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::shop::delivery::add_default_rates;

#[derive(Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ApplicationQuery {
    /// `submitted` unless told.
    #[param(inline)]
    pub state: Option<ApplicationState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Applications waiting for a decision, oldest first.
#[utoipa::path(tag = "admin", operation_id = "list_all_applications", security(("access_token" = [])), params(ApplicationQuery), responses((status = 200, description = "A page of applications", body = Page<ApplicationView>)))]
#[get("/v1/admin/applications")]
pub async fn list_for_admin(desk: Desk, query: Params<ApplicationQuery>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(HttpResponse::Ok().json(find(&desk, &query.0).await?))
}

pub async fn find(desk: &Desk, query: &ApplicationQuery) -> Result<Page<ApplicationView>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let mut rows = application::Entity::find()
        .filter(application::Column::State.eq(query.state.unwrap_or(ApplicationState::Submitted)));
    if let Some(after) = query.cursor.as_deref().map(decode::<ApplicationId>).transpose()? {
        rows = rows.filter(application::Column::Id.gt(after));
    }
    let rows = rows.order_by_asc(application::Column::Id).limit(limit + 1).all(desk.db.fresh()).await?;
    let page = Page::from_rows(rows, limit, |row| row.id);
    let mut items = Vec::new();
    for row in page.items {
        items.push(view(desk.db.fresh(), row).await?);
    }
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// An application, whoever's.
pub async fn show_any(desk: &Desk, id: ApplicationId) -> Result<ApplicationView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let row = by_id::<application::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(view(desk.db.fresh(), row).await?)
}

/// An application, whoever's.
#[utoipa::path(tag = "admin", operation_id = "show_any_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), responses((status = 200, description = "The application", body = ApplicationView)))]
#[get("/v1/admin/applications/{id}")]
pub async fn show_for_admin(desk: Desk, id: Path<ApplicationId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(show_any(&desk, *id).await?))
}

/// A paper of an application.
#[utoipa::path(tag = "admin", operation_id = "show_application_document", security(("access_token" = [])), params(("id" = ApplicationId, Path), ("document_id" = DocumentId, Path)), responses((status = 200, description = "The paper", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/admin/applications/{id}/documents/{document_id}")]
pub async fn show_document(desk: Desk, path: Path<(ApplicationId, DocumentId)>) -> Result<HttpResponse, Problem> {
    document(&desk, path.into_inner()).await
}

/// A paper of an application, as it was handed in.
pub async fn document(desk: &Desk, (application, id): (ApplicationId, DocumentId)) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let gone = || Problem::new(&NOT_FOUND);
    let row = by_id::<application_document::Entity>(desk.db.fresh(), id).await?.ok_or_else(gone)?;
    if row.application_id != application {
        return Err(gone());
    }
    desk.audit(
        desk.db.write(),
        "application.document_read",
        ("application", application.0),
        (),
        json!({"document": id}),
    )
    .await?;
    let bytes = desk.objects.get(&row.object_key).await.map_err(Problem::unavailable)?.ok_or_else(gone)?;
    Ok(HttpResponse::Ok()
        .content_type(row.media_type)
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .body(bytes))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationDecision {
    Approve,
    /// With a message that says what.
    MoreNeeded,
    /// With a message that says why.
    Reject,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"decision": "more_needed", "message": "Ảnh căn cước bị mờ, vui lòng chụp lại mặt trước"}))]
pub struct DecisionInput {
    pub decision: ApplicationDecision,
    #[garde(inner(length(chars, max = 1000)))]
    #[schema(max_length = 1000)]
    pub message: Option<String>,
}

/// Decides on an application that was handed in. Approving brings the cooperative into being.
pub async fn decide(desk: &Desk, id: ApplicationId, input: DecisionInput) -> Result<ApplicationView, Problem> {
    let seen = by_id::<application::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let message = input.message.as_deref().map(fold::stored).filter(|text| !text.is_empty());
    let (to, topic) = match input.decision {
        ApplicationDecision::Approve => (ApplicationState::Approved, "application.approved"),
        ApplicationDecision::MoreNeeded => (ApplicationState::MoreNeeded, "application.more_needed"),
        ApplicationDecision::Reject => (ApplicationState::Rejected, "application.rejected"),
    };
    if to != ApplicationState::Approved && message.is_none() {
        let (vi, en) = ("cần nói rõ cho người nộp", "the applicant needs to know");
        return Err(Problem::field("/message", "missing", vi, en));
    }
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    // From here on the facts are those of this row: who applies changes nothing that was handed in.
    let row = one::<application::Model>(
        &transaction,
        "UPDATE application SET state = $2, message = $3, decided_at = $4, decided_by = $5, updated_at = $4
         WHERE id = $1 AND state = 'submitted' RETURNING *",
        [id.into(), to.as_str().into(), message.clone().into(), now.into(), desk.who.account.into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&APPLICATION_STATE).extension("state", seen.state))?;
    let cooperative = match to {
        ApplicationState::Approved if !has_papers(&transaction, id).await? => {
            return Err(Problem::new(&PAPERS_MISSING));
        }
        ApplicationState::Approved => Some(found(&transaction, &row, now).await?),
        _ => None,
    };
    let (before, after) = (json!({"state": seen.state}), json!({"state": to, "message": message}));
    desk.audit(&transaction, "application.decided", ("application", id.0), before, after).await?;
    emit(&transaction, topic, id.0, json!({}), now).await?;
    transaction.commit().await?;
    if let Some(cooperative) = cooperative {
        desk.cooperative_changed(cooperative).await?;
    }
    desk.bell.ring();
    let row = by_id::<application::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(view(desk.db.fresh(), row).await?)
}

#[derive(FromQueryResult)]
struct Middle {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

/// Where a cooperative that told no point is: among its neighbours of the commune, the province, the country.
async fn somewhere(connection: &impl ConnectionTrait, commune: &str) -> Result<(f64, f64), DbErr> {
    let province = places::commune(commune).map(|c| places::province_of(c).code.to_owned());
    let peers: Vec<String> =
        province.iter().flat_map(|code| places::communes_of(code)).map(|c| c.code.to_owned()).collect();
    for communes in [vec![commune.to_owned()], peers] {
        let quoted = communes.iter().map(|code| format!("'{}'", code.replace('\'', ""))).collect::<Vec<_>>().join(", ");
        if quoted.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT AVG(latitude) AS latitude, AVG(longitude) AS longitude FROM (
                 SELECT latitude, longitude FROM cooperative WHERE commune_code IN ({quoted})
                 UNION ALL SELECT latitude, longitude FROM destination WHERE commune_code IN ({quoted})) AS near"
        );
        if let Some(Middle { latitude: Some(latitude), longitude: Some(longitude) }) =
            one::<Middle>(connection, sql, []).await?
        {
            return Ok((latitude, longitude));
        }
    }
    Ok((16.05, 108.2))
}

/// The cooperative of an approved application: its identity is verified, the applicant owns it.
async fn found(
    transaction: &impl ConnectionTrait,
    row: &application::Model,
    now: OffsetDateTime,
) -> Result<CooperativeId, Problem> {
    let id = CooperativeId::new();
    let point = match (row.latitude, row.longitude) {
        (Some(latitude), Some(longitude)) => (latitude, longitude),
        _ => somewhere(transaction, &row.commune_code).await?,
    };
    let slug = free_slug(transaction, "cooperative", &row.name, "cooperative").await?;
    let cooperative = cooperative::ActiveModel {
        id: Set(id),
        slug: Set(slug),
        kind: Set(row.kind),
        name_vi: Set(row.name.clone()),
        name_en: Set(row.name.clone()),
        story_vi: Set(String::new()),
        story_en: Set(String::new()),
        legal_name: Set(row.legal_name.clone()),
        tax_code: Set(row.tax_code.clone()),
        licence_number: Set(row.licence_number.clone()),
        licence_issuer: Set(row.licence_issuer.clone()),
        representative: Set(row.representative.clone()),
        street: Set(row.street.clone()),
        commune_code: Set(row.commune_code.clone()),
        former_commune: Set(row.former_commune.clone()),
        latitude: Set(point.0),
        longitude: Set(point.1),
        phone: Set(row.phone.clone()),
        email: Set(row.email.clone()),
        status: Set(CooperativeStatus::Active),
        pickup_offered: Set(false),
        created_at: Set(now),
        updated_at: Set(now),
        identity_verified_at: Set(Some(now)),
        suspended_reason: Set(None),
        tax_residence: Set(entity::value::TaxResidence::Resident),
    };
    cooperative::Entity::insert(cooperative).exec_without_returning(transaction).await.map_err(slug_taken)?;
    add_default_rates(transaction, id).await?;
    grant_membership(transaction, row.account_id, id, MemberRole::Owner, now).await?;
    let account = bank_account::Model {
        cooperative_id: id,
        bank_bin: row.bank_bin.clone(),
        number: row.bank_account.clone(),
        holder: row.bank_holder.clone(),
        updated_at: now,
    };
    bank::put(transaction, account).await?;
    run(transaction, "UPDATE application SET cooperative_id = $2 WHERE id = $1", [row.id.into(), id.into()]).await?;
    emit(transaction, "cooperative.changed", id.0, json!({}), now).await?;
    Ok(id)
}

/// Approve an application, ask for more, or reject it. The applicant is told by mail.
#[utoipa::path(tag = "admin", operation_id = "decide_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), request_body = DecisionInput, responses((status = 200, description = "The application", body = ApplicationView)))]
#[post("/v1/admin/applications/{id}/decision")]
pub async fn decide_application(
    desk: Desk,
    id: Path<ApplicationId>,
    body: Body<DecisionInput>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(HttpResponse::Ok().json(decide(&desk, *id, body.0).await?))
}
