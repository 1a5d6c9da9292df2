//! `/v1/business/{id}/requests`: what an organisation asks for.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::supply::{OrganisationRole, RequestState};
use entity::value::{CertificateKind, CooperativeId, DeliveryPlaceId, OrganisationId, SupplyRequestId, SupplyWindowId};
use entity::{supply_audience, supply_offer, supply_request, supply_share, supply_window};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration};
use utoipa::ToSchema;

use super::view::{Eyes, RequestStep, SELECT, SupplyRequest, SupplyRequestDetail, after, detail, request};
use crate::orders::ordering::number;
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::supply::buyers::{may, may_approved, place_of};

codes! {
    REQUEST_CHANGED = "request_changed" 409 "Yêu cầu vừa được người khác sửa: hãy tải lại." "Somebody else has just changed the request: load it again.";
    REQUEST_STATE = "request_state" 409 "Yêu cầu không ở trạng thái cho phép việc này." "The request is not in a state that allows this.";
}

/// A window is filled within two years.
const FARTHEST_DAYS: i64 = 730;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct SupplyWindowInput {
    pub place_id: DeliveryPlaceId,
    #[schema(value_type = String, format = Date)]
    pub from_on: Date,
    #[schema(value_type = String, format = Date)]
    pub to_on: Date,
    #[garde(range(min = 1_000, max = 10_000_000_000))]
    #[schema(minimum = 1_000, maximum = 10_000_000_000_i64)]
    pub grams: i64,
}

fn most_penalty() -> i32 {
    800
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"category": "trai-cay", "title": "Bưởi Diễn cho sáu tuần trước Tết", "grade": "Quả 0,8–1,2 kg, vỏ vàng", "packing": "Thùng 10 kg", "papers": ["food_safety"],
    "tolerance_bp": 500, "deposit_bp": 2_000, "penalty_bp": 800, "late_bp": 100, "answer_by": "2026-12-10", "windows": [{"place_id": "0197f2a0-0000-7000-8000-000000000001", "from_on": "2026-12-20", "to_on": "2026-12-22", "grams": 2_000_000}]}))]
pub struct RequestInput {
    /// Of the request that was looked at; none of a new one.
    pub version: Option<i64>,
    /// A category's slug.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub category: String,
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    pub title: String,
    #[serde(default)]
    #[garde(length(chars, max = 300))]
    #[schema(max_length = 300)]
    pub grade: String,
    #[serde(default)]
    #[garde(length(chars, max = 300))]
    #[schema(max_length = 300)]
    pub packing: String,
    #[serde(default)]
    #[garde(length(max = 11))]
    #[schema(max_items = 11)]
    pub papers: Vec<CertificateKind>,
    /// More or less than asked for that is enough, too.
    #[garde(range(min = 0, max = 2_000))]
    #[schema(minimum = 0, maximum = 2_000)]
    pub tolerance_bp: i32,
    /// Đồng a kilogram, if the buyer has an idea.
    #[garde(inner(range(min = 1, max = 100_000_000)))]
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub price_idea: Option<i64>,
    /// Of what a contract costs, paid once it is signed.
    #[serde(default)]
    #[garde(range(min = 0, max = 5_000))]
    #[schema(minimum = 0, maximum = 5_000)]
    pub deposit_bp: i32,
    /// Of what is missing beyond the tolerance; at most 8 % (Commercial Law 2005, article 301).
    #[serde(default = "most_penalty")]
    #[garde(range(min = 0, max = 800))]
    #[schema(minimum = 0, maximum = 800)]
    pub penalty_bp: i32,
    /// Of what comes late, a day.
    #[serde(default)]
    #[garde(range(min = 0, max = 800))]
    #[schema(minimum = 0, maximum = 800)]
    pub late_bp: i32,
    #[schema(value_type = String, format = Date)]
    pub answer_by: Date,
    #[garde(length(min = 1, max = 60), dive)]
    #[schema(min_items = 1, max_items = 60)]
    pub windows: Vec<SupplyWindowInput>,
    /// Seen by these only; by all without any.
    #[serde(default)]
    #[garde(length(max = 100))]
    #[schema(max_items = 100)]
    pub audience: Vec<CooperativeId>,
}

