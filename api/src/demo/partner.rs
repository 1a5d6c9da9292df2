//! The demo's partner: a made-up homestay beside Suối khoáng Kim Bôi, with a feed, a reception and a commission.

use entity::value::{
    AccountId, CommissionRuleId, CooperativeId, DestinationId, DestinationLink, EventId, FeedId, FeedState, PartnerId,
    PartnerRole, PartnerState, PickupPointId, ProductId, Vnd,
};
use entity::{
    commission_rule, destination_cooperative, destination_event, destination_product, feed, partner,
    partner_destination, partner_member, pickup_point, pickup_service,
};
use sea_orm::{ConnectionTrait, FromQueryResult, Set};
use time::{Date, Duration, OffsetDateTime};

use crate::platform::clock::VIETNAM;
use crate::platform::db::{Batch, one};
use crate::tourism::definition::{Definition, FeedOrder};

/// Of its feed.
pub const FEED: &str = "qua-que-suoi-khoang";

#[derive(FromQueryResult)]
struct Spring {
    id: DestinationId,
}

#[derive(FromQueryResult)]
struct Pomelo {
    id: ProductId,
}

pub async fn add(
    connection: &impl ConnectionTrait,
    owner: AccountId,
    makers: &[CooperativeId],
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let spring = one::<Spring>(connection, "SELECT id FROM destination WHERE slug = 'suoi-khoang-kim-boi'", []).await?;
    let pomelo = one::<Pomelo>(connection, "SELECT id FROM product WHERE slug = 'buoi-dien-du-sang'", []).await?;
    let (Some(spring), Some(pomelo)) = (spring, pomelo) else { return Ok(()) };
    let (id, point) = (PartnerId::new(), PickupPointId::new());
    let member = partner_member::ActiveModel {
        partner_id: Set(id),
        account_id: Set(owner),
        role: Set(PartnerRole::Owner),
        created_at: Set(since),
    };
    let at = partner_destination::ActiveModel { partner_id: Set(id), destination_id: Set(spring.id) };
    let definition = Definition {
        destination_id: Some(spring.id),
        radius_km: Some(30.0),
        size: 6,
        order: FeedOrder::Name,
        ..Definition::default()
    };
    let services = makers.iter().take(3).map(|cooperative| pickup_service::ActiveModel {
        cooperative_id: Set(*cooperative),
        pickup_point_id: Set(point),
        fee_amount: Set(Vnd(10_000)),
        days: Set(1),
        created_at: Set(since),
    });
    let near = makers.first().map(|cooperative| destination_cooperative::ActiveModel {
        destination_id: Set(spring.id),
        cooperative_id: Set(*cooperative),
        position: Set(0),
    });
    Batch::default()
        .insert([house(id, since)])
        .insert([member])
        .insert([at])
        .insert([shown(id, serde_json::to_value(definition)?, since)])
        .insert([reception(point, id, spring.id, since)])
        .insert(services)
        .insert([commission(since)])
        .insert(near)
        .insert([visit(spring.id, pomelo.id)])
        .insert([festival(spring.id, now.to_offset(VIETNAM).date(), since)])
        .execute(connection)
        .await?;
    Ok(())
}

fn house(id: PartnerId, since: OffsetDateTime) -> partner::ActiveModel {
    partner::ActiveModel {
        id: Set(id),
        name: Set("Homestay Mường Bi".to_owned()),
        legal_name: Set("Hộ kinh doanh Bùi Thị Mai".to_owned()),
        tax_code: Set("5400598765".to_owned()),
        representative: Set("Bùi Thị Mai".to_owned()),
        street: Set("Xóm Mớ Đá".to_owned()),
        commune_code: Set("04978".to_owned()),
        phone: Set("+84987650001".to_owned()),
        email: Set("homestay@example.vn".to_owned()),
        bank_bin: Set("970405".to_owned()),
        bank_account: Set("3005215009876".to_owned().into()),
        bank_holder: Set("BUI THI MAI".to_owned()),
        state: Set(PartnerState::Approved),
        decision_note: Set(None),
        decided_by: Set(None),
        decided_at: Set(Some(since)),
        created_at: Set(since),
        updated_at: Set(since),
    }
}

fn shown(id: PartnerId, definition: serde_json::Value, since: OffsetDateTime) -> feed::ActiveModel {
    feed::ActiveModel {
        id: Set(FeedId::new()),
        partner_id: Set(id),
        slug: Set(FEED.to_owned()),
        code: Set("KIMBOI26".to_owned()),
        name: Set("Quà quê quanh suối khoáng".to_owned()),
        definition: Set(definition),
        state: Set(FeedState::Active),
        created_at: Set(since),
        updated_at: Set(since),
    }
}

fn reception(
    id: PickupPointId,
    partner: PartnerId,
    spring: DestinationId,
    since: OffsetDateTime,
) -> pickup_point::ActiveModel {
    pickup_point::ActiveModel {
        id: Set(id),
        cooperative_id: Set(None),
        name_vi: Set("Lễ tân Homestay Mường Bi".to_owned()),
        name_en: Set("Mường Bi homestay, reception".to_owned()),
        street: Set("Xóm Mớ Đá".to_owned()),
        commune_code: Set("04978".to_owned()),
        latitude: Set(20.671),
        longitude: Set(105.531),
        hours: Set(serde_json::json!([{"days": [1, 2, 3, 4, 5, 6, 7], "from": "07:00", "to": "21:00"}])),
        active: Set(true),
        created_at: Set(since),
        updated_at: Set(since),
        partner_id: Set(Some(partner)),
        destination_id: Set(Some(spring)),
        capacity: Set(Some(20)),
        keep_days: Set(3),
    }
}

/// Five per cent of what a partner brings.
fn commission(since: OffsetDateTime) -> commission_rule::ActiveModel {
    commission_rule::ActiveModel {
        id: Set(CommissionRuleId::new()),
        component: Set("partner".to_owned()),
        category_id: Set(None),
        cooperative_id: Set(None),
        campaign: Set(None),
        rate_bp: Set(500),
        fixed_amount: Set(Vnd::ZERO),
        min_amount: Set(None),
        max_amount: Set(None),
        partner_id: Set(None),
        starts_on: Set(since.to_offset(VIETNAM).date()),
        ends_on: Set(None),
        created_by: Set(None),
        created_at: Set(since),
    }
}

fn visit(spring: DestinationId, pomelo: ProductId) -> destination_product::ActiveModel {
    destination_product::ActiveModel {
        destination_id: Set(spring),
        product_id: Set(pomelo),
        kind: Set(DestinationLink::FarmVisit),
        note_vi: Set("Thăm vườn bưởi, tự tay hái; hẹn trước một ngày.".to_owned()),
        note_en: Set("Visit the pomelo garden and pick your own; a day's notice, please.".to_owned()),
        from_month: Set(Some(11)),
        to_month: Set(Some(2)),
    }
}

fn festival(spring: DestinationId, today: Date, since: OffsetDateTime) -> destination_event::ActiveModel {
    destination_event::ActiveModel {
        id: Set(EventId::new()),
        destination_id: Set(spring),
        name_vi: Set("Ngày hội bưởi (minh họa)".to_owned()),
        name_en: Set("Pomelo day (made up)".to_owned()),
        text_vi: Set("Hội chợ sản vật bên suối khoáng.".to_owned()),
        text_en: Set("A fair of local products beside the hot spring.".to_owned()),
        starts_on: Set(today + Duration::days(14)),
        ends_on: Set(today + Duration::days(15)),
        website: Set(None),
        created_at: Set(since),
    }
}
