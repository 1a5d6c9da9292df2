//! Who holds a basket, as pages ask for it.

use entity::value::{AccountId, CartId};
use sea_orm::ConnectionTrait;
use time::{Date, OffsetDateTime};

use super::carts::{may_use, open};
use super::known::{Basket, Known};
use super::store::{CartRow, cart, open_cart_of};
use crate::platform::db::Db;
use crate::platform::problem::{NOT_FOUND, Problem};

/// Who holds a basket: an account, or a guest with the token.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    Account(AccountId),
    Guest(&'a str),
}

impl Holder<'_> {
    fn holds(self, row: &CartRow) -> bool {
        match self {
            Self::Account(account) => may_use(row, Some(account), None),
            Self::Guest(token) => may_use(row, None, Some(token)),
        }
    }
}

/// A basket, if this is who holds it.
pub async fn held_cart(connection: &impl ConnectionTrait, id: CartId, holder: Holder<'_>) -> Result<CartRow, Problem> {
    let row = cart(connection, id).await?.filter(|row| holder.holds(row));
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// The same with its lines.
pub async fn held_basket(
    (db, known): (&Db, &Known),
    (id, holder): (CartId, Holder<'_>),
    today: Date,
) -> Result<Basket, Problem> {
    let basket = known.basket(db.fresh(), id, today).await?;
    basket.filter(|basket| holder.holds(&basket.row)).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// An open basket for an account, which has one at most, or for a guest, with its token.
pub async fn open_basket(
    db: &Db,
    account: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<(CartId, Option<String>), Problem> {
    if let Some(account) = account
        && let Some(row) = open_cart_of(db.fresh(), account).await?
    {
        return Ok((row.id, None));
    }
    let transaction = db.begin().await?;
    let opened = open(&transaction, account, now).await?;
    transaction.commit().await?;
    Ok(opened)
}