/// Requests of an organisation, newest first.
pub async fn find(
    desk: &Desk,
    organisation: OrganisationId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<SupplyRequest>, Problem> {
    may(desk, organisation, OrganisationRole::Member).await?;
    NewestFirst::of(SELECT, "r.id", place)?
        .and("r.organisation_id = ?", organisation)
        .page(desk.db.fresh(), |row: &SupplyRequest| row.id)
        .await
}

/// Requests of an organisation, newest first.
#[utoipa::path(tag = "business", operation_id = "list_supply_requests", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), Paging), responses((status = 200, description = "A page of requests", body = Page<SupplyRequest>)))]
#[get("/v1/business/{organisation_id}/requests")]
pub async fn list_supply_requests(
    desk: Desk,
    organisation: Path<OrganisationId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(find(&desk, *organisation, paging.0.place()).await?))
}

/// A request of the organisation.
pub(super) async fn own(
    connection: &impl ConnectionTrait,
    (organisation, id): (OrganisationId, SupplyRequestId),
) -> Result<SupplyRequest, Problem> {
    let found = request(connection, id).await?;
    if found.organisation_id == organisation { Ok(found) } else { Err(Problem::new(&NOT_FOUND)) }
}

/// A request with everything its buyer sees.
pub async fn show(desk: &Desk, path: (OrganisationId, SupplyRequestId)) -> Result<SupplyRequestDetail, Problem> {
    may(desk, path.0, OrganisationRole::Member).await?;
    let connection = desk.db.fresh();
    detail(connection, own(connection, path).await?, Eyes::Buyer).await
}

/// A request with its offers and shares.
#[utoipa::path(tag = "business", operation_id = "show_supply_request", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), responses((status = 200, description = "The request", body = SupplyRequestDetail)))]
#[get("/v1/business/{organisation_id}/requests/{request_id}")]
pub async fn show_supply_request(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(show(&desk, path.into_inner()).await?))
}

async fn check(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    input: &RequestInput,
) -> Result<entity::value::CategoryId, Problem> {
    let today = desk.today();
    if input.answer_by < today {
        return Err(Problem::field("/answer_by", "range", "đã qua", "is over"));
    }
    for (index, window) in input.windows.iter().enumerate() {
        let at = |field: &str| format!("/windows/{index}/{field}");
        if window.to_on < window.from_on {
            return Err(Problem::field(at("to_on"), "range", "trước ngày đầu", "is before the first day"));
        }
        if window.from_on < input.answer_by || window.to_on > today + Duration::days(FARTHEST_DAYS) {
            let (vi, en) =
                ("phải sau hạn trả lời, trong vòng hai năm", "must be after the last day to answer, within two years");
            return Err(Problem::field(at("from_on"), "range", vi, en));
        }
        if place_of(connection, (organisation, window.place_id)).await?.is_none() {
            let (vi, en) = ("không có nơi nhận này", "there is no such delivery place");
            return Err(Problem::field(at("place_id"), "place", vi, en));
        }
    }
    for (index, cooperative) in input.audience.iter().enumerate() {
        let known = entity::cooperative::Entity::find_by_id(*cooperative).one(connection).await?;
        let fresh = !input.audience[..index].contains(cooperative);
        if !fresh || known.is_none_or(|row| row.status != entity::value::CooperativeStatus::Active) {
            let (vi, en) = ("không có hợp tác xã này", "there is no such cooperative");
            return Err(Problem::field(format!("/audience/{index}"), "cooperative", vi, en));
        }
    }
    let category = entity::category::Entity::find()
        .filter(entity::category::Column::Slug.eq(input.category.as_str()))
        .one(connection)
        .await?;
    let unknown = || Problem::field("/category", "category", "không có nhóm hàng này", "there is no such category");
    Ok(category.ok_or_else(unknown)?.id)
}

async fn write_windows(
    connection: &impl ConnectionTrait,
    id: SupplyRequestId,
    input: &RequestInput,
) -> Result<(), Problem> {
    supply_window::Entity::delete_many().filter(supply_window::Column::RequestId.eq(id)).exec(connection).await?;
    supply_audience::Entity::delete_many().filter(supply_audience::Column::RequestId.eq(id)).exec(connection).await?;
    let windows = input.windows.iter().map(|window| supply_window::ActiveModel {
        id: Set(SupplyWindowId::new()),
        request_id: Set(id),
        place_id: Set(window.place_id),
        from_on: Set(window.from_on),
        to_on: Set(window.to_on),
        grams: Set(window.grams),
    });
    supply_window::Entity::insert_many(windows).exec_without_returning(connection).await?;
    if !input.audience.is_empty() {
        let chosen = input
            .audience
            .iter()
            .map(|cooperative| supply_audience::ActiveModel { request_id: Set(id), cooperative_id: Set(*cooperative) });
        supply_audience::Entity::insert_many(chosen).exec_without_returning(connection).await?;
    }
    Ok(())
}

