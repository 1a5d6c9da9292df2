//! `/v1/applications`: somebody wants to sell. Legal facts and papers go in; a person of the platform decides.
//!
//! The e-commerce law 122/2025/QH15 wants a seller's identity verified before the first sale: a cooperative comes into
//! being only by an approval, and an approval needs the representative's identity paper and the licence.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use entity::value::{ApplicationId, ApplicationState, CooperativeId, CooperativeKind, DocumentId, DocumentKind};
use entity::{application, application_document};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::people::desk::Desk;
use crate::people::identity::{check_commune, rules::Contact, rules::phone};
use crate::platform::body::{Body, Params};
use crate::platform::db::{Db, by_id, is_duplicate, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::{fold, objects::PRIVATE, upload};

codes! {
    ALREADY_APPLIED = "application_open" 409 "Bạn đang có một hồ sơ chưa xong." "You have an application that is not decided yet.";
    APPLICATION_STATE = "application_state" 409 "Hồ sơ không còn ở trạng thái cho phép việc này." "The application is not in a state that allows this.";
    PAPERS_MISSING = "papers_missing" 409 "Thiếu giấy tờ: cần giấy tờ của người đại diện và giấy đăng ký." "Papers are missing: the representative's identity and the registration are needed.";
    PAPERS_FULL = "papers_full" 409 "Mỗi hồ sơ nhận nhiều nhất 10 giấy tờ." "An application takes at most 10 papers.";
    NOT_A_PAPER = "not_a_paper" 415 "Chỉ nhận PDF, JPEG, PNG hoặc WebP." "Only PDF, JPEG, PNG or WebP are taken.";
}

const MAX_PAPER: usize = 10 * 1024 * 1024;
const MOST_PAPERS: u64 = 10;

/// Who applies: what the law has buyers see, and where the money goes.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "cooperative", "name": "HTX Bưởi Đú Sáng", "legal_name": "HỢP TÁC XÃ BƯỞI ĐÚ SÁNG", "tax_code": "5400512345",
    "representative": "Bùi Văn Nam", "licence_number": "2507000123", "licence_issuer": "Phòng Kinh tế xã", "street": "Xóm Suối Chuộn", "commune_code": "04978",
    "phone": "0912345678", "email": "htx@example.vn", "bank_bin": "970405", "bank_account": "3005215001234", "bank_holder": "HTX BUOI DU SANG"}))]
