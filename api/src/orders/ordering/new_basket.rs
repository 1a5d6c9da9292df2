//! A guest's new basket: written by one statement, which tells how its goods stand.

use std::collections::HashMap;
use std::sync::Arc;

use entity::value::{AccountId, CartId, CartLineId, CartState, OfferId};
use entity::{cart, cart_line};
use sea_orm::{DbBackend, DbErr, FromQueryResult, QueryResult, Set, Value};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::known::{Basket, InStock, Known, Offer, in_stock_columns, versions};
use super::store::{CartRow, LineRow};
use super::sums::{Sum, check_known};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{Batch, Bound, Db, Script, all, run};
use crate::platform::problem::Problem;
use crate::platform::secrets;

const POINTER: &str = "/items";

/// The basket with its lines, and the guest's key to it.
pub async fn create(
    (db, known): (&Db, &Known),
    sums: &[Sum],
    now: OffsetDateTime,
) -> Result<(Basket, String), Problem> {
    let today = now.to_offset(VIETNAM).date();
    let ids: Vec<OfferId> = sums.iter().map(|(offer, ..)| *offer).collect();
    let offers = known.offers(db.fresh(), &ids).await?;
    if check_known(&offers, sums, POINTER, today).is_err() {
        // Memory may be late: whoever is refused is refused by what stands.
        check_known(&known.read_offers(db.fresh(), &ids).await?, sums, POINTER, today)?;
    }
    let (id, token) = (CartId::new(), secrets::token());
    let row = open_row(id, None, Some(&token), now);
    let lines: Vec<_> = sums.iter().map(|(offer, quantity, _)| (CartLineId::new(), *offer, *quantity)).collect();
    let model = |(line, offer, quantity): &(CartLineId, OfferId, i64)| cart_line::ActiveModel {
        id: Set(*line),
        cart_id: Set(id),
        offer_id: Set(*offer),
        quantity: Set(*quantity),
        added_at: Set(now),
        preorder: Set(false),
    };
    let token_hash = row.token_hash.clone().take().flatten();
    let rows = Batch::default().insert([row]).insert(lines.iter().map(model).collect::<Vec<_>>());
    let stock = match db.write().get_database_backend() {
        DbBackend::Postgres => in_one_statement(db, rows, &ids, today).await?,
        _ => in_one_script(db, rows, &ids, today).await?,
    };
    let offers = known.as_of(db.fresh(), &stock).await?;
    if let Err(problem) = check_known(&offers, sums, POINTER, today) {
        take_away(db, id).await?;
        return Err(problem);
    }
    let row = CartRow { id, account_id: None, token_hash, state: CartState::Open, version: 1, click_id: None };
    let lines = in_order(&lines, &stock, &offers, today);
    Ok((Basket { row, lines, versions: Some(versions(offers.values())) }, token))
}

fn in_order(
    lines: &[(CartLineId, OfferId, i64)],
    stock: &[InStock],
    offers: &HashMap<OfferId, Arc<Offer>>,
    today: Date,
) -> Vec<LineRow> {
    let shown = lines.iter().filter_map(|(line, offer, quantity)| {
        let stock = stock.iter().find(|stock| stock.offer_id == *offer)?;
        Some(offers.get(offer)?.line(*line, *quantity, stock, today))
    });
    shown.collect()
}

const FROM: &str = "FROM offer o LEFT JOIN stock s ON s.offer_id = o.id JOIN shop_version v ON v.id = o.cooperative_id";

/// How what is put in stands.
fn select(bound: &mut Bound, ids: &[OfferId], today: Date) -> String {
    let (today, nil) = (bound.bind(today), bound.bind(Uuid::nil()));
    let ids = bound.list(ids.iter().map(|id| Value::from(*id)));
    format!("SELECT {} {FROM} WHERE o.id IN ({ids})", in_stock_columns(&today, &nil))
}

async fn in_one_statement(db: &Db, rows: Batch, ids: &[OfferId], today: Date) -> Result<Vec<InStock>, Problem> {
    let mut bound = Bound::default();
    let rows = rows.parts(&mut bound);
    let sql = format!("WITH {rows} {}", select(&mut bound, ids, today));
    Ok(all(db.write(), sql, bound.0).await?)
}

/// Whoever writes sees what was written before: cheaper than to ask a reader, who begins anew after every write.
async fn in_one_script(db: &Db, rows: Batch, ids: &[OfferId], today: Date) -> Result<Vec<InStock>, Problem> {
    let Script { text, values } = rows.script();
    let mut bound = Bound(values);
    let text = format!("{text};\n{}", select(&mut bound, ids, today));
    let read = |rows: Result<Vec<QueryResult>, DbErr>| {
        let read = rows?.iter().map(|row| InStock::from_query_result(row, "")).collect::<Result<_, _>>()?;
        Ok(Some(read))
    };
    Ok(db.together(Script { text, values: bound.0 }, read).await?.unwrap_or_default())
}

/// A basket that was just changed for the first time.
pub fn open_row(id: CartId, account: Option<AccountId>, token: Option<&str>, now: OffsetDateTime) -> cart::ActiveModel {
    cart::ActiveModel {
        id: Set(id),
        account_id: Set(account),
        token_hash: Set(token.map(secrets::hash)),
        state: Set(CartState::Open),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        click_id: Set(None),
    }
}

/// What was not on sale any more when it was written.
async fn take_away(db: &Db, id: CartId) -> Result<(), Problem> {
    let transaction = db.begin().await?;
    run(&transaction, "DELETE FROM cart_line WHERE cart_id = $1", [id.into()]).await?;
    run(&transaction, "DELETE FROM cart WHERE id = $1", [id.into()]).await?;
    transaction.commit().await?;
    Ok(())
}
