//! A purchase of what was just quoted here: planned from memory, written by one statement that stands or leaves nothing behind.
//!
//! The statement makes everything that was assumed its condition: that the key is free, the basket is as it was quoted, the
//! versions of what is sold are those the quote was made at, and there is stock. Where one does not hold, nothing was written,
//! and the careful way (`checkout`) finds out what to say.

use entity::value::{Language, OfferId};
use sea_orm::{DbBackend, DbErr, FromQueryResult, QueryResult};
use time::OffsetDateTime;
use uuid::Uuid;

use super::known::{Kept, Versions};
use super::purchase::{Checkout, ContactInput};
use super::store::CartRow;
use super::write_up::{Drawn, Plan, Writing};
use crate::config::Config;
use crate::people::identity::Caller;
use crate::platform::db::{Bound, Db, Script, all, is_duplicate, is_duplicate_of, is_lock_timeout, refusal};
use crate::platform::idempotency::{IdempotencyKey, STILL_RUNNING, claim_part};
use crate::platform::outbox::Bell;
use crate::platform::problem::Problem;
use crate::platform::read_model::{Level, ReadModel};
use crate::shop::inventory;

/// What is bought of a quote that is known, and by whom.
pub struct Buying<'a> {
    pub db: &'a Db,
    pub read_model: &'a ReadModel,
    pub bell: &'a Bell,
    pub config: &'a Config,
    pub caller: &'a Caller,
    pub kept: &'a Kept,
    pub input: &'a Checkout,
    pub contact: &'a ContactInput,
    pub language: Language,
    pub scope: String,
    pub print: String,
    pub key: IdempotencyKey,
    pub now: OffsetDateTime,
}

/// What follows a purchase, whichever way it went: its goods are shown as what is left of them, and mails are on their way.
pub async fn follow_up(
    (read_model, bell): (&ReadModel, &Bell),
    levels: &[Level],
    (outcome, way): (&'static str, &'static str),
) {
    read_model.levels_changed(levels).await;
    bell.ring();
    metrics::counter!("ocop_checkouts_total", "outcome" => outcome, "way" => way).increment(1);
}

/// What the write holds to.
struct Conditions {
    cart: CartRow,
    versions: Versions,
    scope: String,
    key: IdempotencyKey,
    print: String,
    now: OffsetDateTime,
}

impl Buying<'_> {
    /// The answer, or none if anything was not as it was quoted: then nothing was written.
    pub async fn buy(self) -> Result<Option<String>, Problem> {
        let kept = self.kept;
        let writing = Writing {
            account: self.caller.account(),
            config: self.config,
            cart: kept.cart.id,
            input: self.input,
            contact: self.contact,
            quoted: &kept.quote,
            rules: &kept.market.rules,
            brought: None,
            language: self.language,
            now: self.now,
        };
        let plan = writing.write_up(kept.lines.clone(), Drawn::new(kept.quote.shares.len(), self.now))?;
        let body = serde_json::to_string(&plan.answer).map_err(Problem::internal)?;
        let conditions = Conditions {
            cart: kept.cart.clone(),
            versions: kept.versions.clone(),
            scope: self.scope,
            key: self.key,
            print: self.print,
            now: self.now,
        };
        let (db, read_model, bell) = (self.db.clone(), self.read_model.clone(), self.bell.clone());
        // Once begun it goes its way, though the buyer hangs up: what was written is shown and told.
        let bought = tokio::spawn(async move {
            let levels = match db.write().get_database_backend() {
                DbBackend::Postgres => conditions.in_one_statement(&db, plan, &body).await?,
                _ => conditions.in_one_script(&db, plan, &body).await?,
            };
            let Some(levels) = levels else { return Ok(None) };
            follow_up((&read_model, &bell), &levels, ("bought", "quick")).await;
            Ok(Some(body))
        });
        bought.await.map_err(Problem::internal)?
    }
}

/// A row, or only the first column if nothing had to be reserved.
#[derive(FromQueryResult)]
struct Reserved {
    offer_id: Option<OfferId>,
    available: Option<i64>,
    version: Option<i64>,
}

impl Conditions {
    /// `id = $1 AND version = $2 OR …`, and how many rows must answer to it.
    fn unchanged(&self, bound: &mut Bound) -> (String, i64) {
        let shops = self.versions.shops.iter().map(|(shop, version)| (shop.0, *version));
        let all: Vec<(Uuid, i64)> = shops.chain([(Uuid::nil(), self.versions.market)]).collect();
        let one =
            |(id, version): &(Uuid, i64)| format!("(id = {} AND version = {})", bound.bind(*id), bound.bind(*version));
        let text = all.iter().map(one).collect::<Vec<_>>().join(" OR ");
        (text, i64::try_from(all.len()).unwrap_or(i64::MAX))
    }

