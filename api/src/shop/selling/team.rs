//! A cooperative's team: members, invitations by e-mail or phone, and the owner who is never the last to go.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, patch, post};
use entity::invitation;
use entity::value::{AccountId, CooperativeId, InvitationId, MemberRole};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::{self, Permission, grant_membership, rules::Contact};
use crate::platform::body::Body;
use crate::platform::db::{Db, all, by_id, is_duplicate, one, run};
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    LAST_OWNER = "last_owner" 409 "Đây là chủ cuối cùng: hãy trao vai trò chủ cho người khác trước." "This is the last owner: make somebody else an owner first.";
    INVITED = "already_invited" 409 "Người này đã được mời." "They are invited already.";
    TEAM_FULL = "team_full" 409 "Đội ngũ có nhiều nhất 100 người." "A team has at most 100 people.";
    BAD_INVITATION = "bad_invitation" 409 "Mã mời không đúng, đã dùng hoặc hết hạn." "The invitation code is wrong, used or expired.";
}

const DAYS: i64 = 14;
const MOST: usize = 100;

#[derive(FromQueryResult, Serialize, ToSchema)]
pub struct Member {
    pub account_id: AccountId,
    pub name: String,
    #[schema(required = true)]
    pub email: Option<String>,
    #[schema(required = true)]
    pub phone: Option<String>,
    pub role: MemberRole,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct Invitation {
    pub id: InvitationId,
    pub contact: String,
    pub role: MemberRole,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct Team {
    pub members: Vec<Member>,
    /// Not answered yet.
    pub invitations: Vec<Invitation>,
}

pub async fn team(desk: &Desk, cooperative: CooperativeId) -> Result<Team, Problem> {
    let members = all::<Member>(
        desk.db.fresh(),
        "SELECT m.account_id, a.name, a.email, a.phone, m.role, m.joined_at
         FROM cooperative_member m JOIN account a ON a.id = m.account_id WHERE m.cooperative_id = $1 ORDER BY m.joined_at, a.name",
        [cooperative.into()],
    )
    .await?;
    let rows = invitation::Entity::find()
        .filter(invitation::Column::CooperativeId.eq(cooperative))
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
        .filter(invitation::Column::ExpiresAt.gt(desk.now()))
        .order_by_asc(invitation::Column::Id)
        .all(desk.db.fresh())
        .await?;
    let view = |row: invitation::Model| Invitation {
        id: row.id,
        contact: row.contact,
        role: row.role,
        expires_at: row.expires_at,
    };
    Ok(Team { members, invitations: rows.into_iter().map(view).collect() })
}

/// The team, and who is invited.
#[utoipa::path(tag = "seller", operation_id = "show_team", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The team", body = Team)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/members")]
pub async fn show_team(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(team(&desk, *cooperative).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"contact": "0912345678", "role": "staff"}))]
pub struct NewInvitation {
    /// E-mail address or phone number.
    #[garde(length(min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254)]
    pub contact: String,
    pub role: MemberRole,
}

pub async fn invite(desk: &Desk, cooperative: CooperativeId, input: &NewInvitation) -> Result<Team, Problem> {
    let contact = Contact::parse(&input.contact).ok_or_else(|| {
        let (vi, en) = ("cần e-mail hoặc số điện thoại", "an e-mail address or a phone number");
        Problem::field("/contact", "contact", vi, en)
    })?;
    let before = team(desk, cooperative).await?;
    if before.members.len() + before.invitations.len() >= MOST {
        return Err(Problem::new(&TEAM_FULL));
    }
    let there = |member: &Member| match &contact {
        Contact::Email(email) => member.email.as_ref() == Some(email),
        Contact::Phone(phone) => member.phone.as_ref() == Some(phone),
    };
    if before.members.iter().any(there) {
        return Err(Problem::new(&INVITED));
    }
    let (id, now) = (InvitationId::new(), desk.now());
    let transaction = desk.db.begin().await?;
    // An invitation nobody answered in time makes room for a new one.
    run(
        &transaction,
        "UPDATE invitation SET revoked_at = $3 WHERE cooperative_id = $1 AND contact = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $3",
        [cooperative.into(), contact.as_str().into(), now.into()],
    )
    .await?;
    let row = invitation::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        contact: Set(contact.as_str().to_owned()),
        role: Set(input.role),
        token_hash: Set(None),
        invited_by: Set(desk.who.account),
        created_at: Set(now),
        expires_at: Set(now + Duration::days(DAYS)),
        accepted_at: Set(None),
        revoked_at: Set(None),
    };
    invitation::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&INVITED) } else { error.into() })?;
    // Whom by its id: the trail outlives the invitation and tells no address.
    let after = json!({"invitation": id, "role": input.role});
    desk.audit(&transaction, "team.invited", ("cooperative", cooperative.0), (), after).await?;
    emit(&transaction, "invitation.created", id.0, json!({}), now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    team(desk, cooperative).await
}

