//! A record of personal data that got where it should not (law 91/2025/QH15, article 23): the authority is told within 72 hours
//! of finding out, and so are the people, where it may harm them.

use actix_web::web::{Json, Path};
use actix_web::{HttpResponse, get, post, put};
use entity::breach;
use entity::value::{BreachId, PlatformRole};
use garde::Validate;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::platform::body::Body;
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::{revision, secrets};

/// Law 91/2025/QH15, article 23.
const TELL_WITHIN: Duration = Duration::hours(72);
/// So many are listed.
const MOST: u64 = 200;

/// Personal data that got where it should not.
#[derive(Serialize, ToSchema)]
pub struct Breach {
    pub id: BreachId,
    #[schema(example = "SC-K7MPXQ2R")]
    pub number: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub found_at: OffsetDateTime,
    /// When the authority must know.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub tell_by: OffsetDateTime,
    /// The time is up and the authority was not told.
    pub late: bool,
    pub happened: String,
    pub data: String,
    pub people: i64,
    pub measures: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub authority_told_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub people_told_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub closed_at: Option<OffsetDateTime>,
    /// Shown again when it is changed: who comes second is told so.
    pub seen: String,
}

#[derive(Serialize, ToSchema)]
pub struct BreachList {
    /// Newest first, 200 at the most.
    pub items: Vec<Breach>,
}

/// What is known of it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"found_at": "2026-11-30T08:00:00+07:00", "happened": "Một máy của cơ quan bị mất", "data": "Tên, số điện thoại", "people": 12,
    "measures": "Đã đăng xuất máy đó"}))]
pub struct BreachInput {
    #[garde(skip)]
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub found_at: OffsetDateTime,
    #[garde(length(chars, min = 3, max = 4_000))]
    #[schema(min_length = 3, max_length = 4_000)]
    pub happened: String,
    /// Which kinds of data.
    #[garde(length(chars, min = 2, max = 1_000))]
    #[schema(min_length = 2, max_length = 1_000)]
    pub data: String,
    /// How many people it is about, as far as is known.
    #[garde(range(min = 0, max = 1_000_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub people: i64,
    /// What was done about it.
    #[garde(length(chars, max = 4_000))]
    #[schema(max_length = 4_000)]
    pub measures: String,
    /// When the authority (the Ministry of Public Security's department A05) was told.
    #[garde(skip)]
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub authority_told_at: Option<OffsetDateTime>,
    #[garde(skip)]
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub people_told_at: Option<OffsetDateTime>,
    /// Over: closed only once the authority was told.
    #[garde(skip)]
    #[serde(default)]
    pub closed: bool,
    /// Of the record as it was seen.
    #[garde(length(max = 64))]
    #[serde(default, skip_serializing)]
    #[schema(max_length = 64)]
    pub seen: Option<String>,
}

fn shown(row: breach::Model, now: OffsetDateTime) -> Breach {
    let tell_by = row.found_at + TELL_WITHIN;
    let seen = revision::of(&facts(&row));
    Breach {
        id: row.id,
        number: row.number,
        found_at: row.found_at,
        tell_by,
        late: row.authority_told_at.is_none() && row.closed_at.is_none() && now > tell_by,
        happened: row.happened,
        data: row.data,
        people: row.people,
        measures: row.measures,
        authority_told_at: row.authority_told_at,
        people_told_at: row.people_told_at,
        closed_at: row.closed_at,
        seen,
    }
}

/// What can be changed of a record.
fn facts(row: &breach::Model) -> BreachInput {
    BreachInput {
        found_at: row.found_at,
        happened: row.happened.clone(),
        data: row.data.clone(),
        people: row.people,
        measures: row.measures.clone(),
        authority_told_at: row.authority_told_at,
        people_told_at: row.people_told_at,
        closed: row.closed_at.is_some(),
        seen: None,
    }
}