    async fn in_one_statement(&self, db: &Db, plan: Plan, body: &str) -> Result<Option<Vec<Level>>, Problem> {
        let mut bound = Bound::default();
        let claim = claim_part(&mut bound, (&self.scope, &self.key, &self.print), Some((201, body)), self.now);
        let (unchanged, count) = self.unchanged(&mut bound);
        let close = self.close(&mut bound);
        let (with, reserve) = inventory::reserve_parts(&mut bound, DbBackend::Postgres, &plan.wanted, self.now);
        let rows = plan.rows.parts(&mut bound);
        let (count, wanted) = (bound.bind(count), bound.bind(i64::try_from(plan.wanted.len()).unwrap_or(i64::MAX)));
        let sql = format!(
            "WITH claimed AS ({claim} RETURNING 1), closed AS ({close} RETURNING 1), {with}, reserved AS ({reserve}), {rows},
                  verdict AS (SELECT CASE
                      WHEN NOT EXISTS (SELECT 1 FROM claimed) THEN refuse('claimed')
                      WHEN (SELECT COUNT(*) FROM shop_version WHERE {unchanged}) <> {count} THEN refuse('changed')
                      WHEN NOT EXISTS (SELECT 1 FROM closed) THEN refuse('closed')
                      WHEN (SELECT COUNT(*) FROM reserved) <> {wanted} THEN refuse('short') END AS refused)
             SELECT r.offer_id, r.available, r.version FROM verdict LEFT JOIN reserved r ON verdict.refused IS NULL"
        );
        match all::<Reserved>(db.write(), sql, bound.0).await {
            Ok(rows) => Ok(Some(rows.into_iter().filter_map(Reserved::level).collect())),
            Err(error) if refusal(&error).is_some() || is_duplicate_of(&error, "number") => Ok(None),
            Err(error) if is_lock_timeout(&error) => Err(Problem::new(&STILL_RUNNING).retry_after(2)),
            Err(error) => Err(error.into()),
        }
    }

    /// The same as several statements of SQLite, sent at once.
    async fn in_one_script(&self, db: &Db, plan: Plan, body: &str) -> Result<Option<Vec<Level>>, Problem> {
        let Script { text: rows, values } = plan.rows.script();
        let mut bound = Bound(values);
        let claim = claim_part(&mut bound, (&self.scope, &self.key, &self.print), Some((201, body)), self.now);
        let close = self.close(&mut bound);
        let (unchanged, count) = self.unchanged(&mut bound);
        let count = bound.bind(count);
        let (with, reserve) = inventory::reserve_parts(&mut bound, DbBackend::Sqlite, &plan.wanted, self.now);
        let text = format!(
            "{claim} RETURNING 1 AS held;
{close} AND (SELECT COUNT(*) FROM shop_version WHERE {unchanged}) = {count} RETURNING 1 AS held;
WITH {with} {reserve};
{rows}"
        );
        let wanted = plan.wanted.len();
        db.together(Script { text, values: bound.0 }, move |rows| judge(rows, wanted)).await
    }

    /// The basket is ordered from now on, if it is its holder's still, and as it was quoted.
    fn close(&self, bound: &mut Bound) -> String {
        let CartRow { id, account_id, token_hash, version, .. } = &self.cart;
        format!(
            "UPDATE cart SET state = 'ordered', updated_at = {} WHERE id = {} AND version = {} AND state = 'open' AND click_id IS NULL
             AND account_id IS NOT DISTINCT FROM {} AND token_hash IS NOT DISTINCT FROM {}",
            bound.bind(self.now),
            bound.bind(*id),
            bound.bind(*version),
            bound.bind(*account_id),
            bound.bind(token_hash.clone())
        )
    }
}

/// Whether key and basket held, and there was enough of everything.
fn judge(rows: Result<Vec<QueryResult>, DbErr>, wanted: usize) -> Result<Option<Vec<Level>>, Problem> {
    let rows = match rows {
        // Whose key was known, or whose basket was ordered, wrote rows that stand already.
        Err(error) if is_duplicate(&error) => return Ok(None),
        rows => rows?,
    };
    let (held, reserved): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.try_get::<i64>("", "held").is_ok());
    let levels = reserved.into_iter().map(|row| Reserved::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    let levels: Vec<_> = levels.into_iter().filter_map(Reserved::level).collect();
    Ok((held.len() == 2 && levels.len() == wanted).then_some(levels))
}

impl Reserved {
    fn level(self) -> Option<Level> {
        Some(Level { offer: self.offer_id?, available: self.available?.max(0), version: self.version? })
    }
}
