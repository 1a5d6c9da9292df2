//! The demo's facts, as tables.

use entity::value::{CertificateKind, CooperativeKind, DestinationKind, Unit};
use time::{Date, Duration};

/// People of the demo: e-mail, name.
pub const BUYER: (&str, &str) = ("lan@example.vn", "Nguyễn Thị Lan");

pub struct Maker {
    pub slug: &'static str,
    pub kind: CooperativeKind,
    pub vi: &'static str,
    pub en: &'static str,
    pub street: &'static str,
    pub commune: &'static str,
    pub former: &'static str,
    pub at: (f64, f64),
    pub story_vi: &'static str,
    pub story_en: &'static str,
}

use CooperativeKind::{Company, Cooperative, CooperativeGroup, Household};

const fn maker(
    slug: &'static str,
    kind: CooperativeKind,
    (vi, en): (&'static str, &'static str),
    (street, commune, former): (&'static str, &'static str, &'static str),
    at: (f64, f64),
    (story_vi, story_en): (&'static str, &'static str),
) -> Maker {
    Maker { slug, kind, vi, en, street, commune, former, at, story_vi, story_en }
}

pub const MAKERS: &[Maker] = &[
    maker(
        "htx-nong-nghiep-xanh-kim-boi",
        Cooperative,
        ("HTX Nông nghiệp xanh Kim Bôi", "Kim Bôi Green Agriculture Cooperative"),
        ("Xóm Sáng Trong", "04990", "Đú Sáng"),
        (20.745, 105.475),
        (
            "Mười hộ xã viên chăm hơn 10 ha bưởi Diễn, trồng từ năm 2003 trên đất đồi Đú Sáng.",
            "Ten member households tend more than ten hectares of Diễn pomelo, grown on the hills of Đú Sáng since 2003.",
        ),
    ),
    maker(
        "htx-nong-nghiep-va-thuong-mai-muong-dong",
        Cooperative,
        ("HTX Nông nghiệp và Thương mại Mường Động", "Mường Động Agriculture and Trade Cooperative"),
        ("Xóm Thung Rếch", "05014", "Tú Sơn"),
        (20.715, 105.57),
        (
            "Cam trồng ở thung lũng Thung Rếch, đêm lạnh ngày nắng nên ngọt thanh.",
            "Oranges from the Thung Rếch valley, sweet from cold nights and sunny days.",
        ),
    ),
    maker(
        "htx-nong-nghiep-dich-vu-muong-dong",
        Cooperative,
        ("HTX Nông nghiệp, Dịch vụ Mường Động", "Mường Động Agriculture and Services Cooperative"),
        ("Xóm Nam Thượng", "05068", "Nam Thượng"),
        (20.62, 105.60),
        (
            "Giữ nghề nấu rượu men lá của người Mường.",
            "Keepers of the Mường people's way of distilling with forest-leaf yeast.",
        ),
    ),
    maker(
        "htx-muong-dong",
        Cooperative,
        ("HTX Mường Động", "Mường Động Cooperative"),
        ("Xóm Đông Bắc", "05014", "Đông Bắc"),
        (20.70, 105.53),
        ("Nước ngầm từ mạch đá vôi, đóng chai tại chỗ.", "Groundwater from limestone springs, bottled at the source."),
    ),
    maker(
        "htx-nong-nghiep-dich-vu-son-thuy",
        Cooperative,
        ("HTX Nông nghiệp, Dịch vụ Sơn Thủy", "Sơn Thủy Agriculture and Services Cooperative"),
        ("Xóm Sơn Thủy", "04990", "Xuân Thủy"),
        (20.735, 105.50),
        (
            "Nhãn Sơn Thủy cùi dày, hạt nhỏ, chín vào giữa hè.",
            "Sơn Thủy longan: thick flesh, small seeds, ripe at midsummer.",
        ),
    ),
    maker(
        "htx-nong-nghiep-dich-vu-thuong-tien",
        Cooperative,
        ("HTX Nông nghiệp, Dịch vụ Thượng Tiến", "Thượng Tiến Agriculture and Services Cooperative"),
        ("Xóm Thượng Tiến", "05014", "Hợp Tiến"),
        (20.68, 105.45),
        ("Ong nuôi bên rừng đặc dụng Thượng Tiến.", "Bees kept beside the Thượng Tiến nature reserve."),
    ),
    maker(
        "htx-green-life",
        Cooperative,
        ("HTX Green Life", "Green Life Cooperative"),
        ("Xóm Hợp Tiến", "05014", "Hợp Tiến"),
        (20.69, 105.46),
        ("Mật ong rừng theo VietGAP và ISO 22000:2018.", "Forest honey under VietGAP and ISO 22000:2018."),
    ),
    maker(
        "ho-kinh-doanh-nuong-dam",
        Household,
        ("Hộ kinh doanh hạt dổi Nuông Dăm", "Nuông Dăm dổi seed household"),
        ("Xóm Nuông Dăm", "05086", "Nuông Dăm"),
        (20.57, 105.61),
        (
            "Hạt dổi nhặt dưới tán rừng, phơi nắng và nướng than.",
            "Dổi seeds gathered under the forest canopy, sun-dried.",
        ),
    ),
    maker(
        "htx-nong-nghiep-dich-vu-thuong-bi",
        Cooperative,
        ("HTX Nông nghiệp, Dịch vụ Thượng Bì", "Thượng Bì Agriculture and Services Cooperative"),
        ("Xóm Thượng Bì", "04978", "Kim Bôi"),
        (20.66, 105.52),
        (
            "Cây thuốc nam trồng dưới chân núi, sao thủ công.",
            "Medicinal plants grown at the foot of the mountains, pan-fired by hand.",
        ),
    ),
    maker(
        "htx-dich-vu-huy-chi",
        Cooperative,
        ("HTX Dịch vụ Huy Chi", "Huy Chi Services Cooperative"),
        ("Xóm Hùng Sơn", "04990", "Hùng Sơn"),
        (20.72, 105.49),
        ("Chưng cất tinh dầu sả từ ruộng sả của xã viên.", "Distils lemongrass oil from its members' own fields."),
    ),
    maker(
        "trang-trai-huu-co-linh-dung",
        Company,
        ("Trang trại hữu cơ Linh Dũng", "Linh Dũng Organic Farm"),
        ("Xóm Vĩnh Tiến", "05014", "Vĩnh Tiến"),
        (20.69, 105.50),
        (
            "Trang trại hữu cơ, chế biến quả của vườn thành mứt.",
            "An organic farm that turns its own fruit into preserves.",
        ),
    ),
    maker(
        "to-hop-tac-bai-xe",
        CooperativeGroup,
        ("Tổ hợp tác Bãi Xe", "Bãi Xe Cooperative Group"),
        ("Bãi Xe", "05068", "Nam Thượng"),
        (20.61, 105.59),
        (
            "Rau theo mùa, hái sáng giao chiều.",
            "Vegetables in season, picked in the morning and delivered in the afternoon.",
        ),
    ),
    maker(
        "cong-ty-co-phan-mang-kim-boi",
        Company,
        ("Công ty cổ phần Măng Kim Bôi", "Kim Bôi Bamboo Shoot Joint Stock Company"),
        ("Khu công nghiệp Lạc Thịnh", "04978", "Bo"),
        (20.665, 105.535),
        (
            "Măng khô năm sao, thu mua của hàng trăm hộ trong vùng.",
            "Five-star dried bamboo shoots, bought from hundreds of households around.",
        ),
    ),
];

/// Slug, parent, names, OCOP group.
pub const CATEGORIES: &[(&str, Option<&str>, &str, &str, i32)] = &[
    ("thuc-pham", None, "Thực phẩm", "Foods", 1),
    ("do-uong", None, "Đồ uống", "Beverages", 2),
    ("duoc-lieu", None, "Dược liệu và sản phẩm từ dược liệu", "Medicinal herbs", 3),
    ("thu-cong-my-nghe", None, "Thủ công mỹ nghệ", "Handicrafts", 4),
    ("sinh-vat-canh", None, "Sinh vật cảnh", "Ornamental plants and animals", 5),
    ("du-lich", None, "Du lịch cộng đồng, du lịch sinh thái", "Community and eco-tourism", 6),
    ("trai-cay", Some("thuc-pham"), "Trái cây tươi", "Fresh fruit", 1),
    ("rau", Some("thuc-pham"), "Rau", "Vegetables", 1),
    ("mat-ong", Some("thuc-pham"), "Mật ong", "Honey", 1),
    ("gia-vi", Some("thuc-pham"), "Gia vị", "Spices", 1),
    ("do-kho", Some("thuc-pham"), "Đồ khô", "Dried foods", 1),
    ("mut", Some("thuc-pham"), "Mứt, ô mai", "Preserves", 1),
    ("ruou", Some("do-uong"), "Rượu", "Spirits", 2),
    ("nuoc-uong", Some("do-uong"), "Nước uống", "Water", 2),
    ("tra", Some("duoc-lieu"), "Trà thảo dược", "Herbal tea", 3),
    ("tinh-dau", Some("duoc-lieu"), "Tinh dầu", "Essential oils", 3),
];

pub struct Pack {
    pub sku: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub unit: Unit,
    pub weight_g: i64,
    pub price: i64,
    pub stock: i64,
}

const fn pack(
    sku: &'static str,
    vi: &'static str,
    en: &'static str,
    unit: Unit,
    weight_g: i64,
    price: i64,
    stock: i64,
) -> Pack {
    Pack { sku, vi, en, unit, weight_g, price, stock }
}

pub struct Good {
    pub slug: &'static str,
    pub maker: usize,
    pub category: &'static str,
    pub vi: &'static str,
    pub en: &'static str,
    pub summary_vi: &'static str,
    pub summary_en: &'static str,
    pub stars: Option<i32>,
    pub season: Option<(i32, i32)>,
    pub shelf_life_days: i32,
    pub storage_vi: &'static str,
    pub storage_en: &'static str,
    pub certificates: &'static [CertificateKind],
    pub packs: &'static [Pack],
    /// Motif and colour of its picture.
    pub picture: (Motif, &'static str),
}

/// The two products of this year's plan.
const NEW_THIS_YEAR: [&str; 2] = ["nhan-son-thuy", "tinh-dau-sa"];

impl Good {
    /// The day its stars were decided on.
    pub fn recognised_on(&self, today: Date) -> Date {
        if NEW_THIS_YEAR.contains(&self.slug) {
            return (today - Duration::days(60)).max(today.replace_ordinal(1).unwrap_or(today));
        }
        today - Duration::days(400)
    }
}

#[derive(Clone, Copy)]
pub enum Motif {
    Fruit,
    Cluster,
    Bottle,
    Jar,
    Seeds,
    Tea,
    Vial,
    Leaves,
    Shoots,
}

const COOL_VI: &str = "Để nơi mát, thoáng";
const COOL_EN: &str = "Keep cool and airy";
const DRY_VI: &str = "Để nơi khô ráo, tránh nắng";
const DRY_EN: &str = "Keep dry and out of the sun";

#[rustfmt::skip]
pub const GOODS: &[Good] = &[
    Good { slug: "buoi-dien-du-sang", maker: 0, category: "trai-cay", vi: "Bưởi Diễn Đú Sáng", en: "Đú Sáng Diễn pomelo",
        summary_vi: "Bưởi Diễn ngọt đậm, tép róc, để lâu càng ngọt. Có tem truy xuất.", summary_en: "Deeply sweet Diễn pomelo that keeps getting sweeter. With a traceability stamp.",
        stars: Some(3), season: Some((11, 2)), shelf_life_days: 60, storage_vi: COOL_VI, storage_en: COOL_EN, certificates: &[CertificateKind::FoodSafety, CertificateKind::Vietgap, CertificateKind::GrowingAreaCode],
        packs: &[pack("BD-6", "Hộp 6 quả", "Box of 6", Unit::Box, 6_500, 250_000, 120), pack("BD-12", "Hộp 12 quả", "Box of 12", Unit::Box, 12_500, 480_000, 60)], picture: (Motif::Fruit, "#e8c14a") },
    Good { slug: "cam-thung-rech", maker: 1, category: "trai-cay", vi: "Cam Thung Rếch", en: "Thung Rếch orange",
        summary_vi: "Cam thung lũng, mọng nước, ngọt thanh.", summary_en: "Valley oranges, juicy and delicately sweet.",
        stars: Some(3), season: Some((11, 1)), shelf_life_days: 20, storage_vi: COOL_VI, storage_en: COOL_EN, certificates: &[CertificateKind::FoodSafety],
        packs: &[pack("CTR-1", "1 kg", "1 kg", Unit::Kilogram, 1_100, 35_000, 400), pack("CTR-5", "Thùng 5 kg", "5 kg box", Unit::Box, 5_400, 165_000, 80)], picture: (Motif::Fruit, "#f08a24") },
    Good { slug: "ruou-muong", maker: 2, category: "ruou", vi: "Rượu Mường", en: "Mường rice spirit",
        summary_vi: "Rượu men lá, ủ chum sành.", summary_en: "Rice spirit of leaf yeast, aged in earthenware.",
        stars: Some(3), season: None, shelf_life_days: 1_095, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::FoodSafety, CertificateKind::SelfDeclaration],
        packs: &[pack("RM-500", "Chai 500 ml", "500 ml bottle", Unit::Bottle, 950, 120_000, 90)], picture: (Motif::Bottle, "#b5651d") },
    Good { slug: "nuoc-uong-dong-chai-muong-dong", maker: 3, category: "nuoc-uong", vi: "Nước uống đóng chai Mường Động", en: "Mường Động bottled water",
        summary_vi: "Nước tinh khiết từ mạch đá vôi.", summary_en: "Pure water from limestone springs.",
        stars: Some(3), season: None, shelf_life_days: 365, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::FoodSafety],
        packs: &[pack("NU-20", "Thùng 20 chai 500 ml", "Case of 20 × 500 ml", Unit::Case, 10_600, 75_000, 150)], picture: (Motif::Bottle, "#4aa3df") },
    Good { slug: "nhan-son-thuy", maker: 4, category: "trai-cay", vi: "Nhãn Sơn Thủy", en: "Sơn Thủy longan",
        summary_vi: "Nhãn cùi dày, hạt nhỏ, thơm.", summary_en: "Longan with thick, fragrant flesh and small seeds.",
        stars: Some(3), season: Some((7, 8)), shelf_life_days: 7, storage_vi: "Bảo quản lạnh 4–8 °C", storage_en: "Refrigerate at 4–8 °C", certificates: &[CertificateKind::Vietgap],
        packs: &[pack("NST-1", "1 kg", "1 kg", Unit::Kilogram, 1_100, 45_000, 0)], picture: (Motif::Cluster, "#c9a15a") },
    Good { slug: "mat-ong-thuong-tien", maker: 5, category: "mat-ong", vi: "Mật ong Thượng Tiến", en: "Thượng Tiến honey",
        summary_vi: "Mật ong hoa rừng, sánh và thơm.", summary_en: "Thick and fragrant forest-flower honey.",
        stars: Some(3), season: None, shelf_life_days: 730, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::FoodSafety],
        packs: &[pack("MOTT-500", "Chai 500 ml", "500 ml bottle", Unit::Bottle, 900, 180_000, 70)], picture: (Motif::Jar, "#e0a526") },
    Good { slug: "mat-ong-rung-hop-tien", maker: 6, category: "mat-ong", vi: "Mật ong rừng Hợp Tiến", en: "Hợp Tiến forest honey",
        summary_vi: "Mật ong rừng bốn sao, hạ thủy phần tự nhiên.", summary_en: "Four-star forest honey, naturally low in water.",
        stars: Some(4), season: None, shelf_life_days: 730, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::Vietgap, CertificateKind::Iso22000],
        packs: &[pack("MORHT-350", "Hũ 350 ml", "350 ml jar", Unit::Jar, 650, 165_000, 80), pack("MORHT-500", "Hũ 500 ml", "500 ml jar", Unit::Jar, 900, 220_000, 60)], picture: (Motif::Jar, "#c9781b") },
    Good { slug: "hat-doi", maker: 7, category: "gia-vi", vi: "Hạt dổi", en: "Dổi seed",
        summary_vi: "Gia vị của núi rừng Tây Bắc, thơm nồng.", summary_en: "The fragrant spice of the north-western forests.",
        stars: Some(3), season: Some((9, 11)), shelf_life_days: 365, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::SelfDeclaration],
        packs: &[pack("HD-100", "Gói 100 g", "100 g pack", Unit::Pack, 150, 190_000, 40)], picture: (Motif::Seeds, "#7a4a2b") },
    Good { slug: "tra-thao-duoc-thuong-bi", maker: 8, category: "tra", vi: "Trà thảo dược Thượng Bì", en: "Thượng Bì herbal tea",
        summary_vi: "Trà thảo dược thanh mát, sao tay.", summary_en: "A light herbal tea, pan-fired by hand.",
        stars: Some(3), season: None, shelf_life_days: 540, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::FoodSafety],
        packs: &[pack("TTD-200", "Hộp 200 g", "200 g box", Unit::Box, 280, 95_000, 100)], picture: (Motif::Tea, "#5d8a3a") },
    Good { slug: "tinh-dau-sa", maker: 9, category: "tinh-dau", vi: "Tinh dầu sả", en: "Lemongrass oil",
        summary_vi: "Tinh dầu sả nguyên chất, chưng cất hơi nước.", summary_en: "Pure steam-distilled lemongrass oil.",
        stars: Some(3), season: None, shelf_life_days: 730, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::SelfDeclaration],
        packs: &[pack("TDS-10", "Lọ 10 ml", "10 ml vial", Unit::Bottle, 60, 60_000, 120), pack("TDS-30", "Lọ 30 ml", "30 ml vial", Unit::Bottle, 110, 150_000, 60)], picture: (Motif::Vial, "#8fae3c") },
    Good { slug: "mut-buoi-huu-co", maker: 10, category: "mut", vi: "Mứt bưởi hữu cơ", en: "Organic pomelo preserve",
        summary_vi: "Mứt cùi bưởi hữu cơ, ít đường.", summary_en: "Organic pomelo-peel preserve, low in sugar.",
        stars: Some(3), season: None, shelf_life_days: 180, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::Organic],
        packs: &[pack("MB-250", "Hộp 250 g", "250 g box", Unit::Box, 320, 85_000, 50)], picture: (Motif::Jar, "#d9b44a") },
    Good { slug: "chanh-dao-huu-co", maker: 10, category: "mut", vi: "Chanh đào hữu cơ ngâm mật", en: "Organic peach-lime in honey",
        summary_vi: "Chanh đào hữu cơ ngâm mật ong.", summary_en: "Organic peach-limes steeped in honey.",
        stars: Some(3), season: None, shelf_life_days: 180, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::Organic],
        packs: &[pack("CD-500", "Hũ 500 ml", "500 ml jar", Unit::Jar, 950, 140_000, 45)], picture: (Motif::Jar, "#c7d04a") },
    Good { slug: "rau-an-toan-bai-xe", maker: 11, category: "rau", vi: "Rau an toàn Bãi Xe", en: "Bãi Xe safe vegetables",
        summary_vi: "Giỏ rau theo mùa hằng tuần, 5 kg.", summary_en: "A weekly 5 kg basket of vegetables in season.",
        stars: None, season: None, shelf_life_days: 3, storage_vi: "Bảo quản lạnh 4–8 °C", storage_en: "Refrigerate at 4–8 °C", certificates: &[CertificateKind::FoodSafety],
        packs: &[pack("RBX-5", "Giỏ 5 kg", "5 kg basket", Unit::Basket, 5_400, 150_000, 30)], picture: (Motif::Leaves, "#4f9a3d") },
    Good { slug: "mang-kho-kim-boi", maker: 12, category: "do-kho", vi: "Măng khô Kim Bôi", en: "Kim Bôi dried bamboo shoots",
        summary_vi: "Măng khô năm sao, mềm và thơm.", summary_en: "Five-star dried bamboo shoots, tender and fragrant.",
        stars: Some(5), season: None, shelf_life_days: 365, storage_vi: DRY_VI, storage_en: DRY_EN, certificates: &[CertificateKind::Haccp, CertificateKind::Iso22000],
        packs: &[pack("MK-300", "Gói 300 g", "300 g pack", Unit::Pack, 360, 135_000, 200)], picture: (Motif::Shoots, "#c8a062") },
];

