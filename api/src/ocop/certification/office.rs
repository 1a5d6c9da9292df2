//! `/v1/officer/dossiers`: what offices see of dossiers, and the steps they take. Commune, province and ministry each see what
//! has come to them from their place, and take their own steps only.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::certification::DossierState;
use entity::dossier;
use entity::value::{AccountId, DossierId, EvidenceId, OfficeLevel};
use garde::Validate;
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use time::Date;
use utoipa::{IntoParams, ToSchema};

use super::award::{Given, give, take_back};
use super::criteria::LEAST_STARS;
use super::own::{detail, reason_of};
use super::sight::{seen_by, visible};
use super::steps::{Act, Who, after};
use super::store::{
    self, Changes, Council, DOSSIER_CHANGED, DOSSIER_STATE, Dossier, DossierDetail, SELECT, Step, found, shown, step,
};
use super::terms::due_on;
use super::{council, steps};
use crate::people::desk::Desk;
use crate::people::identity::{Permission, require_member};
use crate::people::offices::{OfficePermission, OfficePerson, Seat, office_people};
use crate::platform::body::{Body, Params};
use crate::platform::fold;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{FORBIDDEN, Problem, codes};

codes! {
    OWN_DOSSIER = "own_dossier" 403 "Thành viên của cơ sở không xử lý hồ sơ của mình." "Members of a cooperative take no steps with its dossiers.";
    SCORES_MISSING = "scores_missing" 409 "Chưa đủ phiếu chấm của hội đồng." "Not all of the council's scores are in.";
    TOO_EARLY = "too_early" 409 "Chưa đến ngày họp hội đồng." "The council has not met yet.";
    STILL_TIME = "still_time" 409 "Cơ sở còn thời hạn bổ sung." "The cooperative still has time.";
    FIVE_STARS_GO_UP = "five_stars_go_up" 409 "Từ 90 điểm, hồ sơ được chuyển lên Bộ." "With 90 points a dossier goes up to the ministry.";
    NOT_FIVE_STARS = "not_five_stars" 409 "Kết quả chấm chưa đạt 5 sao." "The scores do not come to five stars.";
    LAST_ROUND = "last_round" 409 "Chỉ chấm lại một lần." "There are two rounds at the most.";
}

/// States in which an office of the level has something to do.
fn to_do(level: OfficeLevel) -> Vec<DossierState> {
    let mut states: Vec<DossierState> = Act::ALL
        .iter()
        .filter(|act| matches!(act.who(), Who::Office(of, _) if of == level))
        .flat_map(|act| act.from().iter().copied())
        .filter(|state| !steps::is_over(*state) && !steps::is_open_to_cooperative(*state))
        .collect();
    states.sort_unstable();
    states.dedup();
    states
}

/// The steps the seats may take with a dossier.
fn may(row: &Dossier, seats: &[Seat]) -> Vec<Act> {
    let fits = |act: &Act| match act.who() {
        Who::Cooperative => false,
        Who::Office(..) => {
            acting(seats, *act, &row.commune_code).is_some() && after(*act, row.state, row.stars).is_some()
        }
    };
    let five = row.stars == Some(5);
    let revokes = |act: &Act| !matches!((act, five), (Act::Revoke, true) | (Act::RevokeFive, false));
    Act::ALL.iter().copied().filter(fits).filter(revokes).collect()
}

/// The seat in whose name an act may be done.
fn acting<'a>(seats: &'a [Seat], act: Act, commune_code: &str) -> Option<&'a Seat> {
    let Who::Office(level, permission) = act.who() else { return None };
    seats.iter().find(|seat| seat.level == level && seat.may(permission) && seat.covers(commune_code))
}

async fn officer_detail(desk: &Desk, seats: &[Seat], id: DossierId) -> Result<DossierDetail, Problem> {
    let row = visible(desk.db.fresh(), seats, id).await?;
    let mut may = may(&row, seats);
    let councils: Vec<Council> = council::of(desk.db.fresh(), &row, None).await?;
    let reached = |level| {
        let last = councils.iter().rfind(|council| council.level == level);
        last.and_then(|council| council.award.as_ref()).map(|award| award.stars)
    };
    may.retain(|act| match act {
        Act::Decide => row.state == DossierState::SentDown || reached(OfficeLevel::Province) != Some(5),
        Act::SendUp => reached(OfficeLevel::Province) == Some(5),
        Act::Confirm => reached(OfficeLevel::Ministry) == Some(5),
        Act::Close => row.due_on.is_some_and(|due| due < desk.today()),
        _ => true,
    });
    detail(desk, row, may, councils).await
}

