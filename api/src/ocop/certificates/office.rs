//! `/v1/officer/certificates`: looked at by an officer before they count.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::certificate;
use entity::value::{CertificateId, CertificateState, CooperativeId};
use garde::Validate;
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::clearance::{Whose, clear};
use super::own::{CertificateQuery, seen_on};
use super::store::{
    self, CERTIFICATE_CHANGED, CERTIFICATE_FILE_MISSING, CERTIFICATE_STATE, Certificate, SELECT, one_of, step,
};
use crate::people::desk::Desk;
use crate::people::identity::{Permission, require_member};
use crate::people::offices::OfficePermission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    OWN_CERTIFICATE = "own_certificate" 403 "Thành viên gian hàng không tự duyệt chứng nhận của mình." "Members of a cooperative do not judge its certificates.";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    Verify,
    /// With a note why.
    Refuse,
    /// What was verified counts no longer; with a note why.
    Revoke,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"judgement": "refuse", "version": 2, "note": "Số giấy không khớp với ảnh"}))]
pub struct JudgementInput {
    pub judgement: Judgement,
    /// Of the certificate that was looked at.
    pub version: i64,
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

async fn find(connection: &impl ConnectionTrait, id: CertificateId) -> Result<certificate::Model, Problem> {
    by_id::<certificate::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The commune a cooperative is in, by which its officers are known.
async fn place_of(connection: &impl ConnectionTrait, id: CooperativeId) -> Result<String, Problem> {
    let row = by_id::<entity::cooperative::Entity>(connection, id).await?;
    row.map(|row| row.commune_code).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The state a judgement leads to, if it is due.
fn judged(row: &certificate::Model, judgement: Judgement) -> Result<CertificateState, Problem> {
    use CertificateState as S;
    let to = match (judgement, row.state) {
        (Judgement::Verify, S::Submitted) => S::Verified,
        (Judgement::Refuse, S::Submitted) => S::Refused,
        (Judgement::Revoke, S::Verified) => S::Revoked,
        _ => return Err(Problem::new(&CERTIFICATE_STATE).extension("state", row.state)),
    };
    if to == S::Verified && row.object_key.is_none() {
        return Err(Problem::new(&CERTIFICATE_FILE_MISSING));
    }
    Ok(to)
}

/// Says whether a certificate of the caller's place counts.
pub async fn judge(desk: &Desk, id: CertificateId, input: JudgementInput) -> Result<Certificate, Problem> {
    let places = desk.jurisdiction(OfficePermission::JudgeCertificates).await?;
    let note = input.note.as_deref().map(fold::stored).filter(|note| !note.is_empty());
    if input.judgement != Judgement::Verify && note.is_none() {
        let (vi, en) = ("cần nói lý do cho gian hàng", "the cooperative needs a reason");
        return Err(Problem::field("/note", "missing", vi, en));
    }
    let now = desk.now();
    let transaction = desk.begin().await?;
    let row = find(&transaction, id).await?;
    if !places.covers(&place_of(&transaction, row.cooperative_id).await?) {
        return Err(Problem::new(&NOT_FOUND));
    }
    if require_member(&transaction, desk.who.account, row.cooperative_id, Permission::SeeShop).await.is_ok() {
        return Err(Problem::new(&OWN_CERTIFICATE));
    }
    if row.version != input.version {
        return Err(Problem::new(&CERTIFICATE_CHANGED).extension("version", row.version));
    }
    let to = judged(&row, input.judgement)?;
    step(&transaction, &row, to, now).await?;
    run(
        &transaction,
        "UPDATE certificate SET note = $2, judged_by = $3, judged_at = $4 WHERE id = $1",
        [id.into(), note.clone().into(), desk.who.account.into(), now.into()],
    )
    .await?;
    let after = json!({"state": to, "note": note});
    desk.audit(&transaction, "certificate.judged", ("certificate", id.0), json!({"state": row.state}), after).await?;
    let told = json!({"certificate_id": id, "kind": row.kind, "number": row.number, "note": note});
    emit(&transaction, &format!("certificate.{}", to.as_str()), row.cooperative_id.0, told, now).await?;
    let changed = clear(&transaction, Whose::Cooperative(row.cooperative_id), (desk.today(), now)).await?;
    let shown = seen_on(&transaction, &row).await?;
    transaction.commit().await?;
    desk.products_changed(&[changed, shown].concat()).await?;
    one_of(desk.db.fresh(), id).await
}

/// Certificates of the caller's place in a state, newest first.
pub async fn waiting(
    desk: &Desk,
    state: CertificateState,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Certificate>, Problem> {
    let places = desk.jurisdiction(OfficePermission::JudgeCertificates).await?;
    NewestFirst::of(SELECT, "c.id", place)?
        .and("c.state = ?", state.as_str())
        .and_that(&places.condition("s.commune_code"))
        .page(desk.db.fresh(), |row: &Certificate| row.id)
        .await
}

/// Certificates of one's place that wait for a look, newest first; or those of another state.
#[utoipa::path(tag = "certificates", operation_id = "list_all_certificates", security(("access_token" = [])), params(CertificateQuery), responses((status = 200, description = "A page of certificates", body = Page<Certificate>)))]
#[get("/v1/officer/certificates")]
pub async fn list_all_certificates(desk: Desk, query: Params<CertificateQuery>) -> Result<HttpResponse, Problem> {
    let state = query.0.state.unwrap_or(CertificateState::Submitted);
    Ok(HttpResponse::Ok().json(waiting(&desk, state, (query.0.limit, query.0.cursor.as_deref())).await?))
}

/// The file of a certificate of the caller's place; that it was read is written down.
pub async fn read_file(desk: &Desk, id: CertificateId) -> Result<HttpResponse, Problem> {
    let places = desk.jurisdiction(OfficePermission::JudgeCertificates).await?;
    let row = find(desk.db.fresh(), id).await?;
    if !places.covers(&place_of(desk.db.fresh(), row.cooperative_id).await?) {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(desk.db.write(), "certificate.file_read", ("certificate", id.0), (), ()).await?;
    store::file(desk, &row).await
}

/// The file of a certificate. That it was read is written down.
#[utoipa::path(tag = "certificates", operation_id = "show_any_certificate_file", security(("access_token" = [])), params(("certificate_id" = CertificateId, Path)), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/officer/certificates/{certificate_id}/file")]
pub async fn show_any_certificate_file(desk: Desk, id: Path<CertificateId>) -> Result<HttpResponse, Problem> {
    read_file(&desk, *id).await
}

/// Say whether a certificate counts.
#[utoipa::path(tag = "certificates", operation_id = "judge_certificate", security(("access_token" = [])), params(("certificate_id" = CertificateId, Path)), request_body = JudgementInput, responses((status = 200, description = "The certificate", body = Certificate)))]
#[post("/v1/officer/certificates/{certificate_id}")]
pub async fn judge_certificate(
    desk: Desk,
    id: Path<CertificateId>,
    body: Body<JudgementInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge(&desk, *id, body.0).await?))
}
