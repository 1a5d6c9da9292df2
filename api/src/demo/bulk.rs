//! Three cooperatives of the demo that answer the supermarket together: each with crates of 10 kg, a harvest to come, and an offer.

use entity::supply::SupplyOfferState;
use entity::value::{
    AccountId, CooperativeId, ForecastId, ForecastState, OfferId, OfferStatus, ProductId, ProductStatus, SupplyOfferId,
    SupplyRequestId, Unit, Vnd,
};
use entity::{forecast, offer, product, supply_offer, supply_offer_window, supply_window};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};

use crate::platform::db::{Batch, one};
use crate::shop::inventory::opening;

/// Known by what they sell in the shop; the first one's pomelos are what the request is about. Price of a kilogram.
const GROWERS: [(&str, i64); 3] =
    [("buoi-dien-du-sang", 31_000), ("cam-thung-rech", 30_500), ("nhan-son-thuy", 32_000)];
/// Crates of the harvest to come, and grams offered for each window.
const CRATES: i64 = 600;
const A_WINDOW: i64 = 800_000;

#[derive(FromQueryResult)]
struct Owner {
    account_id: AccountId,
}

pub async fn offer(
    connection: &impl ConnectionTrait,
    (request, windows): (SupplyRequestId, &[supply_window::Model]),
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let by_slug = |slug: &'static str| product::Entity::find().filter(product::Column::Slug.eq(slug)).one(connection);
    let Some(pomelo) = by_slug(GROWERS[0].0).await? else { return Ok(()) };
    for (place, (slug, price)) in (1_u8..).zip(GROWERS) {
        let Some(known) = by_slug(slug).await? else { continue };
        let cooperative = known.cooperative_id;
        let sql = "SELECT account_id FROM cooperative_member WHERE cooperative_id = $1 AND role = 'owner' ORDER BY account_id LIMIT 1";
        let Some(owner) = one::<Owner>(connection, sql, [cooperative.into()]).await? else { continue };
        let mut rows = Batch::default();
        let mut goods = pomelo.id;
        if cooperative != pomelo.cooperative_id {
            let own = wholesale(&pomelo, (cooperative, place), now);
            goods = own.id;
            rows = rows.insert([own.into_active_model()]);
        }
        let crates = crates(goods, cooperative, format!("BD-T10-{place}"), now);
        let harvest = harvest(&crates, (today, now));
        let offered = supply_offer::Model {
            id: SupplyOfferId::new(),
            request_id: request,
            cooperative_id: cooperative,
            product_id: goods,
            price,
            box_grams: 10_000,
            least_grams: 100_000,
            conditions: "Giao buổi sáng".to_owned(),
            valid_until: today + Duration::days(60),
            grades: json!([{"grade": "Loại 2", "price": price * 8 / 10}]),
            lead_id: None,
            state: SupplyOfferState::Offered,
            version: 1,
            offered_by: owner.account_id,
            offered_at: now,
            updated_at: now,
        };
        let parts = windows.iter().map(|window| supply_offer_window::Model {
            offer_id: offered.id,
            window_id: window.id,
            grams: A_WINDOW,
        });
        let parts: Vec<_> = parts.map(IntoActiveModel::into_active_model).collect();
        rows.insert([crates.clone().into_active_model()])
            .insert([opening::stock(crates.id, 0, now)])
            .insert([harvest.into_active_model()])
            .insert([offered.into_active_model()])
            .insert(parts)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The same fruit of somebody who sells it in quantity only.
fn wholesale(
    pomelo: &product::Model,
    (cooperative, place): (CooperativeId, u8),
    now: OffsetDateTime,
) -> product::Model {
    product::Model {
        id: ProductId::new(),
        cooperative_id: cooperative,
        slug: format!("buoi-dien-ban-buon-{place}"),
        name_vi: "Bưởi Diễn (bán buôn)".to_owned(),
        name_en: "Diễn pomelo (wholesale)".to_owned(),
        gtin: None,
        status: ProductStatus::Draft,
        published_at: None,
        created_at: now,
        updated_at: now,
        ..pomelo.clone()
    }
}

/// Crates of 10 kg that are not in the shop.
pub(super) fn crates(product: ProductId, cooperative: CooperativeId, sku: String, now: OffsetDateTime) -> offer::Model {
    offer::Model {
        id: OfferId::new(),
        product_id: product,
        cooperative_id: cooperative,
        sku,
        pack_vi: "Thùng 10 kg".to_owned(),
        pack_en: "10 kg crate".to_owned(),
        unit: Unit::Box,
        weight_g: 10_600,
        price_amount: Vnd(380_000),
        currency: Vnd::CURRENCY.to_owned(),
        min_quantity: 1,
        step_quantity: 1,
        status: OfferStatus::Paused,
        position: 9,
        created_at: now,
        updated_at: now,
        wholesale_from: None,
        net_g: Some(10_000),
        reduced_bp: 0,
        reduced_until: None,
    }
}

fn harvest(crates: &offer::Model, (today, now): (Date, OffsetDateTime)) -> forecast::Model {
    forecast::Model {
        id: ForecastId::new(),
        cooperative_id: crates.cooperative_id,
        offer_id: crates.id,
        quantity: CRATES,
        share_bp: 8_000,
        preordered: 0,
        expected_from: today + Duration::days(7),
        expected_to: today + Duration::days(18),
        state: ForecastState::Open,
        created_at: now,
        updated_at: now,
    }
}
