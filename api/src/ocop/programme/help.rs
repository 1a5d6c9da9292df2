//! `/v1/seller/cooperatives/{id}/difficulties`: what a cooperative lacks, the help it is offered, and how it ends.

use std::collections::HashMap;

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::difficulty;
use entity::programme::{DifficultyKind, DifficultyState, HelpState};
use entity::value::{CooperativeId, DifficultyId, HelpOfferId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::steps::{HelpAct, after, from};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, one, placeholders, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    DIFFICULTY_OVER = "difficulty_over" 409 "Khó khăn này đã khép lại." "The difficulty is closed.";
    HELP_STATE = "help_state" 409 "Lời giúp không còn ở trạng thái cho việc này." "The help is not in a state for that.";
    DIFFICULTIES_FULL = "difficulties_full" 409 "Đang có 20 khó khăn chưa khép lại." "20 difficulties are open already.";
}

/// Open at a time of one cooperative.
const MOST_OPEN: i64 = 20;

/// Help with a difficulty.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct HelpOffer {
    pub id: HelpOfferId,
    #[serde(skip)]
    pub difficulty_id: DifficultyId,
    /// The office or partner.
    pub by_name: String,
    pub by_partner: bool,
    pub offer: String,
    pub state: HelpState,
    /// What came of it.
    #[schema(required = true)]
    pub outcome: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub offered_at: OffsetDateTime,
}

#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Row {
    id: DifficultyId,
    cooperative_id: CooperativeId,
    cooperative_name: String,
    commune_code: String,
    kind: DifficultyKind,
    story: String,
    state: DifficultyState,
    outcome: Option<String>,
    opened_at: OffsetDateTime,
}

impl Row {
    pub(super) fn key(&self) -> DifficultyId {
        self.id
    }
}

/// What a cooperative lacks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Difficulty {
    pub id: DifficultyId,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub commune_code: String,
    pub kind: DifficultyKind,
    pub story: String,
    pub state: DifficultyState,
    #[schema(required = true)]
    pub outcome: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: OffsetDateTime,
    pub offers: Vec<HelpOffer>,
}

pub(super) const SELECT: &str = "SELECT d.id, d.cooperative_id, c.name_vi AS cooperative_name, c.commune_code, d.kind, d.story, d.state, d.outcome, d.opened_at
    FROM difficulty d JOIN cooperative c ON c.id = d.cooperative_id";

/// Difficulties with the help offered.
pub(super) async fn whole(connection: &impl ConnectionTrait, rows: Vec<Row>) -> Result<Vec<Difficulty>, Problem> {
    let mut offers: HashMap<DifficultyId, Vec<HelpOffer>> = HashMap::new();
    if !rows.is_empty() {
        let sql = format!(
            "SELECT h.id, h.difficulty_id, COALESCE(o.name, p.name) AS by_name, h.partner_id IS NOT NULL AS by_partner, h.offer, h.state,
                 h.outcome, h.offered_at
             FROM help_offer h LEFT JOIN office o ON o.id = h.office_id LEFT JOIN partner p ON p.id = h.partner_id
             WHERE h.difficulty_id IN {} ORDER BY h.id",
            placeholders(1, 1, rows.len())
        );
        for offer in all::<HelpOffer>(connection, sql, rows.iter().map(|row| row.id.into())).await? {
            offers.entry(offer.difficulty_id).or_default().push(offer);
        }
    }
    let difficulty = |row: Row| {
        let offers = offers.remove(&row.id).unwrap_or_default();
        let Row { id, cooperative_id, cooperative_name, commune_code, kind, story, state, outcome, opened_at } = row;
        Difficulty {
            id,
            cooperative_id,
            cooperative_name,
            commune_code,
            kind,
            story,
            state,
            outcome,
            opened_at,
            offers,
        }
    };
    Ok(rows.into_iter().map(difficulty).collect())
}

