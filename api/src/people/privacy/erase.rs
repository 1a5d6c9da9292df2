//! Forgetting a person, in one transaction: afterwards the account cannot be told from one that never was.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use entity::value::{AccountId, RowId};
use entity::{account, erasure, outbox};
use futures_util::future::BoxFuture;
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::people::desk::Desk;
use crate::people::identity::{Passwords, prove_password};
use crate::platform::body::Body;
use crate::platform::db::Db;
use crate::platform::i18n::Text;
use crate::platform::objects::Objects;
use crate::platform::outbox::{Consumer, emit, forget_about};
use crate::platform::personal::{Declared, Hold, Inquiry, Person};
use crate::platform::problem::{FieldError, NOT_FOUND, Problem, codes};
use crate::platform::secrets;

codes! {
    STILL_NEEDED = "still_needed" 409 "Chưa xoá được: còn việc chưa xong." "Not yet: something is still under way.";
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ErasureRequest {
    /// Once more, for it cannot be undone.
    #[garde(length(max = 800))]
    #[schema(max_length = 200, format = Password)]
    pub password: String,
}

/// What forgetting works with.
pub struct Erasing<'a> {
    pub db: &'a Db,
    pub declared: &'a Declared,
    pub now: OffsetDateTime,
}

/// What stands in the way of forgetting this account.
pub async fn held_back(
    connection: &impl ConnectionTrait,
    (declared, person): (&Declared, &Person),
    now: OffsetDateTime,
) -> Result<Vec<Hold>, Problem> {
    Ok(Inquiry { declared, person, now }.held(connection).await?)
}

impl Erasing<'_> {
    /// Forgets the person, or says what stands in the way and changes nothing.
    async fn forget(&self, person: &Person, asked_by: &str) -> Result<(), Problem> {
        let transaction = self.db.begin().await?;
        if let Some(account) = person.account {
            // An order that is being written names the account, so it is awaited, and then found.
            let row = account::Entity::find_by_id(AccountId(account)).lock_exclusive().one(&transaction).await?;
            row.filter(|row| row.erased_at.is_none()).ok_or_else(|| Problem::new(&NOT_FOUND))?;
        }
        let inquiry = Inquiry { declared: self.declared, person, now: self.now };
        let held = inquiry.held(&transaction).await?;
        if !held.is_empty() {
            return Err(still_needed(&held));
        }
        let about = inquiry.mentioned(&transaction).await?;
        let subjects = inquiry.subjects(&transaction).await?;
        let files = inquiry.forget(&transaction).await?;
        let id = RowId::new();
        let row = erasure::ActiveModel {
            id: Set(id),
            account_id: Set(person.account),
            asked_by: Set(asked_by.to_owned()),
            at: Set(self.now),
        };
        erasure::Entity::insert(row).exec_without_returning(&transaction).await?;
        let payload = Left { files, about, subjects, to: Marks::of(person) };
        let payload = serde_json::to_value(payload).map_err(Problem::internal)?;
        emit(&transaction, "person.erased", id.0, payload, self.now).await?;
        transaction.commit().await?;
        if let Err(error) = self.db.overwrite_deleted().await {
            tracing::warn!(%error, "the log beside the database may still hold what was forgotten, until it is written over");
        }
        Ok(())
    }
}

fn still_needed(held: &[Hold]) -> Problem {
    let error = |hold: &Hold| FieldError { pointer: String::new(), code: hold.code, text: Text::new(hold.vi, hold.en) };
    held.iter().fold(Problem::new(&STILL_NEEDED), |problem, hold| problem.with_error(error(hold)))
}

/// Forgets the account of whoever asks and shows its password.
pub async fn erase_own(
    desk: &Desk,
    (passwords, declared): (&Passwords, &Declared),
    password: &str,
) -> Result<(), Problem> {
    let account = prove_password((&desk.db, passwords), &desk.who, password, desk.now()).await?;
    let erasing = Erasing { db: &desk.db, declared, now: desk.now() };
    erasing.forget(&Person::of(&account), "person").await?;
    desk.bell.ring();
    Ok(())
}

