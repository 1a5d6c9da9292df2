//! `/v1/seller/cooperatives/{id}/certificates`: a cooperative's papers.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put};
use entity::certificate;
use entity::value::{CertificateId, CertificateKind, CertificateState, CooperativeId, LotId, PlotId, ProductId};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Set};
use serde::Deserialize;
use serde_json::json;
use time::{Date, Duration};
use utoipa::{IntoParams, ToSchema};

use super::clearance::{Whose, clear};
use super::rules::LONGEST_WARNING;
use super::store::{self, CERTIFICATE_STATE, Certificate, SELECT, one_of, own, step};
use crate::media::papers;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, run};
use crate::platform::fold;
use crate::platform::objects::PRIVATE;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::Problem;
use crate::platform::upload;

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "food_safety", "number": "123/2026/NNPTNT-HB", "issuer": "Chi cục Quản lý chất lượng Nông lâm sản và Thủy sản", "issued_on": "2026-01-15", "valid_until": "2029-01-14", "file_shown": true}))]
pub struct CertificateInput {
    pub kind: CertificateKind,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub number: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub issuer: String,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    /// The last day; without one it does not end.
    #[schema(value_type = Option<String>, format = Date)]
    pub valid_until: Option<Date>,
    /// Of one product, one plot or one lot; none of them: of the whole cooperative.
    pub product_id: Option<ProductId>,
    pub plot_id: Option<PlotId>,
    pub lot_id: Option<LotId>,
    /// Whether buyers may open the file once the certificate is verified.
    #[serde(default)]
    pub file_shown: bool,
}

/// Whose it is must be the cooperative's own.
async fn check(
    connection: &impl ConnectionTrait,
    desk: &Desk,
    cooperative: CooperativeId,
    input: &CertificateInput,
) -> Result<(), Problem> {
    let named = [input.product_id.is_some(), input.plot_id.is_some(), input.lot_id.is_some()];
    if named.into_iter().filter(|named| *named).count() > 1 {
        let (vi, en) = ("chỉ chọn một: sản phẩm, thửa hoặc lô", "choose one: a product, a plot or a lot");
        return Err(Problem::field("/product_id", "one_of", vi, en));
    }
    if input.issued_on > desk.today() {
        return Err(Problem::field("/issued_on", "future", "ở tương lai", "is in the future"));
    }
    if input.valid_until.is_some_and(|until| until < input.issued_on) {
        let (vi, en) = ("trước ngày cấp", "is before the day of issue");
        return Err(Problem::field("/valid_until", "order", vi, en));
    }
    let product = match input.product_id {
        Some(id) => by_id::<entity::product::Entity>(connection, id).await?.map(|row| row.cooperative_id),
        None => Some(cooperative),
    };
    let plot = match input.plot_id {
        Some(id) => by_id::<entity::plot::Entity>(connection, id).await?.map(|row| row.cooperative_id),
        None => Some(cooperative),
    };
    let lot = match input.lot_id {
        Some(id) => by_id::<entity::lot::Entity>(connection, id).await?.map(|row| row.cooperative_id),
        None => Some(cooperative),
    };
    let all = [("/product_id", product), ("/plot_id", plot), ("/lot_id", lot)];
    if let Some((pointer, _)) = all.into_iter().find(|(_, owner)| *owner != Some(cooperative)) {
        let (vi, en) = ("không phải của gian hàng", "is not the cooperative's");
        return Err(Problem::field(pointer, "own", vi, en));
    }
    Ok(())
}

fn fill(change: &mut certificate::ActiveModel, input: &CertificateInput) {
    change.kind = Set(input.kind);
    change.number = Set(fold::stored(&input.number));
    change.issuer = Set(fold::stored(&input.issuer));
    change.issued_on = Set(input.issued_on);
    change.valid_until = Set(input.valid_until);
    change.product_id = Set(input.product_id);
    change.plot_id = Set(input.plot_id);
    change.lot_id = Set(input.lot_id);
    change.file_shown = Set(input.file_shown);
}

/// Enters a certificate, a draft until its file is there.
pub async fn create(desk: &Desk, cooperative: CooperativeId, input: &CertificateInput) -> Result<Certificate, Problem> {
    let now = desk.now();
    let transaction = desk.begin().await?;
    check(&transaction, desk, cooperative, input).await?;
    let id = CertificateId::new();
    let mut row = certificate::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        state: Set(CertificateState::Draft),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    fill(&mut row, input);
    certificate::Entity::insert(row).exec_without_returning(&transaction).await?;
    let after = json!({"kind": input.kind, "number": input.number});
    desk.audit(&transaction, "certificate.created", ("certificate", id.0), (), after).await?;
    transaction.commit().await?;
    one_of(desk.db.fresh(), id).await
}

