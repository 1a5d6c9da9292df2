//! `/v1/officer/offices`: one's own; `/v1/admin/offices`: all of them, kept by the platform's people.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, post, put};
use entity::office;
use entity::value::{AccountId, OfficeId, OfficeLevel, OfficeRole, PlatformRole};
use garde::Validate;
use sea_orm::{EntityTrait, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::{find_by_contact, rules::Contact};
use crate::people::offices::{self, OfficePermission, OfficePerson, OfficeView, Seat, office_people, seats_of};
use crate::people::places::{commune, province, province_of};
use crate::platform::body::Body;
use crate::platform::db::{by_id, is_duplicate};
use crate::platform::fold;
use crate::platform::pagination::Page;
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, codes};

codes! {
    OFFICE_EXISTS = "office_exists" 409 "Nơi này đã có cơ quan." "There is an office of this place already.";
    LAST_HEAD = "last_head" 409 "Cơ quan cần còn một lãnh đạo." "An office keeps at least one head.";
}

/// An office somebody works in.
#[derive(Serialize, ToSchema)]
pub struct OwnOffice {
    id: OfficeId,
    level: OfficeLevel,
    name: String,
    #[schema(required = true)]
    commune_code: Option<String>,
    #[schema(required = true)]
    province_code: Option<String>,
    role: OfficeRole,
}

/// The offices one works in.
#[utoipa::path(tag = "offices", operation_id = "list_own_offices", security(("access_token" = [])), responses((status = 200, description = "The offices", body = Page<OwnOffice>)))]
#[get("/v1/officer/offices")]
pub async fn list_own_offices(desk: Desk) -> Result<HttpResponse, Problem> {
    let seats = seats_of(desk.db.fresh(), desk.who.account).await?;
    let own = |seat: Seat| OwnOffice {
        id: seat.office_id,
        level: seat.level,
        name: seat.name,
        commune_code: seat.commune_code,
        province_code: seat.province_code,
        role: seat.role,
    };
    Ok(HttpResponse::Ok().json(Page { items: seats.into_iter().map(own).collect(), next_cursor: None }))
}

/// All offices.
#[utoipa::path(tag = "offices", operation_id = "list_offices", security(("access_token" = [])), responses((status = 200, description = "The offices", body = Page<OfficeView>)))]
#[get("/v1/admin/offices")]
pub async fn list_offices(desk: Desk) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let rows = office::Entity::find().order_by_asc(office::Column::Id).all(desk.db.fresh()).await?;
    Ok(HttpResponse::Ok().json(Page { items: rows.into_iter().map(OfficeView::from).collect(), next_cursor: None }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"level": "commune", "name": "UBND xã Kim Bôi", "commune_code": "04978"}))]
pub struct OfficeInput {
    level: OfficeLevel,
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    name: String,
    /// Of a commune's office.
    #[garde(inner(length(max = 10)))]
    #[schema(max_length = 10)]
    commune_code: Option<String>,
    /// Of a province's office.
    #[garde(inner(length(max = 10)))]
    #[schema(max_length = 10)]
    province_code: Option<String>,
}

impl OfficeInput {
    /// The codes of its place: of the level, and known.
    fn place(&self) -> Result<(Option<String>, Option<String>), Problem> {
        let unknown = |pointer| Problem::field(pointer, "place", "không có địa phương này", "there is no such place");
        let extra = |pointer| {
            Problem::field(pointer, "level", "không dùng cho cấp này", "does not belong to an office of this level")
        };
        match (self.level, self.commune_code.as_deref(), self.province_code.as_deref()) {
            (OfficeLevel::Commune, code, None) => {
                let found = code.and_then(commune).ok_or_else(|| unknown("/commune_code"))?;
                Ok((Some(found.code.to_owned()), Some(province_of(found).code.to_owned())))
            }
            (OfficeLevel::Province, None, code) => {
                let found = code.and_then(province).ok_or_else(|| unknown("/province_code"))?;
                Ok((None, Some(found.code.to_owned())))
            }
            (OfficeLevel::Ministry, None, None) => Ok((None, None)),
            (OfficeLevel::Commune, _, Some(_)) | (OfficeLevel::Ministry, None, Some(_)) => Err(extra("/province_code")),
            (OfficeLevel::Province | OfficeLevel::Ministry, Some(_), _) => Err(extra("/commune_code")),
        }
    }
}

/// Add an office: one of a commune, one of a province, one ministry.
#[utoipa::path(tag = "offices", operation_id = "create_office", security(("access_token" = [])), request_body = OfficeInput, responses((status = 201, description = "The office", body = OfficeView)))]
#[post("/v1/admin/offices")]
pub async fn create_office(desk: Desk, body: Body<OfficeInput>) -> Result<HttpResponse, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let (commune_code, province_code) = body.0.place()?;
    let id = OfficeId::new();
    let name = fold::stored(&body.0.name);
    let row = office::Model { id, level: body.0.level, name, commune_code, province_code, created_at: desk.now() };
    let transaction = desk.begin().await?;
    offices::create_office(&transaction, row.clone())
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&OFFICE_EXISTS) } else { error.into() })?;
    let after = json!({"level": row.level, "name": row.name});
    desk.audit(&transaction, "office.created", ("office", id.0), (), after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(OfficeView::from(row)))
}

