//! Lists of deliveries, and the buyer's answer to a harvest that was too small.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::supply::OrganisationRole;
use entity::value::{CooperativeId, DeliveryId, OrderActor, OrganisationId, PaymentId, SupplyRequestId};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::acceptance::bought;
use super::view::{Delivery, Row, SELECT, of_request, views};
use crate::orders::ordering::{ShortfallAnswer, ShortfallChoice, answer_shortfall, read};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::one;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::supply::buyers::may;

/// Deliveries of a request, by day.
#[utoipa::path(tag = "business", operation_id = "list_request_deliveries", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), responses((status = 200, description = "The deliveries", body = Page<Delivery>)))]
#[get("/v1/business/{organisation_id}/requests/{request_id}/deliveries")]
pub async fn list_request_deliveries(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
) -> Result<HttpResponse, Problem> {
    may(&desk, path.0, OrganisationRole::Member).await?;
    let items = of_request(desk.db.fresh(), &desk.config, path.into_inner()).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// A bill that was paid, and between whom it was.
#[derive(Debug, FromQueryResult)]
pub struct PaidBill {
    pub organisation_id: OrganisationId,
    pub organisation: String,
    pub cooperative_id: CooperativeId,
    pub cooperative: String,
    pub contract: String,
    /// None: the deposit.
    pub order_number: Option<String>,
    pub amount: i64,
    pub reference: String,
}

/// What a payment paid of a contract.
pub async fn paid_bill(connection: &impl ConnectionTrait, payment: PaymentId) -> Result<Option<PaidBill>, Problem> {
    let sql = "SELECT r.organisation_id, g.name AS organisation, k.cooperative_id, c.name_vi AS cooperative, k.number AS contract, o.number AS order_number,
                   y.amount, y.reference
               FROM payment y JOIN supply_contract k ON k.id = y.contract_id JOIN supply_request r ON r.id = k.request_id
                    JOIN organisation g ON g.id = r.organisation_id JOIN cooperative c ON c.id = k.cooperative_id LEFT JOIN orders o ON o.id = y.order_id
               WHERE y.id = $1";
    Ok(one(connection, sql, [payment.into()]).await?)
}

/// Deliveries of a cooperative, those of the newest contracts first.
pub async fn of_cooperative(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Delivery>, Problem> {
    let page = NewestFirst::of(SELECT, "d.id", place)?
        .and("k.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &Row| row.id)
        .await?;
    let items = views(desk.db.fresh(), &desk.config, page.items).await?;
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// The cooperative's deliveries, those of the newest contracts first.
#[utoipa::path(tag = "business", operation_id = "list_supply_deliveries", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of deliveries", body = Page<Delivery>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/deliveries")]
pub async fn list_supply_deliveries(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(of_cooperative(&desk, *cooperative, paging.0.place()).await?))
}

/// A harvest was too small for a delivery: wait for the next lot of it, take the part there is, or give it up.
pub async fn choose(
    desk: &Desk,
    path: (OrganisationId, DeliveryId),
    choice: ShortfallChoice,
) -> Result<Delivery, Problem> {
    may(desk, path.0, OrganisationRole::Buyer).await?;
    let order = bought(desk, path).await?.order_id.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let row = read(&desk.db, order).await?;
    answer_shortfall(&desk.tools(), &row, (OrderActor::Buyer, Some(desk.who.account)), choice).await?;
    bought(desk, path).await
}

/// Choose what happens to a delivery a harvest was too small for.
#[utoipa::path(tag = "business", operation_id = "answer_delivery_shortfall", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path)), request_body = ShortfallAnswer, responses((status = 200, description = "The delivery", body = Delivery)))]
#[post("/v1/business/{organisation_id}/deliveries/{delivery_id}/shortfall")]
pub async fn answer_delivery_shortfall(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId)>,
    body: Body<ShortfallAnswer>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(choose(&desk, path.into_inner(), body.0.choice).await?))
}

#[derive(FromQueryResult)]
struct Count {
    waiting: i64,
}

/// How many records of what was weighed wait for the cooperative.
pub async fn to_agree(desk: &Desk, cooperative: CooperativeId) -> Result<i64, Problem> {
    let sql = "SELECT COUNT(*) AS waiting FROM supply_acceptance a JOIN supply_delivery d ON d.id = a.delivery_id
                   JOIN supply_contract k ON k.id = d.contract_id WHERE k.cooperative_id = $1 AND a.state = 'written'";
    Ok(one::<Count>(desk.db.fresh(), sql, [cooperative.into()]).await?.map_or(0, |row| row.waiting))
}
