//! Pictures and papers (`papers`) people send. Pictures are judged by their bytes, turned upright, freed of where they were
//! taken, and kept in a few widths.
//!
//! Nothing of the original picture is kept. Files are served under keys that are never reused, so any cache may keep them.

pub mod papers;
pub mod pictures;

use std::sync::LazyLock;

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use entity::media;
use entity::value::{AccountId, CooperativeId, MediaId, MediaPurpose, OrderId};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Set};
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::db::by_id;
use crate::platform::objects::Objects;
use crate::platform::problem::Problem;
use crate::platform::routing::Routes;
use crate::platform::upload;
use pictures::MAX_BYTES;

pub fn routes(config: &mut Routes<'_>) {
    config.service(upload_media);
}

/// An uploaded picture.
#[derive(Serialize, ToSchema)]
pub struct Media {
    pub id: MediaId,
    /// The fallback every browser reads (JPEG).
    pub url: String,
    /// The same in several widths, as `srcset` wants them (WebP).
    pub srcset: String,
    pub width: i32,
    pub height: i32,
}

/// Whose a picture is, and what for.
#[derive(Clone, Copy)]
pub struct Owner {
    pub purpose: MediaPurpose,
    pub cooperative: Option<CooperativeId>,
    pub account: Option<AccountId>,
    pub order: Option<OrderId>,
}

impl Owner {
    pub fn shop(cooperative: CooperativeId, account: AccountId) -> Self {
        Self { purpose: MediaPurpose::Listing, cooperative: Some(cooperative), account: Some(account), order: None }
    }
}

/// `m/{id}/{width}.jpg`: the key of the JPEG fallback, given the widths there are.
pub fn key(id: MediaId, widths: &str) -> String {
    let widest = widths.rsplit(',').next().unwrap_or_default();
    format!("m/{id}/{widest}.jpg")
}

/// Decoding is heavy: two at a time, off the request threads.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

async fn turn() -> Result<tokio::sync::SemaphorePermit<'static>, Problem> {
    TURNS.acquire().await.map_err(Problem::internal)
}

/// Judges, converts and keeps a picture.
pub async fn keep(
    connection: &impl ConnectionTrait,
    objects: &Objects,
    owner: Owner,
    bytes: Vec<u8>,
    now: OffsetDateTime,
) -> Result<media::Model, Problem> {
    let _turn = turn().await?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let converted =
        tokio::task::spawn_blocking(move || pictures::convert(&bytes)).await.map_err(Problem::internal)??;
    let id = MediaId::new();
    for file in converted.files {
        objects.put(&format!("m/{id}/{}", file.name), file.bytes).await.map_err(Problem::unavailable)?;
    }
    let widths: Vec<_> = converted.widths.iter().map(u32::to_string).collect();
    let row = media::Model {
        id,
        cooperative_id: owner.cooperative,
        account_id: owner.account,
        order_id: owner.order,
        purpose: owner.purpose,
        sha256,
        width: i32::try_from(converted.width).unwrap_or(i32::MAX),
        height: i32::try_from(converted.height).unwrap_or(i32::MAX),
        widths: widths.join(","),
        created_at: now,
    };
    let new = media::ActiveModel {
        id: Set(row.id),
        cooperative_id: Set(row.cooperative_id),
        account_id: Set(row.account_id),
        order_id: Set(row.order_id),
        purpose: Set(row.purpose),
        sha256: Set(row.sha256.clone()),
        width: Set(row.width),
        height: Set(row.height),
        widths: Set(row.widths.clone()),
        created_at: Set(row.created_at),
    };
    media::Entity::insert(new).exec_without_returning(connection).await?;
    Ok(row)
}

pub fn view(row: &media::Model, base_url: &str) -> Media {
    let source = |width: &str| format!("{base_url}/media/m/{}/{width}.webp {width}w", row.id);
    Media {
        id: row.id,
        url: format!("{base_url}/media/{}", key(row.id, &row.widths)),
        srcset: row.widths.split(',').map(source).collect::<Vec<_>>().join(", "),
        width: row.width,
        height: row.height,
    }
}

/// Whether a picture was uploaded to this order.
pub async fn belongs_to_order(connection: &impl ConnectionTrait, id: MediaId, order: OrderId) -> Result<bool, DbErr> {
    Ok(by_id::<media::Entity>(connection, id).await?.is_some_and(|row| row.order_id == Some(order)))
}

/// The picture, if this account uploaded it for this purpose.
pub async fn of_account(
    connection: &impl ConnectionTrait,
    id: MediaId,
    account: AccountId,
    purpose: MediaPurpose,
) -> Result<Option<media::Model>, DbErr> {
    let row = by_id::<media::Entity>(connection, id).await?;
    Ok(row.filter(|row| row.account_id == Some(account) && row.purpose == purpose))
}

/// Upload a picture, as the body itself or as a form's `file`: JPEG, PNG or WebP, at most 12 MB.
#[utoipa::path(tag = "seller", operation_id = "upload_media", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)),
    request_body(content = Vec<u8>, content_type = "image/jpeg"), responses((status = 201, description = "The picture", body = Media)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/media")]
pub async fn upload_media(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let owner = Owner::shop(*cooperative, desk.who.account);
    let row = keep(desk.db.write(), &desk.objects, owner, upload.bytes, desk.now()).await?;
    Ok(HttpResponse::Created().json(view(&row, &desk.config.base_url())))
}