#[derive(Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct DossierQuery {
    #[param(inline)]
    pub state: Option<DossierState>,
    /// Only what waits for one's offices.
    #[serde(default)]
    pub to_do: bool,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Dossiers that came to the caller's offices.
pub async fn find(desk: &Desk, query: &DossierQuery) -> Result<Page<Dossier>, Problem> {
    let seats = desk.seats(OfficePermission::SeeDossiers).await?;
    let mut found = NewestFirst::of(SELECT, "d.id", (query.limit, query.cursor.as_deref()))?
        .and_that(&seen_by(&seats))
        .and_if("d.state = ?", query.state.map(DossierState::as_str));
    if query.to_do {
        let waiting = |seat: &Seat| {
            let states: Vec<String> = to_do(seat.level).iter().map(|state| format!("'{}'", state.as_str())).collect();
            format!("({} AND d.state IN ({}))", seen_by(std::slice::from_ref(seat)), states.join(", "))
        };
        let waiting: Vec<String> = seats.iter().map(waiting).collect();
        found = found.and_that(&format!("({})", waiting.join(" OR ")));
    }
    found.page(desk.db.fresh(), |row: &Dossier| row.id).await
}

/// Dossiers that came to one's offices, newest first.
#[utoipa::path(tag = "recognition", operation_id = "list_officer_dossiers", security(("access_token" = [])), params(DossierQuery), responses((status = 200, description = "A page of dossiers", body = Page<Dossier>)))]
#[get("/v1/officer/dossiers")]
pub async fn list_officer_dossiers(desk: Desk, query: Params<DossierQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(find(&desk, &query.0).await?))
}

/// A dossier that came to the caller's offices, with all that belongs to it.
pub async fn show(desk: &Desk, id: DossierId) -> Result<DossierDetail, Problem> {
    let seats = desk.seats(OfficePermission::SeeDossiers).await?;
    officer_detail(desk, &seats, id).await
}

/// A dossier that came to one's offices.
#[utoipa::path(tag = "recognition", operation_id = "show_officer_dossier", security(("access_token" = [])), params(("dossier_id" = DossierId, Path)), responses((status = 200, description = "The dossier", body = DossierDetail)))]
#[get("/v1/officer/dossiers/{dossier_id}")]
pub async fn show_officer_dossier(desk: Desk, id: Path<DossierId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(show(&desk, *id).await?))
}

/// The file of an evidence; that it was read is written down.
pub async fn file(desk: &Desk, (id, evidence): (DossierId, EvidenceId)) -> Result<HttpResponse, Problem> {
    let seats = desk.seats(OfficePermission::SeeDossiers).await?;
    visible(desk.db.fresh(), &seats, id).await?;
    desk.audit(
        desk.db.write(),
        "dossier.evidence_read",
        ("dossier", id.0),
        (),
        serde_json::json!({"evidence_id": evidence}),
    )
    .await?;
    store::file(desk.db.fresh(), &desk.objects, (id, evidence)).await
}

/// The file of an evidence. That it was read is written down.
#[utoipa::path(tag = "recognition", operation_id = "show_officer_evidence", security(("access_token" = [])), params(("dossier_id" = DossierId, Path), ("evidence_id" = EvidenceId, Path)), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/officer/dossiers/{dossier_id}/evidence/{evidence_id}")]
pub async fn show_officer_evidence(desk: Desk, path: Path<(DossierId, EvidenceId)>) -> Result<HttpResponse, Problem> {
    file(&desk, path.into_inner()).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"act": "decide", "version": 21, "decision_number": "1234/QĐ-UBND", "decided_on": "2026-11-28"}))]
pub struct OfficeStepInput {
    pub act: Act,
    /// Of the dossier that was looked at.
    pub version: i64,
    /// Why; of a proposal the commune's report, of a closed round its minutes.
    #[garde(inner(length(chars, max = 5000)))]
    #[schema(max_length = 5000)]
    pub reason: Option<String>,
    /// Of a council: assessors and heads of the office.
    #[serde(default)]
    #[garde(length(max = 15))]
    #[schema(max_items = 15)]
    pub members: Vec<AccountId>,
    /// The day the council sits; members have the dossier some working days before.
    #[schema(value_type = Option<String>, format = Date)]
    pub meets_on: Option<Date>,
    /// Of a decision.
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub decision_number: Option<String>,
    /// Without it today.
    #[schema(value_type = Option<String>, format = Date)]
    pub decided_on: Option<Date>,
}

