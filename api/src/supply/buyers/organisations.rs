//! Signing up an organisation, and the platform's decision on it.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::supply::{OrganisationRole, OrganisationState};
use entity::value::{OrganisationId, PlatformRole, Vnd};
use entity::{organisation, organisation_member};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::team::may;
use crate::people::desk::Desk;
use crate::people::identity::check_commune;
use crate::people::identity::rules::{Contact, phone};
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, is_duplicate, one, run};
use crate::platform::fold;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, codes};
use crate::platform::revision;
use crate::shop::selling::applications::right_tax_code;

codes! {
    ORGANISATION_EXISTS = "organisation_exists" 409 "Đã có tổ chức với mã số thuế này." "There is an organisation with this tax code.";
    ORGANISATION_STATE = "organisation_state" 409 "Tổ chức không ở trạng thái cho phép việc này." "The organisation is not in a state that allows this.";
    ORGANISATIONS_FULL = "organisations_full" 409 "Một tài khoản đăng ký nhiều nhất 10 tổ chức." "An account signs up at most 10 organisations.";
}

const MOST: usize = 10;

/// Somebody who buys in quantity.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    pub legal_name: String,
    pub tax_code: String,
    pub representative: String,
    pub street: String,
    pub commune_code: String,
    pub phone: String,
    pub email: String,
    pub state: OrganisationState,
    #[schema(required = true)]
    pub decision_note: Option<String>,
    /// Đồng that may be owed at a time.
    pub credit_limit: Vnd,
    /// Days after a delivery until it is paid.
    pub credit_days: i32,
}

const SELECT: &str = "SELECT o.id, o.name, o.legal_name, o.tax_code, o.representative, o.street, o.commune_code, o.phone, o.email, o.state,
        o.decision_note, o.credit_limit, o.credit_days FROM organisation o";

async fn shown(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<Organisation, Problem> {
    let row = one::<Organisation>(connection, format!("{SELECT} WHERE o.id = $1"), [id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The organisations somebody works for, with their role.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct OwnOrganisation {
    pub id: OrganisationId,
    pub name: String,
    pub state: OrganisationState,
    pub role: OrganisationRole,
}

/// The organisations the caller works for.
pub async fn mine(desk: &Desk) -> Result<Vec<OwnOrganisation>, Problem> {
    let sql = "SELECT o.id, o.name, o.state, m.role FROM organisation_member m JOIN organisation o ON o.id = m.organisation_id
               WHERE m.account_id = $1 ORDER BY m.joined_at, o.id";
    Ok(all(desk.db.fresh(), sql, [desk.who.account.into()]).await?)
}

/// The organisations one works for.
#[utoipa::path(tag = "business", operation_id = "list_own_organisations", security(("access_token" = [])), responses((status = 200, description = "The organisations", body = Page<OwnOrganisation>)))]
#[get("/v1/business")]
pub async fn list_own_organisations(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Page { items: mine(&desk).await?, next_cursor: None }))
}

/// Who an organisation is, in law.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"name": "Siêu thị Sông Đà", "legal_name": "Công ty TNHH Bán lẻ Sông Đà", "tax_code": "5400999888", "representative": "Trần Văn Bách",
    "street": "12 Cù Chính Lan", "commune_code": "04978", "phone": "0912000111", "email": "mua-hang@songda.example.vn"}))]
pub struct OrganisationInput {
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub legal_name: String,
    #[garde(custom(right_tax_code))]
    #[schema(pattern = r"^(\d{10}|\d{12}|\d{13}|\d{10}-\d{3})$")]
    pub tax_code: String,
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    pub representative: String,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub street: String,
    /// Today's code.
    #[garde(length(max = 10))]
    #[schema(max_length = 10)]
    pub commune_code: String,
    #[garde(length(max = 30))]
    #[schema(max_length = 30)]
    pub phone: String,
    #[garde(length(max = 254))]
    #[schema(max_length = 254)]
    pub email: String,
}

impl OrganisationInput {
    fn normalised(mut self) -> Result<Self, Problem> {
        check_commune("/commune_code", &self.commune_code)?;
        let wrong = || Problem::field("/phone", "phone", "số điện thoại không hợp lệ", "not a valid phone number");
        self.phone = phone(&self.phone).ok_or_else(wrong)?;
        match Contact::parse(&self.email) {
            Some(Contact::Email(email)) => self.email = email,
            _ => return Err(Problem::field("/email", "email", "e-mail không hợp lệ", "not a valid e-mail address")),
        }
        let texts = [
            ("/name", &mut self.name),
            ("/legal_name", &mut self.legal_name),
            ("/representative", &mut self.representative),
            ("/street", &mut self.street),
        ];
        for (pointer, text) in texts {
            *text = fold::stored(text);
            if text.is_empty() {
                return Err(Problem::field(pointer, "missing", "không được để trống", "must not be blank"));
            }
        }
        Ok(self)
    }
}

