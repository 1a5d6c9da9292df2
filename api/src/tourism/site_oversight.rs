//! Partners' web sites as the platform's people see them; one that should not show our widgets is taken away.

use std::collections::HashMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use entity::partner_site;
use entity::value::{PartnerId, PlatformRole, SiteId};
use garde::Validate;
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::guide::{Guide, changed};
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem};

/// A partner's web site, without what proves it.
#[derive(Clone, Serialize, ToSchema)]
pub struct KnownSite {
    pub id: SiteId,
    pub origin: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    /// Since when it may show widgets; `null` while its mark was not found.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub verified_at: Option<OffsetDateTime>,
}

impl From<partner_site::Model> for KnownSite {
    fn from(row: partner_site::Model) -> Self {
        Self { id: row.id, origin: row.origin, created_at: row.created_at, verified_at: row.verified_at }
    }
}

#[derive(Serialize, ToSchema)]
pub struct KnownSites {
    pub items: Vec<KnownSite>,
}

#[derive(Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Trang đã đổi chủ."}))]
pub struct SiteWithdrawal {
    /// Told to the partner.
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    pub note: String,
}

/// The sites of some partners.
pub async fn of_partners(desk: &Desk, partners: &[PartnerId]) -> Result<HashMap<PartnerId, Vec<KnownSite>>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = partner_site::Entity::find()
        .filter(partner_site::Column::PartnerId.is_in(partners.iter().copied()))
        .order_by_asc(partner_site::Column::Id);
    let mut sites: HashMap<PartnerId, Vec<KnownSite>> = HashMap::new();
    for row in rows.all(desk.db.fresh()).await? {
        sites.entry(row.partner_id).or_default().push(row.into());
    }
    Ok(sites)
}

/// Takes a site away: it shows no widget any more, and its partner is told why.
pub async fn withdraw(
    desk: &Desk,
    guide: &Guide,
    (partner, site): (PartnerId, SiteId),
    input: &SiteWithdrawal,
) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let transaction = desk.begin().await?;
    let row = partner_site::Entity::find_by_id(site).lock_exclusive().one(&transaction).await?;
    let row = row.filter(|row| row.partner_id == partner).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let origin = row.origin.clone();
    row.delete(&transaction).await?;
    let was = json!({"origin": origin});
    desk.audit(&transaction, "partner.site_withdrawn", ("partner", partner.0), was, input).await?;
    let told = json!({"origin": origin, "note": input.note});
    emit(&transaction, "partner.site_withdrawn", partner.0, told, desk.now()).await?;
    changed(&transaction, partner.0, desk.now()).await?;
    transaction.commit().await?;
    desk.bell.ring();
    guide.refresh().await?;
    Ok(())
}

/// A partner's web sites.
#[utoipa::path(tag = "admin", operation_id = "list_sites_of_partner", security(("access_token" = [])), params(("id" = PartnerId, Path)), responses((status = 200, description = "The sites", body = KnownSites)))]
#[get("/v1/admin/partners/{id}/sites")]
pub async fn list_known(desk: Desk, id: Path<PartnerId>) -> Result<HttpResponse, Problem> {
    let items = of_partners(&desk, &[*id]).await?.remove(&id).unwrap_or_default();
    Ok(HttpResponse::Ok().json(KnownSites { items }))
}

/// Take a partner's web site away: it shows no widget any more. The partner is told why.
#[utoipa::path(tag = "admin", operation_id = "withdraw_partner_site", security(("access_token" = [])), params(("id" = PartnerId, Path), ("site_id" = SiteId, Path)), request_body = SiteWithdrawal, responses((status = 204, description = "Gone")))]
#[post("/v1/admin/partners/{id}/sites/{site_id}/withdrawal")]
pub async fn withdraw_site(
    desk: Desk,
    guide: Data<Guide>,
    path: Path<(PartnerId, SiteId)>,
    body: Body<SiteWithdrawal>,
) -> Result<HttpResponse, Problem> {
    withdraw(&desk, &guide, path.into_inner(), &body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