/// Who sits in a new council, and when.
async fn new_council(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    (row, seat): (&dossier::Model, &Seat),
    input: &OfficeStepInput,
) -> Result<Date, Problem> {
    let mut members = input.members.clone();
    members.sort_unstable();
    members.dedup();
    if members.len() < 3 || members.len() != input.members.len() {
        let (vi, en) = ("cần ít nhất ba thành viên khác nhau", "at least three different members are needed");
        return Err(Problem::field("/members", "members", vi, en));
    }
    let people = office_people(transaction, seat.office_id).await?;
    for (index, member) in input.members.iter().enumerate() {
        let at = |vi, en| Problem::field(format!("/members/{index}"), "member", vi, en);
        let fits = |person: &&OfficePerson| {
            person.account_id == *member && OfficePermission::Score.roles().contains(&person.role)
        };
        if people.iter().find(fits).is_none() {
            return Err(at("không phải người thẩm định của cơ quan", "is no assessor of the office"));
        }
        if require_member(transaction, *member, row.cooperative_id, Permission::SeeShop).await.is_ok() {
            return Err(at("là thành viên của cơ sở nộp hồ sơ", "is a member of the cooperative"));
        }
    }
    let earliest = due_on(transaction, "council_notice", desk.today()).await?.unwrap_or_else(|| desk.today());
    let meets_on = input.meets_on.unwrap_or(earliest);
    if meets_on < earliest {
        let (vi, en) = (format!("sớm nhất là {earliest}"), format!("{earliest} at the earliest"));
        return Err(Problem::field("/meets_on", "early", vi, en));
    }
    Ok(meets_on)
}

/// The decision a step needs.
fn decision(desk: &Desk, input: &OfficeStepInput) -> Result<(String, Date), Problem> {
    let number = fold::filled(input.decision_number.as_deref().map(fold::stored)).ok_or_else(|| {
        Problem::field("/decision_number", "missing", "cần số quyết định", "the decision's number is needed")
    })?;
    let day = input.decided_on.unwrap_or_else(|| desk.today());
    if day > desk.today() || desk.today() - day > time::Duration::days(60) {
        let (vi, en) =
            ("không quá 60 ngày trước và không ở tương lai", "not more than 60 days ago, and not in the future");
        return Err(Problem::field("/decided_on", "range", vi, en));
    }
    Ok((number, day))
}

/// What a step asks for beside the table, and what it changes beside the state.
async fn prepare(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    (row, seat): (&dossier::Model, &Seat),
    input: &OfficeStepInput,
) -> Result<(Option<i32>, Changes), Problem> {
    let mut changes = Changes::default();
    let mut stars = row.stars;
    let view = shown(transaction, row.id).await?;
    let of_level =
        async |level| council::result(transaction, &view, level).await?.ok_or_else(|| Problem::new(&SCORES_MISSING));
    match input.act {
        Act::NameCouncil | Act::NameCentralCouncil => {
            changes.meets_on = Some(new_council(transaction, desk, (row, seat), input).await?);
            let rounds = council::of(transaction, &view, None).await?;
            let last = rounds.iter().filter(|council| council.level == seat.level).map(|council| council.round).max();
            let round = last.map_or(1, |last| last + 1);
            changes.round = Some(round);
            council::seat(transaction, (row.id, seat.level, round), &input.members).await?;
        }
        Act::SecondRound => {
            let rounds = council::of(transaction, &view, None).await?;
            let last = rounds.iter().rfind(|council| council.level == seat.level);
            let last = last.ok_or_else(|| Problem::new(&SCORES_MISSING))?;
            if rounds.iter().filter(|council| council.level == seat.level).count() > 1 && row.stars.is_none() {
                return Err(Problem::new(&LAST_ROUND));
            }
            let members: Vec<AccountId> = last.members.iter().map(|member| member.account_id).collect();
            changes.round = Some(last.round + 1);
            changes.meets_on = Some(input.meets_on.unwrap_or_else(|| desk.today()));
            council::seat(transaction, (row.id, seat.level, last.round + 1), &members).await?;
        }
        Act::CloseRound | Act::CloseCentralRound => {
            of_level(seat.level).await?;
            if row.meets_on.is_some_and(|day| day > desk.today()) {
                return Err(Problem::new(&TOO_EARLY).extension("meets_on", row.meets_on));
            }
        }
        Act::Decide => {
            let award = of_level(OfficeLevel::Province).await?;
            let due = if row.state == DossierState::SentDown { award.stars.min(4) } else { award.stars };
            if due == 5 {
                return Err(Problem::new(&FIVE_STARS_GO_UP));
            }
            let (number, day) = decision(desk, input)?;
            stars = Some(due);
            changes.decision = Some((due, Some(number), day));
        }
        Act::SendUp if of_level(OfficeLevel::Province).await?.stars < 5 => return Err(Problem::new(&NOT_FIVE_STARS)),
        Act::Confirm => {
            if of_level(OfficeLevel::Ministry).await?.stars < 5 {
                return Err(Problem::new(&NOT_FIVE_STARS));
            }
            let (number, day) = decision(desk, input)?;
            stars = Some(5);
            changes.decision = Some((5, Some(number), day));
        }
        Act::Close => {
            if row.due_on.is_none_or(|due| due >= desk.today()) {
                return Err(Problem::new(&STILL_TIME).extension("due_on", row.due_on));
            }
            changes.decision = Some((0, None, desk.today()));
        }
        Act::Revoke | Act::RevokeFive if (row.stars == Some(5)) != (input.act == Act::RevokeFive) => {
            return Err(Problem::new(&FORBIDDEN));
        }
        _ => {}
    }
    Ok((stars, changes))
}

