//! A made-up supermarket in the demo that asks for twelve tonnes over six weeks; `bulk` tells who answers.

use std::collections::HashMap;

use entity::supply::{OrganisationRole, OrganisationState, RequestState};
use entity::value::{
    AccountId, CategoryId, DeliveryPlaceId, Language, OrganisationId, SupplyRequestId, SupplyWindowId,
};
use entity::{organisation, organisation_member, organisation_place, supply_request, supply_window};
use sea_orm::{ConnectionTrait, IntoActiveModel};
use time::{Date, Duration, OffsetDateTime};

use super::data::GOODS;
use super::{abroad, bulk};
use crate::orders::ordering::number;
use crate::people::identity::rules::Contact;
use crate::people::identity::{NewAccount, create_account};
use crate::platform::db::Batch;

/// Who buys for it.
const BUYER: (&str, &str) = ("sieu-thi@example.vn", "Trần Văn Bách");

const WEEKS: i64 = 6;
/// Grams a week.
const A_WEEK: i64 = 2_000_000;

pub async fn add(
    connection: &impl ConnectionTrait,
    (hash, admin): (&str, AccountId),
    categories: &HashMap<&'static str, CategoryId>,
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let Some(fruit) = GOODS.first().and_then(|good| categories.get(good.category)).copied() else { return Ok(()) };
    let person = NewAccount {
        contact: Contact::Email(BUYER.0.to_owned()),
        name: BUYER.1.to_owned(),
        password_hash: hash.to_owned(),
        language: Language::Vi,
    };
    let buyer = create_account(connection, person, now).await?.id;
    let (id, place, request) = (OrganisationId::new(), DeliveryPlaceId::new(), SupplyRequestId::new());
    let organisation = supermarket(id, admin, now);
    let owner = organisation_member::Model {
        organisation_id: id,
        account_id: buyer,
        role: OrganisationRole::Owner,
        joined_at: now,
    };
    let store = organisation_place::Model {
        id: place,
        organisation_id: id,
        name: "Kho Hòa Bình".to_owned(),
        recipient: "Tổ nhận hàng".to_owned(),
        phone: "+84912000111".to_owned(),
        street: "12 Cù Chính Lan".to_owned(),
        commune_code: "04978".to_owned(),
        active: true,
        created_at: now,
    };
    let asked = supply_request::Model {
        id: request,
        number: number("YC", now),
        organisation_id: id,
        category_id: fruit,
        title: "Bưởi cho sáu tuần trước Tết".to_owned(),
        grade: "Quả 0,8–1,2 kg, vỏ vàng".to_owned(),
        packing: "Thùng 10 kg".to_owned(),
        papers: "food_safety".to_owned(),
        tolerance_bp: 500,
        price_idea: Some(32_000),
        chosen_only: false,
        answer_by: today + Duration::days(14),
        state: RequestState::Open,
        rule: None,
        version: 2,
        created_by: buyer,
        created_at: now,
        updated_at: now,
        deposit_bp: 2_000,
        penalty_bp: 800,
        late_bp: 100,
        purchase_id: None,
    };
    let windows: Vec<supply_window::Model> = (0..WEEKS)
        .map(|week| supply_window::Model {
            id: SupplyWindowId::new(),
            request_id: request,
            place_id: place,
            from_on: today + Duration::days(21 + 7 * week),
            to_on: today + Duration::days(23 + 7 * week),
            grams: A_WEEK,
        })
        .collect();
    let rows = Batch::default()
        .insert([organisation.into_active_model()])
        .insert([owner.into_active_model()])
        .insert([store.into_active_model()])
        .insert([asked.into_active_model()])
        .insert(windows.iter().cloned().map(IntoActiveModel::into_active_model));
    rows.execute(connection).await?;
    bulk::offer(connection, (request, &windows), (today, now)).await?;
    abroad::add(connection, admin, (today, now)).await
}

fn supermarket(id: OrganisationId, admin: AccountId, now: OffsetDateTime) -> organisation::Model {
    organisation::Model {
        id,
        name: "Siêu thị Sông Đà (minh họa)".to_owned(),
        legal_name: "CÔNG TY TNHH BÁN LẺ SÔNG ĐÀ (MINH HỌA)".to_owned(),
        tax_code: "5400900900".to_owned(),
        representative: BUYER.1.to_owned(),
        street: "12 Cù Chính Lan".to_owned(),
        commune_code: "04978".to_owned(),
        phone: "+84912000111".to_owned(),
        email: BUYER.0.to_owned(),
        state: OrganisationState::Approved,
        decision_note: None,
        decided_by: Some(admin),
        decided_at: Some(now),
        credit_limit: 200_000_000,
        credit_days: 30,
        created_at: now,
        updated_at: now,
    }
}
