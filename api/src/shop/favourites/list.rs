//! `/v1/me/favourites`: the products a buyer keeps an eye on.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, put};
use entity::favourite;
use entity::value::{AccountId, ConsentPurpose, ProductId};
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::people::identity::{SignedIn, give_consent};
use crate::platform::body::Body;
use crate::platform::clock::{Clock, VIETNAM};
use crate::platform::db::Db;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::shop::catalogue::pick::{Pick, Picked};
use crate::shop::catalogue::rules::Availability;
use crate::shop::catalogue::{Catalogue, view::ProductCard};

codes! {
    FAVOURITES_FULL = "favourites_full" 409 "Danh sách yêu thích đã đầy (200 sản phẩm)." "The list of favourites is full (200 products).";
}

const MOST: u64 = 200;

#[derive(Serialize, ToSchema)]
pub struct Favourite {
    pub product: ProductCard,
    /// Whether a word is wanted when it can be had again, or its season begins.
    pub notify: bool,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub since: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct FavouriteList {
    pub items: Vec<Favourite>,
}

#[derive(Clone, Copy, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"notify": true}))]
pub struct FavouriteInput {
    /// A word when it can be had again, or its season begins.
    pub notify: bool,
}

/// Products as they stand today, in the order asked for; those that are not on sale are left out.
pub(super) fn standing(catalogue: &Catalogue, ids: &[ProductId], today: Date) -> Vec<Picked> {
    let products = ids.iter().map(ToString::to_string).collect();
    catalogue.pick(&Pick { products, limit: ids.len(), ..Pick::default() }, today).items
}

pub(super) fn can_be_had(card: &ProductCard) -> bool {
    card.availability != Availability::OutOfStock
}

/// The products somebody likes, newest first. Those that are not on sale at all are kept and not shown.
pub async fn liked(
    db: &Db,
    catalogue: &Catalogue,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<FavouriteList, DbErr> {
    let rows = favourite::Entity::find()
        .filter(favourite::Column::AccountId.eq(account))
        .order_by_desc(favourite::Column::CreatedAt)
        .order_by_desc(favourite::Column::ProductId)
        .all(db.fresh())
        .await?;
    let ids: Vec<ProductId> = rows.iter().map(|row| row.product_id).collect();
    let mut standing = standing(catalogue, &ids, now.to_offset(VIETNAM).date()).into_iter().peekable();
    let shown = rows.into_iter().filter_map(|row| {
        let picked = standing.next_if(|picked| picked.card.id == row.product_id)?;
        Some(Favourite { product: picked.card, notify: row.notify, since: row.created_at })
    });
    Ok(FavouriteList { items: shown.collect() })
}

/// Whether somebody likes a product, and wants to be told of it.
pub async fn is_liked(
    connection: &impl ConnectionTrait,
    account: AccountId,
    product: ProductId,
) -> Result<Option<bool>, DbErr> {
    Ok(favourite::Entity::find_by_id((account, product)).one(connection).await?.map(|row| row.notify))
}

/// Puts a product on somebody's list, or changes whether they want to be told: asking to be is agreeing to it.
pub async fn keep(
    (db, catalogue): (&Db, &Catalogue),
    (account, product): (AccountId, ProductId),
    input: FavouriteInput,
    now: OffsetDateTime,
) -> Result<Favourite, Problem> {
    let picked = standing(catalogue, &[product], now.to_offset(VIETNAM).date()).pop();
    let card = picked.ok_or_else(|| Problem::new(&NOT_FOUND))?.card;
    let before = favourite::Entity::find_by_id((account, product)).one(db.fresh()).await?;
    let held = favourite::Entity::find().filter(favourite::Column::AccountId.eq(account)).count(db.fresh()).await?;
    if before.is_none() && held >= MOST {
        return Err(Problem::new(&FAVOURITES_FULL));
    }
    let row = favourite::ActiveModel {
        account_id: Set(account),
        product_id: Set(product),
        notify: Set(input.notify),
        there: Set(can_be_had(&card)),
        ripe: Set(card.in_season),
        told_at: Set(None),
        created_at: Set(now),
    };
    let again = OnConflict::columns([favourite::Column::AccountId, favourite::Column::ProductId])
        .update_column(favourite::Column::Notify)
        .to_owned();
    let transaction = db.begin().await?;
    favourite::Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    if input.notify {
        give_consent(&transaction, account, ConsentPurpose::Notices, now).await?;
    }
    transaction.commit().await?;
    Ok(Favourite { product: card, notify: input.notify, since: before.map_or(now, |row| row.created_at) })
}

/// Takes a product off somebody's list; whether it was on it.
pub async fn forget(db: &Db, account: AccountId, product: ProductId) -> Result<bool, DbErr> {
    Ok(favourite::Entity::delete_by_id((account, product)).exec(db.write()).await?.rows_affected > 0)
}

/// What I keep an eye on, newest first, as it stands today.
#[utoipa::path(tag = "me", operation_id = "list_favourites", security(("access_token" = [])), responses((status = 200, description = "The products", body = FavouriteList)))]
#[get("/v1/me/favourites")]
pub async fn list(
    db: Data<Db>,
    catalogue: Data<Catalogue>,
    clock: Data<Clock>,
    caller: SignedIn,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(liked(&db, &catalogue, caller.account, clock.now()).await?))
}

/// Keep an eye on a product, or change whether to be told of it.
#[utoipa::path(tag = "me", operation_id = "keep_favourite", security(("access_token" = [])), params(("product_id" = ProductId, Path)), request_body = FavouriteInput, responses((status = 200, description = "Kept", body = Favourite)))]
#[put("/v1/me/favourites/{product_id}")]
pub async fn put(
    db: Data<Db>,
    catalogue: Data<Catalogue>,
    clock: Data<Clock>,
    caller: SignedIn,
    id: Path<ProductId>,
    body: Body<FavouriteInput>,
) -> Result<HttpResponse, Problem> {
    let kept = keep((&db, &catalogue), (caller.account, *id), body.0, clock.now()).await?;
    Ok(HttpResponse::Ok().json(kept))
}

/// Take a product off the list.
#[utoipa::path(tag = "me", operation_id = "forget_favourite", security(("access_token" = [])), params(("product_id" = ProductId, Path)), responses((status = 204, description = "It is not on the list")))]
#[delete("/v1/me/favourites/{product_id}")]
pub async fn delete(db: Data<Db>, caller: SignedIn, id: Path<ProductId>) -> Result<HttpResponse, Problem> {
    if forget(&db, caller.account, *id).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::new(&NOT_FOUND))
    }
}