fn papers(input: &RequestInput) -> String {
    let mut papers: Vec<&str> = input.papers.iter().map(|kind| kind.as_str()).collect();
    papers.sort_unstable();
    papers.dedup();
    papers.join(",")
}

/// Write a request; nobody else sees it before it is published.
pub async fn create(
    desk: &Desk,
    organisation: OrganisationId,
    input: RequestInput,
) -> Result<SupplyRequestDetail, Problem> {
    may_approved(desk, organisation, OrganisationRole::Buyer).await?;
    let id = SupplyRequestId::new();
    let transaction = desk.begin().await?;
    let category = check(desk, &transaction, organisation, &input).await?;
    let row = supply_request::ActiveModel {
        id: Set(id),
        number: Set(number("YC", desk.now())),
        organisation_id: Set(organisation),
        category_id: Set(category),
        title: Set(fold::stored(&input.title)),
        grade: Set(fold::stored(&input.grade)),
        packing: Set(fold::stored(&input.packing)),
        papers: Set(papers(&input)),
        tolerance_bp: Set(input.tolerance_bp),
        price_idea: Set(input.price_idea),
        chosen_only: Set(!input.audience.is_empty()),
        answer_by: Set(input.answer_by),
        state: Set(RequestState::Draft),
        rule: Set(None),
        version: Set(1),
        created_by: Set(desk.who.account),
        created_at: Set(desk.now()),
        updated_at: Set(desk.now()),
        deposit_bp: Set(input.deposit_bp),
        penalty_bp: Set(input.penalty_bp),
        late_bp: Set(input.late_bp),
        purchase_id: Set(None),
    };
    supply_request::Entity::insert(row).exec_without_returning(&transaction).await?;
    write_windows(&transaction, id, &input).await?;
    desk.audit(&transaction, "request.created", ("supply_request", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    show(desk, (organisation, id)).await
}

/// Write a request; nobody else sees it before it is published.
#[utoipa::path(tag = "business", operation_id = "create_supply_request", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), request_body = RequestInput, responses((status = 201, description = "The request", body = SupplyRequestDetail)))]
#[post("/v1/business/{organisation_id}/requests")]
pub async fn create_supply_request(
    desk: Desk,
    organisation: Path<OrganisationId>,
    body: Body<RequestInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(create(&desk, *organisation, body.0).await?))
}

/// Write a draft anew.
pub async fn change(
    desk: &Desk,
    path: (OrganisationId, SupplyRequestId),
    input: RequestInput,
) -> Result<SupplyRequestDetail, Problem> {
    may_approved(desk, path.0, OrganisationRole::Buyer).await?;
    let transaction = desk.begin().await?;
    let before = own(&transaction, path).await?;
    if before.state != RequestState::Draft {
        return Err(Problem::new(&REQUEST_STATE));
    }
    let category = check(desk, &transaction, path.0, &input).await?;
    let sql = "UPDATE supply_request SET category_id = $3, title = $4, grade = $5, packing = $6, papers = $7, tolerance_bp = $8, price_idea = $9,
                   chosen_only = $10, answer_by = $11, version = version + 1, updated_at = $12, deposit_bp = $13, penalty_bp = $14, late_bp = $15
               WHERE id = $1 AND version = $2 AND state = 'draft'";
    let values: [sea_orm::Value; 15] = [
        path.1.into(),
        input.version.unwrap_or_default().into(),
        category.into(),
        fold::stored(&input.title).into(),
        fold::stored(&input.grade).into(),
        fold::stored(&input.packing).into(),
        papers(&input).into(),
        input.tolerance_bp.into(),
        input.price_idea.into(),
        (!input.audience.is_empty()).into(),
        input.answer_by.into(),
        desk.now().into(),
        input.deposit_bp.into(),
        input.penalty_bp.into(),
        input.late_bp.into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&REQUEST_CHANGED));
    }
    write_windows(&transaction, path.1, &input).await?;
    desk.audit(&transaction, "request.changed", ("supply_request", path.1.0), (), json!(input)).await?;
    transaction.commit().await?;
    show(desk, path).await
}

/// Write a draft anew.
#[utoipa::path(tag = "business", operation_id = "change_supply_request", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), request_body = RequestInput, responses((status = 200, description = "The request", body = SupplyRequestDetail)))]
#[put("/v1/business/{organisation_id}/requests/{request_id}")]
pub async fn change_supply_request(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
    body: Body<RequestInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(change(&desk, path.into_inner(), body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"step": "publish", "version": 1}))]
