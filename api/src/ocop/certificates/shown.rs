//! What buyers see of certificates: those an officer verified.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use entity::certificate;
use entity::value::{CertificateId, CertificateKind, CertificateState, LotId, ProductId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use serde::Serialize;
use time::Date;
use utoipa::ToSchema;

use super::store::serve;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, by_id};
use crate::platform::objects::Objects;
use crate::platform::problem::{NOT_FOUND, Problem};

/// A certificate that an officer looked at.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CertificateView)]
pub struct ShownCertificate {
    pub kind: CertificateKind,
    pub number: String,
    pub issuer: String,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub valid_until: Option<Date>,
    /// Today.
    pub valid: bool,
    /// The file, where the cooperative shows it.
    #[schema(required = true)]
    pub file_url: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: CertificateId,
    kind: CertificateKind,
    number: String,
    issuer: String,
    issued_on: Date,
    valid_until: Option<Date>,
    file_shown: bool,
}

/// Of a product and its whole cooperative; further conditions name further ones.
async fn verified(
    connection: &impl ConnectionTrait,
    further: &str,
    values: Vec<Value>,
    today: Date,
) -> Result<Vec<ShownCertificate>, DbErr> {
    let sql = format!(
        "SELECT c.id, c.kind, c.number, c.issuer, c.issued_on, c.valid_until, c.file_shown FROM certificate c
         WHERE c.state = 'verified' AND c.cooperative_id = (SELECT cooperative_id FROM product WHERE id = $1)
           AND (c.product_id = $1 OR (c.product_id IS NULL AND c.plot_id IS NULL AND c.lot_id IS NULL){further})
         ORDER BY c.kind, c.issued_on DESC, c.id LIMIT 50"
    );
    let view = |row: Row| ShownCertificate {
        valid: row.issued_on <= today && row.valid_until.is_none_or(|day| day >= today),
        file_url: row.file_shown.then(|| format!("/v1/certificates/{}/file", row.id)),
        kind: row.kind,
        number: row.number,
        issuer: row.issuer,
        issued_on: row.issued_on,
        valid_until: row.valid_until,
    };
    Ok(all::<Row>(connection, sql, values).await?.into_iter().map(view).collect())
}

/// Those of a product that are valid today.
pub async fn of_product(
    connection: &impl ConnectionTrait,
    product: ProductId,
    today: Date,
) -> Result<Vec<ShownCertificate>, DbErr> {
    let mut found = verified(connection, "", vec![product.into()], today).await?;
    found.retain(|certificate| certificate.valid);
    Ok(found)
}

/// Those of a lot, of the plots it was harvested on, of its product and of the cooperative; also such as have ended.
pub async fn of_lot(
    connection: &impl ConnectionTrait,
    (lot, product): (LotId, ProductId),
    today: Date,
) -> Result<Vec<ShownCertificate>, DbErr> {
    let further = " OR c.lot_id = $2 OR c.id IN (SELECT certificate_id FROM lot_certificate WHERE lot_id = $2)
                   OR c.plot_id IN (SELECT plot_id FROM lot_plot WHERE lot_id = $2)";
    verified(connection, further, vec![product.into(), lot.into()], today).await
}

/// The file of a verified certificate whose cooperative shows it.
#[utoipa::path(tag = "certificates", operation_id = "show_public_certificate_file", params(("certificate_id" = CertificateId, Path)), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/certificates/{certificate_id}/file")]
pub async fn show_public_file(
    db: Data<Db>,
    objects: Data<Objects>,
    clock: Data<Clock>,
    id: Path<CertificateId>,
) -> Result<HttpResponse, Problem> {
    let row = by_id::<certificate::Entity>(db.read(), *id).await?;
    let open = |row: &certificate::Model| {
        row.file_shown
            && row.state == CertificateState::Verified
            && row.valid_until.is_none_or(|day| day >= clock.today())
    };
    let row = row.filter(open).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    serve(&objects, &row, "public, max-age=600").await
}
