//! `/v1/seller/cooperatives/{id}/dossiers`: a cooperative's applications for stars.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::certification::{DossierKind, DossierState};
use entity::value::{CertificateId, CooperativeId, DossierId, EvidenceId, ProductId, RowId};
use entity::{dossier, dossier_evidence, dossier_step};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::sets::{by_set_id, in_force};
use super::steps::{Act, Who, after, is_over, needs_reason};
use super::store::{
    self, Changes, DOSSIER_INCOMPLETE, DOSSIER_OPEN, DOSSIER_STATE, Dossier, DossierDetail, SELECT, Step, claims,
    evidence, keep_claim, own_award, shown, step, taken,
};
use super::{council, facts};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{Batch, all, by_id, is_duplicate, one};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    NO_CRITERIA = "no_criteria" 409 "Chưa có bộ tiêu chí cho nhóm hàng này." "There are no criteria for this category yet.";
    CRITERIA_CHANGED = "criteria_changed" 409 "Bộ tiêu chí đã có phiên bản mới: hãy chuyển hồ sơ sang." "The criteria have a new version: move the dossier to it.";
    COMPLAINT_LATE = "complaint_late" 409 "Đã quá hạn khiếu nại." "The time to complain is over.";
}

/// A dossier of the cooperative.
pub(super) async fn own(
    connection: &impl ConnectionTrait,
    (cooperative, id): (CooperativeId, DossierId),
) -> Result<dossier::Model, Problem> {
    let row = by_id::<dossier::Entity>(connection, id).await?.filter(|row| row.cooperative_id == cooperative);
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Steps the cooperative may take.
fn may(row: &Dossier, today: time::Date) -> Vec<Act> {
    let acts = Act::ALL.iter().copied().filter(|act| act.who() == Who::Cooperative);
    let late = |act| act == Act::Complain && row.due_on.is_none_or(|due| due < today);
    acts.filter(|act| after(*act, row.state, row.stars).is_some() && !late(*act)).collect()
}

pub(super) async fn detail(
    desk: &Desk,
    row: Dossier,
    may: Vec<Act>,
    councils: Vec<store::Council>,
) -> Result<DossierDetail, Problem> {
    let connection = desk.db.fresh();
    let criteria = by_set_id(connection, row.criteria_set_id).await?;
    let (claims, evidence) = (claims(connection, row.id).await?, evidence(connection, row.id).await?);
    let (own_award, missing) = own_award(&criteria.scorecard, &claims, &evidence);
    let facts = facts::facts(connection, (row.cooperative_id, row.product_id), (desk.today(), desk.now())).await?;
    let steps = taken(connection, row.id).await?;
    Ok(DossierDetail { dossier: row, criteria, claims, evidence, own_award, missing, facts, steps, councils, may })
}

pub(super) async fn own_detail(desk: &Desk, id: DossierId) -> Result<DossierDetail, Problem> {
    let row = shown(desk.db.fresh(), id).await?;
    let may = may(&row, desk.today());
    let decided = is_over(row.state) || row.state == DossierState::Complained;
    let councils = if decided { council::of(desk.db.fresh(), &row, None).await? } else { Vec::new() };
    detail(desk, row, may, councils).await
}

/// A cooperative's dossiers, newest first.
pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Dossier>, Problem> {
    NewestFirst::of(SELECT, "d.id", place)?
        .and("d.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &Dossier| row.id)
        .await
}

/// The cooperative's dossiers, newest first.
#[utoipa::path(tag = "recognition", operation_id = "list_dossiers", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of dossiers", body = Page<Dossier>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/dossiers")]
pub async fn list_dossiers(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, paging.0.place()).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"product_id": "0197f2a0-0000-7000-8000-000000000001"}))]
pub struct NewDossier {
    pub product_id: ProductId,
    /// Without it: new without stars, a renewal in the last nine months of their term, otherwise an upgrade.
    pub kind: Option<DossierKind>,
}

#[derive(FromQueryResult)]
struct Term {
    valid_until: time::Date,
}

/// What a dossier of the product is for.
async fn kind_of(connection: &impl ConnectionTrait, desk: &Desk, input: &NewDossier) -> Result<DossierKind, Problem> {
    let sql = "SELECT valid_until FROM recognition WHERE product_id = $1 AND revoked_at IS NULL AND valid_until >= $2
               ORDER BY valid_until DESC LIMIT 1";
    let held = one::<Term>(connection, sql, [input.product_id.into(), desk.today().into()]).await?;
    let kind = match (input.kind, &held) {
        (Some(kind), _) => kind,
        (None, None) => DossierKind::New,
        (None, Some(term)) if term.valid_until - desk.today() <= time::Duration::days(274) => DossierKind::Renewal,
        (None, Some(_)) => DossierKind::Upgrade,
    };
    if (kind == DossierKind::New) == held.is_some() {
        let (vi, en) = ("không hợp với sao hiện có của sản phẩm", "does not fit the stars the product has");
        return Err(Problem::field("/kind", "kind", vi, en));
    }
    Ok(kind)
}

