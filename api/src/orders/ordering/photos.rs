//! Pictures a buyer sends with a return.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{AccountId, MediaPurpose, OrderId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::orders::{BuyersOrder, Secret};
use crate::config::Config;
use crate::media::{self, Media, Owner, pictures::MAX_BYTES};
use crate::platform::db::Db;
use crate::platform::objects::Objects;
use crate::platform::problem::{Problem, codes};
use crate::platform::upload;
use time::OffsetDateTime;

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
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let of = (order.row.id, order.account);
    let media = keep_photo((&order.db, &objects), of, upload.bytes, order.now()).await?;
    Ok(HttpResponse::Created().json(media::view(&media, &config.base_url())))
}

/// Keeps a picture of what is wrong with an order.
pub async fn keep_photo(
    (db, objects): (&Db, &Objects),
    (order, account): (OrderId, Option<AccountId>),
    bytes: Vec<u8>,
    now: OffsetDateTime,
) -> Result<entity::media::Model, Problem> {
    let of_order = entity::media::Column::OrderId.eq(order);
    if entity::media::Entity::find().filter(of_order).count(db.fresh()).await? >= MOST {
        return Err(Problem::new(&PHOTOS_FULL));
    }
    let owner = Owner { purpose: MediaPurpose::Return, cooperative: None, account, order: Some(order) };
    media::keep(db.write(), objects, owner, bytes, now).await
}
