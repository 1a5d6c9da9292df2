//! What somebody agreed to, in which words and when; taken back as easily as it was given (law 91/2025/QH15, article 9).

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, put};
use entity::consent;
use entity::value::{AccountId, ConsentPurpose, RowId};
use garde::Validate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::SignedIn;
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, run};
use crate::platform::problem::{Problem, codes};

codes! {
    ACCOUNT_NEEDS_CONSENT = "account_needs_consent" 409 "Không đồng ý nữa nghĩa là xoá tài khoản: dùng chức năng xoá tài khoản." "Taking this back means erasing the account: use erasure.";
}

/// The words that are agreed to today: the page `/privacy`.
pub const VERSION: &str = "2026-11";

/// Something agreed to, or agreed to once.
#[derive(Serialize, ToSchema)]
pub struct Consent {
    pub purpose: ConsentPurpose,
    /// Of the words that were agreed to.
    #[schema(example = "2026-11")]
    pub version: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub given_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub withdrawn_at: Option<OffsetDateTime>,
}

#[derive(Serialize, ToSchema)]
pub struct ConsentList {
    /// The version of the words as they are today.
    #[schema(example = "2026-11")]
    pub version: &'static str,
    /// Newest first, with what was taken back.
    pub items: Vec<Consent>,
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"given": true}))]
pub struct ConsentChange {
    #[garde(skip)]
    pub given: bool,
}

/// Writes down that somebody agrees; who does already goes on agreeing to the words of then.
pub async fn give(
    connection: &impl ConnectionTrait,
    account: AccountId,
    purpose: ConsentPurpose,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = consent::ActiveModel {
        id: Set(RowId::new()),
        account_id: Set(account),
        purpose: Set(purpose),
        version: Set(VERSION.to_owned()),
        given_at: Set(now),
        withdrawn_at: Set(None),
    };
    let standing = OnConflict::new().do_nothing().to_owned();
    consent::Entity::insert(row).on_conflict(standing).exec_without_returning(connection).await?;
    Ok(())
}

/// Writes down that somebody agrees no more.
pub async fn withdraw(
    connection: &impl ConnectionTrait,
    account: AccountId,
    purpose: ConsentPurpose,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let sql = "UPDATE consent SET withdrawn_at = $3 WHERE account_id = $1 AND purpose = $2 AND withdrawn_at IS NULL";
    run(connection, sql, [account.into(), purpose.as_str().into(), now.into()]).await?;
    Ok(())
}

/// What the account agreed to.
pub async fn of(connection: &impl ConnectionTrait, account: AccountId) -> Result<ConsentList, DbErr> {
    let rows = consent::Entity::find()
        .filter(consent::Column::AccountId.eq(account))
        .order_by_desc(consent::Column::GivenAt)
        .order_by_desc(consent::Column::Id)
        .all(connection)
        .await?;
    let shown = |row: consent::Model| Consent {
        purpose: row.purpose,
        version: row.version,
        given_at: row.given_at,
        withdrawn_at: row.withdrawn_at,
    };
    Ok(ConsentList { version: VERSION, items: rows.into_iter().map(shown).collect() })
}

/// Agrees or takes it back.
pub async fn change(
    db: &Db,
    caller: &SignedIn,
    (purpose, given): (ConsentPurpose, bool),
    now: OffsetDateTime,
) -> Result<(), Problem> {
    match (purpose, given) {
        (ConsentPurpose::Account, false) => return Err(Problem::new(&ACCOUNT_NEEDS_CONSENT)),
        (_, true) => give(db.write(), caller.account, purpose, now).await?,
        (_, false) => withdraw(db.write(), caller.account, purpose, now).await?,
    }
    Ok(())
}

/// What one agreed to, when, and in which words.
#[utoipa::path(tag = "me", operation_id = "list_consents", security(("access_token" = [])), responses((status = 200, description = "The consents", body = ConsentList)))]
#[get("/v1/me/consents")]
pub async fn list(db: Data<Db>, caller: SignedIn) -> Result<Json<ConsentList>, Problem> {
    Ok(Json(of(db.fresh(), caller.account).await?))
}

/// Agree, or take it back: from then on nothing is done for that purpose. `account` is taken back by erasing the account.
#[utoipa::path(tag = "me", operation_id = "change_consent", security(("access_token" = [])), params(("purpose" = ConsentPurpose, Path)), request_body = ConsentChange, responses((status = 200, description = "The consents", body = ConsentList)))]
#[put("/v1/me/consents/{purpose}")]
pub async fn put(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    purpose: Path<ConsentPurpose>,
    body: Body<ConsentChange>,
) -> Result<HttpResponse, Problem> {
    change(&db, &caller, (*purpose, body.0.given), clock.now()).await?;
    Ok(HttpResponse::Ok().json(of(db.fresh(), caller.account).await?))
}
