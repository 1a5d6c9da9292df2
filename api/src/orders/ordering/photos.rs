//! Pictures a buyer sends with a return.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{MediaPurpose, OrderId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::orders::{BuyersOrder, Secret};
use crate::config::Config;
use crate::media::{self, Media, Owner, pictures::MAX_BYTES};
use crate::platform::objects::Objects;
use crate::platform::problem::{Problem, codes};
use crate::platform::upload;

codes! {
    PHOTOS_FULL = "photos_full" 409 "Mỗi đơn nhận nhiều nhất 12 ảnh." "An order takes at most 12 pictures.";
}

const MOST: u64 = 12;

/// Upload a picture of what is wrong, before asking for a return: the body itself, or a form's `file`.
#[utoipa::path(tag = "orders", operation_id = "upload_order_photo", security((), ("access_token" = [])), params(("id" = OrderId, Path), Secret),
    request_body(content = Vec<u8>, content_type = "image/jpeg"), responses((status = 201, description = "The picture", body = Media)))]
#[post("/v1/orders/{id}/photos")]
pub async fn upload_photo(
    order: BuyersOrder,
    config: Data<Config>,
    objects: Data<Objects>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (db, id) = (&order.db, order.row.id);
    let there = entity::media::Entity::find().filter(entity::media::Column::OrderId.eq(id)).count(db.fresh()).await?;
    if there >= MOST {
        return Err(Problem::new(&PHOTOS_FULL));
    }
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let owner = Owner { purpose: MediaPurpose::Return, cooperative: None, account: order.account, order: Some(id) };
    let media = media::keep(db.write(), &objects, owner, upload.bytes, order.now()).await?;
    Ok(HttpResponse::Created().json(media::view(&media, &config.base_url())))
}
