//! Certificates as their people see them.

use entity::certificate;
use entity::value::{CertificateId, CertificateKind, CertificateState, CooperativeId, LotId, PlotId, ProductId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::media::papers;
use crate::people::desk::Desk;
use crate::platform::db::{by_id, run};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    CERTIFICATE_STATE = "certificate_state" 409 "Chứng nhận không còn ở bước này: hãy tải lại." "The certificate is no longer at this step: read it again.";
    CERTIFICATE_CHANGED = "certificate_changed" 409 "Chứng nhận đã đổi sau khi được xem: hãy xem lại." "The certificate changed after it was looked at: look again.";
    CERTIFICATE_FILE_MISSING = "certificate_file_missing" 409 "Chưa có tệp chứng nhận." "The certificate has no file.";
}

/// A certificate with what it is of.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Certificate {
    pub id: CertificateId,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    /// None of product, plot and lot: of the whole cooperative.
    #[schema(required = true)]
    pub product_id: Option<ProductId>,
    #[schema(required = true)]
    pub plot_id: Option<PlotId>,
    #[schema(required = true)]
    pub lot_id: Option<LotId>,
    /// The name of the product or plot, or the lot's code.
    #[schema(required = true)]
    pub of: Option<String>,
    pub kind: CertificateKind,
    pub number: String,
    pub issuer: String,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub valid_until: Option<Date>,
    #[schema(required = true)]
    pub file_name: Option<String>,
    #[schema(required = true)]
    pub media_type: Option<String>,
    #[schema(required = true)]
    pub size_bytes: Option<i64>,
    /// Whether buyers may open the file once the certificate is verified.
    pub file_shown: bool,
    pub state: CertificateState,
    /// Why it was refused or revoked.
    #[schema(required = true)]
    pub note: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub judged_at: Option<OffsetDateTime>,
    /// Grows with every change; whoever judges names the one that was looked at.
    pub version: i64,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
}

/// Ends before its `WHERE`.
pub const SELECT: &str = "SELECT c.id, c.cooperative_id, s.name_vi AS cooperative_name, c.product_id, c.plot_id, c.lot_id, COALESCE(p.name_vi, t.name, l.code) AS \"of\",
        c.kind, c.number, c.issuer, c.issued_on, c.valid_until, c.file_name, c.media_type, c.size_bytes, c.file_shown, c.state, c.note, c.judged_at, c.version, c.created_at
    FROM certificate c JOIN cooperative s ON s.id = c.cooperative_id LEFT JOIN product p ON p.id = c.product_id
         LEFT JOIN plot t ON t.id = c.plot_id LEFT JOIN lot l ON l.id = c.lot_id";

pub async fn one_of(connection: &impl ConnectionTrait, id: CertificateId) -> Result<Certificate, Problem> {
    let row = crate::platform::db::one::<Certificate>(connection, format!("{SELECT} WHERE c.id = $1"), [id.into()]);
    row.await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub async fn own(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    id: CertificateId,
) -> Result<certificate::Model, Problem> {
    let row = by_id::<certificate::Entity>(connection, id).await?.filter(|row| row.cooperative_id == cooperative);
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Takes the row from one of the states to another, a version further; whoever comes second is refused.
pub async fn step(
    transaction: &impl ConnectionTrait,
    row: &certificate::Model,
    to: CertificateState,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let sql =
        "UPDATE certificate SET state = $3, version = version + 1, updated_at = $4 WHERE id = $1 AND version = $2";
    match run(transaction, sql, [row.id.into(), row.version.into(), to.as_str().into(), now.into()]).await? {
        1 => Ok(()),
        _ => Err(Problem::new(&CERTIFICATE_CHANGED)),
    }
}

/// The file, with what keeps a browser from running anything in it.
pub async fn file(desk: &Desk, row: &certificate::Model) -> Result<actix_web::HttpResponse, Problem> {
    serve(&desk.objects, row, "private, no-store").await
}

pub async fn serve(
    objects: &crate::platform::objects::Objects,
    row: &certificate::Model,
    cache: &'static str,
) -> Result<actix_web::HttpResponse, Problem> {
    let gone = || Problem::new(&NOT_FOUND);
    let (key, media_type) = row.object_key.as_deref().zip(row.media_type.as_deref()).ok_or_else(gone)?;
    papers::serve(objects, (key, media_type), &row.id.to_string(), cache).await
}
