//! Support granted to a producer, and its figures before and after, counted.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::programme::FundSource;
use entity::support_grant;
use entity::value::{CooperativeId, MeasureId, OfficeId, SupportId, Vnd};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration};
use utoipa::{IntoParams, ToSchema};

use super::sight::{acting, condition, place_of, within};
use super::view::own_measure;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::people::offices::OfficePermission;
use crate::platform::body::{Body, Params};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page, Paging};
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, codes};

codes! {
    SUPPORT_WITHDRAWN = "support_withdrawn" 409 "Khoản hỗ trợ đã được rút." "The support was withdrawn already.";
}

/// Support as it was granted.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Support {
    pub id: SupportId,
    pub office_id: OfficeId,
    pub office_name: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    #[schema(required = true)]
    pub measure_id: Option<MeasureId>,
    /// A machine, a course, money.
    pub what: String,
    /// What for.
    pub purpose: String,
    /// Đồng.
    pub worth: Vnd,
    pub source: FundSource,
    #[schema(value_type = String, format = Date)]
    pub granted_on: Date,
    #[schema(required = true)]
    pub withdrawn_reason: Option<String>,
}

const SELECT: &str = "SELECT g.id, g.office_id, o.name AS office_name, g.cooperative_id, c.name_vi AS cooperative_name, g.measure_id, g.what, g.purpose,
        g.worth, g.source, g.granted_on, g.withdrawn_reason
    FROM support_grant g JOIN office o ON o.id = g.office_id JOIN cooperative c ON c.id = g.cooperative_id";

/// A producer's figures of some days.
#[derive(Clone, Debug, Default, Serialize, FromQueryResult, ToSchema)]
pub struct Side {
    /// Handed over.
    pub orders: i64,
    /// Đồng of their goods, after discounts, before returns.
    pub revenue: i64,
    /// Products whose recognition counts on the last day.
    pub recognised: i64,
    /// Workers of the last season that touches the days.
    pub workers: i64,
}

/// What came of it, as far as figures tell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Outcome {
    /// As many before the day it was granted as after it: 365 at the most.
    pub days: i64,
    pub before: Side,
    pub after: Side,
    /// What the figures do not say.
    pub note_vi: String,
    pub note_en: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupportDetail {
    #[serde(flatten)]
    pub support: Support,
    /// None on the day it is granted.
    #[schema(required = true)]
    pub outcome: Option<Outcome>,
}

/// $1 the producer, $2 first day, $3 last day, $4 first moment, $5 the end.
const SIDE: &str = "SELECT s.orders, s.revenue,
        (SELECT COUNT(DISTINCT r.product_id) FROM recognition r JOIN product p ON p.id = r.product_id
         WHERE p.cooperative_id = $1 AND r.issued_on <= $3 AND r.valid_until >= $3 AND (r.revoked_at IS NULL OR r.revoked_at >= $5)) AS recognised,
        COALESCE((SELECT n.regular_workers + n.seasonal_workers FROM season_report n
         WHERE n.cooperative_id = $1 AND n.from_on <= $3 AND n.to_on >= $2 ORDER BY n.to_on DESC, n.id DESC LIMIT 1), 0) AS workers
    FROM (SELECT COUNT(*) AS orders, CAST(COALESCE(SUM(o.goods_amount - o.discount_amount), 0) AS bigint) AS revenue
          FROM orders o WHERE o.cooperative_id = $1 AND o.delivered_at >= $4 AND o.delivered_at < $5) s";

async fn side(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    (from, to): (Date, Date),
) -> Result<Side, Problem> {
    let moment = |day: Date| day.midnight().assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC);
    let end = moment(to + Duration::days(1));
    let values = [cooperative.into(), from.into(), to.into(), moment(from).into(), end.into()];
    Ok(one::<Side>(connection, SIDE, values).await?.unwrap_or_default())
}

