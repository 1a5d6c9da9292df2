//! Two tonnes of longan of the demo that are packed to be exported, and the rates they were quoted at; both made up.

use entity::supply::{ExportState, Incoterm};
use entity::value::{AccountId, Currency, ExportId};
use entity::{exchange_rate, export_line, export_order, product};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use time::{Date, Duration, OffsetDateTime};

use super::bulk::crates;
use crate::orders::ordering::number;
use crate::platform::db::Batch;
use crate::shop::inventory::opening::{self, Opening};

/// Ten-thousandths of a đồng for one; for illustration.
const RATES: [(Currency, i64); 4] = [
    (Currency::Usd, 254_000_000),
    (Currency::Cny, 35_200_000),
    (Currency::Eur, 275_000_000),
    (Currency::Jpy, 1_690_000),
];

pub async fn add(
    connection: &impl ConnectionTrait,
    admin: AccountId,
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let longan = product::Entity::find().filter(product::Column::Slug.eq("nhan-son-thuy")).one(connection).await?;
    let Some(longan) = longan else { return Ok(()) };
    let rates = RATES.map(|(currency, rate_e4)| exchange_rate::Model {
        currency,
        day: today - Duration::days(1),
        rate_e4,
        source: "Minh họa".to_owned(),
        entered_by: admin,
        entered_at: now,
    });
    let order = export_order::Model {
        id: ExportId::new(),
        number: number("XK", now),
        cooperative_id: longan.cooperative_id,
        buyer_name: "Nanning Fruit Trading Co., Ltd (illustration)".to_owned(),
        buyer_address: "88 Minzu Avenue, Nanning, Guangxi".to_owned(),
        country: "CN".to_owned(),
        currency: Currency::Usd,
        rate_e4: Some(RATES[0].1),
        rate_day: Some(today - Duration::days(1)),
        incoterm: Incoterm::Dap,
        named_place: "Huu Nghi border gate".to_owned(),
        deposit_bp: 3_000,
        valid_until: today + Duration::days(30),
        state: ExportState::Confirmed,
        version: 3,
        ship_reason: None,
        created_by: admin,
        created_at: now,
        updated_at: now,
    };
    let line = export_line::Model {
        order_id: order.id,
        position: 0,
        product_id: longan.id,
        hs_code: "0810.90".to_owned(),
        description: "Fresh longan, Son Thuy".to_owned(),
        packages: 200,
        net_g: 2_000_000,
        gross_g: 2_160_000,
        price: 185,
    };
    let crates = crates(longan.id, longan.cooperative_id, "NL-T10".to_owned(), now);
    let packed = Opening {
        cooperative: longan.cooperative_id,
        product: longan.id,
        offer: crates.id,
        code: "NHAN-XK-1".to_owned(),
        harvested_on: today - Duration::days(2),
        expires_on: Some(today + Duration::days(40)),
        counted: line.net_g / 10_000,
        note: "Đóng cho đơn xuất khẩu".to_owned(),
        actor: admin,
    };
    // Its event is written with those of all that the demo has by then.
    let packed = packed.rows(now);
    let rows = Batch::default()
        .insert([opening::stock(crates.id, line.net_g / 10_000, now)])
        .insert([packed.lot])
        .insert([packed.content])
        .insert([packed.movement]);
    Batch::default().insert([crates.into_active_model()]).execute(connection).await?;
    rows.execute(connection).await?;
    let rows = Batch::default()
        .insert(rates.map(IntoActiveModel::into_active_model))
        .insert([order.into_active_model()])
        .insert([line.into_active_model()]);
    Ok(rows.execute(connection).await?)
}
