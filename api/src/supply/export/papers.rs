//! Papers of an export: number, days, and the file.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use entity::export_paper;
use entity::supply::{ExportPaperKind, ExportState};
use entity::value::{CooperativeId, ExportId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::view::{EXPORT_STATE, ExportOrder, own};
use crate::media::papers;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::platform::{secrets, upload};

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"number": "VN-2026-001234", "issued_on": "2026-12-18", "expires_on": "2027-01-02"}))]
pub struct PaperInput {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub number: String,
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    #[schema(value_type = Option<String>, format = Date)]
    pub expires_on: Option<Date>,
}

/// Writes down a paper, or writes it anew; its file stays.
pub async fn enter(
    desk: &Desk,
    (cooperative, id, kind): (CooperativeId, ExportId, ExportPaperKind),
    input: PaperInput,
) -> Result<ExportOrder, Problem> {
    let found = own(desk, (cooperative, id)).await?;
    if matches!(found.state, ExportState::Cancelled | ExportState::Closed) {
        return Err(Problem::new(&EXPORT_STATE).extension("state", found.state));
    }
    if input.issued_on > desk.today() || input.expires_on.is_some_and(|day| day < input.issued_on) {
        let (vi, en) = ("ngày cấp ở tương lai, hoặc sau ngày hết hạn", "is to come, or after the day it ends");
        return Err(Problem::field("/issued_on", "range", vi, en));
    }
    let row = export_paper::ActiveModel {
        order_id: Set(id),
        kind: Set(kind),
        number: Set(fold::stored(&input.number)),
        issued_on: Set(input.issued_on),
        expires_on: Set(input.expires_on),
        document_key: Set(None),
        media_type: Set(None),
        entered_by: Set(desk.who.account),
        entered_at: Set(desk.now()),
    };
    let over = OnConflict::columns([export_paper::Column::OrderId, export_paper::Column::Kind])
        .update_columns([
            export_paper::Column::Number,
            export_paper::Column::IssuedOn,
            export_paper::Column::ExpiresOn,
            export_paper::Column::EnteredBy,
            export_paper::Column::EnteredAt,
        ])
        .to_owned();
    let transaction = desk.begin().await?;
    export_paper::Entity::insert(row).on_conflict(over).exec_without_returning(&transaction).await?;
    let after = json!({"kind": kind, "paper": input});
    desk.audit(&transaction, "export.paper", ("export_order", id.0), (), after).await?;
    transaction.commit().await?;
    own(desk, (cooperative, id)).await
}

type Place = (CooperativeId, ExportId, ExportPaperKind);

/// Write down a paper of an export, or write it anew.
#[utoipa::path(tag = "seller", operation_id = "put_export_paper", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path), ("kind" = inline(ExportPaperKind), Path)), request_body = PaperInput, responses((status = 200, description = "The export", body = ExportOrder)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}/papers/{kind}")]
pub async fn put_export_paper(desk: Desk, path: Path<Place>, body: Body<PaperInput>) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    Ok(HttpResponse::Ok().json(enter(&desk, path.into_inner(), body.0).await?))
}

async fn held(desk: &Desk, (cooperative, id, kind): Place) -> Result<export_paper::Model, Problem> {
    own(desk, (cooperative, id)).await?;
    let found = export_paper::Entity::find()
        .filter(export_paper::Column::OrderId.eq(id))
        .filter(export_paper::Column::Kind.eq(kind))
        .one(desk.db.fresh())
        .await?;
    found.ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Upload the file of a paper that was written down: a PDF or a picture, as the body itself or a form's `file`.
#[utoipa::path(tag = "seller", operation_id = "upload_export_paper", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path), ("kind" = inline(ExportPaperKind), Path)), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, description = "The export", body = ExportOrder)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}/papers/{kind}/file")]
pub async fn upload_export_paper(
    desk: Desk,
    path: Path<Place>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    held(&desk, *path).await?;
    let upload = upload::read(&request, payload, papers::MAX_BYTES).await?;
    let key = format!("exports/{}/{}-{}", path.1, path.2.as_str(), secrets::code(12));
    let (media_type, _) = papers::keep(&desk.objects, &key, upload.bytes).await?;
    let sql = "UPDATE export_paper SET document_key = $3, media_type = $4 WHERE order_id = $1 AND kind = $2";
    let values = [path.1.into(), path.2.as_str().into(), key.into(), media_type.into()];
    run(desk.db.write(), sql, values).await?;
    Ok(HttpResponse::Ok().json(own(&desk, (path.0, path.1)).await?))
}

/// The file of a paper.
#[utoipa::path(tag = "seller", operation_id = "show_export_paper", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path), ("kind" = inline(ExportPaperKind), Path)), responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}/papers/{kind}/file")]
pub async fn show_export_paper(desk: Desk, path: Path<Place>) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeReports).await?;
    let paper = held(&desk, *path).await?;
    let (Some(key), Some(media_type)) = (paper.document_key, paper.media_type) else {
        return Err(Problem::new(&NOT_FOUND));
    };
    papers::serve(&desk.objects, (&key, &media_type), path.2.as_str(), "private, no-store").await
}
