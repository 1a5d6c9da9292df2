//! Requests as a cooperative finds them: those it can serve, with what speaks for it.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::supply::RequestState;
use entity::value::{CooperativeId, SupplyRequestId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use utoipa::ToSchema;

use super::near::{self, Fit};
use super::view::{Eyes, SELECT, SupplyRequest, SupplyRequestDetail, detail, request};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::db::one;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};

/// A request, and what speaks for the cooperative.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct RequestToServe {
    #[serde(flatten)]
    #[sea_orm(nested)]
    pub request: SupplyRequest,
    #[sea_orm(nested)]
    pub fit: Fit,
    /// It has offered.
    pub offered: bool,
}

/// Read with each request; `$2` is the cooperative, as in the first condition of the list.
const FIT: &str = "(SELECT COUNT(*) FROM product p WHERE p.cooperative_id = $2 AND p.category_id = r.category_id AND p.status = 'published') AS products,
    CAST(COALESCE((SELECT SUM((s.on_hand - s.reserved) * COALESCE(f.net_g, f.weight_g)) FROM stock s JOIN offer f ON f.id = s.offer_id JOIN product p ON p.id = f.product_id
        WHERE f.cooperative_id = $2 AND p.category_id = r.category_id), 0) AS bigint) AS stored_grams,
    CAST(COALESCE((SELECT SUM((x.quantity - x.preordered) * COALESCE(f.net_g, f.weight_g)) FROM forecast x JOIN offer f ON f.id = x.offer_id JOIN product p ON p.id = f.product_id
        WHERE x.cooperative_id = $2 AND p.category_id = r.category_id AND x.state IN ('open', 'closed')
          AND x.expected_to <= (SELECT MAX(w.to_on) FROM supply_window w WHERE w.request_id = r.id)), 0) AS bigint) AS forecast_grams,
    EXISTS (SELECT 1 FROM supply_offer y WHERE y.request_id = r.id AND y.cooperative_id = $2 AND y.state = 'offered') AS offered";

/// What a cooperative may see of requests: published, for all or for it; nothing of drafts.
const SEEN: &str = "(r.state = 'open' OR EXISTS (SELECT 1 FROM supply_offer f WHERE f.request_id = r.id AND f.cooperative_id = ?))
    AND r.state <> 'draft'
    AND (NOT r.chosen_only OR EXISTS (SELECT 1 FROM supply_audience a WHERE a.request_id = r.id AND a.cooperative_id = ?))
    AND EXISTS (SELECT 1 FROM product p WHERE p.cooperative_id = ? AND p.category_id = r.category_id AND p.status <> 'archived')";

/// Requests a cooperative can serve or has offered for, newest first.
pub async fn for_cooperative(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<RequestToServe>, Problem> {
    let select = SELECT.replacen("FROM supply_request r", &format!(", {FIT} FROM supply_request r"), 1);
    let mut page = NewestFirst::of(&select, "r.id", place)?
        .and(SEEN, cooperative)
        .page(desk.db.fresh(), |row: &RequestToServe| row.request.id)
        .await?;
    let fits = page.items.iter_mut().map(|row| (row.request.id, &mut row.fit));
    near::add(desk.db.fresh(), cooperative, fits.collect()).await?;
    Ok(page)
}

/// Requests the cooperative can serve or has offered for, newest first.
#[utoipa::path(tag = "business", operation_id = "list_requests_to_serve", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of requests", body = Page<RequestToServe>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/requests")]
pub async fn list_requests_to_serve(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(for_cooperative(&desk, *cooperative, paging.0.place()).await?))
}

#[derive(FromQueryResult)]
struct Found {}

/// A request as the cooperative sees it; one it may not see is not there.
pub(super) async fn visible(
    connection: &impl ConnectionTrait,
    (cooperative, id): (CooperativeId, SupplyRequestId),
) -> Result<SupplyRequest, Problem> {
    let sql = format!("SELECT 1 AS found FROM supply_request r WHERE r.id = $1 AND {}", SEEN.replace('?', "$2"));
    if one::<Found>(connection, sql, [id.into(), cooperative.into()]).await?.is_none() {
        return Err(Problem::new(&NOT_FOUND));
    }
    request(connection, id).await
}

/// A request as a cooperative sees it: its own offer, and everybody's shares once they are reckoned.
pub async fn seen(desk: &Desk, path: (CooperativeId, SupplyRequestId)) -> Result<SupplyRequestDetail, Problem> {
    let connection = desk.db.fresh();
    let mut request = visible(connection, path).await?;
    if request.state == RequestState::Open {
        // Which rule will be chosen is the buyer's own.
        request.rule = None;
    }
    detail(connection, request, Eyes::Cooperative(path.0)).await
}

/// A request as the cooperative sees it: its own offer, and everybody's shares once they are reckoned.
#[utoipa::path(tag = "business", operation_id = "show_request_to_serve", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("request_id" = SupplyRequestId, Path)), responses((status = 200, description = "The request", body = SupplyRequestDetail)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/requests/{request_id}")]
pub async fn show_request_to_serve(
    desk: Desk,
    path: Path<(CooperativeId, SupplyRequestId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(seen(&desk, path.into_inner()).await?))
}
