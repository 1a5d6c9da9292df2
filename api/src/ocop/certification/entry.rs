//! `/v1/officer/recognitions`: stars of an earlier decision, typed in by one officer with the decision's number, in force when a
//! second one has confirmed them.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::recognition_entry;
use entity::value::{ProductId, RecognitionEntryId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::award::{Given, give, valid_until};
use crate::people::desk::Desk;
use crate::people::offices::{Jurisdiction, OfficePermission};
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, one, run};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    ENTRY_SETTLED = "entry_settled" 409 "Mục này đã được xác nhận hoặc từ chối." "The entry was settled already.";
    SECOND_OFFICER = "second_officer" 403 "Cần một cán bộ khác xác nhận." "Another officer has to confirm it.";
}

/// Stars typed in.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct RecognitionEntry {
    id: RecognitionEntryId,
    product_id: ProductId,
    product_name: String,
    cooperative_name: String,
    stars: i32,
    certificate_number: String,
    decision_number: String,
    issuer: String,
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// `waiting`, `confirmed` or `refused`.
    state: String,
    entered_by: String,
    #[schema(required = true)]
    settled_by: Option<String>,
}

impl RecognitionEntry {
    pub fn is_waiting(&self) -> bool {
        self.state == "waiting"
    }
}

const SELECT: &str = "SELECT e.id, e.product_id, p.name_vi AS product_name, c.name_vi AS cooperative_name, e.stars, e.certificate_number, e.decision_number,
        e.issuer, e.issued_on, e.state, a.name AS entered_by, b.name AS settled_by
    FROM recognition_entry e JOIN product p ON p.id = e.product_id JOIN cooperative c ON c.id = p.cooperative_id
         JOIN account a ON a.id = e.entered_by LEFT JOIN account b ON b.id = e.settled_by";

async fn shown(connection: &impl ConnectionTrait, id: RecognitionEntryId) -> Result<RecognitionEntry, Problem> {
    let row = one::<RecognitionEntry>(connection, format!("{SELECT} WHERE e.id = $1"), [id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Officers only: the platform's own people give no stars.
async fn places(desk: &Desk) -> Result<Jurisdiction, Problem> {
    Ok(Jurisdiction::of(&desk.seats(OfficePermission::EnterStars).await?))
}

async fn commune_of(connection: &impl ConnectionTrait, product: ProductId) -> Result<Option<String>, Problem> {
    #[derive(FromQueryResult)]
    struct Place {
        commune_code: String,
    }
    let sql = "SELECT c.commune_code FROM product p JOIN cooperative c ON c.id = p.cooperative_id WHERE p.id = $1";
    Ok(one::<Place>(connection, sql, [product.into()]).await?.map(|place| place.commune_code))
}

/// Stars typed in for products of one's place, newest first.
pub async fn find(desk: &Desk, place: (Option<u64>, Option<&str>)) -> Result<Page<RecognitionEntry>, Problem> {
    let places = places(desk).await?;
    let page = NewestFirst::of(SELECT, "e.id", place)?
        .and_that(&places.condition("c.commune_code"))
        .page(desk.db.fresh(), |row: &RecognitionEntry| row.id)
        .await?;
    Ok(page)
}

/// Stars typed in for products of one's place, newest first.
#[utoipa::path(tag = "recognition", operation_id = "list_recognition_entries", security(("access_token" = [])), params(Paging), responses((status = 200, description = "A page of entries", body = Page<RecognitionEntry>)))]
#[get("/v1/officer/recognitions")]
pub async fn list_recognition_entries(desk: Desk, paging: Params<Paging>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(find(&desk, paging.0.place()).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"product_id": "0197f2a0-0000-7000-8000-000000000001", "stars": 3, "certificate_number": "12/OCOP-HB", "decision_number": "2345/QĐ-UBND", "issuer": "UBND huyện Kim Bôi", "issued_on": "2025-05-20"}))]
pub struct RecognitionInput {
    pub product_id: ProductId,
    #[garde(range(min = 3, max = 5))]
    #[schema(minimum = 3, maximum = 5)]
    pub stars: i32,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub certificate_number: String,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub decision_number: String,
    /// Who decided.
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    pub issuer: String,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
}

/// Type in stars of an earlier decision. They are shown when a second officer has confirmed them.
pub async fn enter(desk: &Desk, input: RecognitionInput) -> Result<RecognitionEntry, Problem> {
    let places = places(desk).await?;
    let commune = commune_of(desk.db.fresh(), input.product_id).await?;
    if !commune.is_some_and(|code| places.covers(&code)) {
        let (vi, en) = ("không có sản phẩm này trong địa bàn", "there is no such product in your place");
        return Err(Problem::field("/product_id", "product", vi, en));
    }
    if input.issued_on > desk.today() || valid_until(input.issued_on) < desk.today() {
        let (vi, en) = ("ở tương lai, hoặc đã quá 36 tháng", "is in the future, or more than 36 months ago");
        return Err(Problem::field("/issued_on", "range", vi, en));
    }
    let id = RecognitionEntryId::new();
    let transaction = desk.begin().await?;
    let row = recognition_entry::ActiveModel {
        id: Set(id),
        product_id: Set(input.product_id),
        stars: Set(input.stars),
        certificate_number: Set(fold::stored(&input.certificate_number)),
        decision_number: Set(fold::stored(&input.decision_number)),
        issuer: Set(fold::stored(&input.issuer)),
        issued_on: Set(input.issued_on),
        state: Set("waiting".to_owned()),
        entered_by: Set(desk.who.account),
        entered_at: Set(desk.now()),
        settled_by: Set(None),
        settled_at: Set(None),
    };
    recognition_entry::Entity::insert(row).exec_without_returning(&transaction).await?;
    let after = json!({"product_id": input.product_id, "stars": input.stars});
    desk.audit(&transaction, "recognition.entered", ("recognition_entry", id.0), (), after).await?;
    transaction.commit().await?;
    shown(desk.db.fresh(), id).await
}

/// Type in stars of an earlier decision. They are shown when a second officer has confirmed them.
#[utoipa::path(tag = "recognition", operation_id = "enter_recognition", security(("access_token" = [])), request_body = RecognitionInput, responses((status = 201, description = "The entry, waiting", body = RecognitionEntry)))]
#[post("/v1/officer/recognitions")]
pub async fn enter_recognition(desk: Desk, body: Body<RecognitionInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(enter(&desk, body.0).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"confirm": true}))]
pub struct RecognitionSettlement {
    /// Or refuse.
    #[garde(skip)]
    confirm: bool,
}