/// Forgets somebody who cannot ask by themselves: a guest who wrote to us, or an account again after an old backup came back.
pub async fn erase_guest(erasing: &Erasing<'_>, person: &Person) -> Result<(), Problem> {
    erasing.forget(person, "operator").await
}

/// The accounts that were forgotten since, oldest first.
pub async fn erased_since(db: &Db, since: OffsetDateTime) -> Result<Vec<erasure::Model>, Problem> {
    let rows = erasure::Entity::find().filter(erasure::Column::At.gte(since)).order_by_asc(erasure::Column::At);
    Ok(rows.all(db.fresh()).await?)
}

/// Forget me (law 91/2025/QH15, article 14): account, addresses, sign-ins, words and pictures go; orders, invoices and books
/// stay without name, phone and street, as the law on accounting asks. At once, and not to be undone. Refused with
/// `still_needed` and what it is while something is under way.
#[utoipa::path(tag = "me", operation_id = "erase_me", security(("access_token" = [])), request_body = ErasureRequest, responses((status = 204, description = "Forgotten")))]
#[post("/v1/me/erasure")]
pub async fn erase(
    desk: Desk,
    passwords: Data<Passwords>,
    declared: Data<Declared>,
    body: Body<ErasureRequest>,
) -> Result<HttpResponse, Problem> {
    erase_own(&desk, (&passwords, &declared), &body.0.password).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is left to delete once a person is forgotten; it does not tell who it was.
#[derive(Serialize, Deserialize)]
struct Left {
    /// Keys in the object store, and folders by their `/`.
    files: Vec<String>,
    /// Numbers that mails about the person name.
    about: Vec<String>,
    /// What events about the person are about: forgotten once they are handed over.
    subjects: Vec<Uuid>,
    to: Marks,
}

/// Tells the mails to a person from others: what each of the person's addresses makes with a salt.
#[derive(Serialize, Deserialize)]
struct Marks {
    salt: String,
    marks: Vec<String>,
}

impl Marks {
    fn of(person: &Person) -> Self {
        let mut marks = Self { salt: secrets::token(), marks: Vec::new() };
        marks.marks = [&person.email, &person.phone].into_iter().flatten().map(|to| marks.made(to)).collect();
        marks
    }

    fn made(&self, to: &str) -> String {
        secrets::hash(&format!("{}\n{to}", self.salt))
    }
}

/// Deletes the files of whoever was forgotten, events that tell of them, and the mails a folder keeps for developers.
pub struct Shredder {
    pub db: Db,
    pub objects: Arc<Objects>,
    pub mails: PathBuf,
}

impl Consumer for Shredder {
    fn name(&self) -> &'static str {
        "shredder"
    }

    fn wants(&self, topic: &str) -> bool {
        topic == "person.erased"
    }

    fn handle<'a>(&'a self, event: &'a outbox::Model) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let left = Left::deserialize(&event.payload)?;
            for file in &left.files {
                let keys = match file.strip_suffix('/') {
                    Some(folder) => self.objects.keys(folder).await?,
                    None => vec![file.clone()],
                };
                for key in keys {
                    self.objects.delete(&key).await?;
                }
            }
            forget_about(self.db.write(), &left.subjects).await?;
            self.db.overwrite_deleted().await?;
            shred_mails(&self.mails, &left).await
        })
    }
}

/// Removes from a folder what was written to the person or about them.
async fn shred_mails(folder: &Path, left: &Left) -> anyhow::Result<()> {
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return Ok(()) };
    while let Some(entry) = entries.next_entry().await? {
        let Ok(content) = tokio::fs::read(entry.path()).await else { continue };
        let content = String::from_utf8_lossy(&content);
        let to = content.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default();
        let theirs = left.to.marks.contains(&left.to.made(to.trim()));
        if theirs || left.about.iter().any(|number| content.contains(number)) {
            tokio::fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}
