//! Made-up cooperatives and products in any number, for benchmarks and for trying how things look when there are many.

use entity::value::{
    AccountId, CategoryId, CooperativeId, CooperativeKind, CooperativeStatus, Language, LotId, LotState, MemberRole,
    OffSeason, OfferId, OfferStatus, ProductId, ProductStatus, RowId, Unit, Vnd,
};
use entity::{category, cooperative, lot, lot_stock, offer, product, recognition};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};

use super::load::{receipt_row, stock_row};
use crate::ocop::certification::code_of;
use crate::ocop::traceability::events;
use crate::people::identity::rules::Contact;
use crate::people::identity::{NewAccount, Passwords, create_account, grant_membership};
use crate::platform::clock::Clock;
use crate::platform::db::{Batch, Db};
use crate::platform::fold::slug;
use crate::platform::outbox::emit;
use crate::platform::secrets;
use crate::shop::delivery::add_default_rates;

/// Rows per statement: SQLite takes at most 32,766 values.
const CHUNK: usize = 250;
const PRODUCTS_PER_MAKER: usize = 50;
/// Enough for any benchmark's checkouts.
const STOCK: i64 = 1_000_000;

const KINDS: &[(&str, &str)] = &[
    ("Bưởi", "Pomelo"),
    ("Cam", "Orange"),
    ("Nhãn", "Longan"),
    ("Mật ong", "Honey"),
    ("Trà", "Tea"),
    ("Rượu", "Spirit"),
    ("Măng", "Bamboo shoot"),
    ("Gạo nếp", "Sticky rice"),
    ("Thịt trâu gác bếp", "Smoked buffalo"),
    ("Miến dong", "Canna noodles"),
    ("Tinh dầu", "Essential oil"),
    ("Hạt dổi", "Dổi seed"),
    ("Ổi", "Guava"),
    ("Na", "Custard apple"),
    ("Thổ cẩm", "Brocade"),
    ("Nấm hương", "Shiitake"),
    ("Chuối", "Banana"),
    ("Su su", "Chayote"),
];
const QUALITIES: &[&str] =
    &["hữu cơ", "rừng", "núi đá", "sạch", "đặc sản", "truyền thống", "cao cấp", "VietGAP", "bản Mường", "vườn đồi"];
const NAMES: &[&str] = &[
    "Kim Bôi",
    "Mai Châu",
    "Cao Phong",
    "Tân Lạc",
    "Lạc Sơn",
    "Đà Bắc",
    "Lương Sơn",
    "Yên Thủy",
    "Thanh Sơn",
    "Đoan Hùng",
    "Tân Sơn",
    "Lập Thạch",
];

/// Adds `count` products; `progress` hears of every chunk. The products are spread over the communes of Phú Thọ.
pub async fn generate(
    db: &Db,
    clock: Clock,
    passwords: &Passwords,
    count: usize,
    progress: impl Fn(usize),
) -> anyhow::Result<()> {
    let (now, since) = (clock.now(), RowId::new());
    let categories: Vec<CategoryId> = leaves(db).await?;
    let communes: Vec<_> = crate::people::places::communes_of("25").collect();
    anyhow::ensure!(!communes.is_empty(), "there are no communes in Phú Thọ");
    let series = secrets::code(5).to_lowercase();
    let transaction = db.begin().await?;
    let owner = NewAccount {
        contact: Contact::Email(format!("seller-{series}@example.vn")),
        name: "Chủ vườn minh họa".to_owned(),
        password_hash: passwords.hash(super::PASSWORD).await?,
        language: Language::Vi,
    };
    let owner = create_account(&transaction, owner, now).await?.id;
    let mut maker = CooperativeId::new();
    let mut rows = Rows::default();
    for index in 0..count {
        let commune = &communes[index / PRODUCTS_PER_MAKER % communes.len()].code;
        if index % PRODUCTS_PER_MAKER == 0 {
            maker = CooperativeId::new();
            let row = maker_row(maker, &series, index / PRODUCTS_PER_MAKER, commune, now);
            cooperative::Entity::insert(row).exec_without_returning(&transaction).await?;
            add_default_rates(&transaction, maker).await?;
            grant_membership(&transaction, owner, maker, MemberRole::Owner, now).await?;
        }
        let (category, today, series) = (categories[index % categories.len()], clock.today(), series.as_str());
        rows.add(index, &Hanger { series, maker, category, commune, owner, now, today });
        if rows.products.len() == CHUNK || index + 1 == count {
            progress(rows.products.len());
            std::mem::take(&mut rows).write(&transaction).await?;
        }
    }
    events::catch_up(&transaction, since).await?;
    emit(&transaction, "catalogue.replaced", maker.0, json!({}), now).await?;
    transaction.commit().await?;
    Ok(())
}