/// Confirm or refuse stars that another officer typed in.
pub async fn settle(desk: &Desk, id: RecognitionEntryId, confirm: bool) -> Result<RecognitionEntry, Problem> {
    let places = places(desk).await?;
    let transaction = desk.begin().await?;
    let gone = || Problem::new(&NOT_FOUND);
    let row = by_id::<recognition_entry::Entity>(&transaction, id).await?.ok_or_else(gone)?;
    if !commune_of(&transaction, row.product_id).await?.is_some_and(|code| places.covers(&code)) {
        return Err(gone());
    }
    if row.entered_by == desk.who.account {
        return Err(Problem::new(&SECOND_OFFICER));
    }
    let to = if confirm { "confirmed" } else { "refused" };
    let sql =
        "UPDATE recognition_entry SET state = $2, settled_by = $3, settled_at = $4 WHERE id = $1 AND state = 'waiting'";
    let values = [id.into(), to.into(), desk.who.account.into(), desk.now().into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&ENTRY_SETTLED));
    }
    if confirm {
        let given = Given {
            product: row.product_id,
            dossier: None,
            stars: row.stars,
            certificate_number: Some(row.certificate_number),
            decision_number: &row.decision_number,
            issuer: &row.issuer,
            decided_on: row.issued_on,
        };
        give(&transaction, given).await?;
    }
    desk.audit(&transaction, "recognition.settled", ("recognition_entry", id.0), (), json!({"state": to})).await?;
    transaction.commit().await?;
    desk.products_changed(&[row.product_id]).await?;
    shown(desk.db.fresh(), id).await
}

/// Confirm or refuse stars that another officer typed in.
#[utoipa::path(tag = "recognition", operation_id = "settle_recognition", security(("access_token" = [])), params(("entry_id" = RecognitionEntryId, Path)), request_body = RecognitionSettlement, responses((status = 200, description = "The entry", body = RecognitionEntry)))]
#[post("/v1/officer/recognitions/{entry_id}")]
pub async fn settle_recognition(
    desk: Desk,
    id: Path<RecognitionEntryId>,
    body: Body<RecognitionSettlement>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(settle(&desk, *id, body.0.confirm).await?))
}
