//! Member households: names for their cooperative only; income only with consent.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::value::{CooperativeId, HouseholdId};
use entity::{household, household_income};
use garde::Validate;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, is_duplicate, one, run};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    HOUSEHOLD_EXISTS = "household_exists" 409 "Đã có hộ tên này." "There is a household of this name.";
    NO_CONSENT = "no_consent" 409 "Hộ chưa đồng ý cho ghi thu nhập." "The household has not agreed to its income being kept.";
    HOUSEHOLDS_FULL = "households_full" 409 "Đã đủ số hộ cho phép." "No more households can be kept.";
}

const MOST: u64 = 5_000;

/// A member household.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Household {
    pub id: HouseholdId,
    pub name: String,
    pub people: i32,
    /// To its income being kept here.
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub consented_on: Option<Date>,
    /// It has a link to its own page.
    pub linked: bool,
    pub active: bool,
    /// Đồng, of all time.
    pub income: i64,
}

const SELECT: &str = "SELECT h.id, h.name, h.people, h.consented_on, h.link_hash IS NOT NULL AS linked, h.active,
        CAST(COALESCE((SELECT SUM(i.amount) FROM household_income i WHERE i.household_id = h.id), 0) AS bigint) AS income
    FROM household h";

/// A cooperative's households, newest first.
pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Household>, Problem> {
    NewestFirst::of(SELECT, "h.id", place)?
        .and("h.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &Household| row.id)
        .await
}

/// One household of the cooperative.
pub async fn present(
    connection: &impl ConnectionTrait,
    (cooperative, id): (CooperativeId, HouseholdId),
) -> Result<Household, Problem> {
    let sql = format!("{SELECT} WHERE h.id = $1 AND h.cooperative_id = $2");
    let row = one::<Household>(connection, sql, [id.into(), cooperative.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Member households, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_households", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of households", body = Page<Household>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/households")]
pub async fn list_households(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, paging.0.place()).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Hộ ông Bùi Văn Tâm", "people": 4, "consent": true}))]
pub struct HouseholdInput {
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    #[garde(range(min = 1, max = 50))]
    #[schema(minimum = 1, maximum = 50)]
    pub people: i32,
    /// It agreed to its income being kept here. Taking that back removes what was kept.
    pub consent: bool,
    /// True unless told.
    pub active: Option<bool>,
}

/// Add a member household.
pub async fn add(desk: &Desk, cooperative: CooperativeId, input: HouseholdInput) -> Result<Household, Problem> {
    let id = HouseholdId::new();
    let transaction = desk.begin().await?;
    let held = household::Entity::find().filter(household::Column::CooperativeId.eq(cooperative));
    if held.count(&transaction).await? >= MOST {
        return Err(Problem::new(&HOUSEHOLDS_FULL));
    }
    let row = household::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        name: Set(fold::stored(&input.name)),
        people: Set(input.people),
        consented_on: Set(input.consent.then(|| desk.today())),
        link_hash: Set(None),
        active: Set(input.active.unwrap_or(true)),
        created_at: Set(desk.now()),
    };
    match household::Entity::insert(row).exec_without_returning(&transaction).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&HOUSEHOLD_EXISTS)),
        done => done?,
    };
    desk.audit(&transaction, "household.added", ("household", id.0), (), json!({"consent": input.consent})).await?;
    transaction.commit().await?;
    present(desk.db.fresh(), (cooperative, id)).await
}

/// Add a member household.
#[utoipa::path(tag = "programme", operation_id = "add_household", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = HouseholdInput, responses((status = 201, description = "The household", body = Household)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/households")]
pub async fn add_household(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<HouseholdInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::KeepPeople).await?;
    Ok(HttpResponse::Created().json(add(&desk, *cooperative, body.0).await?))
}

