//! Who acts for an organisation. The last owner stays.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, put};
use entity::organisation_member;
use entity::supply::{OrganisationRole, OrganisationState};
use entity::value::{AccountId, OrganisationId};
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::find_by_contact;
use crate::people::identity::rules::Contact;
use crate::platform::body::Body;
use crate::platform::db::{all, one, run};
use crate::platform::pagination::Page;
use crate::platform::problem::{FORBIDDEN, NOT_FOUND, Problem, codes};

codes! {
    ORGANISATION_NOT_APPROVED = "organisation_not_approved" 409 "Tổ chức chưa được xác minh." "The organisation is not verified yet.";
    LAST_ORGANISATION_OWNER = "last_organisation_owner" 409 "Tổ chức cần còn một chủ." "An organisation keeps at least one owner.";
    ORGANISATION_TEAM_FULL = "organisation_team_full" 409 "Đội đã đủ 50 người." "The team has 50 people already.";
}

const MOST: i64 = 50;

#[derive(FromQueryResult)]
struct Own {
    role: OrganisationRole,
    state: OrganisationState,
}

/// Refused unless the caller has the role in the organisation, whatever its state.
pub async fn may(desk: &Desk, id: OrganisationId, least: OrganisationRole) -> Result<OrganisationState, Problem> {
    let sql = "SELECT m.role, o.state FROM organisation_member m JOIN organisation o ON o.id = m.organisation_id
                   JOIN account a ON a.id = m.account_id
               WHERE m.organisation_id = $1 AND m.account_id = $2 AND a.disabled_at IS NULL";
    let row = one::<Own>(desk.db.fresh(), sql, [id.into(), desk.who.account.into()]).await?;
    row.filter(|row| row.role >= least).map(|row| row.state).ok_or_else(|| Problem::new(&FORBIDDEN))
}

/// The same of one that is verified.
pub async fn may_approved(desk: &Desk, id: OrganisationId, least: OrganisationRole) -> Result<(), Problem> {
    match may(desk, id, least).await? {
        OrganisationState::Approved => Ok(()),
        state => Err(Problem::new(&ORGANISATION_NOT_APPROVED).extension("state", state)),
    }
}

#[derive(FromQueryResult)]
struct Mailbox {
    email: String,
}

/// The mailboxes of those who buy for an organisation.
pub async fn mailboxes(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<Vec<String>, sea_orm::DbErr> {
    let sql = "SELECT a.email FROM organisation_member m JOIN account a ON a.id = m.account_id
               WHERE m.organisation_id = $1 AND m.role IN ('buyer', 'owner') AND a.disabled_at IS NULL AND a.email IS NOT NULL ORDER BY a.email";
    Ok(all::<Mailbox>(connection, sql, [id.into()]).await?.into_iter().map(|row| row.email).collect())
}

/// Somebody of the team.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct OrganisationMember {
    pub account_id: AccountId,
    pub name: String,
    #[schema(required = true)]
    pub email: Option<String>,
    pub role: OrganisationRole,
}

async fn members(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<Page<OrganisationMember>, Problem> {
    let sql =
        "SELECT m.account_id, a.name, a.email, m.role FROM organisation_member m JOIN account a ON a.id = m.account_id
               WHERE m.organisation_id = $1 ORDER BY a.name, a.id";
    Ok(Page { items: all(connection, sql, [id.into()]).await?, next_cursor: None })
}

/// The team.
#[utoipa::path(tag = "business", operation_id = "list_organisation_members", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), responses((status = 200, description = "The team", body = Page<OrganisationMember>)))]
#[get("/v1/business/{organisation_id}/members")]
pub async fn list_organisation_members(desk: Desk, id: Path<OrganisationId>) -> Result<HttpResponse, Problem> {
    may(&desk, *id, OrganisationRole::Member).await?;
    Ok(HttpResponse::Ok().json(members(desk.db.fresh(), *id).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"login": "mua-hang@sieu-thi.vn", "role": "buyer"}))]