/// Sign up an organisation; it asks for goods once the platform has verified it.
pub async fn sign_up(desk: &Desk, input: OrganisationInput) -> Result<Organisation, Problem> {
    let input = input.normalised()?;
    if mine(desk).await?.len() >= MOST {
        return Err(Problem::new(&ORGANISATIONS_FULL));
    }
    let id = OrganisationId::new();
    let transaction = desk.begin().await?;
    let row = organisation::ActiveModel {
        id: Set(id),
        name: Set(input.name),
        legal_name: Set(input.legal_name),
        tax_code: Set(input.tax_code.clone()),
        representative: Set(input.representative),
        street: Set(input.street),
        commune_code: Set(input.commune_code),
        phone: Set(input.phone),
        email: Set(input.email),
        state: Set(OrganisationState::Submitted),
        decision_note: Set(None),
        decided_by: Set(None),
        decided_at: Set(None),
        credit_limit: Set(0),
        credit_days: Set(0),
        created_at: Set(desk.now()),
        updated_at: Set(desk.now()),
    };
    match organisation::Entity::insert(row).exec_without_returning(&transaction).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&ORGANISATION_EXISTS)),
        done => done?,
    };
    let owner = organisation_member::ActiveModel {
        organisation_id: Set(id),
        account_id: Set(desk.who.account),
        role: Set(OrganisationRole::Owner),
        joined_at: Set(desk.now()),
    };
    organisation_member::Entity::insert(owner).exec_without_returning(&transaction).await?;
    let after = json!({"tax_code": input.tax_code});
    desk.audit(&transaction, "organisation.signed_up", ("organisation", id.0), (), after).await?;
    transaction.commit().await?;
    shown(desk.db.fresh(), id).await
}

/// Sign up an organisation; it asks for goods once the platform has verified it.
#[utoipa::path(tag = "business", operation_id = "sign_up_organisation", security(("access_token" = [])), request_body = OrganisationInput, responses((status = 201, description = "The organisation", body = Organisation)))]
#[post("/v1/business")]
pub async fn sign_up_organisation(desk: Desk, body: Body<OrganisationInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(sign_up(&desk, body.0).await?))
}

/// An organisation one works for.
#[utoipa::path(tag = "business", operation_id = "show_organisation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), responses((status = 200, description = "The organisation", body = Organisation)))]
#[get("/v1/business/{organisation_id}")]
pub async fn show_organisation(desk: Desk, id: Path<OrganisationId>) -> Result<HttpResponse, Problem> {
    may(&desk, *id, OrganisationRole::Member).await?;
    Ok(HttpResponse::Ok().json(shown(desk.db.fresh(), *id).await?))
}

/// Change the facts: they are verified anew.
pub async fn change(desk: &Desk, id: OrganisationId, input: OrganisationInput) -> Result<Organisation, Problem> {
    may(desk, id, OrganisationRole::Owner).await?;
    let input = input.normalised()?;
    let transaction = desk.begin().await?;
    let before = shown(&transaction, id).await?;
    let sql = "UPDATE organisation SET name = $2, legal_name = $3, tax_code = $4, representative = $5, street = $6, commune_code = $7,
                   phone = $8, email = $9, state = 'submitted', updated_at = $10
               WHERE id = $1 AND state <> 'suspended'";
    let values: [sea_orm::Value; 10] = [
        id.into(),
        input.name.into(),
        input.legal_name.into(),
        input.tax_code.into(),
        input.representative.into(),
        input.street.into(),
        input.commune_code.into(),
        input.phone.into(),
        input.email.into(),
        desk.now().into(),
    ];
    match run(&transaction, sql, values).await {
        Err(error) if is_duplicate(&error) => return Err(Problem::new(&ORGANISATION_EXISTS)),
        Ok(0) => return Err(Problem::new(&ORGANISATION_STATE)),
        done => done?,
    };
    let after = shown(&transaction, id).await?;
    desk.audit(&transaction, "organisation.changed", ("organisation", id.0), json!(before), json!(after)).await?;
    transaction.commit().await?;
    Ok(after)
}

