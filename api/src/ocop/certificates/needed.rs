//! What must not be sold without a certificate: the rules, and what a cooperative's products lack.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, post};
use entity::certificate_rule;
use entity::value::{CertificateKind, CooperativeId, PlatformRole, ProductId, RowId};
use garde::Validate;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::clearance::{Book, Whose, clear, products};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{all, run};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem};

/// What must not be sold without one of these.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CertificateRule {
    #[schema(value_type = uuid::Uuid)]
    pub id: RowId,
    /// Slug of the category; those below it are meant, too.
    pub category: String,
    /// One of them is enough.
    pub any_of: Vec<CertificateKind>,
    #[schema(value_type = String, format = Date)]
    pub from_day: Date,
    /// The law that asks for it.
    pub source: String,
}

#[derive(Serialize, ToSchema)]
pub struct CertificateRules {
    items: Vec<CertificateRule>,
}

#[derive(FromQueryResult)]
struct RuleRow {
    id: RowId,
    category: String,
    kinds: String,
    from_day: Date,
    source: String,
}

async fn rules(desk: &Desk) -> Result<CertificateRules, Problem> {
    let rows = all::<RuleRow>(
        desk.db.fresh(),
        "SELECT r.id, g.slug AS category, r.kinds, r.from_day, r.source FROM certificate_rule r JOIN category g ON g.id = r.category_id
         WHERE r.ended_at IS NULL ORDER BY r.id",
        [],
    )
    .await?;
    let view = |row: RuleRow| CertificateRule {
        id: row.id,
        category: row.category,
        any_of: row.kinds.split(',').filter_map(|kind| kind.parse().ok()).collect(),
        from_day: row.from_day,
        source: row.source,
    };
    Ok(CertificateRules { items: rows.into_iter().map(view).collect() })
}

/// Rules in force or to come.
#[utoipa::path(tag = "certificates", operation_id = "list_certificate_rules", security(("access_token" = [])), responses((status = 200, description = "The rules", body = CertificateRules)))]
#[get("/v1/officer/certificate-rules")]
pub async fn list_certificate_rules(desk: Desk) -> Result<HttpResponse, Problem> {
    desk.who.require_office()?;
    Ok(HttpResponse::Ok().json(rules(&desk).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"category": "do-uong", "any_of": ["self_declaration", "food_safety"], "from_day": "2027-01-01", "source": "Điều 4 Nghị định 15/2018/NĐ-CP"}))]
pub struct NewCertificateRule {
    /// Slug of a category; those below it are meant, too.
    #[garde(length(max = 100))]
    #[schema(max_length = 100)]
    category: String,
    /// One of them is enough.
    #[garde(length(min = 1, max = 10))]
    #[schema(min_items = 1, max_items = 10)]
    any_of: Vec<CertificateKind>,
    #[schema(value_type = String, format = Date)]
    from_day: Date,
    /// The law that asks for it.
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    source: String,
}

/// Ask for a certificate from a day on. What lacks it then is sold no longer.
#[utoipa::path(tag = "certificates", operation_id = "create_certificate_rule", security(("access_token" = [])), request_body = NewCertificateRule, responses((status = 201, description = "The rules", body = CertificateRules)))]
#[post("/v1/officer/certificate-rules")]
pub async fn create_certificate_rule(desk: Desk, body: Body<NewCertificateRule>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let (input, now) = (body.0, desk.now());
    let transaction = desk.begin().await?;
    let category = entity::category::Entity::find()
        .filter(entity::category::Column::Slug.eq(&input.category))
        .one(&transaction)
        .await?
        .ok_or_else(|| {
            Problem::field("/category", "category", "không có nhóm hàng này", "there is no such category")
        })?;
    let mut kinds: Vec<&str> = input.any_of.iter().map(|kind| kind.as_str()).collect();
    kinds.dedup();
    let id = RowId::new();
    let row = certificate_rule::ActiveModel {
        id: Set(id),
        category_id: Set(category.id),
        kinds: Set(kinds.join(",")),
        from_day: Set(input.from_day),
        source: Set(fold::stored(&input.source)),
        created_by: Set(Some(desk.who.account)),
        created_at: Set(now),
        ended_at: Set(None),
    };
    certificate_rule::Entity::insert(row).exec_without_returning(&transaction).await?;
    let after =
        json!({"category": input.category, "any_of": kinds, "from_day": input.from_day, "source": input.source});
    desk.audit(&transaction, "certificate_rule.created", ("certificate_rule", id.0), (), after).await?;
    let changed = clear(&transaction, Whose::Everybody, (desk.today(), now)).await?;
    transaction.commit().await?;
    desk.products_changed(&changed).await?;
    Ok(HttpResponse::Created().json(rules(&desk).await?))
}

/// Ask for it no longer.
#[utoipa::path(tag = "certificates", operation_id = "end_certificate_rule", security(("access_token" = [])), params(("rule_id" = uuid::Uuid, Path)), responses((status = 204, description = "Ended")))]
#[delete("/v1/officer/certificate-rules/{rule_id}")]
pub async fn end_certificate_rule(desk: Desk, id: Path<RowId>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let transaction = desk.begin().await?;
    let sql = "UPDATE certificate_rule SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    if run(&transaction, sql, [(*id).into(), now.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "certificate_rule.ended", ("certificate_rule", id.0), (), ()).await?;
    let changed = clear(&transaction, Whose::Everybody, (desk.today(), now)).await?;
    transaction.commit().await?;
    desk.products_changed(&changed).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A product that may be sold for a while only, or not at all, by its certificates.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Lacking {
    pub product_id: ProductId,
    pub product_name: String,
    /// One of them is needed.
    pub any_of: Vec<CertificateKind>,
    pub source: String,
    /// The last day it may be sold; before today: it is not sold.
    #[schema(value_type = String, format = Date)]
    pub sold_until: Date,
    pub on_sale: bool,
}

#[derive(Serialize, ToSchema)]
pub struct LackingList {
    items: Vec<Lacking>,
}

/// What a cooperative's products lack, or will.
pub async fn lacking(desk: &Desk, cooperative: CooperativeId) -> Result<Vec<Lacking>, Problem> {
    let (connection, today) = (desk.db.fresh(), desk.today());
    let book = Book::read(connection, Whose::Cooperative(cooperative)).await?;
    let mut found = Vec::new();
    for product in products(connection, Whose::Cooperative(cooperative)).await? {
        found.extend(book.limits(&product, today).into_iter().map(|(rule, day)| Lacking {
            product_id: product.id,
            product_name: product.name_vi.clone(),
            any_of: rule.kinds(),
            source: rule.source.clone(),
            sold_until: day,
            on_sale: day >= today,
        }));
    }
    found.sort_by_key(|lacking| lacking.sold_until);
    Ok(found)
}

/// Products that must have a certificate and lack it, or will when it ends: what ends first, first.
#[utoipa::path(tag = "certificates", operation_id = "list_lacking_certificates", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The products", body = LackingList)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/certificates/lacking")]
pub async fn list_lacking(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(LackingList { items: lacking(&desk, *cooperative).await? }))
}