async fn leaves(db: &Db) -> anyhow::Result<Vec<CategoryId>> {
    let all = category::Entity::find().all(db.fresh()).await?;
    if !all.is_empty() {
        let leaf = |row: &&category::Model| !all.iter().any(|other| other.parent_id == Some(row.id));
        return Ok(all.iter().filter(leaf).map(|row| row.id).collect());
    }
    let row = category::ActiveModel {
        id: Set(CategoryId::new()),
        parent_id: Set(None),
        slug: Set("thuc-pham".to_owned()),
        name_vi: Set("Thực phẩm".to_owned()),
        name_en: Set("Foods".to_owned()),
        ocop_group: Set(1),
        position: Set(0),
    };
    let id = category::Entity::insert(row).exec(db.write()).await?.last_insert_id;
    Ok(vec![id])
}

fn maker_row(
    id: CooperativeId,
    series: &str,
    number: usize,
    commune: &str,
    now: OffsetDateTime,
) -> cooperative::ActiveModel {
    let name = format!("HTX {} số {}", NAMES[number % NAMES.len()], number + 1);
    cooperative::ActiveModel {
        id: Set(id),
        slug: Set(format!("{}-{series}", slug(&name))),
        // Every fifth is a household, of which tax is withheld.
        kind: Set(if number % 5 == 4 { CooperativeKind::Household } else { CooperativeKind::Cooperative }),
        name_en: Set(format!("Cooperative {} of {}", number + 1, NAMES[number % NAMES.len()])),
        story_vi: Set("Hợp tác xã minh họa.".to_owned()),
        story_en: Set("A made-up cooperative.".to_owned()),
        legal_name: Set(name.to_uppercase()),
        name_vi: Set(name),
        tax_code: Set(format!("54{number:08}")),
        licence_number: Set(format!("25{number:08}")),
        licence_issuer: Set("Dữ liệu minh họa".to_owned()),
        representative: Set("Nguyễn Văn Minh".to_owned()),
        street: Set("Xóm 1".to_owned()),
        commune_code: Set(commune.to_owned()),
        former_commune: Set(None),
        latitude: Set(20.5 + spread(number, 7) * 0.8),
        longitude: Set(105.0 + spread(number, 13) * 0.7),
        phone: Set("+84987000000".to_owned()),
        email: Set(None),
        status: Set(CooperativeStatus::Active),
        pickup_offered: Set(true),
        identity_verified_at: Set(Some(now)),
        suspended_reason: Set(None),
        tax_residence: Set(entity::value::TaxResidence::Resident),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// A figure from 0 to 1 that looks random and is the same every time.
#[allow(clippy::cast_precision_loss, reason = "below a thousand")]
fn spread(number: usize, salt: usize) -> f64 {
    (number.wrapping_mul(2_654_435_761).wrapping_add(salt * 97) % 997) as f64 / 997.0
}

#[derive(Default)]
struct Rows {
    products: Vec<product::ActiveModel>,
    offers: Vec<offer::ActiveModel>,
    stars: Vec<recognition::ActiveModel>,
    stock: Vec<entity::stock::ActiveModel>,
    lots: Vec<lot::ActiveModel>,
    lot_stock: Vec<lot_stock::ActiveModel>,
    movements: Vec<entity::stock_movement::ActiveModel>,
}

/// What a product hangs on.
struct Hanger<'a> {
    series: &'a str,
    maker: CooperativeId,
    category: CategoryId,
    commune: &'a str,
    owner: AccountId,
    now: OffsetDateTime,
    today: Date,
}

impl Hanger<'_> {
    fn product(&self, id: ProductId, index: usize) -> product::ActiveModel {
        let Self { series, maker, category, commune, now, .. } = *self;
        let (kind, quality) = (KINDS[index % KINDS.len()], QUALITIES[index / KINDS.len() % QUALITIES.len()]);
        let place = NAMES[index / 7 % NAMES.len()];
        let name = format!("{} {quality} {place}", kind.0);
        product::ActiveModel {
            id: Set(id),
            cooperative_id: Set(maker),
            category_id: Set(category),
            slug: Set(format!("{}-{series}{index}", slug(&name))),
            name_en: Set(format!("{} of {place}", kind.1)),
            summary_vi: Set(format!("{name}, thu hái đúng vụ, đóng gói tại vườn.")),
            summary_en: Set(format!("{} of {place}, picked in season and packed at the farm.", kind.1)),
            story_vi: Set(format!(
                "{name} của bà con {place}: trồng trên đất đồi, chăm bằng phân hữu cơ, hái tay từng lứa. Mỗi hộp có tem truy xuất."
            )),
            story_en: Set(format!(
                "{} from {place}, grown on hill soil and picked by hand. Every box carries a traceability stamp.",
                kind.1
            )),
            name_vi: Set(name),
            origin_commune_code: Set(commune.to_owned()),
            former_commune: Set(None),
            latitude: Set(20.5 + spread(index, 3) * 0.8),
            longitude: Set(105.0 + spread(index, 11) * 0.7),
            season_from: Set(index.is_multiple_of(3).then_some(11)),
            season_to: Set(index.is_multiple_of(3).then_some(2)),
            shelf_life_days: Set(Some(30)),
            storage_vi: Set("Nơi khô mát".to_owned()),
            storage_en: Set("Keep cool and dry".to_owned()),
            gtin: Set(None),
            status: Set(ProductStatus::Published),
            off_season: Set(OffSeason::Sell),
            published_at: Set(Some(now)),
            created_at: Set(now),
            updated_at: Set(now),
        }
    }

    fn stars(&self, product: ProductId, index: usize) -> Option<recognition::ActiveModel> {
        let Self { series, today, .. } = *self;
        let stars = 3 + i32::try_from(index % 4).unwrap_or(0);
        let id = RowId::new();
        (stars <= 5).then(|| recognition::ActiveModel {
            id: Set(id),
            code: Set(Some(code_of(id))),
            product_id: Set(product),
            stars: Set(stars),
            certificate_number: Set(format!("GEN-{series}-{index}")),
            issuer: Set("UBND tỉnh Phú Thọ".to_owned()),
            issued_on: Set(today - Duration::days(100)),
            valid_until: Set(today + Duration::days(900)),
            ..Default::default()
        })
    }

    fn offer(&self, id: OfferId, product: ProductId, index: usize) -> offer::ActiveModel {
        let Self { series, maker, now, .. } = *self;
        let price = 20_000 + i64::try_from(index % 97).unwrap_or(0) * 5_000;
        offer::ActiveModel {
            reduced_bp: Set(0),
            reduced_until: Set(None),
            id: Set(id),
            product_id: Set(product),
            cooperative_id: Set(maker),
            sku: Set(format!("G{series}{index}")),
            pack_vi: Set("Hộp 1 kg".to_owned()),
            pack_en: Set("1 kg box".to_owned()),
            unit: Set(Unit::Box),
            weight_g: Set(1_100),
            price_amount: Set(Vnd(price)),
            currency: Set(Vnd::CURRENCY.to_owned()),
            min_quantity: Set(1),
            step_quantity: Set(1),
            status: Set(OfferStatus::Active),
            net_g: Set(None),
            wholesale_from: Set(None),
            position: Set(0),
            created_at: Set(now),
            updated_at: Set(now),
        }
    }

    fn lot(&self, id: LotId, product: ProductId, index: usize) -> lot::ActiveModel {
        let Self { series, maker, now, today, .. } = *self;
        lot::ActiveModel {
            storage: Set(None),
            kept_from_c: Set(None),
            kept_to_c: Set(None),
            id: Set(id),
            cooperative_id: Set(maker),
            product_id: Set(product),
            code: Set(format!("TON-DAU-{series}{index}")),
            harvested_on: Set(today),
            expires_on: Set(None),
            plot: Set(None),
            household: Set(None),
            note: Set(None),
            state: Set(LotState::Good),
            forecast_id: Set(None),
            wait_reason: Set(None),
            created_at: Set(now),
        }
    }
}

impl Rows {
    fn add(&mut self, index: usize, hanger: &Hanger<'_>) {
        let (id, offer) = (ProductId::new(), OfferId::new());
        let lot = LotId(id.0);
        self.products.push(hanger.product(id, index));
        self.stars.extend(hanger.stars(id, index));
        self.offers.push(hanger.offer(offer, id, index));
        self.stock.push(stock_row(offer, STOCK, hanger.now));
        self.lots.push(hanger.lot(lot, id, index));
        self.lot_stock.push(lot_stock::ActiveModel { lot_id: Set(lot), offer_id: Set(offer), on_hand: Set(STOCK) });
        self.movements.push(entity::stock_movement::ActiveModel {
            lot_id: Set(Some(lot)),
            ..receipt_row(offer, STOCK, hanger.owner, hanger.now)
        });
    }

    async fn write(self, connection: &impl ConnectionTrait) -> anyhow::Result<()> {
        let batch = Batch::default().insert(self.products).insert(self.stars).insert(self.offers);
        let batch = batch.insert(self.stock).insert(self.lots).insert(self.lot_stock);
        batch.insert(self.movements).execute(connection).await?;
        Ok(())
    }
}
