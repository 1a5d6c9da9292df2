//! What is taken off for goods that must be eaten soon: a rule the cooperative switches on. While boxes whose last day is near
//! are left unsold, the offer is sold at the reduced price, through that day; its price as listed stays what it is.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::value::{CooperativeId, OfferId, ProductId, RowId};
use entity::{expiry_discount, product};
use garde::Validate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{Db, all, by_id, run};
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

/// From so many days before the last one on, so much is taken off.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ExpiryDiscount {
    /// None: all products that have no rule of their own.
    #[schema(required = true)]
    pub product_id: Option<ProductId>,
    #[garde(range(min = 1, max = 365))]
    #[schema(minimum = 1, maximum = 365)]
    pub days_before: i64,
    /// Basis points of the listed price.
    #[garde(range(min = 100, max = 9_000))]
    #[schema(minimum = 100, maximum = 9000)]
    pub rate_bp: i64,
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"items": [{"product_id": null, "days_before": 7, "rate_bp": 3000}]}))]
pub struct ExpiryDiscounts {
    #[garde(length(max = 200), dive)]
    #[schema(max_items = 200)]
    items: Vec<ExpiryDiscount>,
}

/// A cooperative's rules.
pub async fn find(connection: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<Vec<ExpiryDiscount>, DbErr> {
    let rows = expiry_discount::Entity::find()
        .filter(expiry_discount::Column::CooperativeId.eq(cooperative))
        .order_by_asc(expiry_discount::Column::Id)
        .all(connection)
        .await?;
    let rule = |row: expiry_discount::Model| ExpiryDiscount {
        product_id: row.product_id,
        days_before: row.days_before,
        rate_bp: row.rate_bp,
    };
    Ok(rows.into_iter().map(rule).collect())
}

/// Puts rules in the place of those that are there; none switches it off.
pub async fn replace(desk: &Desk, cooperative: CooperativeId, items: &[ExpiryDiscount]) -> Result<(), Problem> {
    let now = desk.now();
    for (index, item) in items.iter().enumerate() {
        let at = |code, vi, en| Err(Problem::field(format!("/items/{index}/product_id"), code, vi, en));
        if items[..index].iter().any(|other| other.product_id == item.product_id) {
            return at("twice", "đã có quy tắc cho sản phẩm này", "has a rule already");
        }
        if let Some(id) = item.product_id {
            let row = by_id::<product::Entity>(desk.db.fresh(), id).await?;
            if row.is_none_or(|row| row.cooperative_id != cooperative) {
                return at("product", "không có sản phẩm này", "is not a product of the cooperative");
            }
        }
    }
    let transaction = desk.begin().await?;
    let before = find(&transaction, cooperative).await?;
    run(&transaction, "DELETE FROM expiry_discount WHERE cooperative_id = $1", [cooperative.into()]).await?;
    let rows: Vec<_> = items
        .iter()
        .map(|item| expiry_discount::ActiveModel {
            id: Set(RowId::new()),
            cooperative_id: Set(cooperative),
            product_id: Set(item.product_id),
            days_before: Set(item.days_before),
            rate_bp: Set(item.rate_bp),
            created_at: Set(now),
        })
        .collect();
    if !rows.is_empty() {
        expiry_discount::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    let subject = ("cooperative", cooperative.0);
    desk.audit(&transaction, "shop.expiry_discounts", subject, json!(before), json!(items)).await?;
    transaction.commit().await?;
    let changed = turn(&desk.db, desk.today(), now).await?;
    desk.products_changed(&changed).await
}

#[derive(FromQueryResult)]
struct Due {
    id: OfferId,
    product_id: ProductId,
    rate_bp: i64,
    until: Option<Date>,
}

/// Offers whose reduction is not what it should be today.
async fn due(connection: &impl ConnectionTrait, today: Date) -> Result<Vec<Due>, DbErr> {
    let horizon = match connection.get_database_backend() {
        DbBackend::Postgres => "CAST($1 AS date) + CAST(d.days_before AS integer)",
        _ => "date($1, '+' || d.days_before || ' days')",
    };
    let sql = format!(
        "WITH soon (id, rate_bp, until) AS (
             SELECT o.id, MAX(d.rate_bp), MIN(l.expires_on)
             FROM expiry_discount d
                  JOIN offer o ON o.cooperative_id = d.cooperative_id AND o.status = 'active'
                       AND (o.product_id = d.product_id OR (d.product_id IS NULL
                            AND NOT EXISTS (SELECT 1 FROM expiry_discount e WHERE e.product_id = o.product_id)))
                  JOIN lot_stock ls ON ls.offer_id = o.id AND ls.on_hand > 0
                  JOIN lot l ON l.id = ls.lot_id AND l.state = 'good' AND l.expires_on >= $1 AND l.expires_on <= {horizon}
                  JOIN stock s ON s.offer_id = o.id
             GROUP BY o.id HAVING SUM(ls.on_hand) > MAX(s.reserved))
         SELECT o.id, o.product_id, s.rate_bp, s.until FROM soon s JOIN offer o ON o.id = s.id
         WHERE o.reduced_bp <> s.rate_bp OR o.reduced_until IS NULL OR o.reduced_until <> s.until
         UNION ALL
         SELECT o.id, o.product_id, 0, NULL FROM offer o WHERE o.reduced_bp > 0 AND o.id NOT IN (SELECT id FROM soon)
         LIMIT 500"
    );
    all(connection, sql, [today.into()]).await
}

/// Reduces and restores what is due; the products it changed. Several nodes may look at once: each step has one winner.
pub async fn turn(db: &Db, today: Date, now: OffsetDateTime) -> Result<Vec<ProductId>, Problem> {
    let due = due(db.fresh(), today).await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let transaction = db.begin().await?;
    let mut changed = Vec::new();
    for offer in due {
        let sql = "UPDATE offer SET reduced_bp = $2, reduced_until = $3, updated_at = $4
                   WHERE id = $1 AND (reduced_bp <> $2 OR (reduced_bp > 0 AND reduced_until <> $3))";
        let values = [offer.id.into(), offer.rate_bp.into(), offer.until.into(), now.into()];
        if run(&transaction, sql, values).await? == 1 {
            let payload = json!({"by": "expiry", "rate_bp": offer.rate_bp, "until": offer.until});
            emit(&transaction, "product.changed", offer.product_id.0, payload, now).await?;
            changed.push(offer.product_id);
        }
    }
    transaction.commit().await?;
    Ok(changed)
}

/// What is taken off for goods that must be eaten soon.
#[utoipa::path(tag = "seller", operation_id = "list_expiry_discounts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The rules", body = ExpiryDiscounts)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/expiry-discounts")]
pub async fn list_discounts(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(ExpiryDiscounts { items: find(desk.db.fresh(), *cooperative).await? }))
}

/// Replace what is taken off for goods that must be eaten soon; an empty list switches it off.
#[utoipa::path(tag = "seller", operation_id = "replace_expiry_discounts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = ExpiryDiscounts, responses((status = 200, description = "The rules", body = ExpiryDiscounts)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/expiry-discounts")]
pub async fn replace_discounts(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<ExpiryDiscounts>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    replace(&desk, *cooperative, &body.0.items).await?;
    Ok(HttpResponse::Ok().json(ExpiryDiscounts { items: find(desk.db.fresh(), *cooperative).await? }))
}