/// Takes a step of one of the caller's offices.
pub async fn take(desk: &Desk, id: DossierId, input: OfficeStepInput) -> Result<DossierDetail, Problem> {
    let seats = desk.seats(OfficePermission::SeeDossiers).await?;
    let view = visible(desk.db.fresh(), &seats, id).await?;
    let seat = acting(&seats, input.act, &view.commune_code).ok_or_else(|| Problem::new(&FORBIDDEN))?;
    let reason = reason_of(input.act, input.reason.as_deref())?;
    let transaction = desk.begin().await?;
    let row = found(&transaction, id).await?;
    if row.version != input.version {
        return Err(Problem::new(&DOSSIER_CHANGED).extension("version", row.version));
    }
    if !input.act.from().contains(&row.state) {
        return Err(Problem::new(&DOSSIER_STATE).extension("state", row.state));
    }
    if require_member(&transaction, desk.who.account, row.cooperative_id, Permission::SeeShop).await.is_ok() {
        return Err(Problem::new(&OWN_DOSSIER));
    }
    let (stars, changes) = prepare(&transaction, desk, (&row, seat), &input).await?;
    let decided = changes.decision.clone();
    let taken =
        Step { act: input.act, version: input.version, office: Some(seat.office_id), reason: reason.as_deref(), stars };
    let to = step(&transaction, desk, &row, taken, changes).await?;
    // What a complaint or a new look brings takes the place of what was decided before.
    let ends = matches!(input.act, Act::Decide | Act::Confirm | Act::Revoke | Act::RevokeFive | Act::Close);
    let mut touched = 0;
    if ends {
        let why = reason.as_deref().unwrap_or("Thay bằng quyết định mới");
        touched = take_back(&transaction, &row, why, desk.now()).await?;
    }
    if let (DossierState::Recognised, Some((stars @ LEAST_STARS.., Some(number), day))) = (to, decided) {
        let given = Given {
            product: row.product_id,
            dossier: Some(row.id),
            stars,
            certificate_number: None,
            decision_number: &number,
            issuer: &seat.name,
            decided_on: day,
        };
        give(&transaction, given).await?;
        touched += 1;
    }
    transaction.commit().await?;
    desk.bell.ring();
    if touched > 0 {
        desk.products_changed(&[row.product_id]).await?;
    }
    officer_detail(desk, &seats, id).await
}

/// Take a step of one's office.
#[utoipa::path(tag = "recognition", operation_id = "take_officer_step", security(("access_token" = [])), params(("dossier_id" = DossierId, Path)), request_body = OfficeStepInput, responses((status = 200, description = "The dossier", body = DossierDetail)))]
#[post("/v1/officer/dossiers/{dossier_id}/steps")]
pub async fn take_officer_step(
    desk: Desk,
    id: Path<DossierId>,
    body: Body<OfficeStepInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(take(&desk, *id, body.0).await?))
}
