//! What clients see of the catalogue.

use entity::value::{CategoryId, CooperativeId, CooperativeKind, Money, OffSeason, OfferId, ProductId, Unit};
use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

use super::materials::MaterialView;
use super::rules::Availability;
use crate::ocop::certificates::ShownCertificate;
pub use crate::platform::i18n::Bilingual;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryRef {
    pub slug: String,
    pub name: Bilingual,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CooperativeRef {
    pub id: CooperativeId,
    pub slug: String,
    pub name: Bilingual,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Origin {
    pub commune_code: String,
    pub commune_name: String,
    pub province_code: String,
    pub province_name: String,
    /// The commune's name of before July 2025, which people still use.
    #[schema(required = true)]
    pub former_commune: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Season {
    /// First month, 1–12.
    pub from_month: i32,
    /// Last month, 1–12; before the first when the season runs over New Year.
    pub to_month: i32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Image {
    /// The fallback every browser reads.
    pub url: String,
    /// The same picture in several widths, as `srcset` wants them (WebP); none for pictures of one size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub srcset: Option<String>,
    pub width: i32,
    pub height: i32,
    pub alt: Bilingual,
}

/// A product as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductCard {
    pub id: ProductId,
    pub slug: String,
    pub name: Bilingual,
    pub summary: Bilingual,
    /// OCOP stars in force today.
    #[schema(required = true)]
    pub stars: Option<i32>,
    pub category: CategoryRef,
    pub cooperative: CooperativeRef,
    pub origin: Origin,
    /// The lowest price among its offers.
    #[schema(required = true)]
    pub price_from: Option<Money>,
    pub availability: Availability,
    #[schema(required = true)]
    pub season: Option<Season>,
    pub in_season: bool,
    /// What verified buyers say.
    #[schema(required = true)]
    pub rating: Option<Rating>,
    #[schema(required = true)]
    pub image: Option<Image>,
    /// Only when asked for with `near`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub distance_km: Option<f64>,
}

/// The stars buyers gave, on average; `None` without reviews.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rating {
    /// 1–5, to one decimal.
    pub average: f64,
    pub count: i64,
}

impl Rating {
    #[allow(clippy::cast_precision_loss, reason = "few reviews, one decimal")]
    pub fn of(sum: i64, count: i64) -> Option<Self> {
        (count > 0).then(|| Self { average: (sum as f64 / count as f64 * 10.0).round() / 10.0, count })
    }
}

/// From this quantity on a piece costs this.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TierView {
    pub from_quantity: i64,
    pub price: Money,
}

/// A harvest that may be ordered before it is there.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreorderView {
    #[schema(value_type = String, format = Date)]
    pub expected_from: Date,
    #[schema(value_type = String, format = Date)]
    pub expected_to: Date,
}

/// What is sold of a product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferView {
    pub id: OfferId,
    pub sku: String,
    pub pack: Bilingual,
    pub unit: Unit,
    /// Shipped, with its packing, in grams.
    pub weight_g: i64,
    pub price: Money,
    /// Why it costs less than it is listed at.
    #[schema(required = true)]
    pub reduction: Option<Reduction>,
    pub min_quantity: i64,
    /// Quantities are the minimum plus a multiple of this.
    pub step_quantity: i64,
    /// Cheaper by quantity, lowest quantity first.
    pub tiers: Vec<TierView>,
    /// The quantity from which the seller's wholesale terms hold.
    #[schema(required = true)]
    pub wholesale_from: Option<i64>,
    /// Open for pre-orders.
    #[schema(required = true)]
    pub preorder: Option<PreorderView>,
    /// What it is packed in and grown with.
    pub materials: Vec<MaterialView>,
    pub availability: Availability,
}

/// It must be eaten soon, and costs less through that day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reduction {
    pub listed_price: Money,
    /// Basis points taken off.
    pub rate_bp: i64,
    /// The last day the next boxes are good.
    #[schema(value_type = String, format = Date)]
    pub eat_by: Date,
}

/// An OCOP recognition in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecognitionView {
    pub stars: i32,
    pub certificate_number: String,
    pub issuer: String,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
}

/// What buyers must see of a seller (e-commerce law 122/2025/QH15).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Seller {
    pub id: CooperativeId,
    pub slug: String,
    pub kind: CooperativeKind,
    pub name: Bilingual,
    pub legal_name: String,
    pub tax_code: String,
    pub licence_number: String,
    pub licence_issuer: String,
    pub representative: String,
    pub address: String,
    pub phone: String,
    #[schema(required = true)]
    pub email: Option<String>,
}

/// Everything about a product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductPage {
    #[serde(flatten)]
    pub card: ProductCard,
    pub story: Bilingual,
    pub storage: Bilingual,
    #[schema(required = true)]
    pub shelf_life_days: Option<i32>,
    /// When what is packed next was harvested or made.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub harvested_on: Option<Date>,
    /// The code of what is packed next: `/t/{code}` tells its story.
    #[schema(required = true)]
    pub story_code: Option<String>,
    #[schema(required = true)]
    pub gtin: Option<String>,
    /// What happens outside the season.
    pub off_season: OffSeason,
    pub recognitions: Vec<RecognitionView>,
    pub certificates: Vec<ShownCertificate>,
    pub offers: Vec<OfferView>,
    pub images: Vec<Image>,
    pub seller: Seller,
}

/// A cooperative as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CooperativeCard {
    pub id: CooperativeId,
    pub slug: String,
    pub kind: CooperativeKind,
    pub name: Bilingual,
    pub origin: Origin,
    /// Products on sale.
    pub product_count: usize,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CooperativePage {
    #[serde(flatten)]
    pub card: CooperativeCard,
    pub story: Bilingual,
    pub pickup_offered: bool,
    pub seller: Seller,
    /// Up to 100; the rest by `/v1/products?cooperative=`.
    pub products: Vec<ProductCard>,
}

/// A category with those below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryNode {
    pub id: CategoryId,
    pub slug: String,
    pub name: Bilingual,
    /// OCOP product group, 1–6 (Decision 148/QĐ-TTg, 2023).
    pub ocop_group: i32,
    /// Products on sale in it and below it.
    pub product_count: usize,
    #[schema(no_recursion)]
    pub children: Vec<CategoryNode>,
}

#[derive(Serialize, ToSchema)]
pub struct CategoryTree {
    pub items: Vec<CategoryNode>,
}

/// One value of a facet, with how many products would be left if it were chosen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FacetValue {
    pub value: String,
    pub name: Bilingual,
    pub count: usize,
}

#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Facets {
    pub category: Vec<FacetValue>,
    pub star: Vec<FacetValue>,
    /// What it is packed in or grown with, proved.
    pub material: Vec<FacetValue>,
    pub cooperative: Vec<FacetValue>,
    pub province: Vec<FacetValue>,
    pub commune: Vec<FacetValue>,
}

/// A page of products.
#[derive(Serialize, ToSchema)]
pub struct ProductList {
    pub items: Vec<ProductCard>,
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// All products that fit, on every page.
    pub total: usize,
    #[schema(required = false)]
    pub facets: Option<Facets>,
}