pub struct ApplicationInput {
    pub kind: CooperativeKind,
    /// As buyers will read it.
    #[garde(length(chars, min = 2, max = 120))]
    #[schema(min_length = 2, max_length = 120)]
    pub name: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub legal_name: String,
    /// 10 or 13 digits; 12 for a household that uses its personal identification number.
    #[garde(custom(right_tax_code))]
    #[schema(pattern = r"^\d{10}(-?\d{3})?$|^\d{12}$")]
    pub tax_code: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub representative: String,
    #[garde(length(chars, min = 2, max = 50))]
    #[schema(min_length = 2, max_length = 50)]
    pub licence_number: String,
    #[garde(length(chars, min = 2, max = 150))]
    #[schema(min_length = 2, max_length = 150)]
    pub licence_issuer: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub street: String,
    /// Today's code.
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    pub commune_code: String,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub former_commune: Option<String>,
    #[garde(inner(range(min = -90.0, max = 90.0)))]
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[garde(inner(range(min = -180.0, max = 180.0)))]
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    #[garde(length(max = 30))]
    #[schema(max_length = 30)]
    pub phone: String,
    #[garde(inner(length(max = 254)))]
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// NAPAS bank identification number.
    #[garde(custom(six_digits))]
    #[schema(pattern = r"^\d{6}$")]
    pub bank_bin: String,
    #[garde(custom(account_number))]
    #[schema(pattern = "^[0-9A-Za-z]{6,19}$")]
    pub bank_account: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub bank_holder: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
pub fn right_tax_code(text: &str, (): &()) -> garde::Result {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let dashed = text.len() == digits.len() || (text.len() == 14 && text.as_bytes()[10] == b'-');
    let fits = digits.chars().all(|c| c.is_ascii_digit()) && matches!(digits.len(), 10 | 12 | 13) && dashed;
    if fits { Ok(()) } else { Err(garde::Error::new("10, 12 or 13 digits / 10, 12 hoặc 13 chữ số")) }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
pub fn six_digits(text: &str, (): &()) -> garde::Result {
    let fits = text.len() == 6 && text.chars().all(|c| c.is_ascii_digit());
    if fits { Ok(()) } else { Err(garde::Error::new("6 digits / 6 chữ số")) }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
pub fn account_number(text: &str, (): &()) -> garde::Result {
    let fits = (6..=19).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    if fits { Ok(()) } else { Err(garde::Error::new("6–19 digits or letters / 6–19 chữ số hoặc chữ cái")) }
}

#[derive(Serialize, ToSchema)]
pub struct ApplicationPaper {
    pub id: DocumentId,
    pub kind: DocumentKind,
    pub file_name: String,
    pub media_type: String,
    pub size_bytes: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    pub id: ApplicationId,
    pub state: ApplicationState,
    pub kind: CooperativeKind,
    pub name: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub licence_number: String,
    pub licence_issuer: String,
    pub street: String,
    pub commune_code: String,
    #[schema(required = true)]
    pub former_commune: Option<String>,
    pub phone: String,
    #[schema(required = true)]
    pub email: Option<String>,
    pub bank_bin: String,
    pub bank_account: String,
    pub bank_holder: String,
    /// From the reviewer: what is missing, or why not.
    #[schema(required = true)]
    pub message: Option<String>,
    /// Once approved.
    #[schema(required = true)]
    pub cooperative_id: Option<CooperativeId>,
    pub documents: Vec<ApplicationPaper>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub submitted_at: Option<OffsetDateTime>,
}

pub async fn view(connection: &impl ConnectionTrait, row: application::Model) -> Result<ApplicationView, DbErr> {
    let papers = application_document::Entity::find()
        .filter(application_document::Column::ApplicationId.eq(row.id))
        .order_by_asc(application_document::Column::Id)
        .all(connection)
        .await?;
    let paper = |paper: application_document::Model| ApplicationPaper {
        id: paper.id,
        kind: paper.kind,
        file_name: paper.file_name,
        media_type: paper.media_type,
        size_bytes: paper.size_bytes,
    };
    Ok(ApplicationView {
        id: row.id,
        state: row.state,
        kind: row.kind,
        name: row.name,
        legal_name: row.legal_name,
        tax_code: row.tax_code,
        representative: row.representative,
        licence_number: row.licence_number,
        licence_issuer: row.licence_issuer,
        street: row.street,
        commune_code: row.commune_code,
        former_commune: row.former_commune,
        phone: row.phone,
        email: row.email,
        bank_bin: row.bank_bin,
        bank_account: row.bank_account.into_open(),
        bank_holder: row.bank_holder,
        message: row.message,
        cooperative_id: row.cooperative_id,
        documents: papers.into_iter().map(paper).collect(),
        submitted_at: row.submitted_at,
    })
}

/// Checks what depends on the world and writes texts the way they are kept.
fn normalised(mut input: ApplicationInput) -> Result<ApplicationInput, Problem> {
    check_commune("/commune_code", &input.commune_code)?;
    let wrong = || Problem::field("/phone", "phone", "số điện thoại không hợp lệ", "not a valid phone number");
    input.phone = phone(&input.phone).ok_or_else(wrong)?;
    if let Some(email) = &input.email {
        match Contact::parse(email) {
            Some(Contact::Email(email)) => input.email = Some(email),
            _ => return Err(Problem::field("/email", "email", "e-mail không hợp lệ", "not a valid e-mail address")),
        }
    }
    for (pointer, text) in [
        ("/name", &mut input.name),
        ("/legal_name", &mut input.legal_name),
        ("/representative", &mut input.representative),
        ("/licence_number", &mut input.licence_number),
        ("/licence_issuer", &mut input.licence_issuer),
        ("/street", &mut input.street),
        ("/bank_holder", &mut input.bank_holder),
    ] {
        *text = fold::stored(text);
        if text.is_empty() || text.contains('\0') {
            return Err(Problem::field(pointer, "missing", "không được để trống", "must not be blank"));
        }
    }
    input.former_commune = input.former_commune.map(|name| fold::stored(&name)).filter(|name| !name.is_empty());
    Ok(input)
}

fn fill(row: &mut application::ActiveModel, input: ApplicationInput, now: OffsetDateTime) {
    row.kind = Set(input.kind);
    row.name = Set(input.name);
    row.legal_name = Set(input.legal_name);
    row.tax_code = Set(input.tax_code);
    row.representative = Set(input.representative);
    row.licence_number = Set(input.licence_number);
    row.licence_issuer = Set(input.licence_issuer);
    row.street = Set(input.street);
    row.commune_code = Set(input.commune_code);
    row.former_commune = Set(input.former_commune);
    row.latitude = Set(input.latitude);
    row.longitude = Set(input.longitude);
    row.phone = Set(input.phone);
    row.email = Set(input.email);
    row.bank_bin = Set(input.bank_bin);
    row.bank_account = Set(input.bank_account.into());
    row.bank_holder = Set(input.bank_holder);
    row.updated_at = Set(now);
}

/// Starts an application; papers follow, then it is submitted.
pub async fn start(desk: &Desk, input: ApplicationInput) -> Result<ApplicationView, Problem> {
    let input = normalised(input)?;
    let now = desk.now();
    let mut row = application::ActiveModel {
        id: Set(ApplicationId::new()),
        account_id: Set(desk.who.account),
        state: Set(ApplicationState::Draft),
        message: Set(None),
        cooperative_id: Set(None),
        submitted_at: Set(None),
        decided_at: Set(None),
        decided_by: Set(None),
        created_at: Set(now),
        ..Default::default()
    };
    fill(&mut row, input, now);
    let row = row
        .insert(desk.db.write())
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&ALREADY_APPLIED) } else { error.into() })?;
    Ok(view(desk.db.fresh(), row).await?)
}

