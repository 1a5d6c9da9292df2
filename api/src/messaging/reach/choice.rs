//! `/v1/me/notices`: which way somebody is told first.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use entity::notice_choice;
use entity::value::AccountId;
use garde::Validate;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Reach;
use crate::people::identity::SignedIn;
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, by_id, run};
use crate::platform::problem::Problem;

/// How a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Email,
    Zalo,
    Sms,
}

impl Way {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Zalo => "zalo",
            Self::Sms => "sms",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        [Self::Email, Self::Zalo, Self::Sms].into_iter().find(|way| way.as_str() == text)
    }
}

/// As they are stored; words of a later version say nothing here.
pub fn read_ways(text: &str) -> Vec<Way> {
    text.split(',').filter_map(Way::read).collect()
}

#[derive(Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ways": ["zalo", "email"]}))]
pub struct NoticeChoice {
    /// The first way first; the next is used where one does not reach you. None: where you are known.
    #[garde(length(max = 3))]
    #[schema(max_items = 3)]
    ways: Vec<Way>,
}

/// What somebody chose.
pub async fn ways_of(db: &Db, account: AccountId) -> Result<Vec<Way>, Problem> {
    let row = by_id::<notice_choice::Entity>(db.fresh(), account).await?;
    Ok(row.map(|row| read_ways(&row.ways)).unwrap_or_default())
}

/// Sets the order; each way once, and only such as lead to somebody with an address for them.
pub async fn choose(
    db: &Db,
    reach: &Reach,
    account: &entity::account::Model,
    ways: &[Way],
    now: OffsetDateTime,
) -> Result<(), Problem> {
    for (index, way) in ways.iter().enumerate() {
        let pointer = format!("/ways/{index}");
        if ways[..index].contains(way) {
            return Err(Problem::field(&pointer, "twice", "đã chọn ở trên", "was chosen before"));
        }
        let missing = match way {
            Way::Email => account.email.is_none(),
            Way::Zalo | Way::Sms => account.phone.is_none(),
        };
        if missing {
            let (vi, en) = ("tài khoản chưa có địa chỉ này", "the account has no address for this");
            return Err(Problem::field(&pointer, "no_address", vi, en));
        }
    }
    let words: Vec<&str> = ways.iter().map(|way| way.as_str()).collect();
    if words.is_empty() {
        run(db.write(), "DELETE FROM notice_choice WHERE account_id = $1", [account.id.into()]).await?;
        return Ok(());
    }
    let sql = "INSERT INTO notice_choice (account_id, ways, updated_at) VALUES ($1, $2, $3)
               ON CONFLICT (account_id) DO UPDATE SET ways = excluded.ways, updated_at = excluded.updated_at";
    run(db.write(), sql, [account.id.into(), words.join(",").into(), now.into()]).await?;
    reach.note();
    Ok(())
}

/// How you are told of orders, first way first.
#[utoipa::path(tag = "me", operation_id = "show_notices", security(("access_token" = [])), responses((status = 200, description = "What was chosen", body = NoticeChoice)))]
#[get("/v1/me/notices")]
pub async fn show(db: Data<Db>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(NoticeChoice { ways: ways_of(&db, caller.account).await? }))
}

/// Choose how you are told. Codes, and words about the safety of the account, go where you signed up all the same.
#[utoipa::path(tag = "me", operation_id = "choose_notices", security(("access_token" = [])), request_body = NoticeChoice, responses((status = 200, description = "Chosen", body = NoticeChoice)))]
#[put("/v1/me/notices")]
pub async fn put(
    db: Data<Db>,
    clock: Data<Clock>,
    reach: Data<Reach>,
    caller: SignedIn,
    body: Body<NoticeChoice>,
) -> Result<HttpResponse, Problem> {
    let account = crate::people::identity::find_account(db.fresh(), caller.account).await?;
    let account = account.ok_or_else(|| Problem::new(&crate::platform::problem::UNAUTHENTICATED))?;
    choose(&db, &reach, &account, &body.0.ways, clock.now()).await?;
    Ok(HttpResponse::Ok().json(body.0))
}
