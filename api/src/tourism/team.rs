//! A partner's team: invited by code, never without an owner.

use crate::people::identity::partner::{PartnerMembership, partnerships};
use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, patch, post};
use entity::value::PartnerState;
use entity::value::{AccountId, InvitationId, PartnerId, PartnerRole};
use entity::{partner_invitation, partner_member};
use garde::Validate;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::people::desk::{Desk, PartnerDesk};
use crate::people::identity::partner::Scope;
use crate::platform::body::Body;
use crate::platform::db::{all, one, run};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    PARTNER_LAST_OWNER = "last_owner" 409 "Đây là chủ cuối cùng: hãy trao vai trò chủ cho người khác trước." "This is the last owner: make somebody else an owner first.";
    PARTNER_INVITATION = "bad_invitation" 409 "Mã mời không đúng, đã dùng hoặc hết hạn." "The invitation code is wrong, used or expired.";
    PARTNER_TEAM_FULL = "team_full" 409 "Đội ngũ có nhiều nhất 50 người." "A team has at most 50 people.";
}

const INVITATION_DAYS: i64 = 14;
const TEAM_MOST: i64 = 50;

#[derive(Serialize, ToSchema)]
pub struct Partnership {
    pub id: PartnerId,
    name: String,
    role: PartnerRole,
    state: PartnerState,
}

#[derive(Serialize, ToSchema)]
pub struct Partnerships {
    pub items: Vec<Partnership>,
}

/// Partners somebody works for.
pub async fn partnerships_of(desk: &Desk) -> Result<Partnerships, Problem> {
    let rows = partnerships(desk.db.fresh(), desk.who.account).await?.into_iter();
    let view =
        |row: PartnerMembership| Partnership { id: row.partner_id, name: row.name, role: row.role, state: row.state };
    Ok(Partnerships { items: rows.map(view).collect() })
}

