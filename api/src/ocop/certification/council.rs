//! Councils: who is in one, what each member scores alone, and what it comes to when all are in.

use std::collections::HashMap;

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::certification::DossierState;
use entity::dossier;
use entity::value::{AccountId, DossierId, OfficeLevel};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::criteria::Award;
use super::points::Points;
use super::scores::ScoresInput;
use super::sets::by_set_id;
use super::sight::visible;
use super::store::{Claim, Council, CouncilMember, CouncilScore, DOSSIER_STATE, Dossier, found};

use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::body::Body;
use crate::platform::db::{all, one, placeholders, run};
use crate::platform::fold;
use crate::platform::problem::{FORBIDDEN, Problem, codes};

codes! {
    SCORES_HANDED_IN = "scores_handed_in" 409 "Phiếu chấm đã nộp, không sửa được nữa." "The scores were handed in and stay as they are.";
    SCORES_INCOMPLETE = "scores_incomplete" 409 "Còn tiêu chí chưa chấm." "Some criteria are not scored yet.";
}

/// The level whose council scores in a state.
pub fn scoring(state: DossierState) -> Option<OfficeLevel> {
    match state {
        DossierState::ProvinceScoring => Some(OfficeLevel::Province),
        DossierState::MinistryScoring => Some(OfficeLevel::Ministry),
        _ => None,
    }
}

