//! `/v1/products`, `/v1/categories`, `/v1/cooperatives`: public, kept ready, with validators.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::Catalogue;
use super::browse::ProductQuery;
use super::view::{CategoryTree, CooperativeCard, CooperativePage, ProductList, ProductPage};
use crate::platform::body::Params;
use crate::platform::pagination::{Page, Paging};
use crate::platform::problem::Problem;
use crate::platform::ready::PUBLIC;

/// Products on sale: searched, filtered, counted, sorted.
#[utoipa::path(tag = "catalogue", params(ProductQuery), responses((status = 200, description = "A page of products", body = ProductList), (status = 304, description = "Unchanged")))]
#[get("/v1/products")]
pub async fn list_products(request: HttpRequest, catalogue: Data<Catalogue>) -> Result<HttpResponse, Problem> {
    Ok(catalogue.product_list(request.query_string())?.respond(&request, PUBLIC))
}

/// A product, by id or slug.
#[utoipa::path(tag = "catalogue", params(("key" = String, Path, description = "Id or slug", max_length = 200)), responses((status = 200, description = "The product", body = ProductPage), (status = 304, description = "Unchanged")))]
#[get("/v1/products/{key}")]
pub async fn show_product(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(catalogue.product_page(&key).await?.respond(&request, PUBLIC))
}

/// The category tree. Its roots are the six OCOP product groups.
#[utoipa::path(tag = "catalogue", responses((status = 200, description = "The tree", body = CategoryTree), (status = 304, description = "Unchanged")))]
#[get("/v1/categories")]
pub async fn list_categories(request: HttpRequest, catalogue: Data<Catalogue>) -> Result<HttpResponse, Problem> {
    Ok(catalogue.category_tree()?.respond(&request, PUBLIC))
}

/// Cooperatives that sell here.
#[utoipa::path(tag = "catalogue", params(Paging), responses((status = 200, description = "A page of cooperatives", body = Page<CooperativeCard>), (status = 304, description = "Unchanged")))]
#[get("/v1/cooperatives")]
pub async fn list_cooperatives(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let Params(paging) = paging;
    let after = paging.position()?;
    Ok(catalogue.cooperative_list(paging.limit(), after, request.query_string())?.respond(&request, PUBLIC))
}

/// A cooperative, by id or slug, with the legal facts of the seller and its products.
#[utoipa::path(tag = "catalogue", params(("key" = String, Path, description = "Id or slug", max_length = 200)), responses((status = 200, description = "The cooperative", body = CooperativePage), (status = 304, description = "Unchanged")))]
#[get("/v1/cooperatives/{key}")]
pub async fn show_cooperative(
    request: HttpRequest,
    catalogue: Data<Catalogue>,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(catalogue.cooperative_page(&key).await?.respond(&request, PUBLIC))
}