pub async fn join(
    transaction: &impl ConnectionTrait,
    partner: PartnerId,
    account: AccountId,
    role: PartnerRole,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO partner_member (partner_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (partner_id, account_id) DO UPDATE SET role = excluded.role";
    run(transaction, sql, [partner.into(), account.into(), role.as_str().into(), now.into()]).await?;
    Ok(())
}

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct PartnerMember {
    pub account_id: AccountId,
    pub name: String,
    #[schema(required = true)]
    pub email: Option<String>,
    #[schema(required = true)]
    pub phone: Option<String>,
    pub role: PartnerRole,
}

#[derive(Serialize, ToSchema)]
pub struct PartnerTeam {
    pub members: Vec<PartnerMember>,
}

pub async fn members(connection: &impl ConnectionTrait, partner: PartnerId) -> Result<Vec<PartnerMember>, DbErr> {
    let sql = "SELECT m.account_id, a.name, a.email, a.phone, m.role FROM partner_member m JOIN account a ON a.id = m.account_id
               WHERE m.partner_id = $1 ORDER BY m.created_at, a.name";
    all(connection, sql, [partner.into()]).await
}

/// The partner's team.
#[utoipa::path(tag = "partner", operation_id = "show_partner_team", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), responses((status = 200, description = "The team", body = PartnerTeam)))]
#[get("/v1/partner/{partner_id}/members")]
pub async fn show_members(desk: PartnerDesk) -> Result<HttpResponse, Problem> {
    desk.may(Scope::ProfileRead).await?;
    Ok(HttpResponse::Ok().json(PartnerTeam { members: members(desk.db.fresh(), desk.partner).await? }))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PartnerInvitationInput {
    pub role: PartnerRole,
}

/// A code that lets one person join within two weeks; shown once.
#[derive(Serialize, ToSchema)]
pub struct PartnerInvitation {
    pub code: String,
    pub role: PartnerRole,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
}

pub async fn invite(desk: &PartnerDesk, role: PartnerRole) -> Result<PartnerInvitation, Problem> {
    desk.owner().await?;
    let (code, now) = (secrets::code(12), desk.now());
    let expires_at = now + Duration::days(INVITATION_DAYS);
    let id = InvitationId::new();
    let row = partner_invitation::ActiveModel {
        id: Set(id),
        partner_id: Set(desk.partner),
        role: Set(role),
        code_hash: Set(secrets::hash(&code)),
        created_by: Set(desk.who.account),
        created_at: Set(now),
        expires_at: Set(expires_at),
        used_at: Set(None),
    };
    let transaction = desk.begin().await?;
    partner_invitation::Entity::insert(row).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "partner.invited", ("partner", desk.partner.0), (), json!({"role": role})).await?;
    transaction.commit().await?;
    Ok(PartnerInvitation { code, role, expires_at })
}

/// Invite somebody: hand them the code.
#[utoipa::path(tag = "partner", operation_id = "invite_partner_member", security(("access_token" = [])), params(("partner_id" = PartnerId, Path)), request_body = PartnerInvitationInput, responses((status = 201, description = "The invitation", body = PartnerInvitation)))]
#[post("/v1/partner/{partner_id}/invitations")]
pub async fn invite_member(desk: PartnerDesk, body: Body<PartnerInvitationInput>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(invite(&desk, body.0.role).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PartnerJoin {
    #[garde(length(min = 1, max = 30))]
    #[schema(min_length = 1, max_length = 30)]
    code: String,
}

#[derive(FromQueryResult)]
struct Count {
    members: i64,
}

/// Joins a partner's team with a code.
pub async fn accept(desk: &Desk, code: &str) -> Result<PartnerId, Problem> {
    let now = desk.now();
    let transaction = desk.begin().await?;
    let row = one::<partner_invitation::Model>(
        &transaction,
        "UPDATE partner_invitation SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING *",
        [secrets::hash(&secrets::normalise_code(code)).into(), now.into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&PARTNER_INVITATION))?;
    let sql = "SELECT COUNT(*) AS members FROM partner_member WHERE partner_id = $1";
    if one::<Count>(&transaction, sql, [row.partner_id.into()]).await?.is_some_and(|row| row.members >= TEAM_MOST) {
        return Err(Problem::new(&PARTNER_TEAM_FULL));
    }
    join(&transaction, row.partner_id, desk.who.account, row.role, now).await?;
    desk.audit(&transaction, "partner.joined", ("partner", row.partner_id.0), (), json!({"role": row.role})).await?;
    transaction.commit().await?;
    Ok(row.partner_id)
}

/// Join a partner's team with an invitation's code.
#[utoipa::path(tag = "partner", operation_id = "join_partner", security(("access_token" = [])), request_body = PartnerJoin, responses((status = 200, description = "The partners one works for", body = Partnerships)))]
#[post("/v1/partners/join")]
pub async fn join_partner(desk: Desk, body: Body<PartnerJoin>) -> Result<HttpResponse, Problem> {
    accept(&desk, &body.0.code).await?;
    Ok(HttpResponse::Ok().json(partnerships_of(&desk).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PartnerRoleChange {
    role: PartnerRole,
}

const OTHER_OWNER: &str =
    "EXISTS (SELECT 1 FROM partner_member o WHERE o.partner_id = $1 AND o.role = 'owner' AND o.account_id <> $2)";

/// Owners are told apart under the partner's row, so that two who leave at once do not leave nobody.
async fn hold(transaction: &impl ConnectionTrait, partner: PartnerId) -> Result<(), DbErr> {
    run(transaction, "UPDATE partner SET updated_at = updated_at WHERE id = $1", [partner.into()]).await?;
    Ok(())
}

/// Change somebody's role.
#[utoipa::path(tag = "partner", operation_id = "change_partner_member", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("account_id" = AccountId, Path)), request_body = PartnerRoleChange, responses((status = 200, description = "The team", body = PartnerTeam)))]
#[patch("/v1/partner/{partner_id}/members/{account_id}")]
pub async fn change_member(
    desk: PartnerDesk,
    path: Path<(PartnerId, AccountId)>,
    body: Body<PartnerRoleChange>,
) -> Result<HttpResponse, Problem> {
    desk.owner().await?;
    let (_, account) = path.into_inner();
    let transaction = desk.begin().await?;
    hold(&transaction, desk.partner).await?;
    let held = partner_member::Entity::find_by_id((desk.partner, account)).one(&transaction).await?;
    let held = held.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let sql = format!(
        "UPDATE partner_member SET role = $3 WHERE partner_id = $1 AND account_id = $2 AND ($3 = 'owner' OR role <> 'owner' OR {OTHER_OWNER})"
    );
    if run(&transaction, sql, [desk.partner.into(), account.into(), body.0.role.as_str().into()]).await? != 1 {
        return Err(Problem::new(&PARTNER_LAST_OWNER));
    }
    let (was, is) = (json!({"role": held.role}), json!({"account": account, "role": body.0.role}));
    desk.audit(&transaction, "partner.member_changed", ("partner", desk.partner.0), was, is).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(PartnerTeam { members: members(desk.db.fresh(), desk.partner).await? }))
}

/// Let somebody go.
#[utoipa::path(tag = "partner", operation_id = "remove_partner_member", security(("access_token" = [])), params(("partner_id" = PartnerId, Path), ("account_id" = AccountId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/partner/{partner_id}/members/{account_id}")]
pub async fn remove_member(desk: PartnerDesk, path: Path<(PartnerId, AccountId)>) -> Result<HttpResponse, Problem> {
    desk.owner().await?;
    let (_, account) = path.into_inner();
    let transaction = desk.begin().await?;
    hold(&transaction, desk.partner).await?;
    if partner_member::Entity::find_by_id((desk.partner, account)).one(&transaction).await?.is_none() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let sql = format!(
        "DELETE FROM partner_member WHERE partner_id = $1 AND account_id = $2 AND (role <> 'owner' OR {OTHER_OWNER})"
    );
    if run(&transaction, sql, [desk.partner.into(), account.into()]).await? != 1 {
        return Err(Problem::new(&PARTNER_LAST_OWNER));
    }
    desk.audit(&transaction, "partner.member_removed", ("partner", desk.partner.0), json!({"account": account}), ())
        .await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