async fn outcome(
    connection: &impl ConnectionTrait,
    support: &Support,
    today: Date,
) -> Result<Option<Outcome>, Problem> {
    let days = (today - support.granted_on).whole_days().min(365);
    if days < 1 {
        return Ok(None);
    }
    let (granted, span) = (support.granted_on, Duration::days(days));
    let day = Duration::days(1);
    let before = side(connection, support.cooperative_id, (granted - span, granted - day)).await?;
    let after = side(connection, support.cooperative_id, (granted, granted + span - day)).await?;
    let (note_vi, note_en) = (
        "Trong cùng thời gian còn nhiều thứ khác thay đổi (mùa vụ, giá, hỗ trợ khác): số liệu cho thấy trước và sau, không chứng minh nguyên nhân.",
        "Other things changed in the same time (seasons, prices, other support): the figures show before and after, they prove no cause.",
    );
    Ok(Some(Outcome { days, before, after, note_vi: note_vi.to_owned(), note_en: note_en.to_owned() }))
}

#[derive(Clone, Debug, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct SupportQuery {
    #[param(inline)]
    pub source: Option<FundSource>,
    #[param(value_type = Option<uuid::Uuid>)]
    pub cooperative_id: Option<CooperativeId>,
    /// 20 unless told.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Support by one's office and offices in its place, newest first.
pub async fn supports(desk: &Desk, query: &SupportQuery) -> Result<Page<Support>, Problem> {
    let seats = desk.seats(OfficePermission::SeeFigures).await?;
    NewestFirst::of(SELECT, "g.id", (query.limit, query.cursor.as_deref()))?
        .and_if("g.source = ?", query.source.map(FundSource::as_str))
        .and_if("g.cooperative_id = ?", query.cooperative_id)
        .and_that(&condition(&seats))
        .page(desk.db.fresh(), |row: &Support| row.id)
        .await
}

/// Support by one's office and offices in its place, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_supports", security(("access_token" = [])), params(SupportQuery), responses((status = 200, description = "A page of support", body = Page<Support>)))]
#[get("/v1/officer/supports")]
pub async fn list_supports(desk: Desk, query: Params<SupportQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(supports(&desk, &query.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"cooperative_id": "0197f2a0-0000-7000-8000-000000000001", "what": "Máy hút chân không", "purpose": "Bảo quản bưởi sau thu hoạch", "worth": 45_000_000, "source": "industrial_promotion", "granted_on": "2026-03-20"}))]
pub struct SupportInput {
    /// One's only one unless told.
    pub office_id: Option<OfficeId>,
    pub cooperative_id: CooperativeId,
    /// A measure of one's own plan it belongs to.
    pub measure_id: Option<MeasureId>,
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    pub what: String,
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    pub purpose: String,
    /// Đồng.
    #[garde(range(min = 1, max = 1_000_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub worth: i64,
    pub source: FundSource,
    #[schema(value_type = String, format = Date)]
    pub granted_on: Date,
}

/// Write down support. The cooperative is told.
pub async fn grant(desk: &Desk, input: SupportInput) -> Result<SupportDetail, Problem> {
    if input.granted_on > desk.today() {
        return Err(Problem::field("/granted_on", "range", "ở tương lai", "is in the future"));
    }
    let office = acting(desk, desk.db.fresh(), OfficePermission::GrantSupport, input.office_id).await?;
    let id = SupportId::new();
    let transaction = desk.begin().await?;
    within(&transaction, &place_of(&office), input.cooperative_id).await?;
    if let Some(measure) = input.measure_id {
        let (_, plan) = own_measure(desk, &transaction, measure).await?;
        if plan.office_id != office.id {
            return Err(Problem::new(&FORBIDDEN));
        }
    }
    let row = support_grant::ActiveModel {
        id: Set(id),
        office_id: Set(office.id),
        cooperative_id: Set(input.cooperative_id),
        measure_id: Set(input.measure_id),
        what: Set(fold::stored(&input.what)),
        purpose: Set(fold::stored(&input.purpose)),
        worth: Set(Vnd(input.worth)),
        source: Set(input.source),
        granted_on: Set(input.granted_on),
        withdrawn_reason: Set(None),
        created_by: Set(desk.who.account),
        created_at: Set(desk.now()),
    };
    support_grant::Entity::insert(row).exec_without_returning(&transaction).await?;
    let told = json!({
        "support_id": id, "what": input.what, "purpose": input.purpose, "worth": input.worth,
        "source": input.source, "office": office.name,
    });
    emit(&transaction, "support.granted", input.cooperative_id.0, told.clone(), desk.now()).await?;
    desk.audit(&transaction, "support.granted", ("support_grant", id.0), (), told).await?;
    transaction.commit().await?;
    desk.bell.ring();
    show_support(desk, id).await
}

