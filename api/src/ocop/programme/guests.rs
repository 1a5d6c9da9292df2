//! Who is invited to a measure, who came, and what they say of it.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::measure_guest;
use entity::programme::{GuestState, MeasureKind, MeasureState};
use entity::value::{CooperativeId, GuestId, MeasureId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::sight::{acting, place_of, within};
use super::view::{PlanDetail, own_measure, show};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::people::offices::OfficePermission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{is_duplicate, one, placeholders, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    MEASURE_CANCELLED = "measure_cancelled" 409 "Biện pháp đã hủy." "The measure is cancelled.";
    GUEST_EXISTS = "guest_exists" 409 "Người này đã được mời." "They were invited already.";
    GUESTS_FULL = "guests_full" 409 "Đã mời đủ số người cho phép." "No more people can be invited.";
    NOT_ATTENDED = "not_attended" 409 "Chỉ người đã dự mới góp ý được." "Only who came says what it was like.";
}

/// Guests of one measure: the largest course we know of had 350.
const MOST: u64 = 500;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"cooperative_id": "0197f2a0-0000-7000-8000-000000000001", "people": ["Bùi Thị Mai"]}))]
pub struct GuestsInput {
    pub cooperative_id: CooperativeId,
    /// Their names, seen by the office and the cooperative only.
    #[garde(length(min = 1, max = 50), inner(length(chars, min = 1, max = 100)))]
    #[schema(min_items = 1, max_items = 50)]
    pub people: Vec<String>,
}

/// Invite people of a cooperative in the plan's place. The cooperative is told.
pub async fn invite(desk: &Desk, id: MeasureId, input: GuestsInput) -> Result<PlanDetail, Problem> {
    let transaction = desk.begin().await?;
    let (measure, plan) = own_measure(desk, &transaction, id).await?;
    if measure.state == MeasureState::Cancelled {
        return Err(Problem::new(&MEASURE_CANCELLED));
    }
    let office = acting(desk, &transaction, OfficePermission::KeepPlans, Some(plan.office_id)).await?;
    within(&transaction, &place_of(&office), input.cooperative_id).await?;
    let held = measure_guest::Entity::find().filter(measure_guest::Column::MeasureId.eq(id));
    if held.count(&transaction).await? + input.people.len() as u64 > MOST {
        return Err(Problem::new(&GUESTS_FULL));
    }
    let rows = input.people.iter().map(|person| measure_guest::ActiveModel {
        id: Set(GuestId::new()),
        measure_id: Set(id),
        cooperative_id: Set(input.cooperative_id),
        person: Set(fold::stored(person)),
        state: Set(GuestState::Invited),
        rating: Set(None),
        feedback: Set(None),
        invited_at: Set(desk.now()),
        answered_at: Set(None),
    });
    match measure_guest::Entity::insert_many(rows).exec_without_returning(&transaction).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&GUEST_EXISTS)),
        done => done?,
    };
    let told = json!({
        "measure_id": id, "title": measure.title, "venue": measure.venue,
        "starts_on": measure.starts_on.to_string(), "office": office.name, "people": input.people,
    });
    emit(&transaction, "measure.invited", input.cooperative_id.0, told, desk.now()).await?;
    let after = json!({"cooperative_id": input.cooperative_id, "people": input.people.len()});
    desk.audit(&transaction, "measure.invited", ("plan_measure", id.0), (), after).await?;
    transaction.commit().await?;
    desk.bell.ring();
    show(desk, plan.id).await
}

/// Invite people of a cooperative in the plan's place. The cooperative is told.
#[utoipa::path(tag = "programme", operation_id = "invite_guests", security(("access_token" = [])), params(("measure_id" = MeasureId, Path)), request_body = GuestsInput, responses((status = 201, description = "The plan", body = PlanDetail)))]
#[post("/v1/officer/measures/{measure_id}/guests")]
pub async fn invite_guests(desk: Desk, id: Path<MeasureId>, body: Body<GuestsInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(invite(&desk, *id, body.0).await?))
}

#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"came": ["0197f2a0-0000-7000-8000-000000000001"]}))]
pub struct AttendanceInput {
    /// Those who came; everybody else who was invited was absent.
    #[garde(length(max = 500))]
    #[schema(max_items = 500)]
    pub came: Vec<GuestId>,
}