pub(super) async fn shown(connection: &impl ConnectionTrait, id: DifficultyId) -> Result<Difficulty, Problem> {
    let row = one::<Row>(connection, format!("{SELECT} WHERE d.id = $1"), [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    whole(connection, vec![row]).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Of a cooperative, newest first.
pub async fn difficulties_of(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Difficulty>, Problem> {
    let page = NewestFirst::of(SELECT, "d.id", place)?
        .and("d.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), Row::key)
        .await?;
    Ok(Page { items: whole(desk.db.fresh(), page.items).await?, next_cursor: page.next_cursor })
}

/// What the cooperative lacks, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_own_difficulties", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of difficulties", body = Page<Difficulty>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/difficulties")]
pub async fn list_own_difficulties(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(difficulties_of(&desk, *cooperative, paging.0.place()).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "preservation", "story": "Bưởi chín rộ trong ba tuần, chưa có kho mát"}))]
pub struct DifficultyInput {
    pub kind: DifficultyKind,
    #[garde(length(chars, min = 5, max = 2000))]
    #[schema(min_length = 5, max_length = 2000)]
    pub story: String,
}

#[derive(FromQueryResult)]
struct Open {
    open: i64,
}

/// Say what is lacking: officers of the place and partners can offer help.
pub async fn open_difficulty(
    desk: &Desk,
    cooperative: CooperativeId,
    input: DifficultyInput,
) -> Result<Difficulty, Problem> {
    let id = DifficultyId::new();
    let transaction = desk.begin().await?;
    let sql = "SELECT COUNT(*) AS open FROM difficulty WHERE cooperative_id = $1 AND state IN ('open', 'helped')";
    let open = one::<Open>(&transaction, sql, [cooperative.into()]).await?;
    if open.is_some_and(|row| row.open >= MOST_OPEN) {
        return Err(Problem::new(&DIFFICULTIES_FULL));
    }
    let row = difficulty::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        kind: Set(input.kind),
        story: Set(fold::stored(&input.story)),
        state: Set(DifficultyState::Open),
        outcome: Set(None),
        opened_by: Set(desk.who.account),
        opened_at: Set(desk.now()),
        closed_at: Set(None),
    };
    difficulty::Entity::insert(row).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "difficulty.opened", ("difficulty", id.0), (), json!({"kind": input.kind})).await?;
    transaction.commit().await?;
    shown(desk.db.fresh(), id).await
}

/// Say what is lacking: officers of the place and partners can offer help.
#[utoipa::path(tag = "programme", operation_id = "open_own_difficulty", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = DifficultyInput, responses((status = 201, description = "The difficulty", body = Difficulty)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/difficulties")]
pub async fn open_own_difficulty(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<DifficultyInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::KeepPeople).await?;
    Ok(HttpResponse::Created().json(open_difficulty(&desk, *cooperative, body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"solved": true, "outcome": "Thuê được kho mát của hợp tác xã bạn"}))]
pub struct ClosingInput {
    /// Or no longer asked.
    pub solved: bool,
    #[garde(length(chars, min = 3, max = 1000))]
    #[schema(min_length = 3, max_length = 1000)]
    pub outcome: String,
}

#[derive(FromQueryResult)]
struct Own {}

/// Takes the difficulty from one of the states to another, before anything is done with its offers: whoever comes second waits.
async fn turn(
    connection: &impl ConnectionTrait,
    (cooperative, id): (CooperativeId, DifficultyId),
    to: DifficultyState,
) -> Result<(), Problem> {
    let sql = "UPDATE difficulty SET state = $3 WHERE id = $1 AND cooperative_id = $2 AND state IN ('open', 'helped')";
    if run(connection, sql, [id.into(), cooperative.into(), to.as_str().into()]).await? == 1 {
        return Ok(());
    }
    let sql = "SELECT 1 AS own FROM difficulty WHERE id = $1 AND cooperative_id = $2";
    let own = one::<Own>(connection, sql, [id.into(), cooperative.into()]).await?;
    Err(Problem::new(if own.is_some() { &DIFFICULTY_OVER } else { &NOT_FOUND }))
}

/// Moves offers along the table; how many.
pub(super) async fn step(
    connection: &impl ConnectionTrait,
    whose: (&str, sea_orm::Value),
    act: HelpAct,
    (outcome, now): (Option<&str>, OffsetDateTime),
) -> Result<u64, Problem> {
    let mut moved = 0;
    for state in from(act) {
        let Some(to) = after(state, act) else { continue };
        let sql = format!(
            "UPDATE help_offer SET state = $2, outcome = COALESCE($3, outcome), updated_at = $4 WHERE {} = $1 AND state = $5",
            whose.0
        );
        let values =
            [whose.1.clone(), to.as_str().into(), outcome.map(str::to_owned).into(), now.into(), state.as_str().into()];
        moved += run(connection, sql, values).await?;
    }
    Ok(moved)
}

/// Close a difficulty: it is solved, or no longer asked. What is still offered is declined.
pub async fn close(
    desk: &Desk,
    (cooperative, id): (CooperativeId, DifficultyId),
    input: ClosingInput,
) -> Result<Difficulty, Problem> {
    let transaction = desk.begin().await?;
    let to = if input.solved { DifficultyState::Solved } else { DifficultyState::Withdrawn };
    turn(&transaction, (cooperative, id), to).await?;
    let sql = "UPDATE difficulty SET outcome = $2, closed_at = $3 WHERE id = $1";
    run(&transaction, sql, [id.into(), fold::stored(&input.outcome).into(), desk.now().into()]).await?;
    step(&transaction, ("difficulty_id", id.into()), HelpAct::Close, (None, desk.now())).await?;
    desk.audit(&transaction, "difficulty.closed", ("difficulty", id.0), (), json!({"state": to})).await?;
    transaction.commit().await?;
    shown(desk.db.fresh(), id).await
}

/// Close a difficulty: it is solved, or no longer asked. What is still offered is declined.
#[utoipa::path(tag = "programme", operation_id = "close_own_difficulty", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("difficulty_id" = DifficultyId, Path)), request_body = ClosingInput, responses((status = 200, description = "The difficulty", body = Difficulty)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/difficulties/{difficulty_id}/closing")]
pub async fn close_own_difficulty(
    desk: Desk,
    path: Path<(CooperativeId, DifficultyId)>,
    body: Body<ClosingInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok().json(close(&desk, path.into_inner(), body.0).await?))
}