/// Refused unless one is an admin, or a head of this very office.
async fn may_manage(desk: &Desk, office: OfficeId) -> Result<(), Problem> {
    if desk.who.require(PlatformRole::Admin).is_ok() {
        let known = by_id::<office::Entity>(desk.db.fresh(), office).await?;
        return known.map(|_| ()).ok_or_else(|| Problem::new(&NOT_FOUND));
    }
    let seats = desk.seats(OfficePermission::ManageOffice).await?;
    if seats.iter().any(|seat| seat.office_id == office) { Ok(()) } else { Err(Problem::new(&NOT_FOUND)) }
}

async fn members(desk: &Desk, office: OfficeId) -> Result<HttpResponse, Problem> {
    let items: Vec<OfficePerson> = office_people(desk.db.fresh(), office).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// Who works in an office.
#[utoipa::path(tag = "offices", operation_id = "list_office_members", security(("access_token" = [])), params(("office_id" = OfficeId, Path)), responses((status = 200, description = "Its people", body = Page<OfficePerson>)))]
#[get("/v1/officer/offices/{office_id}/members")]
pub async fn list_office_members(desk: Desk, office: Path<OfficeId>) -> Result<HttpResponse, Problem> {
    may_manage(&desk, *office).await?;
    members(&desk, *office).await
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"contact": "can-bo-xa@example.vn", "role": "clerk"}))]
pub struct OfficeMemberInput {
    /// E-mail address or phone number of their account.
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    contact: String,
    role: OfficeRole,
}

/// The heads an office would have without somebody.
async fn other_heads(
    connection: &impl sea_orm::ConnectionTrait,
    office: OfficeId,
    account: AccountId,
) -> Result<usize, Problem> {
    let people = office_people(connection, office).await?;
    Ok(people.iter().filter(|person| person.role == OfficeRole::Head && person.account_id != account).count())
}

/// Take somebody into an office, or give them another role.
#[utoipa::path(tag = "offices", operation_id = "put_office_member", security(("access_token" = [])), params(("office_id" = OfficeId, Path)), request_body = OfficeMemberInput, responses((status = 200, description = "Its people", body = Page<OfficePerson>)))]
#[put("/v1/officer/offices/{office_id}/members")]
pub async fn put_office_member(
    desk: Desk,
    office: Path<OfficeId>,
    body: Body<OfficeMemberInput>,
) -> Result<HttpResponse, Problem> {
    may_manage(&desk, *office).await?;
    let unknown = || {
        let (vi, en) =
            ("chưa có tài khoản này: mời họ đăng ký trước", "there is no such account: have them sign up first");
        Problem::field("/contact", "account", vi, en)
    };
    let contact = Contact::parse(&body.0.contact).ok_or_else(unknown)?;
    let transaction = desk.begin().await?;
    let account = find_by_contact(&transaction, &contact).await?.ok_or_else(unknown)?;
    let had = office_people(&transaction, *office).await?;
    if body.0.role != OfficeRole::Head
        && had.iter().any(|person| person.account_id == account.id && person.role == OfficeRole::Head)
        && other_heads(&transaction, *office, account.id).await? == 0
    {
        return Err(Problem::new(&LAST_HEAD));
    }
    offices::add_member(&transaction, *office, account.id, body.0.role, desk.now()).await?;
    let after = json!({"account_id": account.id, "role": body.0.role});
    desk.audit(&transaction, "office.member", ("office", office.0), (), after).await?;
    transaction.commit().await?;
    members(&desk, *office).await
}

/// Take somebody out of an office. They may not go on from the next request on.
#[utoipa::path(tag = "offices", operation_id = "remove_office_member", security(("access_token" = [])), params(("office_id" = OfficeId, Path), ("account_id" = AccountId, Path)), responses((status = 204, description = "Done")))]
#[delete("/v1/officer/offices/{office_id}/members/{account_id}")]
pub async fn remove_office_member(desk: Desk, path: Path<(OfficeId, AccountId)>) -> Result<HttpResponse, Problem> {
    let (office, account) = path.into_inner();
    may_manage(&desk, office).await?;
    if account == desk.who.account {
        return Err(Problem::new(&FORBIDDEN));
    }
    let transaction = desk.begin().await?;
    if other_heads(&transaction, office, account).await? == 0 {
        return Err(Problem::new(&LAST_HEAD));
    }
    if !offices::remove_member(&transaction, office, account).await? {
        return Err(Problem::new(&NOT_FOUND));
    }
    let before = json!({"account_id": account});
    desk.audit(&transaction, "office.member_removed", ("office", office.0), before, ()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
