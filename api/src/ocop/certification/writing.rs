//! Writing in a dossier while it is the cooperative's turn: scores, evidence, the criteria it goes by.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put};
use entity::value::{CertificateId, CertificateState, CooperativeId, DossierId, EvidenceId};
use entity::{dossier, dossier_evidence};
use garde::Validate;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::own::{NO_CRITERIA, own, own_detail};
use super::scores::ScoresInput;
use super::sets::{CriteriaSetDetail, by_set_id, in_force};
use super::steps::is_open_to_cooperative;
use super::store::{self, DOSSIER_CHANGED, DOSSIER_STATE, DossierDetail, claims, evidence, keep_claim};
use crate::media::papers;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::objects::PRIVATE;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::upload;

codes! {
    TOO_MUCH_EVIDENCE = "too_much_evidence" 409 "Hồ sơ đã có quá nhiều minh chứng." "The dossier holds too much evidence.";
}

/// More is not looked through by a council.
const MOST_EVIDENCE: usize = 200;

/// Takes a dossier that the cooperative may write in, one version further, so that who sends it in sends what was looked at.
async fn write_in(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    path: (CooperativeId, DossierId),
) -> Result<dossier::Model, Problem> {
    let row = own(transaction, path).await?;
    if !is_open_to_cooperative(row.state) {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    }
    let sql = "UPDATE dossier SET version = version + 1, updated_at = $3 WHERE id = $1 AND state = $2";
    match run(transaction, sql, [row.id.into(), row.state.as_str().into(), desk.now().into()]).await? {
        1 => Ok(row),
        _ => Err(Problem::new(&DOSSIER_CHANGED)),
    }
}

/// Writes the cooperative's own scores.
pub async fn score(
    desk: &Desk,
    path: (CooperativeId, DossierId),
    input: ScoresInput,
) -> Result<DossierDetail, Problem> {
    let transaction = desk.begin().await?;
    let row = write_in(&transaction, desk, path).await?;
    input.check(&by_set_id(&transaction, row.criteria_set_id).await?.scorecard)?;
    for score in input.scores {
        let note = fold::filled(score.note.as_deref().map(fold::stored));
        keep_claim(&transaction, row.id, &score.criterion, (score.points, note)).await?;
    }
    transaction.commit().await?;
    own_detail(desk, row.id).await
}

/// Score oneself.
#[utoipa::path(tag = "recognition", operation_id = "score_dossier", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path)), request_body = ScoresInput, responses((status = 200, description = "The dossier", body = DossierDetail)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/scores")]
pub async fn score_dossier(
    desk: Desk,
    path: Path<(CooperativeId, DossierId)>,
    body: Body<ScoresInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(score(&desk, *path, body.0).await?))
}

/// Move a draft to the criteria in force today; points that still fit stay.
#[utoipa::path(tag = "recognition", operation_id = "renew_dossier_criteria", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path)), responses((status = 200, description = "The dossier", body = DossierDetail)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/criteria")]
pub async fn renew_dossier_criteria(
    desk: Desk,
    path: Path<(CooperativeId, DossierId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    let transaction = desk.begin().await?;
    let row = write_in(&transaction, &desk, *path).await?;
    if row.submitted_at.is_some() {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    }
    let product = by_id::<entity::product::Entity>(&transaction, row.product_id).await?;
    let product = product.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let set = in_force(&transaction, product.category_id, desk.today()).await?;
    let set: CriteriaSetDetail = by_set_id(&transaction, set.ok_or_else(|| Problem::new(&NO_CRITERIA))?.id).await?;
    for claim in claims(&transaction, row.id).await? {
        if !set.scorecard.criterion(&claim.criterion).is_some_and(|criterion| criterion.takes(claim.points)) {
            let sql = "DELETE FROM dossier_claim WHERE dossier_id = $1 AND criterion = $2";
            run(&transaction, sql, [row.id.into(), claim.criterion.into()]).await?;
        }
    }
    let sql = "UPDATE dossier SET criteria_set_id = $2 WHERE id = $1";
    run(&transaction, sql, [row.id.into(), set.set.id.into()]).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(own_detail(&desk, row.id).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"criterion": "C4", "title": "Giấy chứng nhận VietGAP", "certificate_id": "0197f2a0-0000-7000-8000-000000000001"}))]
pub struct EvidenceInput {
    #[garde(length(max = 20))]
    #[schema(max_length = 20)]
    pub criterion: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// One of the cooperative's, verified or waiting.
    pub certificate_id: CertificateId,
}

/// Adds evidence to a dossier that is open.
async fn add_evidence(
    desk: &Desk,
    path: (CooperativeId, DossierId),
    new: dossier_evidence::Model,
) -> Result<DossierDetail, Problem> {
    let transaction = desk.begin().await?;
    let row = write_in(&transaction, desk, path).await?;
    let card = by_set_id(&transaction, row.criteria_set_id).await?.scorecard;
    if card.criterion(&new.criterion).is_none() {
        let (vi, en) = ("không có tiêu chí này", "there is no such criterion");
        return Err(Problem::field("/criterion", "criterion", vi, en));
    }
    if evidence(&transaction, row.id).await?.len() >= MOST_EVIDENCE {
        return Err(Problem::new(&TOO_MUCH_EVIDENCE));
    }
    if let Some(id) = new.certificate_id {
        let paper = by_id::<entity::certificate::Entity>(&transaction, id).await?;
        let counts = |state| matches!(state, CertificateState::Verified | CertificateState::Submitted);
        if !paper.is_some_and(|paper| paper.cooperative_id == path.0 && counts(paper.state)) {
            let (vi, en) = (
                "không phải chứng nhận còn hiệu lực của gian hàng",
                "is no certificate of the cooperative that counts",
            );
            return Err(Problem::field("/certificate_id", "own", vi, en));
        }
    }
    dossier_evidence::Entity::insert(new.into_active_model()).exec_without_returning(&transaction).await?;
    transaction.commit().await?;
    own_detail(desk, row.id).await
}