/// Note who came, on the first day or later.
pub async fn attend(desk: &Desk, id: MeasureId, input: AttendanceInput) -> Result<PlanDetail, Problem> {
    let transaction = desk.begin().await?;
    let (measure, plan) = own_measure(desk, &transaction, id).await?;
    if measure.state == MeasureState::Cancelled {
        return Err(Problem::new(&MEASURE_CANCELLED));
    }
    if measure.starts_on > desk.today() {
        return Err(Problem::field("/came", "range", "chưa đến ngày", "it has not begun yet"));
    }
    run(&transaction, "UPDATE measure_guest SET state = 'absent' WHERE measure_id = $1", [id.into()]).await?;
    if !input.came.is_empty() {
        let list = placeholders(2, 1, input.came.len());
        let sql = format!("UPDATE measure_guest SET state = 'came' WHERE measure_id = $1 AND id IN {list}");
        let values = std::iter::once(id.into()).chain(input.came.iter().map(|id| (*id).into()));
        if run(&transaction, sql, values).await? != input.came.len() as u64 {
            let (vi, en) = ("có người không được mời hoặc lặp lại", "somebody was not invited, or stands there twice");
            return Err(Problem::field("/came", "guest", vi, en));
        }
    }
    // What somebody said of it goes with their having been there.
    let sql = "UPDATE measure_guest SET rating = NULL, feedback = NULL, answered_at = NULL WHERE measure_id = $1 AND state = 'absent'";
    run(&transaction, sql, [id.into()]).await?;
    desk.audit(&transaction, "measure.attended", ("plan_measure", id.0), (), json!({"came": input.came.len()})).await?;
    transaction.commit().await?;
    show(desk, plan.id).await
}

/// Note who came, on the first day or later.
#[utoipa::path(tag = "programme", operation_id = "note_attendance", security(("access_token" = [])), params(("measure_id" = MeasureId, Path)), request_body = AttendanceInput, responses((status = 200, description = "The plan", body = PlanDetail)))]
#[post("/v1/officer/measures/{measure_id}/attendance")]
pub async fn note_attendance(
    desk: Desk,
    id: Path<MeasureId>,
    body: Body<AttendanceInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(attend(&desk, *id, body.0).await?))
}

/// An invitation as the cooperative sees it.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct CourseInvitation {
    pub id: GuestId,
    pub person: String,
    pub state: GuestState,
    #[schema(required = true)]
    pub rating: Option<i32>,
    #[schema(required = true)]
    pub feedback: Option<String>,
    pub kind: MeasureKind,
    pub title: String,
    pub subject: String,
    pub venue: String,
    #[schema(value_type = String, format = Date)]
    pub starts_on: Date,
    #[schema(value_type = String, format = Date)]
    pub ends_on: Date,
    pub measure_state: MeasureState,
    pub office_name: String,
}

const INVITATION: &str = "SELECT g.id, g.person, g.state, g.rating, g.feedback, m.kind, m.title, m.subject, m.venue, m.starts_on, m.ends_on,
        m.state AS measure_state, o.name AS office_name
    FROM measure_guest g JOIN plan_measure m ON m.id = g.measure_id JOIN programme_plan n ON n.id = m.plan_id JOIN office o ON o.id = n.office_id";

/// What a cooperative's people are invited to, newest first.
pub async fn invitations(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<CourseInvitation>, Problem> {
    NewestFirst::of(INVITATION, "g.id", place)?
        .and("g.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &CourseInvitation| row.id)
        .await
}

/// What the cooperative's people are invited to, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_invitations", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of invitations", body = Page<CourseInvitation>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/courses")]
pub async fn list_invitations(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(invitations(&desk, *cooperative, paging.0.place()).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"rating": 5, "feedback": "Dễ hiểu, nên có thêm buổi thực hành"}))]
pub struct FeedbackInput {
    #[garde(range(min = 1, max = 5))]
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i32,
    #[serde(default)]
    #[garde(length(chars, max = 1000))]
    #[schema(max_length = 1000)]
    pub feedback: String,
}

/// Say what a measure was like that one came to.
pub async fn answer(
    desk: &Desk,
    (cooperative, id): (CooperativeId, GuestId),
    input: FeedbackInput,
) -> Result<CourseInvitation, Problem> {
    let transaction = desk.begin().await?;
    let feedback = Some(fold::stored(&input.feedback)).filter(|text| !text.is_empty());
    let sql = "UPDATE measure_guest SET rating = $3, feedback = $4, answered_at = $5 WHERE id = $1 AND cooperative_id = $2 AND state = 'came'";
    let values = [id.into(), cooperative.into(), input.rating.into(), feedback.into(), desk.now().into()];
    let written = run(&transaction, sql, values).await?;
    let shown = format!("{INVITATION} WHERE g.id = $1 AND g.cooperative_id = $2");
    let row = one::<CourseInvitation>(&transaction, shown, [id.into(), cooperative.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if written != 1 {
        return Err(Problem::new(&NOT_ATTENDED));
    }
    transaction.commit().await?;
    Ok(row)
}

/// Say what a measure was like that one came to.
#[utoipa::path(tag = "programme", operation_id = "answer_invitation", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("guest_id" = GuestId, Path)), request_body = FeedbackInput, responses((status = 200, description = "The invitation", body = CourseInvitation)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/courses/{guest_id}/feedback")]
pub async fn answer_invitation(
    desk: Desk,
    path: Path<(CooperativeId, GuestId)>,
    body: Body<FeedbackInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok().json(answer(&desk, path.into_inner(), body.0).await?))
}
