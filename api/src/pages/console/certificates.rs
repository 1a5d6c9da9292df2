//! Certificates: entered with their file, and what cannot be sold without one.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{CertificateId, CertificateKind, CooperativeId};
use minijinja::context;

use super::render::{page, value};
use crate::media::papers;
use crate::ocop::certificates::{self, CertificateInput, KINDS};
use crate::ocop::traceability::plots;
use crate::pages::session::{Form, Seat, Turn};
use crate::people::identity::Permission;
use crate::platform::body::validate;
use crate::platform::pagination::MAX_LIMIT;
use crate::platform::problem::Problem;
use crate::shop::selling::listings::{self, ListingQuery};

#[get("/console/certificates")]
pub async fn on_list(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let found = certificates::find(&seat.desk, shop, None, (Some(MAX_LIMIT), None)).await?;
    let lacking = certificates::lacking(&seat.desk, shop).await?;
    let products =
        listings::find(&seat.desk, shop, &ListingQuery { limit: Some(MAX_LIMIT), ..ListingQuery::default() }).await?;
    let plots = plots::find(&seat.desk, shop, (Some(MAX_LIMIT), None)).await?;
    let kinds: Vec<_> = KINDS.iter().map(|(key, ..)| *key).collect();
    let values = context! {
        certificates => value(&found.items), lacking => value(&lacking), products => value(&products.items), plots => value(&plots.items),
        kinds => kinds, may_edit => seat.may(Permission::EditListings), today => seat.desk.today().to_string(),
    };
    page(&seat, "certificates.html", "products", values)
}

fn certificate_of(form: &Form) -> Result<CertificateInput, Problem> {
    let kind: CertificateKind = form
        .text("kind")
        .parse()
        .map_err(|()| Problem::field("/kind", "value", "chưa chọn loại giấy", "choose the kind of paper"))?;
    let missing = || Problem::field("/issued_on", "missing", "cần ngày cấp", "the day of issue is needed");
    let (what, id) = form.text("of").split_once(':').unwrap_or_default();
    let unknown = |_| Problem::field("/of", "value", "không rõ của gì", "it is not clear of what");
    validate(CertificateInput {
        kind,
        number: form.text("number").to_owned(),
        issuer: form.text("issuer").to_owned(),
        issued_on: form.date("issued_on")?.ok_or_else(missing)?,
        valid_until: form.date("valid_until")?,
        product_id: (what == "product").then(|| id.parse()).transpose().map_err(unknown)?,
        plot_id: (what == "plot").then(|| id.parse()).transpose().map_err(unknown)?,
        lot_id: None,
        file_shown: form.some("file_shown").is_some(),
    })
}

/// The certificate and, if one was chosen, its file.
async fn enter(seat: &Seat, shop: CooperativeId, form: Form) -> Result<(), Problem> {
    let made = certificates::create(&seat.desk, shop, &certificate_of(&form)?).await?;
    if !form.0.bytes.is_empty() {
        let file = (form.0.file_name.as_str(), form.0.bytes.clone());
        certificates::put_file(&seat.desk, shop, made.id, file).await?;
    }
    Ok(())
}

const PAGE: &str = "/console/certificates";
const SENT: (&str, &str) = ("Đã gửi, chờ cán bộ xem.", "Sent: an officer will look at it.");

#[post("/console/certificates")]
pub async fn on_enter(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, papers::MAX_BYTES).await?;
    let done = enter(&seat, shop, form).await;
    seat.told(PAGE, done, SENT)
}

#[post("/console/certificates/{id}/file")]
pub async fn on_file(
    request: HttpRequest,
    seat: Seat,
    id: Path<CertificateId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    let form = seat.form(&request, payload, papers::MAX_BYTES).await?;
    let file = (form.0.file_name.as_str(), form.0.bytes.clone());
    let done = certificates::put_file(&seat.desk, shop, *id, file).await.map(drop);
    seat.told(PAGE, done, SENT)
}

#[post("/console/certificates/{id}/withdraw")]
pub async fn on_withdraw(
    request: HttpRequest,
    seat: Seat,
    id: Path<CertificateId>,
    payload: Payload,
) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::EditListings)?;
    seat.form(&request, payload, crate::pages::session::FORM).await?;
    let done = certificates::withdraw(&seat.desk, shop, *id).await;
    seat.told(PAGE, done, ("Đã rút giấy này.", "The certificate is withdrawn."))
}