/// The caller's own application.
pub async fn own(desk: &Desk, id: ApplicationId) -> Result<application::Model, Problem> {
    let row = by_id::<application::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.account_id == desk.who.account).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The caller's newest application, if any.
pub async fn latest(desk: &Desk) -> Result<Option<ApplicationView>, Problem> {
    let row = application::Entity::find()
        .filter(application::Column::AccountId.eq(desk.who.account))
        .order_by_desc(application::Column::Id)
        .one(desk.db.fresh())
        .await?;
    Ok(match row {
        Some(row) => Some(view(desk.db.fresh(), row).await?),
        None => None,
    })
}

/// Refuses what was handed in, and keeps it from being handed in until the transaction ends: nobody decides on other facts
/// or papers than those that were looked at.
async fn hold_open(
    transaction: &impl ConnectionTrait,
    row: &application::Model,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let sql = "UPDATE application SET updated_at = $2 WHERE id = $1 AND state IN ('draft', 'more_needed')";
    match run(transaction, sql, [row.id.into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&APPLICATION_STATE).extension("state", row.state)),
    }
}

pub async fn change(desk: &Desk, id: ApplicationId, input: ApplicationInput) -> Result<ApplicationView, Problem> {
    let row = own(desk, id).await?;
    let input = normalised(input)?;
    let transaction = desk.db.begin().await?;
    hold_open(&transaction, &row, desk.now()).await?;
    let mut change = row.into_active_model();
    fill(&mut change, input, desk.now());
    let row = change.update(&transaction).await?;
    transaction.commit().await?;
    Ok(view(desk.db.fresh(), row).await?)
}

