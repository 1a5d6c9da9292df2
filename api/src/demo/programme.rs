//! The province's programme of the year in the demo: a plan, three courses, support from three funds, what producers lack, and
//! the pomelo growers' jobs and households.

use entity::programme::{
    DifficultyKind, DifficultyState, FundSource, GuestState, HelpState, IncomeKind, MeasureKind, MeasureState,
    TargetKind,
};
use entity::value::{
    AccountId, CooperativeId, DifficultyId, GuestId, HelpOfferId, HouseholdId, IncomeId, MeasureId, OfficeId,
    OfficeLevel, PartnerId, PlanId, SeasonReportId, SupportId, Vnd,
};
use entity::{
    difficulty, help_offer, household, household_income, measure_budget, measure_guest, plan_measure, plan_target,
    programme_plan, season_report, support_grant,
};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use time::{Date, Duration, OffsetDateTime};

use super::offices::People;
use crate::platform::db::Batch;

/// Title, subject, days ago (to come: below nothing), fund, đồng.
const COURSES: [(&str, &str, i64, FundSource, i64); 3] = [
    (
        "Chụp ảnh và viết bài bán hàng bằng điện thoại",
        "Kỹ năng số, thương hiệu",
        75,
        FundSource::CooperativeAlliance,
        18_000_000,
    ),
    ("Ghi nhật ký và truy xuất lô hàng", "Truy xuất nguồn gốc", 40, FundSource::FarmerSupport, 12_000_000),
    ("Bảo quản quả có múi sau thu hoạch", "Kỹ thuật bảo quản", -12, FundSource::IndustrialPromotion, 20_000_000),
];

/// What, what for, days ago, fund, đồng, which producer.
const SUPPORT: [(&str, &str, i64, FundSource, i64, usize); 3] = [
    ("Bao bì và tem truy xuất", "Hộp sáu quả có tem cho bưởi Diễn", 60, FundSource::CooperativeAlliance, 25_000_000, 0),
    ("Máy chiết rót mật ong", "Đóng lọ đều, giảm hao hụt", 45, FundSource::IndustrialPromotion, 48_000_000, 6),
    ("Vốn vay trồng mới", "Mở rộng vùng trồng", 30, FundSource::FarmerSupport, 90_000_000, 1),
];

const PEOPLE: [&str; 3] = ["Bùi Thị Mai", "Bùi Văn Tâm", "Đinh Thị Hòa"];

/// Who writes it all: the province's head and office.
struct Province {
    head: AccountId,
    office: OfficeId,
}

/// A producer and its owner.
pub type Maker = (CooperativeId, AccountId);

pub async fn add(
    connection: &impl ConnectionTrait,
    people: &People,
    makers: &[Maker],
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let province = people.heads.get(&(OfficeLevel::Province, String::new()));
    let Some((head, office)) = province.copied() else { return Ok(()) };
    let province = &Province { head, office };
    let partner = entity::partner::Entity::find().one(connection).await?.map(|row| row.id);
    plan(connection, province, makers, (today, now)).await?;
    support(connection, province, makers, (today, now)).await?;
    difficulties(connection, province, (makers, partner), now).await?;
    if let Some(growers) = makers.first() {
        jobs(connection, *growers, (today, now)).await?;
    }
    Ok(())
}

async fn plan(
    connection: &impl ConnectionTrait,
    province: &Province,
    makers: &[Maker],
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let id = PlanId::new();
    let (first, last) = (today.replace_ordinal(1)?, Date::from_calendar_date(today.year(), time::Month::December, 31)?);
    let plan = programme_plan::Model {
        id,
        office_id: province.office,
        year: today.year(),
        title: format!("Kế hoạch OCOP năm {}", today.year()),
        decision_number: Some("45/KH-UBND".to_owned()),
        adopted_on: Some(first + Duration::days(14)).filter(|day| *day <= today).or(Some(first)),
        version: 3,
        created_by: province.head,
        created_at: now,
        updated_at: now,
    };
    let goals = [
        (TargetKind::NewProducts, 2),
        (TargetKind::RenewalsKept, 1),
        (TargetKind::SellingCooperatives, 12),
        (TargetKind::Revenue, 500_000_000),
    ];
    let targets = goals.map(|(kind, goal)| plan_target::Model { plan_id: id, kind, goal, due_on: last });
    let (mut measures, mut budgets, mut guests) = (Vec::new(), Vec::new(), Vec::new());
    for (title, subject, ago, fund, planned) in COURSES {
        let measure = MeasureId::new();
        let day = (today - Duration::days(ago)).clamp(first, last);
        let over = ago > 0;
        measures.push(plan_measure::Model {
            id: measure,
            plan_id: id,
            kind: MeasureKind::Course,
            title: title.to_owned(),
            subject: subject.to_owned(),
            venue: "Nhà văn hóa xã Nật Sơn".to_owned(),
            starts_on: day,
            ends_on: (day + Duration::days(1)).min(last),
            state: if over { MeasureState::Done } else { MeasureState::Planned },
            version: 1,
            created_at: now,
            updated_at: now,
        });
        let spent = Vnd(if over { planned - 500_000 } else { 0 });
        budgets.push(measure_budget::Model { measure_id: measure, source: fund, planned: Vnd(planned), spent });
        for (index, person) in PEOPLE.iter().enumerate() {
            let came = over && index < 2;
            let state = if came { GuestState::Came } else { GuestState::Absent };
            guests.push(measure_guest::Model {
                id: GuestId::new(),
                measure_id: measure,
                cooperative_id: makers[index % makers.len()].0,
                person: (*person).to_owned(),
                state: if over { state } else { GuestState::Invited },
                rating: came.then_some(if index == 0 { 5 } else { 4 }),
                feedback: (came && index == 0).then(|| "Dễ hiểu, nên có thêm buổi thực hành".to_owned()),
                invited_at: now,
                answered_at: came.then_some(now),
            });
        }
    }
    let rows = Batch::default()
        .insert([plan.into_active_model()])
        .insert(targets.map(IntoActiveModel::into_active_model))
        .insert(measures.into_iter().map(IntoActiveModel::into_active_model))
        .insert(budgets.into_iter().map(IntoActiveModel::into_active_model))
        .insert(guests.into_iter().map(IntoActiveModel::into_active_model));
    Ok(rows.execute(connection).await?)
}

