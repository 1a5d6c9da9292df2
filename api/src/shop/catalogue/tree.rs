//! Keeping the category tree. Its roots are the six OCOP groups (Decision 148/QĐ-TTg, 2023) and stay as they are; below them
//! the platform's people add and name.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post, put};
use entity::category;
use entity::value::{CategoryId, PlatformRole};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Catalogue;
use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::db::is_duplicate;
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::revision;

codes! {
    CATEGORY_TAKEN = "category_taken" 409 "Đường dẫn này đã có nhóm khác dùng." "Another category has this slug.";
}

/// A category below another.
#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"slug": "qua-co-mui", "parent": "thuc-pham", "name_vi": "Quả có múi", "name_en": "Citrus fruit", "position": 10}))]
pub struct NewCategory {
    #[garde(length(min = 2, max = 100), pattern("^[a-z0-9]+(-[a-z0-9]+)*$"))]
    #[schema(min_length = 2, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: String,
    /// The slug of the category it stands below; its OCOP group is that one's.
    #[garde(length(max = 100))]
    #[schema(max_length = 100)]
    pub parent: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name_vi: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name_en: String,
    /// Among those below the same, the smallest first.
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10000)]
    pub position: i32,
}

/// What of a category may change: links and sheets name it by its slug, which stays.
#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name_vi": "Quả có múi", "name_en": "Citrus fruit", "position": 10}))]
pub struct CategoryChange {
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name_vi: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name_en: String,
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10000)]
    pub position: i32,
}

/// A category as who keeps the tree sees it.
#[derive(Serialize, ToSchema)]
pub struct KeptCategory {
    pub id: CategoryId,
    pub slug: String,
    #[schema(required = true)]
    pub parent_id: Option<CategoryId>,
    pub name_vi: String,
    pub name_en: String,
    /// 1–6, of Decision 148/QĐ-TTg.
    pub ocop_group: i32,
    pub position: i32,
}

impl KeptCategory {
    /// What can be changed, as it is now.
    pub fn revision(&self) -> String {
        revision::of(&(&self.name_vi, &self.name_en, self.position))
    }
}

impl From<category::Model> for KeptCategory {
    fn from(row: category::Model) -> Self {
        let category::Model { id, parent_id, slug, name_vi, name_en, ocop_group, position } = row;
        Self { id, slug, parent_id, name_vi, name_en, ocop_group, position }
    }
}

/// The whole tree, group by group.
pub async fn kept(desk: &Desk) -> Result<Vec<KeptCategory>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(super::store::categories(desk.db.fresh()).await?.into_iter().map(KeptCategory::from).collect())
}

/// Adds a category.
pub async fn add(desk: &Desk, catalogue: &Catalogue, input: NewCategory) -> Result<KeptCategory, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let parent = category::Entity::find().filter(category::Column::Slug.eq(&input.parent)).one(desk.db.fresh()).await?;
    let parent =
        parent.ok_or_else(|| Problem::field("/parent", "not_found", "không có nhóm này", "no such category"))?;
    let row = category::ActiveModel {
        id: Set(CategoryId::new()),
        parent_id: Set(Some(parent.id)),
        slug: Set(input.slug.clone()),
        name_vi: Set(fold::stored(&input.name_vi)),
        name_en: Set(fold::stored(&input.name_en)),
        ocop_group: Set(parent.ocop_group),
        position: Set(input.position),
    };
    let transaction = desk.begin().await?;
    let row = row
        .insert(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&CATEGORY_TAKEN) } else { error.into() })?;
    desk.audit(&transaction, "category.added", ("category", row.id.0), (), &input).await?;
    emit(&transaction, "catalogue.replaced", row.id.0, json!({}), desk.now()).await?;
    transaction.commit().await?;
    catalogue.reload().await.map_err(Problem::internal)?;
    Ok(row.into())
}

/// Names a category anew, or puts it elsewhere among its like.
pub async fn change(
    desk: &Desk,
    catalogue: &Catalogue,
    id: CategoryId,
    input: CategoryChange,
    seen: Option<&str>,
) -> Result<KeptCategory, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let transaction = desk.begin().await?;
    let before = category::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let before = before.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    revision::check(seen, &(&before.name_vi, &before.name_en, before.position))?;
    let mut row: category::ActiveModel = before.clone().into();
    row.name_vi = Set(fold::stored(&input.name_vi));
    row.name_en = Set(fold::stored(&input.name_en));
    row.position = Set(input.position);
    let row = row.update(&transaction).await?;
    let was = json!({"name_vi": before.name_vi, "name_en": before.name_en, "position": before.position});
    desk.audit(&transaction, "category.changed", ("category", id.0), was, &input).await?;
    emit(&transaction, "catalogue.replaced", id.0, json!({}), desk.now()).await?;
    transaction.commit().await?;
    catalogue.reload().await.map_err(Problem::internal)?;
    Ok(row.into())
}

/// Add a category below another.
#[utoipa::path(tag = "admin", operation_id = "add_category", security(("access_token" = [])), request_body = NewCategory, responses((status = 201, description = "Added", body = KeptCategory)))]
#[post("/v1/admin/categories")]
pub async fn add_category(
    desk: Desk,
    catalogue: Data<Catalogue>,
    body: Body<NewCategory>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(add(&desk, &catalogue, body.0).await?))
}

/// Name a category anew, or put it elsewhere among its like.
#[utoipa::path(tag = "admin", operation_id = "change_category", security(("access_token" = [])), params(("id" = CategoryId, Path)), request_body = CategoryChange, responses((status = 200, description = "Changed", body = KeptCategory)))]
#[put("/v1/admin/categories/{id}")]
pub async fn change_category(
    desk: Desk,
    catalogue: Data<Catalogue>,
    id: Path<CategoryId>,
    body: Body<CategoryChange>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(change(&desk, &catalogue, *id, body.0, None).await?))
}