/// Shows a certificate for a criterion.
pub async fn show_certificate(
    desk: &Desk,
    path: (CooperativeId, DossierId),
    input: EvidenceInput,
) -> Result<DossierDetail, Problem> {
    let new = dossier_evidence::Model {
        id: EvidenceId::new(),
        dossier_id: path.1,
        criterion: input.criterion,
        title: fold::stored(&input.title),
        certificate_id: Some(input.certificate_id),
        object_key: None,
        media_type: None,
        size_bytes: None,
        created_at: desk.now(),
    };
    add_evidence(desk, path, new).await
}

/// Show one of the cooperative's certificates for a criterion.
#[utoipa::path(tag = "recognition", operation_id = "add_dossier_evidence", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path)), request_body = EvidenceInput, responses((status = 201, description = "The dossier", body = DossierDetail)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/evidence")]
pub async fn add_dossier_evidence(
    desk: Desk,
    path: Path<(CooperativeId, DossierId)>,
    body: Body<EvidenceInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(show_certificate(&desk, *path, body.0).await?))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvidenceQuery {
    #[garde(length(min = 1, max = 20))]
    #[param(min_length = 1, max_length = 20, example = "A1")]
    criterion: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200, example = "Bản đồ thửa")]
    title: String,
}

/// Shows a file for a criterion.
pub async fn show_file(
    desk: &Desk,
    path: (CooperativeId, DossierId),
    (criterion, title): (String, &str),
    bytes: Vec<u8>,
) -> Result<DossierDetail, Problem> {
    let row = own(desk.db.fresh(), path).await?;
    if !is_open_to_cooperative(row.state) {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    }
    let id = EvidenceId::new();
    let key = format!("{PRIVATE}dossiers/{}/{id}", row.id);
    let (media_type, size) = papers::keep(&desk.objects, &key, bytes).await?;
    let new = dossier_evidence::Model {
        id,
        dossier_id: row.id,
        criterion,
        title: fold::stored(title),
        certificate_id: None,
        object_key: Some(key),
        media_type: Some(media_type.to_owned()),
        size_bytes: Some(size),
        created_at: desk.now(),
    };
    add_evidence(desk, path, new).await
}

/// Show a file for a criterion: PDF, JPEG or PNG, judged by its bytes.
#[utoipa::path(tag = "recognition", operation_id = "upload_dossier_evidence", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path), EvidenceQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 201, description = "The dossier", body = DossierDetail)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/evidence/files")]
pub async fn upload_dossier_evidence(
    desk: Desk,
    path: Path<(CooperativeId, DossierId)>,
    query: Params<EvidenceQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    let upload = upload::read(&request, payload, papers::MAX_BYTES).await?;
    let of = (query.0.criterion, query.0.title.as_str());
    Ok(HttpResponse::Created().json(show_file(&desk, *path, of, upload.bytes).await?))
}

/// Takes evidence out.
pub async fn remove(desk: &Desk, path: (CooperativeId, DossierId), evidence: EvidenceId) -> Result<(), Problem> {
    let transaction = desk.begin().await?;
    let row = write_in(&transaction, desk, path).await?;
    let sql = "DELETE FROM dossier_evidence WHERE id = $1 AND dossier_id = $2";
    if run(&transaction, sql, [evidence.into(), row.id.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    transaction.commit().await?;
    Ok(())
}

/// Take evidence out of a dossier.
#[utoipa::path(tag = "recognition", operation_id = "remove_dossier_evidence", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path), ("evidence_id" = EvidenceId, Path)), responses((status = 204, description = "Done")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/evidence/{evidence_id}")]
pub async fn remove_dossier_evidence(
    desk: Desk,
    path: Path<(CooperativeId, DossierId, EvidenceId)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id, evidence) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    remove(&desk, (cooperative, id), evidence).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The file of an evidence of the cooperative's.
pub async fn file(
    desk: &Desk,
    path: (CooperativeId, DossierId),
    evidence: EvidenceId,
) -> Result<HttpResponse, Problem> {
    own(desk.db.fresh(), path).await?;
    store::file(desk.db.fresh(), &desk.objects, (path.1, evidence)).await
}

/// The file of an evidence.
#[utoipa::path(tag = "recognition", operation_id = "show_dossier_evidence", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path), ("evidence_id" = EvidenceId, Path)), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/evidence/{evidence_id}")]
pub async fn show_dossier_evidence(
    desk: Desk,
    path: Path<(CooperativeId, DossierId, EvidenceId)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id, evidence) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    file(&desk, (cooperative, id), evidence).await
}