async fn support(
    connection: &impl ConnectionTrait,
    province: &Province,
    makers: &[Maker],
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let grants = SUPPORT.iter().map(|(what, purpose, ago, source, worth, maker)| support_grant::Model {
        id: SupportId::new(),
        office_id: province.office,
        cooperative_id: makers[maker % makers.len()].0,
        measure_id: None,
        what: (*what).to_owned(),
        purpose: (*purpose).to_owned(),
        worth: Vnd(*worth),
        source: *source,
        granted_on: today - Duration::days(*ago),
        withdrawn_reason: None,
        created_by: province.head,
        created_at: now,
    });
    Ok(Batch::default().insert(grants.map(IntoActiveModel::into_active_model)).execute(connection).await?)
}

async fn difficulties(
    connection: &impl ConnectionTrait,
    province: &Province,
    (makers, partner): (&[Maker], Option<PartnerId>),
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let lacking = [
        (DifficultyKind::Preservation, "Bưởi chín rộ trong ba tuần, chưa có kho mát", DifficultyState::Open, 0),
        (DifficultyKind::Destinations, "Muốn bày mật ong ở suối khoáng cuối tuần", DifficultyState::Helped, 6),
        (DifficultyKind::DigitalSkills, "Chưa ai biết nhập sản phẩm bằng bảng tính", DifficultyState::Solved, 1),
    ];
    let (mut rows, mut offers) = (Vec::new(), Vec::new());
    for (kind, story, state, maker) in lacking {
        let (cooperative_id, owner) = makers[maker % makers.len()];
        let id = DifficultyId::new();
        let over = state == DifficultyState::Solved;
        rows.push(difficulty::Model {
            id,
            cooperative_id,
            kind,
            story: story.to_owned(),
            state,
            outcome: over.then(|| "Đã đăng được 12 sản phẩm".to_owned()),
            opened_by: owner,
            opened_at: now - Duration::days(20),
            closed_at: over.then_some(now),
        });
        let helper = (partner.filter(|_| kind == DifficultyKind::Destinations), Some(province.office));
        let (by_partner, by_office) = if helper.0.is_some() { (helper.0, None) } else { (None, helper.1) };
        if state != DifficultyState::Open {
            offers.push(help_offer::Model {
                id: HelpOfferId::new(),
                difficulty_id: id,
                office_id: by_office,
                partner_id: by_partner,
                offer: if over {
                    "Cử cán bộ hướng dẫn một buổi"
                } else {
                    "Dành một quầy ở sảnh vào cuối tuần"
                }
                .to_owned(),
                state: if over { HelpState::Done } else { HelpState::Accepted },
                outcome: over.then(|| "Đã hướng dẫn".to_owned()),
                offered_by: province.head,
                offered_at: now - Duration::days(15),
                updated_at: now,
            });
        }
    }
    let batch = Batch::default()
        .insert(rows.into_iter().map(IntoActiveModel::into_active_model))
        .insert(offers.into_iter().map(IntoActiveModel::into_active_model));
    Ok(batch.execute(connection).await?)
}

async fn jobs(
    connection: &impl ConnectionTrait,
    (growers, owner): Maker,
    (today, now): (Date, OffsetDateTime),
) -> anyhow::Result<()> {
    let season = season_report::Model {
        id: SeasonReportId::new(),
        cooperative_id: growers,
        season: format!("Vụ bưởi {}", today.year()),
        from_on: today - Duration::days(60),
        to_on: today,
        households: 42,
        regular_workers: 6,
        seasonal_workers: 35,
        women: 22,
        working_days: 1_250,
        turnover: Some(Vnd(1_850_000_000)),
        reported_by: owner,
        reported_at: now,
    };
    let (mut households, mut income) = (Vec::new(), Vec::new());
    for (index, (name, people, agreed)) in
        [("Hộ bà Bùi Thị Hoa", 4, true), ("Hộ ông Bùi Văn Tiến", 5, true), ("Hộ ông Đinh Công Lý", 3, false)]
            .into_iter()
            .enumerate()
    {
        let id = HouseholdId::new();
        households.push(household::Model {
            id,
            cooperative_id: growers,
            name: name.to_owned(),
            people,
            consented_on: agreed.then_some(today),
            link_hash: None,
            active: true,
            created_at: now,
        });
        for (kind, amount, ago) in [(IncomeKind::Wages, 3_200_000, 20), (IncomeKind::Goods, 14_500_000, 9)] {
            if agreed {
                income.push(household_income::Model {
                    id: IncomeId::new(),
                    household_id: id,
                    kind,
                    amount: Vnd(amount),
                    paid_on: today - Duration::days(ago),
                    reference: format!("PC-{index}{ago}"),
                    note: None,
                    entered_by: owner,
                    entered_at: now,
                });
            }
        }
    }
    let batch = Batch::default()
        .insert([season.into_active_model()])
        .insert(households.into_iter().map(IntoActiveModel::into_active_model))
        .insert(income.into_iter().map(IntoActiveModel::into_active_model));
    Ok(batch.execute(connection).await?)
}