/// Write a household anew. Without consent neither income nor link is kept.
pub async fn change(
    desk: &Desk,
    path: (CooperativeId, HouseholdId),
    input: HouseholdInput,
) -> Result<Household, Problem> {
    let transaction = desk.begin().await?;
    let before = present(&transaction, path).await?;
    let consented = if input.consent { before.consented_on.or_else(|| Some(desk.today())) } else { None };
    let sql = "UPDATE household SET name = $2, people = $3, consented_on = $4, active = $5 WHERE id = $1";
    let name = fold::stored(&input.name);
    let values =
        [path.1.into(), name.into(), input.people.into(), consented.into(), input.active.unwrap_or(true).into()];
    match run(&transaction, sql, values).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&HOUSEHOLD_EXISTS)),
        done => done?,
    };
    if !input.consent {
        let kept = household_income::Column::HouseholdId.eq(path.1);
        household_income::Entity::delete_many().filter(kept).exec(&transaction).await?;
        run(&transaction, "UPDATE household SET link_hash = NULL WHERE id = $1", [path.1.into()]).await?;
    }
    let consent = |given: bool| json!({"consent": given});
    let before = consent(before.consented_on.is_some());
    desk.audit(&transaction, "household.changed", ("household", path.1.0), before, consent(input.consent)).await?;
    transaction.commit().await?;
    present(desk.db.fresh(), path).await
}

/// Write a household anew. Without consent neither income nor link is kept.
#[utoipa::path(tag = "programme", operation_id = "change_household", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("household_id" = HouseholdId, Path)), request_body = HouseholdInput, responses((status = 200, description = "The household", body = Household)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/households/{household_id}")]
pub async fn change_household(
    desk: Desk,
    path: Path<(CooperativeId, HouseholdId)>,
    body: Body<HouseholdInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    Ok(HttpResponse::Ok().json(change(&desk, path.into_inner(), body.0).await?))
}

/// A link to a household's own page, shown once.
#[derive(Serialize, ToSchema)]
pub struct HouseholdLink {
    pub url: String,
}

/// Make the link anew; an earlier one ends.
pub async fn new_link(desk: &Desk, path: (CooperativeId, HouseholdId)) -> Result<HouseholdLink, Problem> {
    let transaction = desk.begin().await?;
    present(&transaction, path).await?;
    let secret = secrets::token();
    // A consent taken back at the same moment comes before or after.
    let sql = "UPDATE household SET link_hash = $2 WHERE id = $1 AND consented_on IS NOT NULL";
    if run(&transaction, sql, [path.1.into(), secrets::hash(&secret).into()]).await? != 1 {
        return Err(Problem::new(&NO_CONSENT));
    }
    desk.audit(&transaction, "household.linked", ("household", path.1.0), (), ()).await?;
    transaction.commit().await?;
    Ok(HouseholdLink { url: format!("{}/h?token={secret}", desk.config.base_url()) })
}

/// Make the link to a household's own page anew; an earlier one ends.
#[utoipa::path(tag = "programme", operation_id = "make_household_link", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("household_id" = HouseholdId, Path)), responses((status = 201, description = "The link, shown once", body = HouseholdLink)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/households/{household_id}/link")]
pub async fn make_household_link(
    desk: Desk,
    path: Path<(CooperativeId, HouseholdId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    Ok(HttpResponse::Created().json(new_link(&desk, path.into_inner()).await?))
}

/// A household of the cooperative that agreed, locked until the transaction ends: a consent taken back waits.
pub(super) async fn agreed(
    connection: &impl ConnectionTrait,
    (cooperative, id): (CooperativeId, HouseholdId),
) -> Result<(), Problem> {
    let sql = "UPDATE household SET active = active WHERE id = $1 AND cooperative_id = $2 AND consented_on IS NOT NULL";
    if run(connection, sql, [id.into(), cooperative.into()]).await? == 1 {
        return Ok(());
    }
    let held = by_id::<household::Entity>(connection, id).await?.filter(|row| row.cooperative_id == cooperative);
    Err(Problem::new(if held.is_some() { &NO_CONSENT } else { &NOT_FOUND }))
}
