//! Loads the demo into an empty database, in one transaction.

use std::collections::HashMap;

use entity::value::{
    AccountId, CategoryId, CertificateId, CertificateState, CooperativeId, CooperativeStatus, DestinationId, Language,
    LotId, MediaPurpose, MemberRole, MovementKind, OffSeason, OfferId, OfferStatus, PlatformRole, ProductId,
    ProductStatus, RowId, Vnd,
};
use entity::{
    category, certificate, cooperative, destination, destination_image, offer, product, product_image, recognition,
    stock, stock_movement,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, Set};
use time::{Date, Duration, OffsetDateTime};

use super::data::{BUYER, CATEGORIES, GOODS, Good, MAKERS, Maker, PLACES, Pack};
use super::{PASSWORD, dossiers, offices, partner, past, pictures, plots, programme, supply};
use crate::media;
use crate::ocop::certification::code_of;
use crate::people::identity::rules::Contact;
use crate::people::identity::{NewAccount, Passwords, create_account, grant_membership, grant_role};
use crate::platform::clock::Clock;
use crate::platform::db::{Batch, Db, run};
use crate::platform::objects::Objects;
use crate::shop::delivery::add_default_rates;
use crate::shop::inventory;

pub const ADMIN: (&str, &str) = ("admin@example.vn", "Quản trị Chợ OCOP");

/// A made-up homestay beside the hot spring.
pub const PARTNER: (&str, &str) = ("homestay@example.vn", "Bùi Thị Mai");

/// The e-mail address of a cooperative's owner.
pub fn owner_email(maker: &Maker) -> String {
    format!("{}@example.vn", maker.slug.trim_start_matches("htx-").trim_start_matches("nong-nghiep-"))
}

async fn draw_pictures(objects: &Objects) -> anyhow::Result<()> {
    for good in GOODS {
        let png = tokio::task::spawn_blocking(move || pictures::draw(good.picture.0, good.picture.1)).await??;
        objects.put(&picture_key(good), png).await?;
    }
    Ok(())
}

