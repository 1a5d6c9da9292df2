//! Who is of the platform's people. Officers get their rights from their office, partners from their approval, sellers from their
//! cooperative; administrators from each other.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::value::{AccountId, PlatformRole};
use garde::Validate;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::{
    end_sessions, find_account, find_by_contact, grant_role, lock_role, revoke_role, rules::Contact,
};
use crate::platform::body::Body;
use crate::platform::db::{all, one};
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    OWN_RIGHTS = "own_rights" 409 "Không tự bỏ quyền của chính mình: nhờ người quản trị khác." "Nobody takes their own rights away: ask another administrator.";
    LAST_ADMIN = "last_admin" 409 "Đây là người quản trị cuối cùng." "This is the last administrator.";
}

/// An account with rights over the platform.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct PlatformPerson {
    pub id: AccountId,
    pub name: String,
    #[schema(required = true)]
    pub email: Option<String>,
    #[schema(required = true)]
    pub phone: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub granted_at: OffsetDateTime,
}

const SELECT: &str = "SELECT a.id, a.name, a.email, a.phone, r.granted_at FROM account_role r JOIN account a ON a.id = r.account_id WHERE r.role = 'admin'";

/// The administrators, by name.
pub async fn administrators(desk: &Desk) -> Result<Vec<PlatformPerson>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    Ok(all(desk.db.fresh(), format!("{SELECT} ORDER BY a.name, a.id LIMIT 500"), []).await?)
}

/// The administrators, by name.
#[utoipa::path(tag = "admin", operation_id = "list_accounts", security(("access_token" = [])), responses((status = 200, description = "The administrators", body = Page<PlatformPerson>)))]
#[get("/v1/admin/accounts")]
pub async fn list_accounts(desk: Desk) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Page { items: administrators(&desk).await?, next_cursor: None }))
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"admin": true}))]
pub struct PlatformRights {
    /// Whether the person is an administrator.
    pub admin: bool,
}

#[derive(FromQueryResult)]
struct Count {
    admins: i64,
}

/// Makes somebody an administrator, or takes that back: nobody their own, and never the last one's. Whoever loses it is signed out.
pub async fn set_rights(desk: &Desk, id: AccountId, input: PlatformRights) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let now = desk.now();
    let transaction = desk.begin().await?;
    // Two who take each other's rights come one after the other.
    lock_role(&transaction, PlatformRole::Admin).await?;
    find_account(&transaction, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if input.admin {
        grant_role(&transaction, id, PlatformRole::Admin, now).await?;
    } else {
        if id == desk.who.account {
            return Err(Problem::new(&OWN_RIGHTS));
        }
        revoke_role(&transaction, id, PlatformRole::Admin).await?;
        let sql = "SELECT COUNT(*) AS admins FROM account_role WHERE role = 'admin'";
        if one::<Count>(&transaction, sql, []).await?.is_none_or(|row| row.admins == 0) {
            return Err(Problem::new(&LAST_ADMIN));
        }
        end_sessions(&transaction, id, None, "rights taken", now).await?;
    }
    desk.audit(&transaction, "account.rights", ("account", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes somebody an administrator who is known by a mail or phone.
pub async fn appoint(desk: &Desk, login: &str) -> Result<(), Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let unknown = || Problem::field("/login", "unknown", "không có tài khoản này", "there is no such account");
    let contact = Contact::parse(login).ok_or_else(unknown)?;
    let found = find_by_contact(desk.db.fresh(), &contact).await?.ok_or_else(unknown)?;
    set_rights(desk, found.id, PlatformRights { admin: true }).await
}

/// Make somebody an administrator, or take that back.
#[utoipa::path(tag = "admin", operation_id = "change_platform_role", security(("access_token" = [])), params(("id" = AccountId, Path)), request_body = PlatformRights, responses((status = 204, description = "So it is")))]
#[put("/v1/admin/accounts/{id}/rights")]
pub async fn change_platform_role(
    desk: Desk,
    id: Path<AccountId>,
    body: Body<PlatformRights>,
) -> Result<HttpResponse, Problem> {
    set_rights(&desk, *id, body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