#[derive(FromQueryResult)]
struct Last {
    id: DossierId,
}

#[derive(FromQueryResult)]
struct Paper {
    criterion: String,
    title: String,
    certificate_id: CertificateId,
}

/// Points and certificates of the product's last dossier that still fit.
async fn take_over(transaction: &impl ConnectionTrait, desk: &Desk, row: &dossier::Model) -> Result<(), Problem> {
    let sql =
        "SELECT id FROM dossier WHERE product_id = $1 AND id <> $2 AND state = 'recognised' ORDER BY id DESC LIMIT 1";
    let Some(last) = one::<Last>(transaction, sql, [row.product_id.into(), row.id.into()]).await? else {
        return Ok(());
    };
    let card = by_set_id(transaction, row.criteria_set_id).await?.scorecard;
    for claim in claims(transaction, last.id).await? {
        if card.criterion(&claim.criterion).is_some_and(|criterion| criterion.takes(claim.points)) {
            keep_claim(transaction, row.id, &claim.criterion, (claim.points, claim.note)).await?;
        }
    }
    let sql = "SELECT e.criterion, e.title, e.certificate_id FROM dossier_evidence e JOIN certificate c ON c.id = e.certificate_id
               WHERE e.dossier_id = $1 AND c.state = 'verified' AND (c.valid_until IS NULL OR c.valid_until >= $2)";
    let papers = all::<Paper>(transaction, sql, [last.id.into(), desk.today().into()]).await?;
    let rows = papers.into_iter().filter(|paper| card.criterion(&paper.criterion).is_some()).map(|paper| {
        dossier_evidence::ActiveModel {
            id: Set(EvidenceId::new()),
            dossier_id: Set(row.id),
            criterion: Set(paper.criterion),
            title: Set(paper.title),
            certificate_id: Set(Some(paper.certificate_id)),
            object_key: Set(None),
            media_type: Set(None),
            size_bytes: Set(None),
            created_at: Set(desk.now()),
        }
    });
    Ok(Batch::default().insert(rows).execute(transaction).await?)
}

/// Starts a dossier of one of the cooperative's products.
pub async fn start(desk: &Desk, cooperative: CooperativeId, input: &NewDossier) -> Result<DossierDetail, Problem> {
    let (now, id) = (desk.now(), DossierId::new());
    let transaction = desk.begin().await?;
    let product = by_id::<entity::product::Entity>(&transaction, input.product_id).await?;
    let product = product
        .filter(|product| product.cooperative_id == cooperative)
        .ok_or_else(|| Problem::field("/product_id", "own", "không phải của gian hàng", "is not the cooperative's"))?;
    let place = by_id::<entity::cooperative::Entity>(&transaction, cooperative).await?;
    let place = place.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let set = in_force(&transaction, product.category_id, desk.today()).await?;
    let set = set.ok_or_else(|| Problem::new(&NO_CRITERIA))?;
    let digits = id.0.simple().to_string().to_uppercase();
    let row = dossier::Model {
        id,
        number: format!("HS-{}-{}", desk.today().year(), &digits[24..]),
        cooperative_id: cooperative,
        product_id: product.id,
        commune_code: place.commune_code,
        kind: kind_of(&transaction, desk, input).await?,
        criteria_set_id: set.id,
        state: DossierState::Draft,
        round: 1,
        due_on: None,
        meets_on: None,
        stars: None,
        decision_number: None,
        decided_on: None,
        version: 1,
        created_by: desk.who.account,
        created_at: now,
        updated_at: now,
        submitted_at: None,
    };
    dossier::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&DOSSIER_OPEN) } else { error.into() })?;
    let first = dossier_step::ActiveModel {
        id: Set(RowId::new()),
        dossier_id: Set(id),
        act: Set("start".to_owned()),
        from_state: Set(None),
        to_state: Set(DossierState::Draft),
        actor_id: Set(desk.who.account),
        office_id: Set(None),
        reason: Set(None),
        at: Set(now),
    };
    dossier_step::Entity::insert(first).exec_without_returning(&transaction).await?;
    take_over(&transaction, desk, &row).await?;
    desk.audit(&transaction, "dossier.started", ("dossier", id.0), (), json!({"number": row.number})).await?;
    transaction.commit().await?;
    own_detail(desk, id).await
}