/// Writes the seats of a round.
pub async fn seat(
    transaction: &impl ConnectionTrait,
    (id, level, round): (DossierId, OfficeLevel, i32),
    members: &[AccountId],
) -> Result<(), Problem> {
    let sql = format!(
        "INSERT INTO council_seat (dossier_id, level, round, account_id) VALUES {}",
        placeholders(1, members.len(), 4)
    );
    let values = members.iter().flat_map(|member| [id.into(), level.as_str().into(), round.into(), (*member).into()]);
    run(transaction, sql, values).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct SeatRow {
    level: OfficeLevel,
    round: i32,
    account_id: AccountId,
    name: String,
    handed_in_at: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
struct ScoreRow {
    level: OfficeLevel,
    round: i32,
    account_id: AccountId,
    criterion: String,
    points: i64,
    note: Option<String>,
}

/// The councils of a dossier, oldest round first; of one round only, or of all. Nobody's scores are read before all are in.
pub async fn of(
    connection: &impl ConnectionTrait,
    row: &Dossier,
    only: Option<(OfficeLevel, i32)>,
) -> Result<Vec<Council>, Problem> {
    let card = by_set_id(connection, row.criteria_set_id).await?.scorecard;
    let sql = "SELECT s.level, s.round, s.account_id, a.name, s.handed_in_at FROM council_seat s JOIN account a ON a.id = s.account_id
               WHERE s.dossier_id = $1 ORDER BY CASE s.level WHEN 'province' THEN 1 ELSE 2 END, s.round, a.name, a.id";
    let seats = all::<SeatRow>(connection, sql, [row.id.into()]).await?;
    // Only of councils of which every member has handed in.
    let sql = "SELECT v.level, v.round, v.account_id, v.criterion, v.points, v.note FROM council_score v
               WHERE v.dossier_id = $1 AND NOT EXISTS (SELECT 1 FROM council_seat s WHERE s.dossier_id = v.dossier_id AND s.level = v.level
                     AND s.round = v.round AND s.handed_in_at IS NULL) ORDER BY v.account_id, v.criterion";
    let scores = all::<ScoreRow>(connection, sql, [row.id.into()]).await?;
    let mut councils: Vec<Council> = Vec::new();
    for seat in seats {
        if only.is_some_and(|only| only != (seat.level, seat.round)) {
            continue;
        }
        let member =
            CouncilMember { account_id: seat.account_id, name: seat.name, handed_in: seat.handed_in_at.is_some() };
        match councils.last_mut().filter(|council| (council.level, council.round) == (seat.level, seat.round)) {
            Some(council) => council.members.push(member),
            None => councils.push(Council {
                level: seat.level,
                round: seat.round,
                members: vec![member],
                award: None,
                scores: Vec::new(),
            }),
        }
    }
    for council in &mut councils {
        if council.members.iter().any(|member| !member.handed_in) {
            continue;
        }
        let own = scores.iter().filter(|score| (score.level, score.round) == (council.level, council.round));
        let mut sums: HashMap<&str, Points> = HashMap::new();
        for score in own {
            let sum = sums.entry(&score.criterion).or_default();
            *sum = *sum + Points(score.points);
            council.scores.push(CouncilScore {
                account_id: score.account_id,
                criterion: score.criterion.clone(),
                points: Points(score.points),
                note: score.note.clone(),
            });
        }
        let members = i64::try_from(council.members.len()).unwrap_or(1);
        council.award = Some(card.award(members, |code| sums.get(code).copied().unwrap_or_default()));
    }
    Ok(councils)
}

/// The last council of a level, if all its members are in.
pub async fn result(
    connection: &impl ConnectionTrait,
    row: &Dossier,
    level: OfficeLevel,
) -> Result<Option<Award>, Problem> {
    let councils = of(connection, row, None).await?;
    Ok(councils.into_iter().rfind(|council| council.level == level).and_then(|council| council.award))
}

/// What one has scored so far.
#[derive(Serialize, ToSchema)]
pub struct OwnScores {
    level: OfficeLevel,
    round: i32,
    pub handed_in: bool,
    pub scores: Vec<Claim>,
    /// What they come to by themselves.
    pub award: Award,
}

#[derive(FromQueryResult)]
struct Seat {
    handed_in_at: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
struct Scored {
    criterion: String,
}

struct Chair {
    row: dossier::Model,
    level: OfficeLevel,
    handed_in: bool,
}

/// The caller's chair in the council that scores now; refused without one.
async fn chair(connection: &impl ConnectionTrait, desk: &Desk, id: DossierId) -> Result<Chair, Problem> {
    let row = found(connection, id).await?;
    let Some(level) = scoring(row.state) else {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    };
    let sql =
        "SELECT handed_in_at FROM council_seat WHERE dossier_id = $1 AND level = $2 AND round = $3 AND account_id = $4";
    let values = [id.into(), level.as_str().into(), row.round.into(), desk.who.account.into()];
    let seat = one::<Seat>(connection, sql, values).await?.ok_or_else(|| Problem::new(&FORBIDDEN))?;
    Ok(Chair { row, level, handed_in: seat.handed_in_at.is_some() })
}

/// Officers only, of the dossier's place; a member who left the office has lost the chair.
async fn admitted(desk: &Desk, id: DossierId) -> Result<(), Problem> {
    let seats = desk.seats(OfficePermission::SeeDossiers).await?;
    visible(desk.db.fresh(), &seats, id).await?;
    let scorers = desk.seats(OfficePermission::Score).await?;
    if scorers.is_empty() { Err(Problem::new(&FORBIDDEN)) } else { Ok(()) }
}

async fn own_scores(desk: &Desk, id: DossierId) -> Result<OwnScores, Problem> {
    let connection = desk.db.fresh();
    let chair = chair(connection, desk, id).await?;
    let sql = "SELECT level, round, account_id, criterion, points, note FROM council_score
               WHERE dossier_id = $1 AND level = $2 AND round = $3 AND account_id = $4 ORDER BY criterion";
    let values = [id.into(), chair.level.as_str().into(), chair.row.round.into(), desk.who.account.into()];
    let rows = all::<ScoreRow>(connection, sql, values).await?;
    let claim = |row: ScoreRow| Claim { criterion: row.criterion, points: Points(row.points), note: row.note };
    let scores: Vec<Claim> = rows.into_iter().map(claim).collect();
    let card = by_set_id(connection, chair.row.criteria_set_id).await?.scorecard;
    let points =
        |code: &str| scores.iter().find(|score| score.criterion == code).map_or(Points(0), |score| score.points);
    let award = card.award(1, points);
    Ok(OwnScores { level: chair.level, round: chair.row.round, handed_in: chair.handed_in, scores, award })
}

/// What the caller has scored in the council that scores now.
pub async fn chosen(desk: &Desk, id: DossierId) -> Result<OwnScores, Problem> {
    admitted(desk, id).await?;
    own_scores(desk, id).await
}

/// What one has scored in the council one sits in.
#[utoipa::path(tag = "recognition", operation_id = "show_own_scores", security(("access_token" = [])), params(("dossier_id" = DossierId, Path)), responses((status = 200, description = "The scores", body = OwnScores)))]
#[get("/v1/officer/dossiers/{dossier_id}/scores")]
pub async fn show_own_scores(desk: Desk, id: Path<DossierId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(chosen(&desk, *id).await?))
}

/// Takes the caller's seat for as long as the transaction lasts, while nothing was handed in.
async fn hold(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    chair: &Chair,
    handed_in_at: Option<OffsetDateTime>,
) -> Result<(), Problem> {
    let sql = "UPDATE council_seat SET handed_in_at = $5 WHERE dossier_id = $1 AND level = $2 AND round = $3 AND account_id = $4
               AND handed_in_at IS NULL";
    let values = [
        chair.row.id.into(),
        chair.level.as_str().into(),
        chair.row.round.into(),
        desk.who.account.into(),
        handed_in_at.into(),
    ];
    if run(transaction, sql, values).await? == 1 { Ok(()) } else { Err(Problem::new(&SCORES_HANDED_IN)) }
}

/// Writes the caller's scores.
pub async fn put(desk: &Desk, id: DossierId, input: ScoresInput) -> Result<OwnScores, Problem> {
    admitted(desk, id).await?;
    let transaction = desk.begin().await?;
    let chair = chair(&transaction, desk, id).await?;
    input.check(&by_set_id(&transaction, chair.row.criteria_set_id).await?.scorecard)?;
    hold(&transaction, desk, &chair, None).await?;
    for score in input.scores {
        let sql = "INSERT INTO council_score (dossier_id, level, round, account_id, criterion, points, note) VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (dossier_id, level, round, account_id, criterion) DO UPDATE SET points = excluded.points, note = excluded.note";
        let values = [
            chair.row.id.into(),
            chair.level.as_str().into(),
            chair.row.round.into(),
            desk.who.account.into(),
            score.criterion.into(),
            score.points.0.into(),
            fold::filled(score.note.as_deref().map(fold::stored)).into(),
        ];
        run(&transaction, sql, values).await?;
    }
    transaction.commit().await?;
    own_scores(desk, id).await
}

/// Score, as a member of the council. What is left out stays; nobody else sees it before all are in.
#[utoipa::path(tag = "recognition", operation_id = "put_own_scores", security(("access_token" = [])), params(("dossier_id" = DossierId, Path)), request_body = ScoresInput, responses((status = 200, description = "The scores", body = OwnScores)))]
#[put("/v1/officer/dossiers/{dossier_id}/scores")]
pub async fn put_own_scores(desk: Desk, id: Path<DossierId>, body: Body<ScoresInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(put(&desk, *id, body.0).await?))
}

/// Hands the caller's scores in.
pub async fn hand_in(desk: &Desk, id: DossierId) -> Result<OwnScores, Problem> {
    admitted(desk, id).await?;
    let transaction = desk.begin().await?;
    let chair = chair(&transaction, desk, id).await?;
    hold(&transaction, desk, &chair, Some(desk.now())).await?;
    let sql =
        "SELECT criterion FROM council_score WHERE dossier_id = $1 AND level = $2 AND round = $3 AND account_id = $4";
    let values = [id.into(), chair.level.as_str().into(), chair.row.round.into(), desk.who.account.into()];
    let scored = all::<Scored>(&transaction, sql, values).await?;
    let card = by_set_id(&transaction, chair.row.criteria_set_id).await?.scorecard;
    let missing: Vec<&str> = card
        .criteria()
        .map(|criterion| criterion.code.as_str())
        .filter(|code| scored.iter().all(|score| score.criterion != *code))
        .collect();
    if !missing.is_empty() {
        return Err(Problem::new(&SCORES_INCOMPLETE).extension("missing", missing));
    }
    let after = serde_json::json!({"level": chair.level, "round": chair.row.round});
    desk.audit(&transaction, "dossier.scored", ("dossier", id.0), (), after).await?;
    transaction.commit().await?;
    own_scores(desk, id).await
}

/// Hand one's scores in. They stay as they are from then on.
#[utoipa::path(tag = "recognition", operation_id = "hand_in_scores", security(("access_token" = [])), params(("dossier_id" = DossierId, Path)), responses((status = 200, description = "The scores", body = OwnScores)))]
#[post("/v1/officer/dossiers/{dossier_id}/scores/hand-in")]
pub async fn hand_in_scores(desk: Desk, id: Path<DossierId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(hand_in(&desk, *id).await?))
}
