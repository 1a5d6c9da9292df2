//! Accounts and pending sign-ups in the database.

use entity::value::{AccountId, ConsentPurpose, CooperativeId, Language, MemberRole, PlatformRole, RowId};
use entity::{account, account_role, password_reset, registration};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
};
use time::{Duration, OffsetDateTime};

use super::consents::give as give_consent;
use super::permissions::Permission;
use super::rules::{CODE_LENGTH, CODE_MINUTES, Contact};
use crate::platform::db::{all, one, run};
use crate::platform::problem::{FORBIDDEN, Problem};
use crate::platform::secrets;

pub struct NewAccount {
    pub contact: Contact,
    pub name: String,
    pub password_hash: String,
    pub language: Language,
}

/// Fails on a unique key when the contact is taken.
pub async fn create_account(
    connection: &impl ConnectionTrait,
    new: NewAccount,
    now: OffsetDateTime,
) -> Result<account::Model, DbErr> {
    let (email, phone) = match new.contact {
        Contact::Email(email) => (Some(email), None),
        Contact::Phone(phone) => (None, Some(phone)),
    };
    let account = account::ActiveModel {
        id: Set(AccountId::new()),
        email: Set(email),
        phone: Set(phone),
        name: Set(new.name),
        password_hash: Set(new.password_hash),
        language: Set(new.language),
        disabled_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        erased_at: Set(None),
    }
    .insert(connection)
    .await?;
    give_consent(connection, account.id, ConsentPurpose::Account, now).await?;
    Ok(account)
}

pub async fn find_by_contact(
    connection: &impl ConnectionTrait,
    contact: &Contact,
) -> Result<Option<account::Model>, DbErr> {
    let by = match contact {
        Contact::Email(email) => account::Column::Email.eq(email.as_str()),
        Contact::Phone(phone) => account::Column::Phone.eq(phone.as_str()),
    };
    account::Entity::find().filter(by).filter(account::Column::DisabledAt.is_null()).one(connection).await
}

pub async fn find(connection: &impl ConnectionTrait, id: AccountId) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).filter(account::Column::DisabledAt.is_null()).one(connection).await
}

pub async fn roles(connection: &impl ConnectionTrait, id: AccountId) -> Result<Vec<PlatformRole>, DbErr> {
    account_role::Entity::find()
        .filter(account_role::Column::AccountId.eq(id))
        .select_only()
        .column(account_role::Column::Role)
        .into_tuple()
        .all(connection)
        .await
}

