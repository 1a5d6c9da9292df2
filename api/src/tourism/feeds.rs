//! A partner's feeds: defined, changed, paused.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use entity::feed;
use entity::value::{FeedId, FeedState, PartnerId};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::definition::Definition;
use super::destinations;
use super::formats::json::{FeedDocument, document};
use super::guide::{FeedEntry, Guide, changed};
use super::served::Format;
use super::sheet::{click_link, sheet};
use crate::people::desk::PartnerDesk;
use crate::people::identity::partner::Scope;
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate, run};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    FEEDS_FULL = "feeds_full" 409 "Một đối tác có nhiều nhất 100 nguồn sản phẩm." "A partner has at most 100 feeds.";
    FEED_SLUG_TAKEN = "feed_slug_taken" 409 "Đường dẫn này đã có người dùng." "This slug is taken.";
}

const MOST: usize = 100;

/// A feed with where it is served.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Feed)]
pub struct FeedView {
    pub id: FeedId,
    pub slug: String,
    pub name: String,
    pub state: FeedState,
    /// What a guest types at the till, and posters carry.
    pub code: String,
    pub definition: Definition,
    /// Where it is served, by format.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub urls: std::collections::BTreeMap<&'static str, String>,
    pub frame_url: String,
    /// Counts a click that leads to the shop.
    pub link: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

fn view(guide: &Guide, row: feed::Model) -> FeedView {
    let base = &guide.base_url;
    let url = |format: &Format| (format.ending(), format!("{base}/feeds/{}.{}", row.slug, format.ending()));
    FeedView {
        urls: Format::ALL.iter().map(url).collect(),
        frame_url: format!("{base}/embed/{}", row.slug),
        link: click_link(base, &guide.signer, &row.slug, ""),
        id: row.id,
        slug: row.slug,
        name: row.name,
        state: row.state,
        code: row.code,
        definition: serde_json::from_value(row.definition).unwrap_or_default(),
        created_at: row.created_at,
    }
}

#[derive(Serialize, ToSchema)]
pub struct Feeds {
    items: Vec<FeedView>,
}

/// A partner's feeds, oldest first.
pub async fn feeds_of(guide: &Guide, partner: PartnerId) -> Result<Vec<FeedView>, DbErr> {
    let rows = feed::Entity::find().filter(feed::Column::PartnerId.eq(partner)).order_by_asc(feed::Column::Id);
    Ok(rows.all(guide.db.fresh()).await?.into_iter().map(|row| view(guide, row)).collect())
}

/// The partner's feeds.
#[utoipa::path(tag = "partner", operation_id = "list_feeds", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The feeds", body = Feeds)))]
#[get("/v1/partner/{partner_id}/feeds")]
pub async fn list_feeds(desk: PartnerDesk, guide: Data<Guide>) -> Result<HttpResponse, Problem> {
    desk.may(Scope::FeedsRead).await?;
    Ok(HttpResponse::Ok().json(Feeds { items: feeds_of(&guide, desk.partner).await? }))
}

#[derive(Clone, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Quà quê gần suối khoáng", "definition": {"near": {"latitude": 20.67, "longitude": 105.53}, "radius_km": 30, "size": 6}}))]
pub struct NewFeed {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// In its address; made of the name unless told.
    #[garde(inner(length(min = 3, max = 60), pattern("^[a-z0-9]+(-[a-z0-9]+)*$")))]
    #[schema(min_length = 3, max_length = 60, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    #[garde(dive)]
    pub definition: Definition,
}

async fn check(connection: &impl ConnectionTrait, definition: &Definition) -> Result<(), Problem> {
    definition.check()?;
    if let Some(id) = definition.destination_id
        && !destinations::exists(connection, id).await?
    {
        return Err(Problem::field(
            "/definition/destination_id",
            "not_found",
            "không có điểm đến này",
            "there is no such destination",
        ));
    }
    Ok(())
}

pub async fn make(desk: &PartnerDesk, guide: &Guide, input: NewFeed) -> Result<FeedView, Problem> {
    desk.approved(Scope::FeedsWrite).await?;
    check(desk.db.fresh(), &input.definition).await?;
    if feeds_of(guide, desk.partner).await?.len() >= MOST {
        return Err(Problem::new(&FEEDS_FULL));
    }
    let (id, now) = (FeedId::new(), desk.now());
    let slug = input.slug.unwrap_or_else(|| {
        let stem: String = fold::fold(&input.name).split_whitespace().collect::<Vec<_>>().join("-");
        let stem: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
        format!("{}-{}", stem.trim_matches('-'), secrets::code(5).to_lowercase()).trim_matches('-').to_owned()
    });
    let row = feed::ActiveModel {
        id: Set(id),
        partner_id: Set(desk.partner),
        slug: Set(slug),
        code: Set(secrets::code(8)),
        name: Set(fold::stored(&input.name)),
        definition: Set(serde_json::to_value(&input.definition).map_err(Problem::internal)?),
        state: Set(FeedState::Active),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let transaction = desk.begin().await?;
    let row = row.insert(&transaction).await;
    let row = row.map_err(|error| if is_duplicate(&error) { Problem::new(&FEED_SLUG_TAKEN) } else { error.into() })?;
    desk.audit(&transaction, "feed.made", ("feed", id.0), (), json!({"slug": row.slug})).await?;
    changed(&transaction, id.0, now).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(view(guide, row))
}

/// Define a feed.
#[utoipa::path(tag = "partner", operation_id = "create_feed", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), request_body = NewFeed, responses((status = 201, description = "The feed", body = FeedView)))]
#[post("/v1/partner/{partner_id}/feeds")]
pub async fn create_feed(desk: PartnerDesk, guide: Data<Guide>, body: Body<NewFeed>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(make(&desk, &guide, body.0).await?))
}

pub async fn own(desk: &PartnerDesk, id: FeedId) -> Result<feed::Model, Problem> {
    let row = by_id::<feed::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.partner_id == desk.partner).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// A feed.
#[utoipa::path(tag = "partner", operation_id = "show_own_feed", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("feed_id" = FeedId, Path)), responses((status = 200, description = "The feed", body = FeedView)))]
#[get("/v1/partner/{partner_id}/feeds/{feed_id}")]
pub async fn show_own(
    desk: PartnerDesk,
    guide: Data<Guide>,
    path: Path<(PartnerId, FeedId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(Scope::FeedsRead).await?;
    Ok(HttpResponse::Ok().json(view(&guide, own(&desk, path.1).await?)))
}

#[derive(Clone, Default, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct FeedChange {
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    #[garde(dive)]
    pub definition: Option<Definition>,
    /// A paused feed is not served, and its links bring nobody.
    pub state: Option<FeedState>,
}

pub async fn change(desk: &PartnerDesk, guide: &Guide, id: FeedId, input: FeedChange) -> Result<FeedView, Problem> {
    desk.approved(Scope::FeedsWrite).await?;
    if let Some(definition) = &input.definition {
        check(desk.db.fresh(), definition).await?;
    }
    let before = own(desk, id).await?;
    let was = json!({"name": before.name, "state": before.state, "definition": before.definition});
    let mut row = before.into_active_model();
    if let Some(name) = &input.name {
        row.name = Set(fold::stored(name));
    }
    if let Some(definition) = &input.definition {
        row.definition = Set(serde_json::to_value(definition).map_err(Problem::internal)?);
    }
    if let Some(state) = input.state {
        row.state = Set(state);
    }
    row.updated_at = Set(desk.now());
    let transaction = desk.begin().await?;
    let row = row.update(&transaction).await?;
    desk.audit(&transaction, "feed.changed", ("feed", id.0), was, &input).await?;
    changed(&transaction, id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(view(guide, row))
}

/// Change a feed's name or definition, pause it or serve it again.
#[utoipa::path(tag = "partner", operation_id = "update_feed", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("feed_id" = FeedId, Path)), request_body = FeedChange, responses((status = 200, description = "The feed", body = FeedView)))]
#[patch("/v1/partner/{partner_id}/feeds/{feed_id}")]
pub async fn update_feed(
    desk: PartnerDesk,
    guide: Data<Guide>,
    path: Path<(PartnerId, FeedId)>,
    body: Body<FeedChange>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(change(&desk, &guide, path.1, body.0).await?))
}

/// Delete a feed that nobody came by yet; others are paused.
#[utoipa::path(tag = "partner", operation_id = "delete_feed", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path), ("feed_id" = FeedId, Path)), responses((status = 204, description = "Gone, or paused for good")))]
#[delete("/v1/partner/{partner_id}/feeds/{feed_id}")]
pub async fn delete_feed(
    desk: PartnerDesk,
    guide: Data<Guide>,
    path: Path<(PartnerId, FeedId)>,
) -> Result<HttpResponse, Problem> {
    desk.approved(Scope::FeedsWrite).await?;
    let row = own(&desk, path.1).await?;
    guide.flush().await?;
    let transaction = desk.begin().await?;
    let unused = "NOT EXISTS (SELECT 1 FROM click WHERE feed_id = $1)";
    for views in ["feed_view", "feed_product_view"] {
        run(&transaction, format!("DELETE FROM {views} WHERE feed_id = $1 AND {unused}"), [row.id.into()]).await?;
    }
    if run(&transaction, format!("DELETE FROM feed WHERE id = $1 AND {unused}"), [row.id.into()]).await? == 0 {
        // What is in reports and orders stays told of.
        let sql = "UPDATE feed SET state = 'paused', updated_at = $2 WHERE id = $1";
        run(&transaction, sql, [row.id.into(), desk.now().into()]).await?;
    }
    desk.audit(&transaction, "feed.deleted", ("feed", row.id.0), json!({"slug": row.slug}), ()).await?;
    changed(&transaction, row.id.0, desk.now()).await?;
    transaction.commit().await?;
    guide.refresh().await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct FeedTrial {
    #[garde(dive)]
    pub definition: Definition,
}

/// What a definition would show now; nothing is kept.
pub async fn trial(desk: &PartnerDesk, guide: &Guide, definition: Definition) -> Result<FeedDocument, Problem> {
    desk.may(Scope::FeedsRead).await?;
    check(desk.db.fresh(), &definition).await?;
    let entry = FeedEntry {
        id: FeedId(uuid::Uuid::nil()),
        partner: desk.partner,
        slug: "preview".to_owned(),
        code: String::new(),
        name: "Preview".to_owned(),
        partner_name: String::new(),
        definition,
        updated_at: desk.now(),
    };
    Ok(document(&sheet(guide, &guide.book(), &entry), None, desk.now()))
}

/// Try a definition: what it would show now.
#[utoipa::path(tag = "partner", operation_id = "try_feed", security(("access_token" = []), ("partner_key" = [])), params(("partner_id" = PartnerId, Path)), request_body = FeedTrial, responses((status = 200, description = "What it would show", body = FeedDocument)))]
#[post("/v1/partner/{partner_id}/feed-trials")]
pub async fn try_feed(desk: PartnerDesk, guide: Data<Guide>, body: Body<FeedTrial>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(trial(&desk, &guide, body.0.definition).await?))
}
