//! Getting in, whichever door is used: signing up, confirming, showing the right password.

use entity::account;
use entity::value::{Language, SessionId};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::checks::{BAD_CODE, BAD_CREDENTIALS, contact_at};
use super::passwords::Fit;
use super::rules::{Contact, reads_messages};
use super::second::{first_step, has_one};
use super::sessions::end_all;
use super::throttle::{Tried, forget_guesses, password_of};
use super::visit::Visit;
use super::{Passwords, store};
use crate::platform::db::{Db, is_duplicate, one};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

/// What somebody says who signs up.
pub struct SignUp<'a> {
    pub contact: &'a str,
    pub name: &'a str,
    pub password: &'a str,
    pub language: Language,
    /// Whether a phone number will do.
    pub by_phone: bool,
}

/// Stores a sign-up and has its code sent.
pub async fn sign_up(db: &Db, passwords: &Passwords, input: SignUp<'_>, now: OffsetDateTime) -> Result<(), Problem> {
    let contact = contact_at("/contact", input.contact)?;
    if matches!(contact, Contact::Phone(_)) && !input.by_phone {
        let (vi, en) = (
            "hãy dùng e-mail: ở đây chưa gửi được tin nhắn",
            "use an e-mail address: no text messages are sent from here",
        );
        return Err(Problem::field("/contact", "no_phones", vi, en));
    }
    if let Contact::Phone(number) = &contact
        && !reads_messages(number)
    {
        let (vi, en) = (
            "số này là máy bàn hoặc tổng đài, không nhận được tin nhắn: hãy dùng số di động hoặc e-mail",
            "this is a landline or service number, which reads no text messages: use a mobile number or an e-mail address",
        );
        return Err(Problem::field("/contact", "landline", vi, en));
    }
    passwords.check("/password", input.password, contact.as_str())?;
    let name = fold::stored(input.name);
    if name.is_empty() {
        return Err(Problem::field("/name", "missing", "không được để trống", "must not be blank"));
    }
    let hash = passwords.hash(input.password).await?;
    let transaction = db.begin().await?;
    let id = store::add_registration(&transaction, &contact, name, hash, input.language, now).await?;
    emit(&transaction, "registration.requested", id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    Ok(())
}

/// The account of a sign-up whose code is shown; made in the caller's transaction.
pub async fn confirm(
    transaction: &impl ConnectionTrait,
    code: &str,
    now: OffsetDateTime,
) -> Result<account::Model, Problem> {
    let registration =
        store::take_registration(transaction, code, now).await?.ok_or_else(|| Problem::new(&BAD_CODE))?;
    let new = store::NewAccount {
        contact: contact_at("/code", &registration.contact)?,
        name: registration.name,
        password_hash: registration.password_hash,
        language: registration.language,
    };
    store::create_account(transaction, new, now).await.map_err(|error| {
        // Somebody confirmed the same contact a moment before.
        if is_duplicate(&error) { Problem::new(&BAD_CODE) } else { error.into() }
    })
}

/// How far a right password leads.
pub enum Entered {
    In(account::Model),
    /// A code is still to come, with this.
    Step(String),
}

/// The account with this login and password, after the same work whether or not there is one.
pub async fn authenticate(
    db: &Db,
    passwords: &Passwords,
    visit: &Visit,
    (login, password): (&str, &str),
    now: OffsetDateTime,
) -> Result<Entered, Problem> {
    let contact = Contact::parse(login);
    let account = match &contact {
        Some(contact) => store::find_by_contact(db.fresh(), contact).await?,
        None => None,
    };
    let what = password_of(contact.as_ref().map_or(login, Contact::as_str));
    let tried = Tried::of(db, &what, account.as_ref().map(|account| account.id), visit).await?;
    tried.begin(db, now).await?;
    let fit = passwords.verify(password, account.as_ref().map(|account| account.password_hash.as_str())).await?;
    let account = account.filter(|_| !matches!(fit, Fit::No)).ok_or_else(|| Problem::new(&BAD_CREDENTIALS))?;
    tried.good(db.write()).await?;
    if let Fit::Renewed(hash) = fit {
        store::renew_hash(db.write(), &account, &hash).await?;
    }
    if has_one(db.fresh(), account.id).await? {
        return Ok(Entered::Step(first_step(db, account.id, now).await?));
    }
    Ok(Entered::In(account))
}

/// Stores the wish for a new password and has its code sent, if there is such an account; answers the same if not.
pub async fn ask_to_reset(db: &Db, contact: &str, language: Language, now: OffsetDateTime) -> Result<(), Problem> {
    let contact = contact_at("/contact", contact)?;
    let transaction = db.begin().await?;
    let id = store::add_reset(&transaction, &contact, language, now).await?;
    emit(&transaction, "password_reset.requested", id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    Ok(())
}

/// Sets a new password by the code that was sent; every session of the account ends.
pub async fn reset_by_code(
    db: &Db,
    passwords: &Passwords,
    code: &str,
    password: &str,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    passwords.check("/password", password, "")?;
    let hash = passwords.hash(password).await?;
    let bad = || Problem::new(&BAD_CODE);
    let transaction = db.begin().await?;
    let reset = store::take_reset(&transaction, code, now).await?.ok_or_else(bad)?;
    let contact = Contact::parse(&reset.contact).ok_or_else(bad)?;
    let account = store::find_by_contact(&transaction, &contact).await?.ok_or_else(bad)?;
    passwords.check("/password", password, contact.as_str())?;
    store::set_password(&transaction, account.id, &hash, now).await?;
    end_all(&transaction, account.id, None, "password reset", now).await?;
    forget_guesses(&transaction, contact.as_str()).await?;
    emit(&transaction, "password.changed", account.id.0, serde_json::json!({}), now).await?;
    transaction.commit().await?;
    Ok(())
}

#[derive(sea_orm::FromQueryResult)]
pub struct Alive {
    /// A second factor was shown.
    pub strong: bool,
    pub seen_at: Option<OffsetDateTime>,
}

/// A session that is open, and whose account is not disabled.
pub async fn is_alive(
    connection: &impl ConnectionTrait,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<Option<Alive>, Problem> {
    let sql = "SELECT s.strong, s.seen_at FROM session s JOIN account a ON a.id = s.account_id
               WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND a.disabled_at IS NULL";
    Ok(one(connection, sql, [session.into(), now.into()]).await?)
}
