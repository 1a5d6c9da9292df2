//! Clicks in the database.

use entity::value::{AccountId, CartId, ClickId, ClickKind, FeedId, PartnerId, ProductId};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Set};
use time::{Duration, OffsetDateTime};

use crate::platform::db::one;

pub struct NewClick {
    pub partner: PartnerId,
    pub feed: FeedId,
    pub product: Option<ProductId>,
    /// The page it was clicked on; empty if nobody told.
    pub page: String,
    pub kind: ClickKind,
    /// Whether reports count it.
    pub counted: bool,
}

/// Writes a click down. It counts for so many days.
pub async fn mint(
    connection: &impl ConnectionTrait,
    click: NewClick,
    days: u32,
    now: OffsetDateTime,
) -> Result<(ClickId, OffsetDateTime), DbErr> {
    let (id, expires_at) = (ClickId::new(), now + Duration::days(days.into()));
    let row = entity::click::ActiveModel {
        id: Set(id),
        partner_id: Set(click.partner),
        feed_id: Set(click.feed),
        product_id: Set(click.product),
        page: Set(click.page),
        kind: Set(click.kind),
        counted: Set(click.counted),
        at: Set(now),
        expires_at: Set(expires_at),
    };
    entity::click::Entity::insert(row).exec_without_returning(connection).await?;
    Ok((id, expires_at))
}

#[derive(FromQueryResult)]
struct CodeRow {
    id: FeedId,
    partner_id: PartnerId,
}

/// The feed of an approved partner that this code stands for.
pub async fn resolve_code(connection: &impl ConnectionTrait, code: &str) -> Result<Option<(FeedId, PartnerId)>, DbErr> {
    let sql = "SELECT f.id, f.partner_id FROM feed f JOIN partner p ON p.id = f.partner_id
               WHERE f.code = $1 AND f.state = 'active' AND p.state = 'approved'";
    Ok(one::<CodeRow>(connection, sql, [code.into()]).await?.map(|row| (row.id, row.partner_id)))
}

#[derive(FromQueryResult)]
struct Touched {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    id: ClickId,
}

/// Whether the basket's last click is this feed's code, typed before.
pub async fn has_code(
    connection: &impl ConnectionTrait,
    cart: CartId,
    feed: FeedId,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "SELECT k.id FROM cart c JOIN click k ON k.id = c.click_id
               WHERE c.id = $1 AND k.feed_id = $2 AND k.kind = 'code' AND k.expires_at > $3";
    Ok(one::<Touched>(connection, sql, [cart.into(), feed.into(), now.into()]).await?.is_some())
}

#[derive(FromQueryResult)]
struct Name {
    name: String,
}

/// Who earns by a basket's click, as things stand.
pub async fn partner_of_click(
    connection: &impl ConnectionTrait,
    click: ClickId,
    now: OffsetDateTime,
) -> Result<Option<String>, DbErr> {
    let sql = "SELECT p.name FROM click k JOIN partner p ON p.id = k.partner_id
               WHERE k.id = $1 AND k.expires_at > $2 AND p.state = 'approved'";
    Ok(one::<Name>(connection, sql, [click.into(), now.into()]).await?.map(|row| row.name))
}

/// Who brought the buyer of a checkout.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Brought {
    pub click_id: ClickId,
    pub partner_id: PartnerId,
}

/// Whether a click counts for who buys now: it has not run out, its partner is approved, and the buyer is none of the
/// partner's own people, by account or by the contact given.
pub async fn brought(
    connection: &impl ConnectionTrait,
    click: ClickId,
    buyer: Option<AccountId>,
    (phone, email): (&str, Option<&str>),
    now: OffsetDateTime,
) -> Result<Option<Brought>, DbErr> {
    one(
        connection,
        "SELECT k.id AS click_id, k.partner_id FROM click k JOIN partner p ON p.id = k.partner_id
         WHERE k.id = $1 AND k.expires_at > $2 AND p.state = 'approved' AND p.phone <> $4 AND lower(p.email) <> $5
           AND NOT EXISTS (SELECT 1 FROM partner_member m JOIN account a ON a.id = m.account_id
                           WHERE m.partner_id = p.id AND (m.account_id = $3 OR a.phone = $4 OR a.email = $5))",
        [
            click.into(),
            now.into(),
            buyer.map_or_else(uuid::Uuid::nil, |buyer| buyer.0).into(),
            phone.into(),
            email.unwrap_or("-").to_lowercase().into(),
        ],
    )
    .await
}
