//! The pomelo growers' land in the demo: two plots, a year of their diary, and the road of what was sold.

use entity::value::{AccountId, CooperativeId, DiaryEntryId, DiaryKind, LotId, OrderId, OrderState, PlotId, TraceAct};
use entity::{diary_entry, plot};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};

use crate::ocop::traceability::events::{Act, order_moved};
use crate::platform::db::{all, run};

/// A point, and a size, in degrees.
type Degrees = (f64, f64);

/// Name, square metres, corner and size, household, whether that agreed to be named.
type Land = (&'static str, i64, Degrees, Degrees, &'static str, bool);

const PLOTS: &[Land] = &[
    ("Đồi Vó", 5_200, (105.5312, 20.6704), (0.0009, 0.0005), "Bùi Thị Hoa", true),
    ("Vườn Suối Chuộn", 3_400, (105.5338, 20.6689), (0.0006, 0.0005), "Bùi Văn Tiến", false),
];

/// Days ago, what, material, active ingredient, amount, days to wait.
type Work = (i64, DiaryKind, Option<&'static str>, Option<&'static str>, Option<&'static str>, Option<i32>);

const DIARY: &[Work] = &[
    (300, DiaryKind::Fertiliser, Some("Phân chuồng hoai mục"), None, Some("30 kg mỗi gốc"), None),
    (180, DiaryKind::Fertiliser, Some("NPK 16-16-8"), None, Some("0,5 kg mỗi gốc"), None),
    (
        150,
        DiaryKind::PlantProtection,
        Some("Dầu khoáng SK Enspray 99EC"),
        Some("Petroleum spray oil"),
        Some("80 ml / 16 lít"),
        Some(7),
    ),
    (100, DiaryKind::Irrigation, None, None, None, None),
    (70, DiaryKind::Inspection, None, None, None, None),
];

pub async fn add(
    connection: &impl ConnectionTrait,
    (grower, owner): (CooperativeId, AccountId),
    lot: LotId,
    today: Date,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    for (name, area_m2, (x, y), (w, h), household, shown) in PLOTS {
        let id = PlotId::new();
        let row = plot::ActiveModel {
            id: Set(id),
            cooperative_id: Set(grower),
            name: Set((*name).to_owned()),
            area_m2: Set(*area_m2),
            commune_code: Set("04990".to_owned()),
            latitude: Set(Some(y + h / 2.0)),
            longitude: Set(Some(x + w / 2.0)),
            outline: Set(Some(
                json!({"type": "Polygon", "coordinates": [[[x, y], [x + w, y], [x + w * 1.1, y + h], [x + w * 0.1, y + h * 0.9], [x, y]]]}),
            )),
            growing_area_code: Set(None),
            crop: Set("Bưởi Diễn".to_owned()),
            planted_on: Set(Date::from_calendar_date(2014, time::Month::March, 1).ok()),
            household: Set(Some((*household).to_owned())),
            household_shown: Set(*shown),
            active: Set(true),
            created_at: Set(now),
            updated_at: Set(now),
        };
        plot::Entity::insert(row).exec_without_returning(connection).await?;
        let entry = |(ago, kind, material, ingredient, amount, wait_days): &Work| diary_entry::ActiveModel {
            id: Set(DiaryEntryId::new()),
            plot_id: Set(id),
            cooperative_id: Set(grower),
            kind: Set(*kind),
            done_on: Set(today - Duration::days(*ago)),
            done_by: Set(Some((*household).to_owned())),
            material: Set(material.map(str::to_owned)),
            active_ingredient: Set(ingredient.map(str::to_owned)),
            amount: Set(amount.map(str::to_owned)),
            wait_days: Set(*wait_days),
            note: Set(None),
            photo_key: Set(None),
            written_by: Set(Some(owner)),
            created_at: Set(now),
            withdrawn_at: Set(None),
            withdrawn_reason: Set(None),
        };
        diary_entry::Entity::insert_many(DIARY.iter().map(entry)).exec_without_returning(connection).await?;
        let sql = "INSERT INTO lot_plot (lot_id, plot_id) VALUES ($1, $2)";
        run(connection, sql, [lot.into(), id.into()]).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Step {
    order_id: OrderId,
    to_state: OrderState,
    at: OffsetDateTime,
}

/// Past orders were shipped and came into their buyers' hands.
pub async fn roads(connection: &impl ConnectionTrait) -> anyhow::Result<()> {
    let sql = "SELECT order_id, to_state, at FROM order_event WHERE to_state IN ('shipped', 'delivered') ORDER BY id";
    for step in all::<Step>(connection, sql, []).await? {
        let act = if step.to_state == OrderState::Shipped { TraceAct::Shipped } else { TraceAct::Sold };
        order_moved(connection, step.order_id, &Act::new(act, None, step.at), step.at).await?;
    }
    Ok(())
}