/// Start a dossier of one of the cooperative's products. What is known of it here, and the last dossier's points, come along.
#[utoipa::path(tag = "recognition", operation_id = "start_dossier", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewDossier, responses((status = 201, description = "The dossier, a draft", body = DossierDetail)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/dossiers")]
pub async fn start_dossier(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewDossier>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(start(&desk, *cooperative, &body.0).await?))
}

/// A dossier of the cooperative with all that belongs to it.
pub async fn show(desk: &Desk, path: (CooperativeId, DossierId)) -> Result<DossierDetail, Problem> {
    let row = own(desk.db.fresh(), path).await?;
    own_detail(desk, row.id).await
}

/// A dossier of the cooperative.
#[utoipa::path(tag = "recognition", operation_id = "show_dossier", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path)), responses((status = 200, description = "The dossier", body = DossierDetail)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}")]
pub async fn show_dossier(desk: Desk, path: Path<(CooperativeId, DossierId)>) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(show(&desk, *path).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"act": "submit", "version": 12}))]
pub struct OwnStepInput {
    pub act: Act,
    /// Of the dossier that was looked at.
    pub version: i64,
    #[garde(inner(length(chars, max = 2000)))]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// The reason of a step, where it needs one.
pub(super) fn reason_of(act: Act, reason: Option<&str>) -> Result<Option<String>, Problem> {
    let reason = fold::filled(reason.map(fold::stored));
    if needs_reason(act) && reason.as_deref().is_none_or(|reason| reason.chars().count() < 5) {
        let (vi, en) = ("bước này cần nêu lý do", "this step needs a reason");
        return Err(Problem::field("/reason", "missing", vi, en));
    }
    Ok(reason)
}

/// What is handed in must be complete, and by the criteria in force today.
async fn check_complete(transaction: &impl ConnectionTrait, desk: &Desk, row: &dossier::Model) -> Result<(), Problem> {
    let product = by_id::<entity::product::Entity>(transaction, row.product_id).await?;
    let product = product.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if row.submitted_at.is_none()
        && in_force(transaction, product.category_id, desk.today())
            .await?
            .is_some_and(|set| set.id != row.criteria_set_id)
    {
        return Err(Problem::new(&CRITERIA_CHANGED));
    }
    let card = by_set_id(transaction, row.criteria_set_id).await?.scorecard;
    let (claims, evidence) = (claims(transaction, row.id).await?, evidence(transaction, row.id).await?);
    let (_, missing) = own_award(&card, &claims, &evidence);
    if missing.is_empty() { Ok(()) } else { Err(Problem::new(&DOSSIER_INCOMPLETE).extension("missing", missing)) }
}

/// Takes a step of the cooperative.
pub async fn take(
    desk: &Desk,
    path: (CooperativeId, DossierId),
    input: OwnStepInput,
) -> Result<DossierDetail, Problem> {
    let OwnStepInput { act, version, reason } = input;
    if act.who() != Who::Cooperative {
        let (vi, en) = ("bước này không phải của cơ sở", "this step is not the cooperative's");
        return Err(Problem::field("/act", "act", vi, en));
    }
    let reason = reason_of(act, reason.as_deref())?;
    let transaction = desk.begin().await?;
    let row = own(&transaction, path).await?;
    let stars = row.stars;
    if after(act, row.state, stars).is_none() {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    }
    let submits = matches!(act, Act::Submit | Act::SubmitToProvince | Act::SubmitToMinistry);
    if submits {
        check_complete(&transaction, desk, &row).await?;
    }
    if act == Act::Complain && row.due_on.is_none_or(|due| due < desk.today()) {
        return Err(Problem::new(&COMPLAINT_LATE));
    }
    let changes = Changes { submitted: submits && row.submitted_at.is_none(), ..Changes::default() };
    step(&transaction, desk, &row, Step { act, version, office: None, reason: reason.as_deref(), stars }, changes)
        .await?;
    transaction.commit().await?;
    desk.bell.ring();
    own_detail(desk, row.id).await
}

/// Take a step: hand the dossier in, withdraw it, or complain about its result.
#[utoipa::path(tag = "recognition", operation_id = "take_dossier_step", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("dossier_id" = DossierId, Path)), request_body = OwnStepInput, responses((status = 200, description = "The dossier", body = DossierDetail)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/dossiers/{dossier_id}/steps")]
pub async fn take_dossier_step(
    desk: Desk,
    path: Path<(CooperativeId, DossierId)>,
    body: Body<OwnStepInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(take(&desk, *path, body.0).await?))
}