/// Write down support. The cooperative is told.
#[utoipa::path(tag = "programme", operation_id = "grant_support", security(("access_token" = [])), request_body = SupportInput, responses((status = 201, description = "The support", body = SupportDetail)))]
#[post("/v1/officer/supports")]
pub async fn grant_support(desk: Desk, body: Body<SupportInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(grant(&desk, body.0).await?))
}

/// Support with what came of it.
pub async fn show_support(desk: &Desk, id: SupportId) -> Result<SupportDetail, Problem> {
    let seats = desk.seats(OfficePermission::SeeFigures).await?;
    let sql = format!("{SELECT} WHERE g.id = $1 AND {}", condition(&seats));
    let support = one::<Support>(desk.db.fresh(), sql, [id.into()]).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let outcome = outcome(desk.db.fresh(), &support, desk.today()).await?;
    Ok(SupportDetail { support, outcome })
}

/// Support, and what came of it: figures as long before as after.
#[utoipa::path(tag = "programme", operation_id = "show_support_outcome", security(("access_token" = [])), params(("support_id" = SupportId, Path)), responses((status = 200, description = "The support", body = SupportDetail)))]
#[get("/v1/officer/supports/{support_id}")]
pub async fn show_support_outcome(desk: Desk, id: Path<SupportId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(show_support(&desk, *id).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Ghi nhầm cơ sở"}))]
pub struct SupportWithdrawal {
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    pub reason: String,
}

/// Withdraw support that was written down by mistake or given back. It counts in no figure then.
pub async fn withdraw(desk: &Desk, id: SupportId, input: SupportWithdrawal) -> Result<SupportDetail, Problem> {
    let shown = show_support(desk, id).await?;
    let seats = desk.seats(OfficePermission::GrantSupport).await?;
    if !seats.iter().any(|seat| seat.office_id == shown.support.office_id) {
        return Err(Problem::new(&FORBIDDEN));
    }
    let transaction = desk.begin().await?;
    let sql = "UPDATE support_grant SET withdrawn_reason = $2 WHERE id = $1 AND withdrawn_reason IS NULL";
    let reason = fold::stored(&input.reason);
    if run(&transaction, sql, [id.into(), reason.clone().into()]).await? != 1 {
        return Err(Problem::new(&SUPPORT_WITHDRAWN));
    }
    desk.audit(&transaction, "support.withdrawn", ("support_grant", id.0), (), json!({"reason": reason})).await?;
    transaction.commit().await?;
    show_support(desk, id).await
}

/// Withdraw support that was written down by mistake or given back. It counts in no figure then.
#[utoipa::path(tag = "programme", operation_id = "withdraw_support", security(("access_token" = [])), params(("support_id" = SupportId, Path)), request_body = SupportWithdrawal, responses((status = 200, description = "The support", body = SupportDetail)))]
#[post("/v1/officer/supports/{support_id}/withdrawal")]
pub async fn withdraw_support(
    desk: Desk,
    id: Path<SupportId>,
    body: Body<SupportWithdrawal>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(withdraw(&desk, *id, body.0).await?))
}

/// What a cooperative was granted, newest first.
pub async fn granted_to(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Support>, Problem> {
    NewestFirst::of(SELECT, "g.id", place)?
        .and("g.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &Support| row.id)
        .await
}

/// What the cooperative was granted, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_own_supports", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of support", body = Page<Support>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/supports")]
pub async fn list_own_supports(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(granted_to(&desk, *cooperative, paging.0.place()).await?))
}