pub struct OrganisationMemberInput {
    /// E-mail or phone of an account.
    #[garde(length(max = 254))]
    #[schema(max_length = 254)]
    pub login: String,
    pub role: OrganisationRole,
}

#[derive(FromQueryResult)]
struct Count {
    owners: i64,
    people: i64,
}

async fn counted(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<Count, Problem> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN role = 'owner' THEN 1 ELSE 0 END), 0) AS bigint) AS owners, COUNT(*) AS people
               FROM organisation_member WHERE organisation_id = $1";
    Ok(one::<Count>(connection, sql, [id.into()]).await?.unwrap_or(Count { owners: 0, people: 0 }))
}

/// Whoever changes the team of one organisation waits for who did before.
async fn lock(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<(), Problem> {
    run(connection, "UPDATE organisation SET state = state WHERE id = $1", [id.into()]).await?;
    Ok(())
}

/// Take somebody into the team, or give them another role.
#[utoipa::path(tag = "business", operation_id = "put_organisation_member", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), request_body = OrganisationMemberInput, responses((status = 200, description = "The team", body = Page<OrganisationMember>)))]
#[put("/v1/business/{organisation_id}/members")]
pub async fn put_organisation_member(
    desk: Desk,
    id: Path<OrganisationId>,
    body: Body<OrganisationMemberInput>,
) -> Result<HttpResponse, Problem> {
    // One that is verified: nobody else is told who has an account.
    may_approved(&desk, *id, OrganisationRole::Owner).await?;
    let unknown = || Problem::field("/login", "account", "không có tài khoản này", "there is no such account");
    let contact = Contact::parse(&body.0.login).ok_or_else(unknown)?;
    let transaction = desk.begin().await?;
    lock(&transaction, *id).await?;
    let account = find_by_contact(&transaction, &contact).await?.ok_or_else(unknown)?.id;
    let row = organisation_member::ActiveModel {
        organisation_id: Set(*id),
        account_id: Set(account),
        role: Set(body.0.role),
        joined_at: Set(desk.now()),
    };
    let keys = [organisation_member::Column::OrganisationId, organisation_member::Column::AccountId];
    let conflict = OnConflict::columns(keys).update_column(organisation_member::Column::Role).to_owned();
    organisation_member::Entity::insert(row).on_conflict(conflict).exec_without_returning(&transaction).await?;
    let count = counted(&transaction, *id).await?;
    if count.owners == 0 {
        return Err(Problem::new(&LAST_ORGANISATION_OWNER));
    }
    if count.people > MOST {
        return Err(Problem::new(&ORGANISATION_TEAM_FULL));
    }
    let after = json!({"account_id": account, "role": body.0.role});
    desk.audit(&transaction, "organisation.member", ("organisation", id.0), (), after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(members(desk.db.fresh(), *id).await?))
}

/// Let somebody go, or go.
#[utoipa::path(tag = "business", operation_id = "remove_organisation_member", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("account_id" = AccountId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/business/{organisation_id}/members/{account_id}")]
pub async fn remove_organisation_member(
    desk: Desk,
    path: Path<(OrganisationId, AccountId)>,
) -> Result<HttpResponse, Problem> {
    let (id, account) = path.into_inner();
    let least = if account == desk.who.account { OrganisationRole::Member } else { OrganisationRole::Owner };
    may(&desk, id, least).await?;
    let transaction = desk.begin().await?;
    lock(&transaction, id).await?;
    let sql = "DELETE FROM organisation_member WHERE organisation_id = $1 AND account_id = $2";
    if run(&transaction, sql, [id.into(), account.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    if counted(&transaction, id).await?.owners == 0 {
        return Err(Problem::new(&LAST_ORGANISATION_OWNER));
    }
    let gone = json!({"account_id": account});
    desk.audit(&transaction, "organisation.member_gone", ("organisation", id.0), gone, ()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
