//! Dossiers as they are kept and shown, and the one way in which a step is written.

use std::collections::HashMap;

use entity::certification::{DossierKind, DossierState};
use entity::value::{
    AccountId, CertificateId, CooperativeId, CriteriaSetId, DossierId, EvidenceId, OfficeId, OfficeLevel, ProductId,
    RowId,
};
use entity::{dossier, dossier_evidence, dossier_step};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde::Serialize;
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::criteria::{Award, Scorecard};
use super::facts::Facts;
use super::points::Points;
use super::sets::CriteriaSetDetail;
use super::steps::{Act, after};
use super::terms::due_on;
use crate::media::papers;
use crate::people::desk::Desk;
use crate::platform::db::{all, by_id, is_duplicate, one, run};
use crate::platform::objects::Objects;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    DOSSIER_STATE = "dossier_state" 409 "Hồ sơ không ở bước này." "The dossier is not at this step.";
    DOSSIER_CHANGED = "dossier_changed" 409 "Hồ sơ đã đổi sau khi được xem: hãy tải lại." "The dossier changed after it was looked at: read it again.";
    DOSSIER_OPEN = "dossier_open" 409 "Sản phẩm này đang có một hồ sơ chưa xong." "A dossier of this product is under way.";
    DOSSIER_INCOMPLETE = "dossier_incomplete" 409 "Hồ sơ còn thiếu: xem các mục trong `missing`." "The dossier is not complete: see `missing`.";
}

/// A dossier in a list.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Dossier {
    pub id: DossierId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub product_id: ProductId,
    pub product_name: String,
    pub commune_code: String,
    pub kind: DossierKind,
    pub criteria_set_id: CriteriaSetId,
    pub state: DossierState,
    /// Of the scoring council.
    pub round: i32,
    /// The last day of the deadline that runs.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub due_on: Option<Date>,
    /// The day the council sits.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub meets_on: Option<Date>,
    /// Of the decision.
    #[schema(required = true)]
    pub stars: Option<i32>,
    #[schema(required = true)]
    pub decision_number: Option<String>,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub decided_on: Option<Date>,
    /// Grows with every change; whoever takes a step names the one that was looked at.
    pub version: i64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub submitted_at: Option<OffsetDateTime>,
}

/// Ends before its `WHERE`.
pub const SELECT: &str = "SELECT d.id, d.number, d.cooperative_id, c.name_vi AS cooperative_name, d.product_id, p.name_vi AS product_name, d.commune_code, d.kind,
        d.criteria_set_id, d.state, d.round, d.due_on, d.meets_on, d.stars, d.decision_number, d.decided_on, d.version, d.created_at, d.submitted_at
    FROM dossier d JOIN cooperative c ON c.id = d.cooperative_id JOIN product p ON p.id = d.product_id";

