//! What buyers say of what they bought: one review per bought product, by the account that bought it, after it arrived.
//!
//! A seller may reply and report; what is reported stays to be read until a person of the platform hides it.

mod personal;

pub use personal::PERSONAL;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use entity::value::{
    AccountId, CooperativeId, MediaId, MediaPurpose, OrderId, PlatformRole, ProductId, ReviewId, ReviewState,
};
use entity::{review, review_photo};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::media::{self, Media, Owner, pictures::MAX_BYTES};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{Db, all, by_id, list, one, run};
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::routing::Routes;
use crate::platform::{fold, upload};

codes! {
    NOT_BOUGHT = "not_bought" 409 "Chỉ người đã mua và nhận sản phẩm mới đánh giá được." "Only who bought and received the product can review it.";
}

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(list_reviews)
        .service(write_review)
        .service(upload_photo)
        .service(list_for_seller)
        .service(reply_to_review)
        .service(report)
        .service(list_reported)
        .service(moderate);
}

#[derive(Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewView {
    pub id: ReviewId,
    pub product_id: ProductId,
    pub product_name_vi: String,
    /// Family name hidden: `Lan N.`
    pub author: String,
    /// 1–5.
    pub rating: i32,
    pub text: String,
    pub photos: Vec<String>,
    #[schema(required = true)]
    pub reply: Option<String>,
    pub state: ReviewState,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct Row {
    id: ReviewId,
    product_id: ProductId,
    name_vi: String,
    author: String,
    rating: i32,
    text: String,
    reply: Option<String>,
    state: ReviewState,
    created_at: OffsetDateTime,
}

#[derive(FromQueryResult)]
struct PhotoRow {
    review_id: ReviewId,
    media_id: MediaId,
    widths: String,
}

const REVIEWS: &str =
    "SELECT r.id, r.product_id, p.name_vi, a.name AS author, r.rating, r.text, r.reply, r.state, r.created_at
 FROM review r JOIN product p ON p.id = r.product_id JOIN account a ON a.id = r.account_id";

/// `Nguyễn Thị Lan` → `Lan N.`
fn shortened(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, .., last] => format!("{last} {}.", first.chars().next().unwrap_or_default()),
    }
}

async fn views(connection: &impl ConnectionTrait, rows: Vec<Row>) -> Result<Vec<ReviewView>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let photos = all::<PhotoRow>(
        connection,
        format!(
            "SELECT p.review_id, p.media_id, m.widths FROM review_photo p JOIN media m ON m.id = p.media_id
             WHERE p.review_id IN {} ORDER BY p.media_id",
            list(1, rows.len())
        ),
        rows.iter().map(|row| sea_orm::Value::from(row.id)).collect::<Vec<_>>(),
    )
    .await?;
    let view = |row: Row| ReviewView {
        photos: photos
            .iter()
            .filter(|photo| photo.review_id == row.id)
            .map(|photo| format!("/media/{}", media::key(photo.media_id, &photo.widths)))
            .collect(),
        id: row.id,
        product_id: row.product_id,
        product_name_vi: row.name_vi,
        author: shortened(&row.author),
        rating: row.rating,
        text: row.text,
        reply: row.reply,
        state: row.state,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn page(db: &Db, list: NewestFirst) -> Result<Page<ReviewView>, Problem> {
    let page = list.page(db.fresh(), |row: &Row| row.id).await?;
    Ok(Page { items: views(db.fresh(), page.items).await?, next_cursor: page.next_cursor })
}

/// What buyers say of a product, newest first.
#[utoipa::path(tag = "catalogue", operation_id = "list_reviews", params(("id" = ProductId, Path), Paging), responses((status = 200, description = "A page of reviews", body = Page<ReviewView>)))]
#[get("/v1/products/{id}/reviews")]
pub async fn list_reviews(db: Data<Db>, id: Path<ProductId>, paging: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(page(&db, shown(*id, paging.0.place())?).await?))
}

fn shown(product: ProductId, place: (Option<u64>, Option<&str>)) -> Result<NewestFirst, Problem> {
    let list = NewestFirst::of(REVIEWS, "r.id", place)?.and("r.product_id = ?", product);
    Ok(list.and("r.state <> ?", ReviewState::Hidden.as_str()))
}

/// What buyers said of a product last.
pub async fn newest_of(db: &Db, product: ProductId, most: u64) -> Result<Vec<ReviewView>, Problem> {
    Ok(page(db, shown(product, (Some(most), None))?).await?.items)
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"rating": 5, "text": "Bưởi ngọt, đóng gói cẩn thận", "photos": []}))]
pub struct ReviewInput {
    #[garde(range(min = 1, max = 5))]
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i32,
    #[garde(length(chars, max = 2000))]
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub text: String,
    /// Pictures uploaded before.
    #[garde(length(max = 6))]
    #[serde(default)]
    #[schema(max_items = 6)]
    pub photos: Vec<MediaId>,
}