/// Every destination with a picture of its kind.
async fn hang_pictures(
    transaction: &DatabaseTransaction,
    objects: &Objects,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    for place in destination::Entity::find().all(transaction).await? {
        let png = tokio::task::spawn_blocking(move || pictures::draw_place(place.kind)).await??;
        let owner = media::Owner { purpose: MediaPurpose::Listing, cooperative: None, account: None, order: None };
        let file = media::keep(transaction, objects, owner, png, now).await?;
        let image = destination_image::ActiveModel {
            id: Set(RowId::new()),
            destination_id: Set(place.id),
            media_id: Set(file.id),
            alt_vi: Set(format!("Hình vẽ {}", place.name_vi)),
            alt_en: Set(format!("A drawing of {}", place.name_en)),
            position: Set(0),
        };
        destination_image::Entity::insert(image).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Whether the demo was loaded; it is left alone when it is there.
pub async fn load(db: &Db, clock: Clock, objects: &Objects, passwords: &Passwords) -> anyhow::Result<bool> {
    if cooperative::Entity::find().count(db.fresh()).await? > 0 {
        return Ok(false);
    }
    draw_pictures(objects).await?;
    let now = clock.now();
    let hash = passwords.hash(PASSWORD).await?;
    let transaction = db.begin().await?;
    let person = |email: &str, name: &str| NewAccount {
        contact: Contact::Email(email.to_owned()),
        name: name.to_owned(),
        password_hash: hash.clone(),
        language: Language::Vi,
    };
    let buyer = create_account(&transaction, person(BUYER.0, BUYER.1), now).await?;
    let admin = create_account(&transaction, person(ADMIN.0, ADMIN.1), now).await?;
    grant_role(&transaction, admin.id, PlatformRole::Admin, now).await?;

    let categories = categories(&transaction).await?;
    let people = offices::add(&transaction, &hash, now).await?;
    let since = now - Duration::days(60);
    let (mut makers, mut banks) = (Vec::new(), Vec::new());
    for (index, maker) in MAKERS.iter().enumerate() {
        let id = CooperativeId::new();
        banks.push(entity::bank_account::ActiveModel {
            cooperative_id: Set(id),
            bank_bin: Set("970405".to_owned()),
            number: Set(format!("3005{index:09}").into()),
            holder: Set(maker.vi.to_uppercase()),
            updated_at: Set(since),
        });
        cooperative::Entity::insert(cooperative_row(id, index, maker, since))
            .exec_without_returning(&transaction)
            .await?;
        add_default_rates(&transaction, id).await?;
        let owner =
            create_account(&transaction, person(&owner_email(maker), &format!("Chủ {}", maker.vi)), now).await?;
        grant_membership(&transaction, owner.id, id, MemberRole::Owner, now).await?;
        makers.push((id, owner.id));
    }
    Batch::default().insert(banks).execute(&transaction).await?;
    let mut offers = HashMap::new();
    for good in GOODS {
        let (cooperative, owner) = makers[good.maker];
        add_good(&transaction, good, cooperative, owner, &categories, (since, clock.today()), &mut offers).await?;
    }
    let mut products: Vec<dossiers::Owned> = Vec::new();
    for (_, product, cooperative, good, _) in offers.values() {
        let (_, owner) = makers[good.maker];
        let (product, cooperative, category) = (*product, *cooperative, categories[good.category]);
        products.push(dossiers::Owned { good, product, category, cooperative, owner });
    }
    products.sort_unstable_by_key(|one| one.product);
    products.dedup_by_key(|one| one.product);
    dossiers::add(&transaction, &products, &people, (clock.today(), now)).await?;
    destination::Entity::insert_many(PLACES.iter().map(|place| place_row(place, since)))
        .exec_without_returning(&transaction)
        .await?;
    hang_pictures(&transaction, objects, now).await?;
    let homestay = create_account(&transaction, person(PARTNER.0, PARTNER.1), now).await?;
    let ids: Vec<CooperativeId> = makers.iter().map(|(id, _)| *id).collect();
    partner::add(&transaction, homestay.id, &ids, since, now).await?;
    supply::add(&transaction, (&hash, admin.id), &categories, (clock.today(), now)).await?;
    programme::add(&transaction, &people, &makers, (clock.today(), now)).await?;
    past::add(&transaction, &offers, buyer.id, now).await?;
    inventory::open_lots(&transaction, since.date()).await?;
    for (_, product, _, good, _) in offers.values() {
        let expires_on = clock.today() + Duration::days(good.shelf_life_days.into());
        let sql = "UPDATE lot SET expires_on = $2 WHERE id = $1";
        run(&transaction, sql, [product.0.into(), expires_on.into()]).await?;
    }
    let pomelo = offers.get("BD-6").map(|(_, product, ..)| *product);
    if let (Some(product), Some((grower, owner))) = (pomelo, makers.first()) {
        plots::add(&transaction, (*grower, *owner), LotId(product.0), clock.today(), now).await?;
    }
    plots::roads(&transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn categories(connection: &impl ConnectionTrait) -> anyhow::Result<HashMap<&'static str, CategoryId>> {
    let mut ids: HashMap<&str, CategoryId> = HashMap::new();
    for (position, &(slug, parent, vi, en, group)) in (0..).zip(CATEGORIES) {
        let id = CategoryId::new();
        let row = category::ActiveModel {
            id: Set(id),
            parent_id: Set(parent.and_then(|parent| ids.get(parent).copied())),
            slug: Set(slug.to_owned()),
            name_vi: Set(vi.to_owned()),
            name_en: Set(en.to_owned()),
            ocop_group: Set(group),
            position: Set(position),
        };
        category::Entity::insert(row).exec_without_returning(connection).await?;
        ids.insert(slug, id);
    }
    Ok(ids)
}

fn cooperative_row(id: CooperativeId, index: usize, maker: &Maker, since: OffsetDateTime) -> cooperative::ActiveModel {
    cooperative::ActiveModel {
        id: Set(id),
        slug: Set(maker.slug.to_owned()),
        kind: Set(maker.kind),
        name_vi: Set(maker.vi.to_owned()),
        name_en: Set(maker.en.to_owned()),
        story_vi: Set(maker.story_vi.to_owned()),
        story_en: Set(maker.story_en.to_owned()),
        legal_name: Set(maker.vi.to_uppercase()),
        tax_code: Set(format!("54000{:05}", 10_100 + index * 17)),
        licence_number: Set(format!("2507{:08}", 1000 + index)),
        licence_issuer: Set("Phòng Kinh tế xã (dữ liệu minh họa)".to_owned()),
        representative: Set(format!("Đại diện {}", maker.vi)),
        street: Set(maker.street.to_owned()),
        commune_code: Set(maker.commune.to_owned()),
        former_commune: Set(Some(maker.former.to_owned())),
        latitude: Set(maker.at.0),
        longitude: Set(maker.at.1),
        phone: Set(format!("+8498700{:04}", 1000 + index)),
        email: Set(None),
        status: Set(CooperativeStatus::Active),
        pickup_offered: Set(true),
        identity_verified_at: Set(Some(since)),
        suspended_reason: Set(None),
        tax_residence: Set(entity::value::TaxResidence::Resident),
        created_at: Set(since),
        updated_at: Set(since),
    }
}

fn picture_key(good: &Good) -> String {
    format!("demo/{}.png", good.slug)
}

async fn add_good(
    connection: &impl ConnectionTrait,
    good: &'static Good,
    cooperative: CooperativeId,
    owner: AccountId,
    categories: &HashMap<&'static str, CategoryId>,
    (since, today): (OffsetDateTime, Date),
    offers: &mut HashMap<&'static str, (OfferId, ProductId, CooperativeId, &'static Good, &'static Pack)>,
) -> anyhow::Result<()> {
    let id = ProductId::new();
    let row = product_row(id, good, cooperative, categories[good.category], since);
    product::Entity::insert(row).exec_without_returning(connection).await?;
    let issued = good.recognised_on(today);
    let recognised = RowId::new();
    let stars = good.stars.map(|stars| recognition::ActiveModel {
        id: Set(recognised),
        code: Set(Some(code_of(recognised))),
        decision_number: Set(Some(format!("DEMO-{}/QĐ-UBND", issued.year()))),
        product_id: Set(id),
        stars: Set(stars),
        certificate_number: Set(format!("DEMO-{stars}-{}", good.slug)),
        issuer: Set(if stars == 5 { "Bộ Nông nghiệp và Môi trường" } else { "UBND tỉnh Phú Thọ" }.to_owned()),
        issued_on: Set(issued),
        // 36 months.
        valid_until: Set(issued.replace_year(issued.year() + 3).unwrap_or(issued + Duration::days(1095))),
        ..Default::default()
    });
    let certificates = good.certificates.iter().map(|kind| certificate::ActiveModel {
        id: Set(CertificateId::new()),
        cooperative_id: Set(cooperative),
        product_id: Set(Some(id)),
        kind: Set(*kind),
        number: Set(format!("DEMO-{}-{}", kind.as_str(), good.slug)),
        issuer: Set("Dữ liệu minh họa".to_owned()),
        issued_on: Set(issued),
        valid_until: Set(Some(issued + Duration::days(1095))),
        file_shown: Set(false),
        state: Set(CertificateState::Verified),
        version: Set(1),
        created_at: Set(since),
        updated_at: Set(since),
        ..Default::default()
    });
    let (mut rows, mut levels, mut movements) = (Vec::new(), Vec::new(), Vec::new());
    for (position, pack) in (0..).zip(good.packs) {
        let offer = OfferId::new();
        offers.insert(pack.sku, (offer, id, cooperative, good, pack));
        rows.push(offer_row(offer, (id, cooperative), pack, position, since));
        levels.push(stock_row(offer, pack.stock, since));
        if pack.stock > 0 {
            movements.push(receipt_row(offer, pack.stock, owner, since));
        }
    }
    let batch = Batch::default()
        .insert([image_row(id, good, i32::try_from(pictures::SIZE)?)])
        .insert(stars)
        .insert(certificates)
        .insert(rows)
        .insert(levels)
        .insert(movements);
    batch.execute(connection).await?;
    Ok(())
}

fn product_row(
    id: ProductId,
    good: &Good,
    cooperative: CooperativeId,
    category: CategoryId,
    since: OffsetDateTime,
) -> product::ActiveModel {
    let maker = &MAKERS[good.maker];
    product::ActiveModel {
        id: Set(id),
        cooperative_id: Set(cooperative),
        category_id: Set(category),
        slug: Set(good.slug.to_owned()),
        name_vi: Set(good.vi.to_owned()),
        name_en: Set(good.en.to_owned()),
        summary_vi: Set(good.summary_vi.to_owned()),
        summary_en: Set(good.summary_en.to_owned()),
        story_vi: Set(format!("{} {} Sản phẩm của {}, {}.", good.summary_vi, maker.story_vi, maker.vi, maker.former)),
        story_en: Set(format!("{} {} Made by {}.", good.summary_en, maker.story_en, maker.en)),
        origin_commune_code: Set(maker.commune.to_owned()),
        former_commune: Set(Some(maker.former.to_owned())),
        latitude: Set(maker.at.0),
        longitude: Set(maker.at.1),
        season_from: Set(good.season.map(|season| season.0)),
        season_to: Set(good.season.map(|season| season.1)),
        shelf_life_days: Set(Some(good.shelf_life_days)),
        storage_vi: Set(good.storage_vi.to_owned()),
        storage_en: Set(good.storage_en.to_owned()),
        gtin: Set(None),
        status: Set(ProductStatus::Published),
        off_season: Set(OffSeason::Sell),
        published_at: Set(Some(since)),
        created_at: Set(since),
        updated_at: Set(since),
    }
}

fn image_row(product: ProductId, good: &Good, size: i32) -> product_image::ActiveModel {
    product_image::ActiveModel {
        id: Set(RowId::new()),
        product_id: Set(product),
        object_key: Set(picture_key(good)),
        width: Set(size),
        height: Set(size),
        alt_vi: Set(format!("Hình vẽ {}", good.vi)),
        alt_en: Set(format!("Drawing of {}", good.en)),
        position: Set(0),
        media_id: Set(None),
        widths: Set(None),
    }
}

fn offer_row(
    id: OfferId,
    (product, cooperative): (ProductId, CooperativeId),
    pack: &Pack,
    position: i32,
    since: OffsetDateTime,
) -> offer::ActiveModel {
    offer::ActiveModel {
        reduced_bp: Set(0),
        reduced_until: Set(None),
        id: Set(id),
        product_id: Set(product),
        cooperative_id: Set(cooperative),
        sku: Set(pack.sku.to_owned()),
        pack_vi: Set(pack.vi.to_owned()),
        pack_en: Set(pack.en.to_owned()),
        unit: Set(pack.unit),
        weight_g: Set(pack.weight_g),
        price_amount: Set(Vnd(pack.price)),
        currency: Set(Vnd::CURRENCY.to_owned()),
        min_quantity: Set(1),
        step_quantity: Set(1),
        status: Set(OfferStatus::Active),
        net_g: Set(None),
        wholesale_from: Set(None),
        position: Set(position),
        created_at: Set(since),
        updated_at: Set(since),
    }
}

pub fn stock_row(offer: OfferId, on_hand: i64, at: OffsetDateTime) -> stock::ActiveModel {
    stock::ActiveModel {
        offer_id: Set(offer),
        on_hand: Set(on_hand),
        reserved: Set(0),
        version: Set(1),
        updated_at: Set(at),
    }
}

pub fn receipt_row(offer: OfferId, quantity: i64, actor: AccountId, at: OffsetDateTime) -> stock_movement::ActiveModel {
    stock_movement::ActiveModel {
        id: Set(RowId::new()),
        offer_id: Set(offer),
        kind: Set(MovementKind::Receipt),
        quantity: Set(quantity),
        order_id: Set(None),
        lot_id: Set(None),
        note: Set(None),
        actor_id: Set(Some(actor)),
        at: Set(at),
    }
}

fn place_row(place: &super::data::Place, at: OffsetDateTime) -> destination::ActiveModel {
    let &(slug, kind, name_vi, name_en, text_vi, text_en, commune, (latitude, longitude)) = place;
    destination::ActiveModel {
        id: Set(DestinationId::new()),
        slug: Set(slug.to_owned()),
        kind: Set(kind),
        name_vi: Set(name_vi.to_owned()),
        name_en: Set(name_en.to_owned()),
        text_vi: Set(text_vi.to_owned()),
        text_en: Set(text_en.to_owned()),
        commune_code: Set(commune.to_owned()),
        latitude: Set(latitude),
        longitude: Set(longitude),
        created_at: Set(at),
        street: Set(String::new()),
        hours: Set(serde_json::json!([{"days": [1, 2, 3, 4, 5, 6, 7], "from": "07:00", "to": "21:00"}])),
        website: Set(None),
        phone: Set(None),
        active: Set(true),
        updated_at: Set(Some(at)),
    }
}