pub async fn shown(connection: &impl ConnectionTrait, id: DossierId) -> Result<Dossier, Problem> {
    let row = one::<Dossier>(connection, format!("{SELECT} WHERE d.id = $1"), [id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub async fn found(connection: &impl ConnectionTrait, id: DossierId) -> Result<dossier::Model, Problem> {
    by_id::<dossier::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// What the cooperative gives itself for a criterion.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Claim {
    pub criterion: String,
    pub points: Points,
    #[schema(required = true)]
    pub note: Option<String>,
}

#[derive(FromQueryResult)]
struct ClaimRow {
    criterion: String,
    points: i64,
    note: Option<String>,
}

pub async fn claims(connection: &impl ConnectionTrait, id: DossierId) -> Result<Vec<Claim>, Problem> {
    let sql = "SELECT criterion, points, note FROM dossier_claim WHERE dossier_id = $1 ORDER BY criterion";
    let rows = all::<ClaimRow>(connection, sql, [id.into()]).await?;
    let claim = |row: ClaimRow| Claim { criterion: row.criterion, points: Points(row.points), note: row.note };
    Ok(rows.into_iter().map(claim).collect())
}

/// What is shown for a criterion.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
#[schema(as = DossierEvidence)]
pub struct Evidence {
    pub id: EvidenceId,
    pub criterion: String,
    pub title: String,
    /// Where it is a certificate that is here.
    #[schema(required = true)]
    pub certificate_id: Option<CertificateId>,
    /// Where it is a file.
    #[schema(required = true)]
    pub media_type: Option<String>,
    #[schema(required = true)]
    pub size_bytes: Option<i64>,
}

/// Writes a claim, in the place of the one before.
pub async fn keep_claim(
    transaction: &impl ConnectionTrait,
    id: DossierId,
    criterion: &str,
    (points, note): (Points, Option<String>),
) -> Result<(), Problem> {
    let sql = "INSERT INTO dossier_claim (dossier_id, criterion, points, note) VALUES ($1, $2, $3, $4)
               ON CONFLICT (dossier_id, criterion) DO UPDATE SET points = excluded.points, note = excluded.note";
    run(transaction, sql, [id.into(), criterion.into(), points.0.into(), note.into()]).await?;
    Ok(())
}

pub async fn evidence(connection: &impl ConnectionTrait, id: DossierId) -> Result<Vec<Evidence>, Problem> {
    let sql = "SELECT id, criterion, title, certificate_id, media_type, size_bytes FROM dossier_evidence
               WHERE dossier_id = $1 ORDER BY criterion, id";
    Ok(all(connection, sql, [id.into()]).await?)
}

/// The file of an evidence, or of the certificate it is.
pub async fn file(
    connection: &impl ConnectionTrait,
    objects: &Objects,
    (dossier, id): (DossierId, EvidenceId),
) -> Result<actix_web::HttpResponse, Problem> {
    let gone = || Problem::new(&NOT_FOUND);
    let row = by_id::<dossier_evidence::Entity>(connection, id).await?;
    let row = row.filter(|row| row.dossier_id == dossier).ok_or_else(gone)?;
    let (key, media_type) = match row.certificate_id {
        Some(id) => {
            let paper = by_id::<entity::certificate::Entity>(connection, id).await?.ok_or_else(gone)?;
            paper.object_key.zip(paper.media_type).ok_or_else(gone)?
        }
        None => row.object_key.zip(row.media_type).ok_or_else(gone)?,
    };
    papers::serve(objects, (&key, &media_type), &id.to_string(), "private, no-store").await
}

/// Something that was done with a dossier.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct DossierStep {
    pub act: String,
    #[schema(required = true)]
    pub from_state: Option<DossierState>,
    pub to_state: DossierState,
    /// Who did it.
    pub actor: String,
    /// For which office; none: for the cooperative.
    #[schema(required = true)]
    pub office: Option<String>,
    /// Why; of a proposal the commune's report, of a closed round its minutes.
    #[schema(required = true)]
    pub reason: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
}

pub async fn taken(connection: &impl ConnectionTrait, id: DossierId) -> Result<Vec<DossierStep>, Problem> {
    let sql = "SELECT s.act, s.from_state, s.to_state, a.name AS actor, o.name AS office, s.reason, s.at
               FROM dossier_step s JOIN account a ON a.id = s.actor_id LEFT JOIN office o ON o.id = s.office_id
               WHERE s.dossier_id = $1 ORDER BY s.id";
    Ok(all(connection, sql, [id.into()]).await?)
}

/// What keeps a dossier from being handed in.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Lack {
    /// None: the whole.
    #[schema(required = true)]
    pub criterion: Option<String>,
    /// `score`: not scored yet. `evidence`: points without anything shown for them. `stars`: too few for three stars.
    pub what: &'static str,
}

/// The award by the cooperative's own scores, and what is missing: pure.
pub fn own_award(card: &Scorecard, claims: &[Claim], evidence: &[Evidence]) -> (Award, Vec<Lack>) {
    let points: HashMap<&str, Points> = claims.iter().map(|claim| (claim.criterion.as_str(), claim.points)).collect();
    let award = card.award(1, |code| points.get(code).copied().unwrap_or_default());
    let mut missing = Vec::new();
    for criterion in card.criteria() {
        let lack = |what| Lack { criterion: Some(criterion.code.clone()), what };
        match points.get(criterion.code.as_str()) {
            None => missing.push(lack("score")),
            Some(points) if points.0 > 0 && evidence.iter().all(|own| own.criterion != criterion.code) => {
                missing.push(lack("evidence"));
            }
            Some(_) => {}
        }
    }
    if award.stars < super::criteria::LEAST_STARS {
        missing.push(Lack { criterion: None, what: "stars" });
    }
    (award, missing)
}

/// A member of a council, and whether they are done.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct CouncilMember {
    pub account_id: AccountId,
    pub name: String,
    pub handed_in: bool,
}

