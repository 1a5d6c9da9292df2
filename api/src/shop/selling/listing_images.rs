//! Pictures of a listing, in their order.

use actix_web::web::Path;
use actix_web::{HttpResponse, post, put};
use entity::value::{CooperativeId, MediaId, ProductId, RowId};
use entity::{media, product, product_image};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::listings::{SellerProduct, own, view};
use crate::media as pictures;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, list, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{Problem, codes};

codes! {
    PICTURES_FULL = "pictures_full" 409 "Mỗi sản phẩm có nhiều nhất 12 ảnh." "A product has at most 12 pictures.";
}

const MOST_PICTURES: u64 = 12;

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewImage {
    pub media_id: MediaId,
    /// What is to be seen, for who cannot see it; the product's name unless told.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    pub alt_vi: Option<String>,
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    pub alt_en: Option<String>,
}

/// Hangs an uploaded picture onto a product, inside the caller's transaction.
pub async fn hang(
    transaction: &impl ConnectionTrait,
    product: &product::Model,
    picture: &media::Model,
    alt: (Option<String>, Option<String>),
) -> Result<(), Problem> {
    let there =
        product_image::Entity::find().filter(product_image::Column::ProductId.eq(product.id)).all(transaction).await?;
    if u64::try_from(there.len()).unwrap_or(u64::MAX) >= MOST_PICTURES {
        return Err(Problem::new(&PICTURES_FULL));
    }
    let position = there.iter().map(|image| image.position).max().map_or(0, |last| last + 1);
    let clean = |alt: Option<String>, name: &str| {
        alt.map(|alt| fold::stored(&alt)).filter(|alt| !alt.is_empty()).unwrap_or_else(|| name.to_owned())
    };
    let row = product_image::ActiveModel {
        id: Set(RowId::new()),
        product_id: Set(product.id),
        object_key: Set(pictures::key(picture.id, &picture.widths)),
        width: Set(picture.width),
        height: Set(picture.height),
        alt_vi: Set(clean(alt.0, &product.name_vi)),
        alt_en: Set(clean(alt.1, &product.name_en)),
        position: Set(position),
        media_id: Set(Some(picture.id)),
        widths: Set(Some(picture.widths.clone())),
    };
    product_image::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// Hang an uploaded picture onto a product, behind those there are.
#[utoipa::path(tag = "seller", operation_id = "add_product_image", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), request_body = NewImage, responses((status = 201, description = "The product", body = SellerProduct)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}/images")]
pub async fn add_image(
    desk: Desk,
    path: Path<(CooperativeId, ProductId)>,
    body: Body<NewImage>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    let row = own(&desk, cooperative, id).await?;
    let picture = by_id::<media::Entity>(desk.db.fresh(), body.0.media_id).await?;
    let picture = picture
        .filter(|picture| picture.cooperative_id == Some(cooperative))
        .ok_or_else(|| Problem::field("/media_id", "media", "không có ảnh này", "there is no such picture of yours"))?;
    let transaction = desk.db.begin().await?;
    hang(&transaction, &row, &picture, (body.0.alt_vi, body.0.alt_en)).await?;
    emit(&transaction, "product.changed", id.0, json!({}), desk.now()).await?;
    transaction.commit().await?;
    desk.products_changed(&[id]).await?;
    Ok(HttpResponse::Created().json(view(&desk, row).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ImageOrder {
    /// All of the product's pictures, first to last; those left out are taken down.
    #[garde(length(max = 12))]
    #[schema(max_items = 12)]
    image_ids: Vec<RowId>,
}

/// Put the pictures in order; take down those left out.
#[utoipa::path(tag = "seller", operation_id = "order_product_images", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), request_body = ImageOrder, responses((status = 200, description = "The product", body = SellerProduct)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}/images")]
pub async fn order_images(
    desk: Desk,
    path: Path<(CooperativeId, ProductId)>,
    body: Body<ImageOrder>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    let row = own(&desk, cooperative, id).await?;
    let transaction = desk.db.begin().await?;
    let kept = &body.0.image_ids;
    let mut values: Vec<sea_orm::Value> = vec![id.into()];
    values.extend(kept.iter().map(|id| sea_orm::Value::from(*id)));
    let among = if kept.is_empty() { String::new() } else { format!(" AND id NOT IN {}", list(2, kept.len())) };
    run(&transaction, format!("DELETE FROM product_image WHERE product_id = $1{among}"), values).await?;
    for (position, image) in (0_i32..).zip(kept) {
        let sql = "UPDATE product_image SET position = $3 WHERE id = $1 AND product_id = $2";
        if run(&transaction, sql, [(*image).into(), id.into(), position.into()]).await? != 1 {
            let (vi, en) = ("không có ảnh này", "there is no such picture");
            return Err(Problem::field(format!("/image_ids/{position}"), "image", vi, en));
        }
    }
    emit(&transaction, "product.changed", id.0, json!({}), desk.now()).await?;
    transaction.commit().await?;
    desk.products_changed(&[id]).await?;
    Ok(HttpResponse::Ok().json(view(&desk, row).await?))
}