/// What a cooperative says to help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelpAnswer {
    Accept,
    Decline,
    /// It was given, and the difficulty is solved.
    Done,
    /// It came to nothing; the difficulty is open again unless somebody else helps.
    Failed,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"answer": "accept"}))]
pub struct AnswerInput {
    pub answer: HelpAnswer,
    /// What came of it.
    #[garde(inner(length(chars, max = 1000)))]
    #[schema(max_length = 1000)]
    pub outcome: Option<String>,
}

/// Answer help, or say what came of it. Whoever offered is told.
pub async fn answer_offer(
    desk: &Desk,
    (cooperative, id, offer): (CooperativeId, DifficultyId, HelpOfferId),
    input: AnswerInput,
) -> Result<Difficulty, Problem> {
    let act = match input.answer {
        HelpAnswer::Accept => HelpAct::Accept,
        HelpAnswer::Decline => HelpAct::Decline,
        HelpAnswer::Done => HelpAct::Finish,
        HelpAnswer::Failed => HelpAct::Fail,
    };
    let transaction = desk.begin().await?;
    turn(&transaction, (cooperative, id), DifficultyState::Helped).await?;
    let helper = by_id::<entity::help_offer::Entity>(&transaction, offer).await?.filter(|row| row.difficulty_id == id);
    let helper = helper.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let outcome = fold::filled(input.outcome);
    if step(&transaction, ("id", offer.into()), act, (outcome.as_deref(), desk.now())).await? != 1 {
        return Err(Problem::new(&HELP_STATE));
    }
    settle(&transaction, id, (act == HelpAct::Finish, outcome.as_deref(), desk.now())).await?;
    let told = json!({
        "difficulty_id": id, "office_id": helper.office_id, "partner_id": helper.partner_id, "offer": helper.offer,
        "answer": input.answer, "outcome": outcome,
    });
    emit(&transaction, "help.answered", cooperative.0, told, desk.now()).await?;
    desk.audit(&transaction, "help.answered", ("help_offer", offer.0), (), json!({"act": format!("{act:?}")})).await?;
    transaction.commit().await?;
    desk.bell.ring();
    shown(desk.db.fresh(), id).await
}

/// After a step of its offers a difficulty is solved, helped, or open.
pub(super) async fn settle(
    connection: &impl ConnectionTrait,
    id: DifficultyId,
    (solved, outcome, now): (bool, Option<&str>, OffsetDateTime),
) -> Result<(), Problem> {
    if solved {
        let sql = "UPDATE difficulty SET state = 'solved', outcome = $2, closed_at = $3 WHERE id = $1";
        run(connection, sql, [id.into(), outcome.map(str::to_owned).into(), now.into()]).await?;
        step(connection, ("difficulty_id", id.into()), HelpAct::Close, (None, now)).await?;
    } else {
        let sql = "UPDATE difficulty SET state = CASE WHEN EXISTS (SELECT 1 FROM help_offer h WHERE h.difficulty_id = $1 AND h.state = 'accepted')
                       THEN 'helped' ELSE 'open' END
                   WHERE id = $1";
        run(connection, sql, [id.into()]).await?;
    }
    Ok(())
}

/// Answer help, or say what came of it.
#[utoipa::path(tag = "programme", operation_id = "answer_help", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("difficulty_id" = DifficultyId, Path), ("offer_id" = HelpOfferId, Path)), request_body = AnswerInput, responses((status = 200, description = "The difficulty", body = Difficulty)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/difficulties/{difficulty_id}/offers/{offer_id}")]
pub async fn answer_help(
    desk: Desk,
    path: Path<(CooperativeId, DifficultyId, HelpOfferId)>,
    body: Body<AnswerInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok().json(answer_offer(&desk, path.into_inner(), body.0).await?))
}

/// What of the programme waits for a cooperative.
#[derive(Clone, Debug, Default, Serialize, FromQueryResult)]
pub struct Waiting {
    /// Help to be answered.
    pub offers: i64,
    /// Courses and other measures its people are invited to, today or later.
    pub courses: i64,
}

/// Counts for a cooperative's first page.
pub async fn waiting(desk: &Desk, cooperative: CooperativeId) -> Result<Waiting, Problem> {
    let sql = "SELECT (SELECT COUNT(*) FROM help_offer h JOIN difficulty d ON d.id = h.difficulty_id
                       WHERE d.cooperative_id = $1 AND d.state IN ('open', 'helped') AND h.state = 'offered') AS offers,
                      (SELECT COUNT(DISTINCT m.id) FROM measure_guest g JOIN plan_measure m ON m.id = g.measure_id
                       WHERE g.cooperative_id = $1 AND m.state = 'planned' AND m.ends_on >= $2) AS courses";
    let found = one::<Waiting>(desk.db.fresh(), sql, [cooperative.into(), desk.today().into()]).await?;
    Ok(found.unwrap_or_default())
}