pub async fn grant_role(
    connection: &impl ConnectionTrait,
    account: AccountId,
    role: PlatformRole,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        connection,
        "INSERT INTO account_role (account_id, role, granted_at) VALUES ($1, $2, $3) ON CONFLICT (account_id, role) DO NOTHING",
        [account.into(), role.as_str().into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Takes the rows of a role until the transaction ends, so that who changes it does so one after the other.
pub async fn lock_role(connection: &impl ConnectionTrait, role: PlatformRole) -> Result<(), DbErr> {
    let sql = "UPDATE account_role SET granted_at = granted_at WHERE role = $1";
    run(connection, sql, [role.as_str().into()]).await?;
    Ok(())
}

/// Takes a role on the platform back.
pub async fn revoke_role(
    connection: &impl ConnectionTrait,
    account: AccountId,
    role: PlatformRole,
) -> Result<(), DbErr> {
    account_role::Entity::delete_by_id((account, role)).exec(connection).await?;
    Ok(())
}

pub async fn grant_membership(
    connection: &impl ConnectionTrait,
    account: AccountId,
    cooperative: CooperativeId,
    role: MemberRole,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        connection,
        "INSERT INTO cooperative_member (cooperative_id, account_id, role, joined_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (cooperative_id, account_id) DO UPDATE SET role = excluded.role",
        [cooperative.into(), account.into(), role.as_str().into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Gives a member another role; how many rows it touched.
pub async fn change_role(
    connection: &impl ConnectionTrait,
    account: AccountId,
    cooperative: CooperativeId,
    role: MemberRole,
) -> Result<u64, DbErr> {
    let sql = "UPDATE cooperative_member SET role = $3 WHERE cooperative_id = $1 AND account_id = $2";
    run(connection, sql, [cooperative.into(), account.into(), role.as_str().into()]).await
}

/// Ends a membership; how many rows it touched.
pub async fn end_membership(
    connection: &impl ConnectionTrait,
    account: AccountId,
    cooperative: CooperativeId,
) -> Result<u64, DbErr> {
    let sql = "DELETE FROM cooperative_member WHERE cooperative_id = $1 AND account_id = $2";
    run(connection, sql, [cooperative.into(), account.into()]).await
}

/// What the account may do in a cooperative; refused without the permission. Asked anew for every request, so that a removed
/// member is out at once.
pub async fn require_member(
    connection: &impl ConnectionTrait,
    account: AccountId,
    cooperative: CooperativeId,
    permission: Permission,
) -> Result<MemberRole, Problem> {
    #[derive(FromQueryResult)]
    struct Row {
        role: MemberRole,
    }
    let row = one::<Row>(
        connection,
        "SELECT m.role FROM cooperative_member m JOIN account a ON a.id = m.account_id
         WHERE m.cooperative_id = $1 AND m.account_id = $2 AND a.disabled_at IS NULL",
        [cooperative.into(), account.into()],
    )
    .await?;
    match row {
        Some(row) if row.role >= permission.least() => Ok(row.role),
        _ => Err(Problem::new(&FORBIDDEN)),
    }
}

#[derive(FromQueryResult)]
pub struct Membership {
    pub cooperative_id: CooperativeId,
    pub name_vi: String,
    pub name_en: String,
    pub role: MemberRole,
}

pub async fn memberships(connection: &impl ConnectionTrait, id: AccountId) -> Result<Vec<Membership>, DbErr> {
    all(
        connection,
        "SELECT m.cooperative_id, c.name_vi, c.name_en, m.role FROM cooperative_member m
         JOIN cooperative c ON c.id = m.cooperative_id WHERE m.account_id = $1 ORDER BY m.joined_at",
        [id.into()],
    )
    .await
}

pub async fn add_registration(
    connection: &impl ConnectionTrait,
    contact: &Contact,
    name: String,
    password_hash: String,
    language: Language,
    now: OffsetDateTime,
) -> Result<RowId, DbErr> {
    let id = RowId::new();
    let row = registration::ActiveModel {
        id: Set(id),
        contact: Set(contact.as_str().to_owned()),
        name: Set(name),
        password_hash: Set(password_hash),
        language: Set(language),
        token_hash: Set(None),
        created_at: Set(now),
        expires_at: Set(now + Duration::minutes(CODE_MINUTES)),
        used_at: Set(None),
    };
    registration::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(id)
}

pub async fn add_reset(
    connection: &impl ConnectionTrait,
    contact: &Contact,
    language: Language,
    now: OffsetDateTime,
) -> Result<RowId, DbErr> {
    let id = RowId::new();
    let row = password_reset::ActiveModel {
        id: Set(id),
        contact: Set(contact.as_str().to_owned()),
        language: Set(language),
        token_hash: Set(None),
        created_at: Set(now),
        expires_at: Set(now + Duration::minutes(CODE_MINUTES)),
        used_at: Set(None),
    };
    password_reset::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(id)
}

/// A code to be sent to `contact`; without one, the contact is not what the request was for.
pub struct Issued {
    pub contact: Contact,
    pub language: Language,
    pub code: Option<String>,
}

/// For the notification of a sign-up: a fresh code, or none when the contact has an account already.
pub async fn issue_registration_code(connection: &impl ConnectionTrait, id: RowId) -> Result<Option<Issued>, DbErr> {
    let Some(row) = registration::Entity::find_by_id(id).one(connection).await? else { return Ok(None) };
    let Some(contact) = Contact::parse(&row.contact) else { return Ok(None) };
    let taken = find_by_contact(connection, &contact).await?.is_some();
    let code = if taken { None } else { Some(keep_code(connection, "registration", id).await?) };
    Ok(Some(Issued { contact, language: row.language, code }))
}

/// For the notification of a forgotten password: a fresh code, or none when nobody has this contact.
pub async fn issue_reset_code(connection: &impl ConnectionTrait, id: RowId) -> Result<Option<Issued>, DbErr> {
    let Some(row) = password_reset::Entity::find_by_id(id).one(connection).await? else { return Ok(None) };
    let Some(contact) = Contact::parse(&row.contact) else { return Ok(None) };
    let known = find_by_contact(connection, &contact).await?;
    let language = known.as_ref().map_or(row.language, |account| account.language);
    let code = if known.is_some() { Some(keep_code(connection, "password_reset", id).await?) } else { None };
    Ok(Some(Issued { contact, language, code }))
}

async fn keep_code(connection: &impl ConnectionTrait, table: &str, id: RowId) -> Result<String, DbErr> {
    let code = secrets::code(CODE_LENGTH);
    let hash = secrets::hash(&code);
    run(
        connection,
        format!("UPDATE {table} SET token_hash = $2 WHERE id = $1 AND used_at IS NULL"),
        [id.into(), hash.into()],
    )
    .await?;
    Ok(code)
}

/// Uses up the code of a sign-up; `None` when it is unknown, used or expired.
pub async fn take_registration(
    connection: &impl ConnectionTrait,
    code: &str,
    now: OffsetDateTime,
) -> Result<Option<registration::Model>, DbErr> {
    one(
        connection,
        "UPDATE registration SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING *",
        [secrets::hash(&secrets::normalise_code(code)).into(), now.into()],
    )
    .await
}

pub async fn take_reset(
    connection: &impl ConnectionTrait,
    code: &str,
    now: OffsetDateTime,
) -> Result<Option<password_reset::Model>, DbErr> {
    one(
        connection,
        "UPDATE password_reset SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING *",
        [secrets::hash(&secrets::normalise_code(code)).into(), now.into()],
    )
    .await
}

/// The same password, kept as is asked for now; unless it was changed meanwhile.
pub async fn renew_hash(connection: &impl ConnectionTrait, account: &account::Model, hash: &str) -> Result<(), DbErr> {
    let sql = "UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    run(connection, sql, [account.id.into(), account.password_hash.as_str().into(), hash.into()]).await?;
    Ok(())
}

pub async fn set_password(
    connection: &impl ConnectionTrait,
    id: AccountId,
    hash: &str,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    run(
        connection,
        "UPDATE account SET password_hash = $2, updated_at = $3 WHERE id = $1",
        [id.into(), hash.into(), now.into()],
    )
    .await?;
    Ok(())
}
