//! Whom the platform lets in, and what buyers get to see: applications, partners, organisations, listings, reviews.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{
    ApplicationId, CooperativeId, DocumentId, ListingReviewId, OrganisationId, PartnerId, ReviewId, SiteId,
};
use minijinja::context;
use serde_json::{Value, json};

use super::{Admin, input};
use crate::pages::console::render::value;
use crate::pages::session::{Form, Turn, WRITTEN};
use crate::people::places::{commune, province_of};
use crate::platform::pagination::{MAX_LIMIT, Paging};
use crate::platform::problem::Problem;
use crate::shop::reviews;
use crate::shop::selling::admin as shops;
use crate::shop::selling::decisions::{self, ApplicationQuery};
use crate::supply::buyers::{self, OrganisationQuery};
use crate::tourism::{Guide, partners, site_oversight};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(on_applications)
        .service(on_application)
        .service(on_paper)
        .service(on_application_decision)
        .service(on_listings)
        .service(on_listing)
        .service(on_reviews)
        .service(on_review)
        .service(on_partners)
        .service(on_partner)
        .service(on_site)
        .service(on_organisations)
        .service(on_organisation)
        .service(on_shop)
        .service(on_shop_status);
}

/// `xã Kim Bôi, Phú Thọ`
fn place(code: &str) -> String {
    commune(code).map_or_else(String::new, |found| format!("{}, {}", found.name, province_of(found).name))
}

fn query<T: serde::de::DeserializeOwned>(asked: Value) -> Result<T, Problem> {
    serde_json::from_value(asked).map_err(Problem::internal)
}

#[get("/admin/applications")]
async fn on_applications(admin: Admin) -> Result<HttpResponse, Turn> {
    let asked = ApplicationQuery { limit: Some(MAX_LIMIT), ..ApplicationQuery::default() };
    let found = decisions::find(&admin.seat.desk, &asked).await?;
    admin.page("admin_applications.html", "to_do", context! { applications => value(&found.items) })
}

#[get("/admin/applications/{id}")]
async fn on_application(admin: Admin, id: Path<ApplicationId>) -> Result<HttpResponse, Turn> {
    let found = decisions::show_any(&admin.seat.desk, *id).await?;
    let values = context! { a => value(&found), place => place(&found.commune_code) };
    admin.page("admin_application.html", "to_do", values)
}

#[get("/admin/applications/{id}/documents/{document}")]
async fn on_paper(admin: Admin, path: Path<(ApplicationId, DocumentId)>) -> Result<HttpResponse, Turn> {
    Ok(decisions::document(&admin.seat.desk, path.into_inner()).await?)
}

#[post("/admin/applications/{id}")]
async fn on_application_decision(
    request: HttpRequest,
    admin: Admin,
    id: Path<ApplicationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let decided = async {
        let asked = input(&json!({"decision": form.text("decision"), "message": form.some("message")}))?;
        decisions::decide(&admin.seat.desk, *id, asked).await.map(drop)
    };
    let done = decided.await;
    let back = if done.is_ok() { "/admin/applications".to_owned() } else { format!("/admin/applications/{id}") };
    admin.seat.told(&back, done, WRITTEN)
}

#[get("/admin/listings")]
async fn on_listings(admin: Admin) -> Result<HttpResponse, Turn> {
    let most = Paging { limit: Some(MAX_LIMIT), cursor: None };
    let found = shops::reviews_waiting(&admin.seat.desk, &most).await?;
    admin.page("admin_listings.html", "to_do", context! { listings => value(&found.items) })
}

#[post("/admin/listings/{id}")]
async fn on_listing(
    request: HttpRequest,
    admin: Admin,
    id: Path<ListingReviewId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let decided = async {
        let asked = input(&json!({"approve": form.text("do") == "approve", "reason": form.some("reason")}))?;
        shops::judge_listing(&admin.seat.desk, *id, asked).await
    };
    let done = decided.await;
    admin.seat.told("/admin/listings", done, WRITTEN)
}

#[get("/admin/reviews")]
async fn on_reviews(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = reviews::reported(&admin.seat.desk, &query(json!({"limit": MAX_LIMIT}))?).await?;
    admin.page("admin_reviews.html", "to_do", context! { reviews => value(&found.items) })
}

