//! Prices a cooperative gives an organisation, until a day; what others pay stays what it is.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::organisation_price;
use entity::value::{CooperativeId, OfferId, OrganisationId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{all, by_id, run};
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem};

/// What an organisation pays for an offer.
#[derive(Clone, Debug, Serialize, Deserialize, FromQueryResult, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct OwnPrice {
    pub offer_id: OfferId,
    /// Đồng for one.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub price: i64,
    /// From so many on.
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub from_quantity: i64,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"offer_id": "0197f2a0-0000-7000-8000-000000000001", "price": 220_000, "from_quantity": 20, "valid_until": "2027-01-31"}]}))]
pub struct OwnPrices {
    #[garde(length(max = 200), dive)]
    #[schema(max_items = 200)]
    pub items: Vec<OwnPrice>,
}

async fn held(desk: &Desk, path: (CooperativeId, OrganisationId)) -> Result<Vec<OwnPrice>, Problem> {
    let sql = "SELECT p.offer_id, p.price, p.from_quantity, p.valid_until FROM organisation_price p JOIN offer f ON f.id = p.offer_id
               WHERE p.organisation_id = $1 AND f.cooperative_id = $2 ORDER BY p.offer_id";
    Ok(all(desk.db.fresh(), sql, [path.1.into(), path.0.into()]).await?)
}

/// The prices the cooperative gives an organisation.
#[utoipa::path(tag = "seller", operation_id = "list_organisation_prices", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("organisation_id" = OrganisationId, Path)), responses((status = 200, description = "The prices", body = Page<OwnPrice>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/organisation-prices/{organisation_id}")]
pub async fn list_organisation_prices(
    desk: Desk,
    path: Path<(CooperativeId, OrganisationId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(Page { items: held(&desk, path.into_inner()).await?, next_cursor: None }))
}

/// Replace the prices the cooperative gives an organisation; quotations that are out stay what they are.
#[utoipa::path(tag = "seller", operation_id = "put_organisation_prices", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("organisation_id" = OrganisationId, Path)), request_body = OwnPrices, responses((status = 200, description = "The prices", body = Page<OwnPrice>)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/organisation-prices/{organisation_id}")]
pub async fn put_organisation_prices(
    desk: Desk,
    path: Path<(CooperativeId, OrganisationId)>,
    body: Body<OwnPrices>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    let (cooperative, organisation) = *path;
    let transaction = desk.begin().await?;
    if by_id::<entity::organisation::Entity>(&transaction, organisation).await?.is_none() {
        return Err(Problem::new(&NOT_FOUND));
    }
    for (index, item) in body.0.items.iter().enumerate() {
        let found = by_id::<entity::offer::Entity>(&transaction, item.offer_id).await?;
        let twice = body.0.items[..index].iter().any(|other| other.offer_id == item.offer_id);
        if twice || found.is_none_or(|offer| offer.cooperative_id != cooperative) {
            let (vi, en) =
                ("không có quy cách này, hoặc đã có ở trên", "there is no such offer of yours, or it stands above");
            return Err(Problem::field(format!("/items/{index}/offer_id"), "offer", vi, en));
        }
    }
    let sql = "DELETE FROM organisation_price WHERE organisation_id = $1 AND offer_id IN (SELECT id FROM offer WHERE cooperative_id = $2)";
    run(&transaction, sql, [organisation.into(), cooperative.into()]).await?;
    let rows = body.0.items.iter().map(|item| organisation_price::ActiveModel {
        organisation_id: Set(organisation),
        offer_id: Set(item.offer_id),
        price: Set(item.price),
        from_quantity: Set(item.from_quantity),
        valid_until: Set(item.valid_until),
        entered_by: Set(desk.who.account),
        entered_at: Set(desk.now()),
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        organisation_price::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "organisation_prices.written", ("organisation", organisation.0), (), json!(body.0))
        .await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(Page { items: held(&desk, path.into_inner()).await?, next_cursor: None }))
}