impl BreachInput {
    fn check(&self, now: OffsetDateTime) -> Result<(), Problem> {
        for (field, at) in [
            ("/found_at", Some(self.found_at)),
            ("/authority_told_at", self.authority_told_at),
            ("/people_told_at", self.people_told_at),
        ] {
            if at.is_some_and(|at| at > now) {
                let (vi, en) = ("chưa tới lúc đó", "that time has not come");
                return Err(Problem::field(field, "in_future", vi, en));
            }
            if at.is_some_and(|at| at.year() < 2000) {
                let (vi, en) = ("năm không đúng", "not such a year");
                return Err(Problem::field(field, "too_old", vi, en));
            }
        }
        if self.closed && self.authority_told_at.is_none() {
            let (vi, en) = ("báo cơ quan chức năng trước khi khép lại", "tell the authority before closing it");
            return Err(Problem::field("/authority_told_at", "missing", vi, en));
        }
        Ok(())
    }

    fn onto(&self, row: &mut breach::ActiveModel, closed_before: Option<OffsetDateTime>, now: OffsetDateTime) {
        row.found_at = Set(self.found_at);
        row.happened = Set(fold::stored(&self.happened));
        row.data = Set(fold::stored(&self.data));
        row.people = Set(self.people);
        row.measures = Set(fold::stored(&self.measures));
        row.authority_told_at = Set(self.authority_told_at);
        row.people_told_at = Set(self.people_told_at);
        row.closed_at = Set(self.closed.then(|| closed_before.unwrap_or(now)));
        row.updated_at = Set(now);
    }
}

/// The record, newest first.
pub async fn all(desk: &Desk) -> Result<Vec<Breach>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = breach::Entity::find().order_by_desc(breach::Column::FoundAt).limit(MOST).all(desk.db.fresh()).await?;
    Ok(rows.into_iter().map(|row| shown(row, desk.now())).collect())
}

pub async fn record(desk: &Desk, input: &BreachInput) -> Result<Breach, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    input.check(now)?;
    let id = BreachId::new();
    let mut row = breach::ActiveModel {
        id: Set(id),
        number: Set(format!("SC-{}", secrets::code(8))),
        created_by: Set(desk.who.account),
        created_at: Set(now),
        ..Default::default()
    };
    input.onto(&mut row, None, now);
    let transaction = desk.begin().await?;
    let row = row.insert(&transaction).await?;
    desk.audit(&transaction, "breach.recorded", ("breach", id.0), (), facts(&row)).await?;
    transaction.commit().await?;
    Ok(shown(row, now))
}

pub async fn change(desk: &Desk, id: BreachId, input: &BreachInput) -> Result<Breach, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    input.check(now)?;
    let transaction = desk.begin().await?;
    let before = breach::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let before = before.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    revision::check(input.seen.as_deref(), &facts(&before))?;
    let (was, closed) = (facts(&before), before.closed_at);
    let mut row = before.into_active_model();
    input.onto(&mut row, closed, now);
    let row = row.update(&transaction).await?;
    desk.audit(&transaction, "breach.changed", ("breach", id.0), was, facts(&row)).await?;
    transaction.commit().await?;
    Ok(shown(row, now))
}

/// The record of breaches of personal data.
#[utoipa::path(tag = "admin", operation_id = "list_breaches", security(("access_token" = [])), responses((status = 200, description = "The record", body = BreachList)))]
#[get("/v1/admin/breaches")]
pub async fn list(desk: Desk) -> Result<Json<BreachList>, Problem> {
    Ok(Json(BreachList { items: all(&desk).await? }))
}

/// Record a breach of personal data. The authority is to know within 72 hours of its being found.
#[utoipa::path(tag = "admin", operation_id = "record_breach", security(("access_token" = [])), request_body = BreachInput, responses((status = 201, description = "The record", body = Breach)))]
#[post("/v1/admin/breaches")]
pub async fn create(desk: Desk, body: Body<BreachInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(record(&desk, &body.0).await?))
}

/// Write down what was learnt and done since; what is left out is taken back.
#[utoipa::path(tag = "admin", operation_id = "change_breach", security(("access_token" = [])), params(("id" = BreachId, Path)), request_body = BreachInput, responses((status = 200, description = "The record", body = Breach)))]
#[put("/v1/admin/breaches/{id}")]
pub async fn update(desk: Desk, id: Path<BreachId>, body: Body<BreachInput>) -> Result<Json<Breach>, Problem> {
    Ok(Json(change(&desk, *id, &body.0).await?))
}