/// Change the facts: they are verified anew.
#[utoipa::path(tag = "business", operation_id = "change_organisation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), request_body = OrganisationInput, responses((status = 200, description = "The organisation", body = Organisation)))]
#[put("/v1/business/{organisation_id}")]
pub async fn change_organisation(
    desk: Desk,
    id: Path<OrganisationId>,
    body: Body<OrganisationInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(change(&desk, *id, body.0).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct OrganisationQuery {
    #[param(inline)]
    pub state: Option<OrganisationState>,
    /// 20 unless told.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

fn admin(desk: &Desk) -> Result<(), Problem> {
    if desk.who.has(PlatformRole::Admin) { Ok(()) } else { Err(Problem::new(&FORBIDDEN)) }
}

/// Organisations, newest first.
pub async fn all_organisations(desk: &Desk, query: &OrganisationQuery) -> Result<Page<Organisation>, Problem> {
    admin(desk)?;
    let page = NewestFirst::of(SELECT, "o.id", (query.limit, query.cursor.as_deref()))?
        .and_if("o.state = ?", query.state.map(OrganisationState::as_str))
        .page(desk.db.fresh(), |row: &Organisation| row.id)
        .await?;
    Ok(page)
}

/// Organisations, newest first.
#[utoipa::path(tag = "admin", operation_id = "list_organisations", security(("access_token" = [])), params(OrganisationQuery), responses((status = 200, description = "A page of organisations", body = Page<Organisation>)))]
#[get("/v1/admin/organisations")]
pub async fn list_organisations(desk: Desk, query: Params<OrganisationQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(all_organisations(&desk, &query.0).await?))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationDecision {
    Approve,
    Reject,
    Suspend,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"decision": "approve", "credit_limit": 200_000_000, "credit_days": 30}))]
pub struct OrganisationDecisionInput {
    pub decision: OrganisationDecision,
    /// Needed to reject or suspend.
    #[garde(inner(length(chars, min = 3, max = 500)))]
    #[schema(min_length = 3, max_length = 500)]
    pub note: Option<String>,
    /// Đồng that may be owed at a time; 0 unless told.
    #[garde(inner(range(min = 0, max = 1_000_000_000_000)))]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub credit_limit: Option<i64>,
    /// Days after a delivery until it is paid; 0 unless told.
    #[garde(inner(range(min = 0, max = 180)))]
    #[schema(minimum = 0, maximum = 180)]
    pub credit_days: Option<i32>,
}

impl Organisation {
    /// What is decided of it.
    fn judged(&self) -> impl Serialize {
        (self.state, self.credit_limit, self.credit_days)
    }

    /// A mark of what a page shows before it is decided anew.
    pub fn revision(&self) -> String {
        revision::of(&self.judged())
    }
}

/// Verifies an organisation and grants its credit, rejects it, or suspends it; refused if it is not any more as it was `seen`.
pub async fn judge_organisation(
    desk: &Desk,
    id: OrganisationId,
    input: OrganisationDecisionInput,
    seen: Option<&str>,
) -> Result<Organisation, Problem> {
    admin(desk)?;
    let (to, from) = match input.decision {
        OrganisationDecision::Approve => (OrganisationState::Approved, "'submitted', 'approved', 'suspended'"),
        OrganisationDecision::Reject => (OrganisationState::Rejected, "'submitted'"),
        OrganisationDecision::Suspend => (OrganisationState::Suspended, "'submitted', 'approved'"),
    };
    let note = fold::filled(input.note);
    if to != OrganisationState::Approved && note.is_none() {
        return Err(Problem::field("/note", "missing", "cần lý do", "a reason is needed"));
    }
    let transaction = desk.begin().await?;
    organisation::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let before = shown(&transaction, id).await?;
    revision::check(seen, &before.judged())?;
    let sql = format!(
        "UPDATE organisation SET state = $2, decision_note = $3, decided_by = $4, decided_at = $5, credit_limit = $6, credit_days = $7
         WHERE id = $1 AND state IN ({from})"
    );
    let (limit, days) = (input.credit_limit.unwrap_or(0), input.credit_days.unwrap_or(0));
    let values: [sea_orm::Value; 7] = [
        id.into(),
        to.as_str().into(),
        note.into(),
        desk.who.account.into(),
        desk.now().into(),
        limit.into(),
        days.into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&ORGANISATION_STATE));
    }
    let after = shown(&transaction, id).await?;
    desk.audit(&transaction, "organisation.decided", ("organisation", id.0), json!(before), json!(after)).await?;
    transaction.commit().await?;
    Ok(after)
}

/// Verify an organisation and grant its credit, reject it, or suspend it.
#[utoipa::path(tag = "admin", operation_id = "decide_organisation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), request_body = OrganisationDecisionInput, responses((status = 200, description = "The organisation", body = Organisation)))]
#[post("/v1/admin/organisations/{organisation_id}/decision")]
pub async fn decide_organisation(
    desk: Desk,
    id: Path<OrganisationId>,
    body: Body<OrganisationDecisionInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge_organisation(&desk, *id, body.0, None).await?))
}