pub struct RequestStepInput {
    pub step: RequestStep,
    /// Of the request that was looked at.
    pub version: i64,
}

/// The cooperatives that can serve a request: something of its category on sale; the chosen ones only, if some were chosen.
async fn who_hears(connection: &impl ConnectionTrait, request: &SupplyRequest) -> Result<Vec<CooperativeId>, Problem> {
    #[derive(FromQueryResult)]
    struct Hears {
        id: CooperativeId,
    }
    let sql = "SELECT DISTINCT c.id FROM cooperative c JOIN product p ON p.cooperative_id = c.id
               WHERE c.status = 'active' AND p.status = 'published' AND p.category_id = $1
                 AND ($2 = 0 OR EXISTS (SELECT 1 FROM supply_audience a WHERE a.request_id = $3 AND a.cooperative_id = c.id))
               ORDER BY c.id";
    let values = [request.category_id.into(), i64::from(request.chosen_only).into(), request.id.into()];
    let rows = crate::platform::db::all::<Hears>(connection, sql, values).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Publish a request, close it for offers, open it again, or cancel it.
pub async fn step(
    desk: &Desk,
    path: (OrganisationId, SupplyRequestId),
    input: RequestStepInput,
) -> Result<SupplyRequestDetail, Problem> {
    may_approved(desk, path.0, OrganisationRole::Buyer).await?;
    let transaction = desk.begin().await?;
    let before = own(&transaction, path).await?;
    let to = after(before.state, input.step).ok_or_else(|| Problem::new(&REQUEST_STATE))?;
    if to == RequestState::Open && before.answer_by < desk.today() {
        return Err(Problem::field("/step", "range", "hạn trả lời đã qua", "the last day to answer is over"));
    }
    let sql = "UPDATE supply_request SET state = $4, rule = NULL, version = version + 1, updated_at = $5
               WHERE id = $1 AND version = $2 AND state = $3";
    let values =
        [path.1.into(), input.version.into(), before.state.as_str().into(), to.as_str().into(), desk.now().into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&REQUEST_CHANGED));
    }
    // Shares of before are over with what they were reckoned from.
    let offers = supply_offer::Entity::find().filter(supply_offer::Column::RequestId.eq(path.1));
    let offers: Vec<entity::value::SupplyOfferId> =
        offers.select_only().column(supply_offer::Column::Id).into_tuple().all(&transaction).await?;
    if !offers.is_empty() {
        supply_share::Entity::delete_many()
            .filter(supply_share::Column::OfferId.is_in(offers))
            .exec(&transaction)
            .await?;
    }
    if input.step == RequestStep::Publish {
        for cooperative in who_hears(&transaction, &before).await? {
            let told = json!({
                "request_id": before.id, "number": before.number, "title": before.title, "organisation": before.organisation_name,
                "grams": before.grams, "answer_by": before.answer_by.to_string(),
            });
            emit(&transaction, "request.published", cooperative.0, told, desk.now()).await?;
        }
    }
    let (from, state) = (json!({"state": before.state}), json!({"state": to}));
    desk.audit(&transaction, "request.step", ("supply_request", path.1.0), from, state).await?;
    transaction.commit().await?;
    desk.bell.ring();
    show(desk, path).await
}

/// Publish a request, close it for offers, open it again, or cancel it.
#[utoipa::path(tag = "business", operation_id = "step_supply_request", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), request_body = RequestStepInput, responses((status = 200, description = "The request", body = SupplyRequestDetail)))]
#[post("/v1/business/{organisation_id}/requests/{request_id}/steps")]
pub async fn step_supply_request(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
    body: Body<RequestStepInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(step(&desk, path.into_inner(), body.0).await?))
}

/// One more version of a request in a state, as it was looked at, or refused; whoever comes second waits.
pub(super) async fn lock(
    connection: &impl ConnectionTrait,
    (id, version): (SupplyRequestId, i64),
    state: RequestState,
) -> Result<(), Problem> {
    let sql = "UPDATE supply_request SET version = version + 1 WHERE id = $1 AND version = $2 AND state = $3";
    if run(connection, sql, [id.into(), version.into(), state.as_str().into()]).await? == 1 {
        return Ok(());
    }
    let found = one::<SupplyRequest>(connection, format!("{SELECT} WHERE r.id = $1"), [id.into()]).await?;
    let changed = found.is_some_and(|row| row.state == state);
    Err(Problem::new(if changed { &REQUEST_CHANGED } else { &REQUEST_STATE }))
}