/// A council in a round. Scores are told when all are in, never before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Council {
    pub level: OfficeLevel,
    pub round: i32,
    pub members: Vec<CouncilMember>,
    /// The mean, when all are in.
    #[schema(required = true)]
    pub award: Option<Award>,
    /// Of every member, when all are in.
    pub scores: Vec<CouncilScore>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouncilScore {
    pub account_id: AccountId,
    pub criterion: String,
    pub points: Points,
    #[schema(required = true)]
    pub note: Option<String>,
}

/// A dossier with all that belongs to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DossierDetail {
    #[serde(flatten)]
    pub dossier: Dossier,
    pub criteria: CriteriaSetDetail,
    pub claims: Vec<Claim>,
    pub evidence: Vec<Evidence>,
    /// What the cooperative's own scores come to.
    pub own_award: Award,
    pub missing: Vec<Lack>,
    /// What is known here of product and cooperative already.
    pub facts: Facts,
    /// Oldest first.
    pub steps: Vec<DossierStep>,
    /// Of the last rounds; for the cooperative once it is decided.
    pub councils: Vec<Council>,
    /// Steps the caller may take now.
    pub may: Vec<Act>,
}

/// What a step changes beside the state.
#[derive(Default)]
pub struct Changes {
    pub round: Option<i32>,
    pub meets_on: Option<Date>,
    pub decision: Option<(i32, Option<String>, Date)>,
    pub criteria_set: Option<CriteriaSetId>,
    pub submitted: bool,
}

/// A step to be written: what is done, by which version, for which office, why.
pub struct Step<'a> {
    pub act: Act,
    pub version: i64,
    pub office: Option<OfficeId>,
    pub reason: Option<&'a str>,
    /// What `To::ByStars` goes by.
    pub stars: Option<i32>,
}

/// Takes a step: the state by the table, one version further, with its deadline, its row and its event. Whoever comes second
/// is refused.
pub async fn step(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    row: &dossier::Model,
    step: Step<'_>,
    changes: Changes,
) -> Result<DossierState, Problem> {
    let (now, today) = (desk.now(), desk.today());
    let Some(to) = after(step.act, row.state, step.stars) else {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    };
    let due_on = match step.act.term() {
        Some(kind) => due_on(transaction, kind, today).await?,
        None => None,
    };
    let mut change = dossier::ActiveModel {
        state: Set(to),
        version: Set(step.version + 1),
        due_on: Set(due_on),
        updated_at: Set(now),
        ..Default::default()
    };
    if let Some(round) = changes.round {
        change.round = Set(round);
    }
    if let Some(day) = changes.meets_on {
        change.meets_on = Set(Some(day));
    }
    if let Some((stars, number, day)) = changes.decision {
        change.stars = Set(Some(stars));
        change.decision_number = Set(number);
        change.decided_on = Set(Some(day));
    }
    if let Some(set) = changes.criteria_set {
        change.criteria_set_id = Set(set);
    }
    if changes.submitted {
        change.submitted_at = Set(Some(now));
    }
    let done = dossier::Entity::update_many()
        .set(change)
        .filter(dossier::Column::Id.eq(row.id))
        .filter(dossier::Column::Version.eq(step.version))
        .filter(dossier::Column::State.eq(row.state))
        .exec(transaction)
        .await
        // What is opened again must be the only one of its product.
        .map_err(|error| if is_duplicate(&error) { Problem::new(&DOSSIER_OPEN) } else { error.into() })?;
    if done.rows_affected != 1 {
        return Err(Problem::new(&DOSSIER_CHANGED));
    }
    let written = dossier_step::ActiveModel {
        id: Set(RowId::new()),
        dossier_id: Set(row.id),
        act: Set(step.act.as_str().to_owned()),
        from_state: Set(Some(row.state)),
        to_state: Set(to),
        actor_id: Set(desk.who.account),
        office_id: Set(step.office),
        reason: Set(step.reason.map(str::to_owned)),
        at: Set(now),
    };
    dossier_step::Entity::insert(written).exec_without_returning(transaction).await?;
    let after = json!({"act": step.act, "state": to, "office_id": step.office});
    desk.audit(transaction, "dossier.step", ("dossier", row.id.0), json!({"state": row.state}), after).await?;
    let told = json!({
        "dossier_id": row.id, "number": row.number, "product_id": row.product_id, "act": step.act, "state": to,
        "reason": step.reason, "due_on": due_on,
    });
    emit(transaction, "dossier.step", row.cooperative_id.0, told, now).await?;
    Ok(to)
}