/// Slug, kind, names, texts, commune, point.
pub type Place =
    (&'static str, DestinationKind, &'static str, &'static str, &'static str, &'static str, &'static str, (f64, f64));

#[rustfmt::skip]
pub const PLACES: &[Place] = &[
    ("suoi-khoang-kim-boi", DestinationKind::HotSpring, "Suối khoáng Kim Bôi", "Kim Bôi hot spring", "Nước khoáng 34–36 °C, ngâm quanh năm.", "Mineral water of 34–36 °C to bathe in all year.", "04978", (20.67, 105.53)),
    ("thac-cuu-thac-tu-son", DestinationKind::Waterfall, "Thác Cửu Thác Tú Sơn", "Cửu Thác waterfalls of Tú Sơn", "Chín tầng thác giữa rừng.", "Nine falls in the forest.", "05014", (20.72, 105.58)),
    ("khu-nghi-duong-suoi-khoang", DestinationKind::Resort, "Khu nghỉ dưỡng suối khoáng", "Mineral-spring resort", "Khu nghỉ bên suối khoáng.", "A resort beside the mineral spring.", "04978", (20.66, 105.55)),
    ("mai-chau", DestinationKind::Village, "Mai Châu", "Mai Châu", "Bản làng người Thái trong thung lũng.", "Thái villages in a valley.", "05200", (20.66, 105.08)),
    ("thung-nai-ho-hoa-binh", DestinationKind::Lake, "Thung Nai – hồ Hòa Bình", "Thung Nai – Hòa Bình lake", "Đảo và bến thuyền trên hồ Hòa Bình.", "Islands and boats on Hòa Bình lake.", "05092", (20.73, 105.29)),
];