/// What a paper's bytes say it is.
fn paper_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"%PDF-") {
        Some("application/pdf")
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// Keeps a paper with an application. Papers are private: the applicant's and the reviewers'.
pub async fn add_paper(
    desk: &Desk,
    id: ApplicationId,
    kind: DocumentKind,
    file_name: &str,
    bytes: Vec<u8>,
) -> Result<(), Problem> {
    let application = own(desk, id).await?;
    let media_type = paper_type(&bytes).ok_or_else(|| Problem::new(&NOT_A_PAPER))?;
    let paper = DocumentId::new();
    let key = format!("{PRIVATE}applications/{id}/{paper}");
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let name = fold::stored(file_name);
    // Kept before the row that names it: a file without a row does no harm, and no transaction waits for a slow store.
    desk.objects.put(&key, bytes).await.map_err(Problem::unavailable)?;
    let transaction = desk.db.begin().await?;
    hold_open(&transaction, &application, desk.now()).await?;
    let there = application_document::Entity::find()
        .filter(application_document::Column::ApplicationId.eq(id))
        .count(&transaction)
        .await?;
    if there >= MOST_PAPERS {
        return Err(Problem::new(&PAPERS_FULL));
    }
    let row = application_document::ActiveModel {
        id: Set(paper),
        application_id: Set(id),
        kind: Set(kind),
        object_key: Set(key),
        file_name: Set(if name.is_empty() { kind.as_str().to_owned() } else { name }),
        media_type: Set(media_type.to_owned()),
        size_bytes: Set(size),
        created_at: Set(desk.now()),
    };
    application_document::Entity::insert(row).exec_without_returning(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn has_papers(connection: &impl ConnectionTrait, id: ApplicationId) -> Result<bool, DbErr> {
    let kinds: Vec<DocumentKind> = application_document::Entity::find()
        .filter(application_document::Column::ApplicationId.eq(id))
        .select_only()
        .column(application_document::Column::Kind)
        .into_tuple()
        .all(connection)
        .await?;
    Ok([DocumentKind::Identity, DocumentKind::Licence].iter().all(|needed| kinds.contains(needed)))
}

/// Hands an application in.
pub async fn hand_in(desk: &Desk, id: ApplicationId) -> Result<ApplicationView, Problem> {
    let row = own(desk, id).await?;
    if !has_papers(desk.db.fresh(), id).await? {
        return Err(Problem::new(&PAPERS_MISSING));
    }
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let sql = "UPDATE application SET state = 'submitted', submitted_at = $2, updated_at = $2 WHERE id = $1 AND state IN ('draft', 'more_needed')";
    if run(&transaction, sql, [id.into(), now.into()]).await? != 1 {
        return Err(Problem::new(&APPLICATION_STATE).extension("state", row.state));
    }
    emit(&transaction, "application.submitted", id.0, json!({}), now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    let row = own(desk, id).await?;
    Ok(view(desk.db.fresh(), row).await?)
}

/// Apply to sell. Papers follow, then it is submitted.
#[utoipa::path(tag = "applications", operation_id = "create_application", security(("access_token" = [])), request_body = ApplicationInput, responses((status = 201, description = "The application, a draft", body = ApplicationView)))]
#[post("/v1/applications")]
pub async fn create_application(desk: Desk, body: Body<ApplicationInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(start(&desk, body.0).await?))
}

#[derive(Serialize, ToSchema)]
pub struct Applications {
    items: Vec<ApplicationView>,
}

/// One's own applications, newest first.
#[utoipa::path(tag = "applications", operation_id = "list_applications", security(("access_token" = [])), responses((status = 200, description = "The applications", body = Applications)))]
#[get("/v1/applications")]
pub async fn list_applications(desk: Desk) -> Result<HttpResponse, Problem> {
    let rows = application::Entity::find()
        .filter(application::Column::AccountId.eq(desk.who.account))
        .order_by_desc(application::Column::Id)
        .limit(50)
        .all(desk.db.fresh())
        .await?;
    let mut items = Vec::new();
    for row in rows {
        items.push(view(desk.db.fresh(), row).await?);
    }
    Ok(HttpResponse::Ok().json(Applications { items }))
}

/// An application of one's own.
#[utoipa::path(tag = "applications", operation_id = "show_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), responses((status = 200, description = "The application", body = ApplicationView)))]
#[get("/v1/applications/{id}")]
pub async fn show_application(desk: Desk, id: Path<ApplicationId>) -> Result<HttpResponse, Problem> {
    let row = own(&desk, *id).await?;
    Ok(HttpResponse::Ok().json(view(desk.db.fresh(), row).await?))
}

/// Correct an application that is not handed in, or that needs more.
#[utoipa::path(tag = "applications", operation_id = "update_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), request_body = ApplicationInput, responses((status = 200, description = "The application", body = ApplicationView)))]
#[put("/v1/applications/{id}")]
pub async fn update_application(
    desk: Desk,
    id: Path<ApplicationId>,
    body: Body<ApplicationInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(change(&desk, *id, body.0).await?))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct PaperQuery {
    /// `identity` and `licence` are needed.
    #[param(inline)]
    kind: DocumentKind,
}

/// Upload a paper: PDF or a photo, at most 10 MB, as the body itself or as a form's `file`.
#[utoipa::path(tag = "applications", operation_id = "upload_application_document", security(("access_token" = [])), params(("id" = ApplicationId, Path), PaperQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, description = "The application", body = ApplicationView)))]
#[post("/v1/applications/{id}/documents")]
pub async fn upload_document(
    desk: Desk,
    id: Path<ApplicationId>,
    query: Params<PaperQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    own(&desk, *id).await?;
    let upload = upload::read(&request, payload, MAX_PAPER).await?;
    add_paper(&desk, *id, query.0.kind, &upload.file_name, upload.bytes).await?;
    let row = own(&desk, *id).await?;
    Ok(HttpResponse::Created().json(view(desk.db.fresh(), row).await?))
}

/// Hand an application in.
#[utoipa::path(tag = "applications", operation_id = "submit_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), responses((status = 200, description = "The application", body = ApplicationView)))]
#[post("/v1/applications/{id}/submit")]
pub async fn submit_application(desk: Desk, id: Path<ApplicationId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(hand_in(&desk, *id).await?))
}

/// What a mail about an application says, and to whom.
pub struct ApplicationForMail {
    pub application: application::Model,
    pub account: entity::account::Model,
}

pub async fn application_for_mail(db: &Db, id: ApplicationId) -> Result<Option<ApplicationForMail>, DbErr> {
    let Some(application) = by_id::<application::Entity>(db.fresh(), id).await? else { return Ok(None) };
    let account = by_id::<entity::account::Entity>(db.fresh(), application.account_id).await?;
    Ok(account.map(|account| ApplicationForMail { application, account }))
}