fn may_change(state: CertificateState) -> bool {
    matches!(state, CertificateState::Draft | CertificateState::Submitted | CertificateState::Refused)
}

async fn change(
    desk: &Desk,
    cooperative: CooperativeId,
    id: CertificateId,
    input: &CertificateInput,
) -> Result<Certificate, Problem> {
    let now = desk.now();
    let transaction = desk.begin().await?;
    let before = own(&transaction, cooperative, id).await?;
    if !may_change(before.state) {
        return Err(Problem::new(&CERTIFICATE_STATE).extension("state", before.state));
    }
    check(&transaction, desk, cooperative, input).await?;
    let to = if before.object_key.is_some() { CertificateState::Submitted } else { CertificateState::Draft };
    step(&transaction, &before, to, now).await?;
    let was = json!({"kind": before.kind, "number": before.number, "valid_until": before.valid_until});
    let mut row = before.into_active_model();
    fill(&mut row, input);
    row.update(&transaction).await?;
    let after = json!({"kind": input.kind, "number": input.number, "valid_until": input.valid_until});
    desk.audit(&transaction, "certificate.changed", ("certificate", id.0), was, after).await?;
    transaction.commit().await?;
    one_of(desk.db.fresh(), id).await
}

/// Puts the file to a certificate, and the certificate before an officer.
pub async fn put_file(
    desk: &Desk,
    cooperative: CooperativeId,
    id: CertificateId,
    (file_name, bytes): (&str, Vec<u8>),
) -> Result<Certificate, Problem> {
    let now = desk.now();
    let row = own(desk.db.fresh(), cooperative, id).await?;
    if !may_change(row.state) {
        return Err(Problem::new(&CERTIFICATE_STATE).extension("state", row.state));
    }
    // Kept before the row that names it: a file without a row does no harm, and no transaction waits for a slow store.
    let key = format!("{PRIVATE}certificates/{id}/{}", uuid::Uuid::now_v7());
    let (media_type, size) = papers::keep(&desk.objects, &key, bytes).await?;
    let name = fold::stored(file_name);
    let transaction = desk.begin().await?;
    step(&transaction, &row, CertificateState::Submitted, now).await?;
    run(
        &transaction,
        "UPDATE certificate SET object_key = $2, file_name = $3, media_type = $4, size_bytes = $5 WHERE id = $1",
        [id.into(), key.into(), Some(name).filter(|name| !name.is_empty()).into(), media_type.into(), size.into()],
    )
    .await?;
    desk.audit(&transaction, "certificate.submitted", ("certificate", id.0), (), json!({"size": size})).await?;
    emit(&transaction, "certificate.submitted", cooperative.0, json!({"certificate_id": id}), now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    one_of(desk.db.fresh(), id).await
}

/// Takes a certificate back; what must not be sold without it is sold no longer.
pub async fn withdraw(desk: &Desk, cooperative: CooperativeId, id: CertificateId) -> Result<(), Problem> {
    let now = desk.now();
    let transaction = desk.begin().await?;
    let row = own(&transaction, cooperative, id).await?;
    if matches!(row.state, CertificateState::Withdrawn | CertificateState::Revoked) {
        return Err(Problem::new(&CERTIFICATE_STATE).extension("state", row.state));
    }
    step(&transaction, &row, CertificateState::Withdrawn, now).await?;
    desk.audit(&transaction, "certificate.withdrawn", ("certificate", id.0), json!({"state": row.state}), ()).await?;
    let changed = clear(&transaction, Whose::Cooperative(cooperative), (desk.today(), now)).await?;
    let shown = seen_on(&transaction, &row).await?;
    transaction.commit().await?;
    desk.products_changed(&[changed, shown].concat()).await
}

#[derive(FromQueryResult)]
struct Named {
    product_id: ProductId,
}

/// The products whose pages name a certificate, or a fact it proves.
pub async fn seen_on(
    connection: &impl ConnectionTrait,
    row: &certificate::Model,
) -> Result<Vec<ProductId>, sea_orm::DbErr> {
    let sql = "SELECT DISTINCT o.product_id FROM offer_material m JOIN offer o ON o.id = m.offer_id WHERE m.certificate_id = $1";
    let proved = all::<Named>(connection, sql, [row.id.into()]).await?;
    let mut named: Vec<ProductId> = proved.into_iter().map(|row| row.product_id).chain(row.product_id).collect();
    if row.product_id.is_none() && row.plot_id.is_none() && row.lot_id.is_none() {
        let products = super::clearance::products(connection, Whose::Cooperative(row.cooperative_id)).await?;
        named.extend(products.into_iter().map(|product| product.id));
    }
    Ok(named)
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct CertificateQuery {
    #[param(inline)]
    pub(super) state: Option<CertificateState>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub(super) cursor: Option<String>,
}

/// A cooperative's certificates, newest first.
pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    state: Option<CertificateState>,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Certificate>, Problem> {
    NewestFirst::of(SELECT, "c.id", place)?
        .and("c.cooperative_id = ?", cooperative)
        .and_if("c.state = ?", state.map(CertificateState::as_str))
        .page(desk.db.fresh(), |row: &Certificate| row.id)
        .await
}

/// Those that count and end within the days in which their people are warned, what ends first, first.
pub async fn ending(desk: &Desk, cooperative: CooperativeId) -> Result<Vec<Certificate>, Problem> {
    let sql = format!(
        "{SELECT} WHERE c.cooperative_id = $1 AND c.state = 'verified' AND c.valid_until >= $2 AND c.valid_until <= $3
         ORDER BY c.valid_until, c.id LIMIT 50"
    );
    let (today, last) = (desk.today(), desk.today() + Duration::days(LONGEST_WARNING));
    Ok(all::<Certificate>(desk.db.fresh(), sql, [cooperative.into(), today.into(), last.into()]).await?)
}

/// The cooperative's certificates, newest first.
#[utoipa::path(tag = "certificates", operation_id = "list_certificates", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), CertificateQuery), responses((status = 200, description = "A page of certificates", body = Page<Certificate>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/certificates")]
pub async fn list_certificates(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<CertificateQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    let place = (query.0.limit, query.0.cursor.as_deref());
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, query.0.state, place).await?))
}