#[derive(FromQueryResult)]
struct Bought {
    id: OrderId,
}

/// Write, or rewrite, one's review of a product one has bought and received.
#[utoipa::path(tag = "catalogue", operation_id = "write_review", security(("access_token" = [])), params(("id" = ProductId, Path)), request_body = ReviewInput, responses((status = 200, description = "The review", body = ReviewView)))]
#[put("/v1/products/{id}/reviews/mine")]
pub async fn write_review(desk: Desk, id: Path<ProductId>, body: Body<ReviewInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(write(&desk, *id, body.0).await?))
}

/// Writes, or rewrites, the person's review of a product.
pub async fn write(desk: &Desk, product: ProductId, input: ReviewInput) -> Result<ReviewView, Problem> {
    let bought = one::<Bought>(
        desk.db.fresh(),
        "SELECT o.id FROM orders o JOIN order_line l ON l.order_id = o.id
         WHERE o.account_id = $1 AND l.product_id = $2 AND o.state IN ('delivered', 'completed') ORDER BY o.id LIMIT 1",
        [desk.who.account.into(), product.into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&NOT_BOUGHT))?;
    let text = fold::stored(&input.text);
    if text.contains('\0') {
        return Err(Problem::field("/text", "text", "văn bản có ký tự không hợp lệ", "a forbidden character"));
    }
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let row = one::<review::Model>(
        &transaction,
        "INSERT INTO review (id, product_id, account_id, order_id, rating, text, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'published', $7, $7)
         ON CONFLICT (product_id, account_id) DO UPDATE SET rating = excluded.rating, text = excluded.text, updated_at = excluded.updated_at
         RETURNING *",
        [
            ReviewId::new().into(),
            product.into(),
            desk.who.account.into(),
            bought.id.into(),
            input.rating.into(),
            text.into(),
            now.into(),
        ],
    )
    .await?
    .ok_or_else(|| Problem::internal("a review was not returned"))?;
    run(&transaction, "DELETE FROM review_photo WHERE review_id = $1", [row.id.into()]).await?;
    for (index, photo) in input.photos.iter().enumerate() {
        let own = media::of_account(&transaction, *photo, desk.who.account, MediaPurpose::Review).await?;
        if own.is_none() || input.photos[..index].contains(photo) {
            let (vi, en) = ("không có ảnh này, hoặc bị lặp", "there is no such picture of yours, or it is named twice");
            return Err(Problem::field(format!("/photos/{index}"), "photo", vi, en));
        }
        let photo = review_photo::ActiveModel { review_id: Set(row.id), media_id: Set(*photo) };
        review_photo::Entity::insert(photo).exec_without_returning(&transaction).await?;
    }
    emit(&transaction, "product.changed", product.0, json!({}), now).await?;
    emit(&transaction, "review.written", row.id.0, json!({"rating": input.rating}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[product]).await?;
    show(&desk.db, row.id).await
}

/// The review somebody wrote of a product, if they did.
pub async fn mine(db: &Db, account: AccountId, product: ProductId) -> Result<Option<review::Model>, DbErr> {
    let own = review::Entity::find().filter(review::Column::AccountId.eq(account));
    own.filter(review::Column::ProductId.eq(product)).one(db.fresh()).await
}

async fn show(db: &Db, id: ReviewId) -> Result<ReviewView, Problem> {
    let row = one::<Row>(db.fresh(), format!("{REVIEWS} WHERE r.id = $1"), [id.into()]).await?;
    let found = views(db.fresh(), row.into_iter().collect()).await?;
    found.into_iter().next().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Upload a picture for a review.
#[utoipa::path(tag = "me", operation_id = "upload_review_photo", security(("access_token" = [])), request_body(content = Vec<u8>, content_type = "image/jpeg"), responses((status = 201, description = "The picture", body = Media)))]
#[post("/v1/me/review-photos")]
pub async fn upload_photo(desk: Desk, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let row = keep_photo(&desk, upload.bytes).await?;
    Ok(HttpResponse::Created().json(media::view(&row, &desk.config.base_url())))
}

/// Keeps a picture for a review of this person's.
pub async fn keep_photo(desk: &Desk, bytes: Vec<u8>) -> Result<entity::media::Model, Problem> {
    let account = Some(desk.who.account);
    let owner = Owner { purpose: MediaPurpose::Review, cooperative: None, account, order: None };
    media::keep(desk.db.write(), &desk.objects, owner, bytes, desk.now()).await
}

/// Reviews of the cooperative's products, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_seller_reviews", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of reviews", body = Page<ReviewView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/reviews")]
pub async fn list_for_seller(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeOrders).await?;
    let list = NewestFirst::of(REVIEWS, "r.id", paging.0.place())?.and("p.cooperative_id = ?", *cooperative);
    Ok(HttpResponse::Ok().json(page(&desk.db, list).await?))
}

/// The review, if it is of a product of this cooperative.
async fn of_shop(desk: &Desk, cooperative: CooperativeId, id: ReviewId) -> Result<review::Model, Problem> {
    desk.may(cooperative, Permission::AnswerBuyers).await?;
    let gone = || Problem::new(&NOT_FOUND);
    let row = by_id::<review::Entity>(desk.db.fresh(), id).await?.ok_or_else(gone)?;
    let product = by_id::<entity::product::Entity>(desk.db.fresh(), row.product_id).await?;
    product.filter(|product| product.cooperative_id == cooperative).map(|_| row).ok_or_else(gone)
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ReplyInput {
    #[garde(length(chars, min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    text: String,
}

/// Reply to a review; buyers read it below. A second reply takes the place of the first.
#[utoipa::path(tag = "seller", operation_id = "reply_to_review", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("review_id" = ReviewId, Path)), request_body = ReplyInput, responses((status = 200, description = "The review", body = ReviewView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/reviews/{review_id}/reply")]
pub async fn reply_to_review(
    desk: Desk,
    path: Path<(CooperativeId, ReviewId)>,
    body: Body<ReplyInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    of_shop(&desk, cooperative, id).await?;
    let text = fold::stored(&body.0.text);
    let sql = "UPDATE review SET reply = $2, replied_at = $3 WHERE id = $1";
    run(desk.db.write(), sql, [id.into(), text.into(), desk.now().into()]).await?;
    Ok(HttpResponse::Ok().json(show(&desk.db, id).await?))
}

/// Report a review that breaks the rules; a person of the platform looks at it.
#[utoipa::path(tag = "seller", operation_id = "report_review", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("review_id" = ReviewId, Path)), request_body = ReplyInput, responses((status = 200, description = "The review", body = ReviewView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/reviews/{review_id}/report")]
pub async fn report(
    desk: Desk,
    path: Path<(CooperativeId, ReviewId)>,
    body: Body<ReplyInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    of_shop(&desk, cooperative, id).await?;
    let sql = "UPDATE review SET state = 'reported', report_reason = $2 WHERE id = $1 AND state = 'published'";
    run(desk.db.write(), sql, [id.into(), fold::stored(&body.0.text).into()]).await?;
    Ok(HttpResponse::Ok().json(show(&desk.db, id).await?))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ModerationQuery {
    /// `reported` unless told.
    #[param(inline)]
    state: Option<ReviewState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// Reviews to be looked at, newest first.
pub async fn reported(desk: &Desk, query: &ModerationQuery) -> Result<Page<ReviewView>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let state = query.state.unwrap_or(ReviewState::Reported);
    let place = (query.limit, query.cursor.as_deref());
    let list = NewestFirst::of(REVIEWS, "r.id", place)?.and("r.state = ?", state.as_str());
    page(&desk.db, list).await
}

/// Reviews to be looked at, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_reported_reviews", security(("access_token" = [])), params(ModerationQuery), responses((status = 200, description = "A page of reviews", body = Page<ReviewView>)))]
#[get("/v1/admin/reviews")]
pub async fn list_reported(desk: Desk, query: Params<ModerationQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(reported(&desk, &query.0).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Moderation {
    /// Hidden from everybody, and out of the rating; or to be read again.
    hidden: bool,
}

/// Hide a review, or show it again.
pub async fn judge(desk: &Desk, id: ReviewId, input: Moderation) -> Result<ReviewView, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let row = by_id::<review::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let to = if input.hidden { ReviewState::Hidden } else { ReviewState::Published };
    let transaction = desk.db.begin().await?;
    let sql = "UPDATE review SET state = $2 WHERE id = $1";
    run(&transaction, sql, [id.into(), to.as_str().into()]).await?;
    let (before, after) = (json!({"state": row.state}), json!({"state": to}));
    desk.audit(&transaction, "review.moderated", ("review", id.0), before, after).await?;
    emit(&transaction, "product.changed", row.product_id.0, json!({}), desk.now()).await?;
    transaction.commit().await?;
    desk.products_changed(&[row.product_id]).await?;
    show(&desk.db, id).await
}

/// Hide a review, or show it again.
#[utoipa::path(tag = "admin", operation_id = "moderate_review", security(("access_token" = [])), params(("id" = ReviewId, Path)), request_body = Moderation, responses((status = 200, description = "The review", body = ReviewView)))]
#[post("/v1/admin/reviews/{id}")]
pub async fn moderate(desk: Desk, id: Path<ReviewId>, body: Body<Moderation>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge(&desk, *id, body.0).await?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reviewers_family_name_is_hidden() {
        assert_eq!(super::shortened("Nguyễn Thị Lan"), "Lan N.");
        assert_eq!(super::shortened("Lan"), "Lan");
        assert_eq!(super::shortened(""), "");
    }
}
