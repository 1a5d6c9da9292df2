//! What comes in without a lot of its own lies in the lot of the day.

use crate::platform::clock::VIETNAM;
use crate::platform::db::{one, run};
use entity::value::{CooperativeId, LotId, OfferId, ProductId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};
use time::{Date, Duration, OffsetDateTime};

/// `261124-buoi-dien-du-sang`
pub(super) fn code_of(day: Date, slug: &str) -> String {
    let head = format!("{:02}{:02}{:02}-{slug}", day.year() % 100, u8::from(day.month()), day.day());
    head.chars().take(40).collect()
}

#[derive(FromQueryResult)]
struct OfferFacts {
    product_id: ProductId,
    cooperative_id: CooperativeId,
    slug: String,
    shelf_life_days: Option<i32>,
}

#[derive(FromQueryResult)]
struct LotIdRow {
    id: LotId,
}

/// The lot goods go into when nobody names one: the day's, or the product's standing lot when it does not expire.
pub async fn lot_of_the_day(
    transaction: &impl ConnectionTrait,
    offer: OfferId,
    now: OffsetDateTime,
) -> Result<LotId, DbErr> {
    let today = now.to_offset(VIETNAM).date();
    let facts = one::<OfferFacts>(
        transaction,
        "SELECT o.product_id, o.cooperative_id, p.slug, p.shelf_life_days FROM offer o JOIN product p ON p.id = o.product_id WHERE o.id = $1",
        [offer.into()],
    )
    .await?
    .ok_or_else(|| DbErr::RecordNotFound("offer".to_owned()))?;
    let code = match facts.shelf_life_days {
        Some(_) => format!("N-{}", code_of(today, &facts.slug)),
        None => format!("KHO-{}", facts.slug),
    };
    let expires_on = facts.shelf_life_days.map(|days| today + Duration::days(days.into()));
    run(
        transaction,
        "INSERT INTO lot (id, cooperative_id, product_id, code, harvested_on, expires_on, created_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'good') ON CONFLICT (cooperative_id, code) DO NOTHING",
        [
            LotId::new().into(),
            facts.cooperative_id.into(),
            facts.product_id.into(),
            code.as_str().into(),
            today.into(),
            expires_on.into(),
            now.into(),
        ],
    )
    .await?;
    let row = one::<LotIdRow>(
        transaction,
        "SELECT id FROM lot WHERE cooperative_id = $1 AND code = $2",
        [facts.cooperative_id.into(), code.into()],
    )
    .await?;
    row.map(|row| row.id).ok_or_else(|| DbErr::RecordNotFound("lot".to_owned()))
}