/// Enter a certificate; its file follows.
#[utoipa::path(tag = "certificates", operation_id = "create_certificate", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = CertificateInput, responses((status = 201, description = "The certificate, a draft", body = Certificate)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/certificates")]
pub async fn create_certificate(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<CertificateInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, &body.0).await?))
}

/// A certificate of the cooperative.
#[utoipa::path(tag = "certificates", operation_id = "show_certificate", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("certificate_id" = CertificateId, Path)), responses((status = 200, description = "The certificate", body = Certificate)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/certificates/{certificate_id}")]
pub async fn show_certificate(desk: Desk, path: Path<(CooperativeId, CertificateId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    own(desk.db.fresh(), cooperative, id).await?;
    Ok(HttpResponse::Ok().json(one_of(desk.db.fresh(), id).await?))
}

/// Put a certificate right that was not verified; an officer looks again.
#[utoipa::path(tag = "certificates", operation_id = "update_certificate", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("certificate_id" = CertificateId, Path)), request_body = CertificateInput, responses((status = 200, description = "The certificate", body = Certificate)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/certificates/{certificate_id}")]
pub async fn update_certificate(
    desk: Desk,
    path: Path<(CooperativeId, CertificateId)>,
    body: Body<CertificateInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(change(&desk, cooperative, id, &body.0).await?))
}

/// Take a certificate back; it stays on record.
#[utoipa::path(tag = "certificates", operation_id = "withdraw_certificate", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("certificate_id" = CertificateId, Path)), responses((status = 204, description = "Withdrawn")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/certificates/{certificate_id}")]
pub async fn withdraw_certificate(
    desk: Desk,
    path: Path<(CooperativeId, CertificateId)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    withdraw(&desk, cooperative, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Upload the file: PDF without scripts, JPEG or PNG, at most 10 MB, as the body itself or as a form's `file`. Then an officer looks at it.
#[utoipa::path(tag = "certificates", operation_id = "upload_certificate_file", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("certificate_id" = CertificateId, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, description = "The certificate", body = Certificate)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/certificates/{certificate_id}/file")]
pub async fn upload_certificate(
    desk: Desk,
    path: Path<(CooperativeId, CertificateId)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    own(desk.db.fresh(), cooperative, id).await?;
    let upload = upload::read(&request, payload, papers::MAX_BYTES).await?;
    let file = (upload.file_name.as_str(), upload.bytes);
    Ok(HttpResponse::Ok().json(put_file(&desk, cooperative, id, file).await?))
}

/// The file of a certificate of the cooperative.
#[utoipa::path(tag = "certificates", operation_id = "show_certificate_file", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("certificate_id" = CertificateId, Path)), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/certificates/{certificate_id}/file")]
pub async fn show_certificate_file(
    desk: Desk,
    path: Path<(CooperativeId, CertificateId)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    store::file(&desk, &own(desk.db.fresh(), cooperative, id).await?).await
}
