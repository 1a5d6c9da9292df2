//! Pictures a buyer sends with a return.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use entity::value::{MediaPurpose, OrderId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::orders::{Secret, own};
use crate::config::Config;
use crate::identity::Caller;
use crate::media::{self, Media, Owner, pictures::MAX_BYTES};
use crate::platform::body::Params;
use crate::platform::clock::Clock;
use crate::platform::db::Db;
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
#[allow(clippy::too_many_arguments, reason = "extractors")]
pub async fn upload_photo(
    db: Data<Db>,
    clock: Data<Clock>,
    config: Data<Config>,
    objects: Data<Objects>,
    caller: Caller,
    id: Path<OrderId>,
    secret: Params<Secret>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (row, _) = own(&db, &caller, &secret.0, *id).await?;
    let there =
        entity::media::Entity::find().filter(entity::media::Column::OrderId.eq(row.id)).count(db.fresh()).await?;
    if there >= MOST {
        return Err(Problem::new(&PHOTOS_FULL));
    }
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let owner =
        Owner { purpose: MediaPurpose::Return, cooperative: None, account: caller.account(), order: Some(row.id) };
    let media = media::keep(db.write(), &objects, owner, upload.bytes, clock.now()).await?;
    Ok(HttpResponse::Created().json(media::view(&media, &config.base_url())))
}
