//! `/v1/applications`: somebody wants to sell. Legal facts and papers go in; a person of the platform decides.
//!
//! The e-commerce law 122/2025/QH15 wants a seller's identity verified before the first sale: a cooperative comes into
//! being only by an approval, and an approval needs the representative's identity paper and the licence.

use actix_web::http::header;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use entity::value::{
    ApplicationId, ApplicationState, CooperativeId, CooperativeKind, CooperativeStatus, DocumentId, DocumentKind,
    MemberRole, PlatformRole,
};
use entity::{application, application_document, bank_account, cooperative};
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::catalogue::Desk;
use crate::delivery::add_default_rates;
use crate::identity::{check_commune, grant_membership, rules::Contact, rules::phone};
use crate::places;
use crate::platform::body::{Body, Params};
use crate::platform::db::{Db, by_id, is_duplicate, one, run};
use crate::platform::outbox::emit;
use crate::platform::pagination::{DEFAULT_LIMIT, MAX_LIMIT, Page, decode};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::{fold, objects::PRIVATE, secrets, upload};

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
fn right_tax_code(text: &str, (): &()) -> garde::Result {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let dashed = text.len() == digits.len() || (text.len() == 14 && text.as_bytes()[10] == b'-');
    let fits = digits.chars().all(|c| c.is_ascii_digit()) && matches!(digits.len(), 10 | 12 | 13) && dashed;
    if fits { Ok(()) } else { Err(garde::Error::new("10, 12 or 13 digits / 10, 12 hoặc 13 chữ số")) }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
fn six_digits(text: &str, (): &()) -> garde::Result {
    let fits = text.len() == 6 && text.chars().all(|c| c.is_ascii_digit());
    if fits { Ok(()) } else { Err(garde::Error::new("6 digits / 6 chữ số")) }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator's signature")]
fn account_number(text: &str, (): &()) -> garde::Result {
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
        bank_account: row.bank_account,
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
    for text in [
        &mut input.name,
        &mut input.legal_name,
        &mut input.representative,
        &mut input.licence_number,
        &mut input.licence_issuer,
        &mut input.street,
        &mut input.bank_holder,
    ] {
        *text = fold::stored(text);
        if text.is_empty() || text.contains('\0') {
            return Err(Problem::field("", "missing", "không được để trống", "must not be blank"));
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
    row.bank_account = Set(input.bank_account);
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

fn open_to_change(state: ApplicationState) -> Result<(), Problem> {
    match state {
        ApplicationState::Draft | ApplicationState::MoreNeeded => Ok(()),
        _ => Err(Problem::new(&APPLICATION_STATE).extension("state", state)),
    }
}

pub async fn change(desk: &Desk, id: ApplicationId, input: ApplicationInput) -> Result<ApplicationView, Problem> {
    let row = own(desk, id).await?;
    open_to_change(row.state)?;
    let mut row = row.into_active_model();
    fill(&mut row, normalised(input)?, desk.now());
    let row = row.update(desk.db.write()).await?;
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
    let row = own(desk, id).await?;
    open_to_change(row.state)?;
    let there = application_document::Entity::find()
        .filter(application_document::Column::ApplicationId.eq(id))
        .count(desk.db.fresh())
        .await?;
    if there >= MOST_PAPERS {
        return Err(Problem::new(&PAPERS_FULL));
    }
    let media_type = paper_type(&bytes).ok_or_else(|| Problem::new(&NOT_A_PAPER))?;
    let paper = DocumentId::new();
    let key = format!("{PRIVATE}applications/{id}/{paper}");
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    desk.objects.put(&key, bytes).await.map_err(Problem::internal)?;
    let name = fold::stored(file_name);
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
    application_document::Entity::insert(row).exec_without_returning(desk.db.write()).await?;
    Ok(())
}

async fn has_papers(connection: &impl ConnectionTrait, id: ApplicationId) -> Result<bool, DbErr> {
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
    request_body(content = Vec<u8>, content_type = "application/pdf"), responses((status = 201, description = "The application", body = ApplicationView)))]
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

#[derive(Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct ApplicationQuery {
    /// `submitted` unless told.
    #[param(inline)]
    pub state: Option<ApplicationState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Applications waiting for a decision, oldest first.
#[utoipa::path(tag = "admin", operation_id = "list_all_applications", security(("access_token" = [])), params(ApplicationQuery), responses((status = 200, description = "A page of applications", body = Page<ApplicationView>)))]
#[get("/v1/admin/applications")]
pub async fn list_for_admin(desk: Desk, query: Params<ApplicationQuery>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(HttpResponse::Ok().json(find(&desk, &query.0).await?))
}

pub async fn find(desk: &Desk, query: &ApplicationQuery) -> Result<Page<ApplicationView>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let mut rows = application::Entity::find()
        .filter(application::Column::State.eq(query.state.unwrap_or(ApplicationState::Submitted)));
    if let Some(after) = query.cursor.as_deref().map(decode::<ApplicationId>).transpose()? {
        rows = rows.filter(application::Column::Id.gt(after));
    }
    let rows = rows.order_by_asc(application::Column::Id).limit(limit + 1).all(desk.db.fresh()).await?;
    let page = Page::from_rows(rows, limit, |row| row.id);
    let mut items = Vec::new();
    for row in page.items {
        items.push(view(desk.db.fresh(), row).await?);
    }
    Ok(Page { items, next_cursor: page.next_cursor })
}

/// An application, whoever's.
#[utoipa::path(tag = "admin", operation_id = "show_any_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), responses((status = 200, description = "The application", body = ApplicationView)))]
#[get("/v1/admin/applications/{id}")]
pub async fn show_for_admin(desk: Desk, id: Path<ApplicationId>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let row = by_id::<application::Entity>(desk.db.fresh(), *id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(view(desk.db.fresh(), row).await?))
}

/// A paper of an application.
#[utoipa::path(tag = "admin", operation_id = "show_application_document", security(("access_token" = [])), params(("id" = ApplicationId, Path), ("document_id" = DocumentId, Path)), responses((status = 200, description = "The paper", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/admin/applications/{id}/documents/{document_id}")]
pub async fn show_document(desk: Desk, path: Path<(ApplicationId, DocumentId)>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let (application, id) = path.into_inner();
    let gone = || Problem::new(&NOT_FOUND);
    let row = by_id::<application_document::Entity>(desk.db.fresh(), id).await?.ok_or_else(gone)?;
    if row.application_id != application {
        return Err(gone());
    }
    desk.audit(
        desk.db.write(),
        "application.document_read",
        ("application", application.0),
        (),
        json!({"document": id}),
    )
    .await?;
    let bytes = desk.objects.get(&row.object_key).await.map_err(Problem::internal)?.ok_or_else(gone)?;
    Ok(HttpResponse::Ok()
        .content_type(row.media_type)
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment"))
        .body(bytes))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationDecision {
    Approve,
    /// With a message that says what.
    MoreNeeded,
    /// With a message that says why.
    Reject,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"decision": "more_needed", "message": "Ảnh căn cước bị mờ, vui lòng chụp lại mặt trước"}))]
pub struct DecisionInput {
    pub decision: ApplicationDecision,
    #[garde(inner(length(chars, max = 1000)))]
    #[schema(max_length = 1000)]
    pub message: Option<String>,
}

/// Decides on an application that was handed in. Approving brings the cooperative into being.
pub async fn decide(desk: &Desk, id: ApplicationId, input: DecisionInput) -> Result<ApplicationView, Problem> {
    let row = by_id::<application::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let message = input.message.as_deref().map(fold::stored).filter(|text| !text.is_empty());
    let (to, topic) = match input.decision {
        ApplicationDecision::Approve => (ApplicationState::Approved, "application.approved"),
        ApplicationDecision::MoreNeeded => (ApplicationState::MoreNeeded, "application.more_needed"),
        ApplicationDecision::Reject => (ApplicationState::Rejected, "application.rejected"),
    };
    if to != ApplicationState::Approved && message.is_none() {
        let (vi, en) = ("cần nói rõ cho người nộp", "the applicant needs to know");
        return Err(Problem::field("/message", "missing", vi, en));
    }
    if to == ApplicationState::Approved && !has_papers(desk.db.fresh(), id).await? {
        return Err(Problem::new(&PAPERS_MISSING));
    }
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let moved = run(
        &transaction,
        "UPDATE application SET state = $2, message = $3, decided_at = $4, decided_by = $5, updated_at = $4
         WHERE id = $1 AND state = 'submitted'",
        [id.into(), to.as_str().into(), message.clone().into(), now.into(), desk.who.account.into()],
    )
    .await?;
    if moved != 1 {
        return Err(Problem::new(&APPLICATION_STATE).extension("state", row.state));
    }
    let cooperative = match to {
        ApplicationState::Approved => Some(found(&transaction, &row, now).await?),
        _ => None,
    };
    let (before, after) = (json!({"state": row.state}), json!({"state": to, "message": message}));
    desk.audit(&transaction, "application.decided", ("application", id.0), before, after).await?;
    emit(&transaction, topic, id.0, json!({}), now).await?;
    transaction.commit().await?;
    if let Some(cooperative) = cooperative {
        desk.cooperative_changed(cooperative).await?;
    }
    desk.bell.ring();
    let row = by_id::<application::Entity>(desk.db.fresh(), id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(view(desk.db.fresh(), row).await?)
}

#[derive(FromQueryResult)]
struct Middle {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

/// Where a cooperative that told no point is: among its neighbours of the commune, the province, the country.
async fn somewhere(connection: &impl ConnectionTrait, commune: &str) -> Result<(f64, f64), DbErr> {
    let province = places::commune(commune).map(|c| places::province_of(c).code.clone());
    let peers: Vec<String> =
        province.iter().flat_map(|code| places::communes_of(code)).map(|c| c.code.clone()).collect();
    for communes in [vec![commune.to_owned()], peers] {
        let quoted = communes.iter().map(|code| format!("'{}'", code.replace('\'', ""))).collect::<Vec<_>>().join(", ");
        if quoted.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT AVG(latitude) AS latitude, AVG(longitude) AS longitude FROM (
                 SELECT latitude, longitude FROM cooperative WHERE commune_code IN ({quoted})
                 UNION ALL SELECT latitude, longitude FROM destination WHERE commune_code IN ({quoted})) AS near"
        );
        if let Some(Middle { latitude: Some(latitude), longitude: Some(longitude) }) =
            one::<Middle>(connection, sql, []).await?
        {
            return Ok((latitude, longitude));
        }
    }
    Ok((16.05, 108.2))
}

/// The cooperative of an approved application: its identity is verified, the applicant owns it.
async fn found(
    transaction: &impl ConnectionTrait,
    row: &application::Model,
    now: OffsetDateTime,
) -> Result<CooperativeId, Problem> {
    let id = CooperativeId::new();
    let point = match (row.latitude, row.longitude) {
        (Some(latitude), Some(longitude)) => (latitude, longitude),
        _ => somewhere(transaction, &row.commune_code).await?,
    };
    let slug = free_slug(transaction, "cooperative", &row.name).await?;
    let cooperative = cooperative::ActiveModel {
        id: Set(id),
        slug: Set(slug),
        kind: Set(row.kind),
        name_vi: Set(row.name.clone()),
        name_en: Set(row.name.clone()),
        story_vi: Set(String::new()),
        story_en: Set(String::new()),
        legal_name: Set(row.legal_name.clone()),
        tax_code: Set(row.tax_code.clone()),
        licence_number: Set(row.licence_number.clone()),
        licence_issuer: Set(row.licence_issuer.clone()),
        representative: Set(row.representative.clone()),
        street: Set(row.street.clone()),
        commune_code: Set(row.commune_code.clone()),
        former_commune: Set(row.former_commune.clone()),
        latitude: Set(point.0),
        longitude: Set(point.1),
        phone: Set(row.phone.clone()),
        email: Set(row.email.clone()),
        status: Set(CooperativeStatus::Active),
        pickup_offered: Set(false),
        created_at: Set(now),
        updated_at: Set(now),
        identity_verified_at: Set(Some(now)),
        suspended_reason: Set(None),
    };
    cooperative::Entity::insert(cooperative).exec_without_returning(transaction).await?;
    add_default_rates(transaction, id).await?;
    grant_membership(transaction, row.account_id, id, MemberRole::Owner, now).await?;
    let bank = bank_account::ActiveModel {
        cooperative_id: Set(id),
        bank_bin: Set(row.bank_bin.clone()),
        number: Set(row.bank_account.clone()),
        holder: Set(row.bank_holder.clone()),
        updated_at: Set(now),
    };
    bank_account::Entity::insert(bank).exec_without_returning(transaction).await?;
    run(transaction, "UPDATE application SET cooperative_id = $2 WHERE id = $1", [row.id.into(), id.into()]).await?;
    emit(transaction, "cooperative.changed", id.0, json!({}), now).await?;
    Ok(id)
}

#[derive(FromQueryResult)]
struct Taken {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    slug: String,
}

/// A slug of a name that nobody has; the unique key has the last word.
pub async fn free_slug(connection: &impl ConnectionTrait, table: &'static str, name: &str) -> Result<String, Problem> {
    let base: String = fold::slug(name).chars().take(80).collect();
    let base = if base.is_empty() { table.to_owned() } else { base };
    let sql = format!("SELECT slug FROM {table} WHERE slug = $1");
    if one::<Taken>(connection, sql, [base.as_str().into()]).await?.is_none() {
        return Ok(base);
    }
    Ok(format!("{base}-{}", secrets::code(5).to_lowercase()))
}

/// Approve an application, ask for more, or reject it. The applicant is told by mail.
#[utoipa::path(tag = "admin", operation_id = "decide_application", security(("access_token" = [])), params(("id" = ApplicationId, Path)), request_body = DecisionInput, responses((status = 200, description = "The application", body = ApplicationView)))]
#[post("/v1/admin/applications/{id}/decision")]
pub async fn decide_application(
    desk: Desk,
    id: Path<ApplicationId>,
    body: Body<DecisionInput>,
) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(HttpResponse::Ok().json(decide(&desk, *id, body.0).await?))
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