/// Ask somebody to join, by e-mail or text message.
#[utoipa::path(tag = "seller", operation_id = "create_invitation", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewInvitation, responses((status = 201, description = "The team", body = Team)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/invitations")]
pub async fn create_invitation(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewInvitation>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::ManageTeam).await?;
    Ok(HttpResponse::Created().json(invite(&desk, *cooperative, &body.0).await?))
}

/// Take an invitation back.
#[utoipa::path(tag = "seller", operation_id = "revoke_invitation", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("invitation_id" = InvitationId, Path)), responses((status = 204, description = "Taken back")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/invitations/{invitation_id}")]
pub async fn revoke_invitation(desk: Desk, path: Path<(CooperativeId, InvitationId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::ManageTeam).await?;
    let transaction = desk.db.begin().await?;
    let sql = "UPDATE invitation SET revoked_at = $3 WHERE id = $1 AND cooperative_id = $2 AND accepted_at IS NULL AND revoked_at IS NULL";
    if run(&transaction, sql, [id.into(), cooperative.into(), desk.now().into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    desk.audit(&transaction, "team.uninvited", ("cooperative", cooperative.0), json!({"invitation": id}), ()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct InvitationCode {
    #[garde(length(max = 40))]
    #[schema(max_length = 40)]
    pub code: String,
}

#[derive(Serialize, ToSchema)]
pub struct Joined {
    pub cooperative_id: CooperativeId,
    pub role: MemberRole,
}

/// Joins the team that sent the code. A role already higher stays.
pub async fn accept(desk: &Desk, code: &str) -> Result<Joined, Problem> {
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let row = one::<invitation::Model>(
        &transaction,
        "UPDATE invitation SET accepted_at = $2 WHERE token_hash = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2 RETURNING *",
        [secrets::hash(&secrets::normalise_code(code)).into(), now.into()],
    )
    .await?
    .ok_or_else(|| Problem::new(&BAD_INVITATION))?;
    let held = role_of(&transaction, row.cooperative_id, desk.who.account).await?;
    let role = held.map_or(row.role, |held| held.max(row.role));
    grant_membership(&transaction, desk.who.account, row.cooperative_id, role, now).await?;
    let after = json!({"account": desk.who.account, "role": role});
    desk.audit(&transaction, "team.joined", ("cooperative", row.cooperative_id.0), (), after).await?;
    transaction.commit().await?;
    Ok(Joined { cooperative_id: row.cooperative_id, role })
}

/// Join the team that sent the code.
#[utoipa::path(tag = "me", operation_id = "accept_invitation", security(("access_token" = [])), request_body = InvitationCode, responses((status = 200, description = "Joined", body = Joined)))]
#[post("/v1/invitations/accept")]
pub async fn accept_invitation(desk: Desk, body: Body<InvitationCode>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(accept(&desk, &body.0.code).await?))
}

#[derive(FromQueryResult)]
struct RoleRow {
    role: MemberRole,
}

async fn role_of(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    account: AccountId,
) -> Result<Option<MemberRole>, DbErr> {
    let sql = "SELECT role FROM cooperative_member WHERE cooperative_id = $1 AND account_id = $2";
    Ok(one::<RoleRow>(connection, sql, [cooperative.into(), account.into()]).await?.map(|row| row.role))
}

#[derive(FromQueryResult)]
struct Owners {
    owners: i64,
}

/// A team changes one change at a time: taken first, so that two owners cannot remove each other at the same moment.
async fn lock_team(transaction: &impl ConnectionTrait, cooperative: CooperativeId) -> Result<(), DbErr> {
    run(transaction, "UPDATE cooperative SET updated_at = updated_at WHERE id = $1", [cooperative.into()]).await?;
    Ok(())
}

/// One member was changed, and the team is not left without an owner.
async fn still_owned(
    transaction: &impl ConnectionTrait,
    cooperative: CooperativeId,
    changed: u64,
) -> Result<(), Problem> {
    if changed != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    let sql = "SELECT COUNT(*) AS owners FROM cooperative_member m JOIN account a ON a.id = m.account_id
               WHERE m.cooperative_id = $1 AND m.role = 'owner' AND a.disabled_at IS NULL";
    let owners = one::<Owners>(transaction, sql, [cooperative.into()]).await?.map_or(0, |row| row.owners);
    if owners == 0 { Err(Problem::new(&LAST_OWNER)) } else { Ok(()) }
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct RoleChange {
    role: MemberRole,
}

pub async fn set_role(
    desk: &Desk,
    cooperative: CooperativeId,
    account: AccountId,
    role: MemberRole,
) -> Result<Team, Problem> {
    let before = role_of(desk.db.fresh(), cooperative, account).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let transaction = desk.db.begin().await?;
    lock_team(&transaction, cooperative).await?;
    let changed = identity::change_role(&transaction, account, cooperative, role).await?;
    still_owned(&transaction, cooperative, changed).await?;
    let about = ("cooperative", cooperative.0);
    let (before, after) = (json!({"account": account, "role": before}), json!({"account": account, "role": role}));
    desk.audit(&transaction, "team.role_changed", about, before, after).await?;
    transaction.commit().await?;
    team(desk, cooperative).await
}

/// Change a member's role.
#[utoipa::path(tag = "seller", operation_id = "change_member_role", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("account_id" = AccountId, Path)), request_body = RoleChange, responses((status = 200, description = "The team", body = Team)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/members/{account_id}")]
pub async fn change_role(
    desk: Desk,
    path: Path<(CooperativeId, AccountId)>,
    body: Body<RoleChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, account) = path.into_inner();
    desk.may(cooperative, Permission::ManageTeam).await?;
    Ok(HttpResponse::Ok().json(set_role(&desk, cooperative, account, body.0.role).await?))
}

/// A member leaves, or is removed by an owner.
pub async fn remove(desk: &Desk, cooperative: CooperativeId, account: AccountId) -> Result<(), Problem> {
    let permission = if account == desk.who.account { Permission::SeeShop } else { Permission::ManageTeam };
    desk.may(cooperative, permission).await?;
    let transaction = desk.db.begin().await?;
    lock_team(&transaction, cooperative).await?;
    let changed = identity::end_membership(&transaction, account, cooperative).await?;
    still_owned(&transaction, cooperative, changed).await?;
    let before = json!({"account": account});
    desk.audit(&transaction, "team.left", ("cooperative", cooperative.0), before, ()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Remove a member; with one's own id: leave.
#[utoipa::path(tag = "seller", operation_id = "remove_member", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("account_id" = AccountId, Path)), responses((status = 204, description = "Gone")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/members/{account_id}")]
pub async fn remove_member(desk: Desk, path: Path<(CooperativeId, AccountId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, account) = path.into_inner();
    remove(&desk, cooperative, account).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// An invitation about to be sent: its code is made now and kept as a hash.
pub struct IssuedInvitation {
    pub contact: Contact,
    pub code: String,
    pub cooperative_vi: String,
    pub cooperative_en: String,
    pub role: MemberRole,
}

pub async fn issue_invitation_code(db: &Db, id: InvitationId) -> Result<Option<IssuedInvitation>, DbErr> {
    let Some(row) = by_id::<invitation::Entity>(db.fresh(), id).await? else { return Ok(None) };
    let Some(contact) = Contact::parse(&row.contact) else { return Ok(None) };
    let cooperative = by_id::<entity::cooperative::Entity>(db.fresh(), row.cooperative_id).await?;
    let Some(cooperative) = cooperative.filter(|_| row.accepted_at.is_none() && row.revoked_at.is_none()) else {
        return Ok(None);
    };
    let code = secrets::code(10);
    let sql = "UPDATE invitation SET token_hash = $2 WHERE id = $1 AND accepted_at IS NULL";
    run(db.write(), sql, [id.into(), secrets::hash(&code).into()]).await?;
    Ok(Some(IssuedInvitation {
        contact,
        code,
        cooperative_vi: cooperative.name_vi,
        cooperative_en: cooperative.name_en,
        role: row.role,
    }))
}