#[post("/admin/reviews/{id}")]
async fn on_review(
    request: HttpRequest,
    admin: Admin,
    id: Path<ReviewId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let decided = async {
        let asked = input(&json!({"hidden": form.text("do") == "hide"}))?;
        reviews::judge(&admin.seat.desk, *id, asked).await.map(drop)
    };
    let done = decided.await;
    admin.seat.told("/admin/reviews", done, WRITTEN)
}

#[get("/admin/partners")]
async fn on_partners(admin: Admin) -> Result<HttpResponse, Turn> {
    let found = partners::all_partners(&admin.seat.desk, query(json!({"limit": MAX_LIMIT}))?).await?;
    let ids: Vec<PartnerId> = found.items.iter().map(|one| one.id).collect();
    let sites = site_oversight::of_partners(&admin.seat.desk, &ids).await?;
    admin.page("admin_partners.html", "to_do", context! { partners => value(&found.items), sites => value(&sites) })
}

#[post("/admin/partners/{id}/sites/{site}")]
async fn on_site(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    path: Path<(PartnerId, SiteId)>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let withdrawn = async {
        let asked = input(&json!({"note": form.text("note")}))?;
        site_oversight::withdraw(&admin.seat.desk, &guide, path.into_inner(), &asked).await
    };
    let done = withdrawn.await;
    admin.seat.told("/admin/partners", done, WRITTEN)
}

#[post("/admin/partners/{id}")]
async fn on_partner(
    request: HttpRequest,
    admin: Admin,
    guide: Data<Guide>,
    id: Path<PartnerId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let decided = async {
        let asked = input(&json!({"decision": form.text("decision"), "note": form.some("note")}))?;
        partners::judge_partner(&admin.seat.desk, &guide, *id, asked).await.map(drop)
    };
    let done = decided.await;
    admin.seat.told("/admin/partners", done, WRITTEN)
}

#[get("/admin/organisations")]
async fn on_organisations(admin: Admin) -> Result<HttpResponse, Turn> {
    let asked = OrganisationQuery { state: None, limit: Some(MAX_LIMIT), cursor: None };
    let found = buyers::all_organisations(&admin.seat.desk, &asked).await?;
    let seen: HashMap<OrganisationId, String> = found.items.iter().map(|one| (one.id, one.revision())).collect();
    admin.page(
        "admin_organisations.html",
        "to_do",
        context! { organisations => value(&found.items), seen => value(&seen) },
    )
}

async fn decide_organisation(admin: &Admin, id: OrganisationId, form: &Form) -> Result<(), Problem> {
    let asked = input(&json!({
        "decision": form.text("decision"), "note": form.some("note"), "credit_limit": form.amount("credit_limit")?,
        "credit_days": form.days("credit_days")?,
    }))?;
    buyers::judge_organisation(&admin.seat.desk, id, asked, form.some("seen").as_deref()).await.map(drop)
}

#[post("/admin/organisations/{id}")]
async fn on_organisation(
    request: HttpRequest,
    admin: Admin,
    id: Path<OrganisationId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let done = decide_organisation(&admin, *id, &form).await;
    admin.seat.told("/admin/organisations", done, WRITTEN)
}

#[get("/admin/cooperatives/{id}")]
async fn on_shop(admin: Admin, id: Path<CooperativeId>) -> Result<HttpResponse, Turn> {
    let found = shops::facts(&admin.seat.desk, *id).await?;
    let values = context! { c => value(&found), place => place(&found.commune_code) };
    admin.page("admin_cooperative.html", "search", values)
}

#[post("/admin/cooperatives/{id}")]
async fn on_shop_status(
    request: HttpRequest,
    admin: Admin,
    id: Path<CooperativeId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let form = admin.form(&request, payload).await?;
    let desk = &admin.seat.desk;
    let done = match form.text("do") {
        "suspend" if form.text("reason").chars().count() >= 3 => {
            shops::suspend_shop(desk, *id, form.text("reason")).await
        }
        "suspend" => Err(Problem::field("/reason", "missing", "cần lý do", "a reason is needed")),
        _ => shops::reinstate_shop(desk, *id).await,
    };
    admin.seat.told(&format!("/admin/cooperatives/{id}"), done, WRITTEN)
}
