//! `/v1/seller/cooperatives/{id}/plots/{plot}/diary`: what was done on a plot (VietGAP's farm diary). Entries are not changed:
//! one written by mistake is withdrawn, with a reason, and stays to be seen.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use entity::diary_entry;
use entity::value::{CooperativeId, DiaryEntryId, DiaryKind, PlotId};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::plots;
use super::waiting::free_on;
use crate::media::pictures::MAX_BYTES;
use crate::media::{self, Owner};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::platform::upload;

codes! {
    PHOTO_THERE = "diary_photo_there" 409 "Mục nhật ký này đã có ảnh." "This diary entry has a photo.";
    ENTRY_WITHDRAWN = "diary_entry_withdrawn" 409 "Mục nhật ký này đã được rút lại." "This diary entry was withdrawn already.";
}

#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "plant_protection", "done_on": "2026-11-01", "done_by": "Bùi Thị Hoa", "material": "Actara 25WG", "active_ingredient": "Thiamethoxam", "amount": "8 g / 16 lít", "wait_days": 14}))]
pub struct NewEntry {
    pub kind: DiaryKind,
    /// Today unless told.
    #[schema(value_type = Option<String>, format = Date)]
    pub done_on: Option<Date>,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub done_by: Option<String>,
    /// What was spread or sprayed; asked for with plant protection.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub material: Option<String>,
    /// Asked for with plant protection.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub active_ingredient: Option<String>,
    /// As people measure it: `2 bao`, `8 g / 16 lít`.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    pub amount: Option<String>,
    /// Days from plant protection to harvest, as its label says; asked for with it.
    #[garde(inner(range(min = 0, max = 365)))]
    #[schema(minimum = 0, maximum = 365)]
    pub wait_days: Option<i32>,
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DiaryEntry {
    pub id: DiaryEntryId,
    pub plot_id: PlotId,
    pub kind: DiaryKind,
    #[schema(value_type = String, format = Date)]
    pub done_on: Date,
    #[schema(required = true)]
    pub done_by: Option<String>,
    #[schema(required = true)]
    pub material: Option<String>,
    #[schema(required = true)]
    pub active_ingredient: Option<String>,
    #[schema(required = true)]
    pub amount: Option<String>,
    #[schema(required = true)]
    pub wait_days: Option<i32>,
    /// The first day of harvest after it.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub harvest_from: Option<Date>,
    #[schema(required = true)]
    pub note: Option<String>,
    #[schema(required = true)]
    pub photo_url: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    /// Why it does not count.
    #[schema(required = true)]
    pub withdrawn_reason: Option<String>,
}

impl From<diary_entry::Model> for DiaryEntry {
    fn from(row: diary_entry::Model) -> Self {
        Self {
            harvest_from: row.wait_days.map(|days| free_on(row.done_on, days)),
            id: row.id,
            plot_id: row.plot_id,
            kind: row.kind,
            done_on: row.done_on,
            done_by: row.done_by,
            material: row.material,
            active_ingredient: row.active_ingredient,
            amount: row.amount,
            wait_days: row.wait_days,
            note: row.note,
            photo_url: row.photo_key.map(|key| format!("/media/{key}")),
            created_at: row.created_at,
            withdrawn_reason: row.withdrawn_reason,
        }
    }
}

/// Entries of a plot, newest first.
pub async fn find(
    desk: &Desk,
    (cooperative, plot): (CooperativeId, PlotId),
    place: (Option<u64>, Option<&str>),
) -> Result<Page<DiaryEntry>, Problem> {
    plots::own(desk.db.fresh(), cooperative, plot).await?;
    let page = NewestFirst::every::<entity::diary_entry::Entity>(place)?
        .and("plot_id = ?", plot)
        .page(desk.db.fresh(), |row: &diary_entry::Model| row.id)
        .await?;
    Ok(Page { items: page.items.into_iter().map(DiaryEntry::from).collect(), next_cursor: page.next_cursor })
}

/// Plant protection without what, with which ingredient and how long to wait is no record of it.
fn check(entry: &diary_entry::Model, today: Date) -> Result<(), Problem> {
    if entry.done_on > today {
        let (vi, en) = ("ngày làm không được ở tương lai", "cannot lie in the future");
        return Err(Problem::field("/done_on", "date", vi, en));
    }
    if entry.kind != DiaryKind::PlantProtection {
        return Ok(());
    }
    let missing = [
        ("/material", entry.material.is_none()),
        ("/active_ingredient", entry.active_ingredient.is_none()),
        ("/wait_days", entry.wait_days.is_none()),
    ];
    match missing.into_iter().find(|(_, missing)| *missing) {
        None => Ok(()),
        Some((pointer, _)) => {
            let vi = "phun thuốc cần tên thuốc, hoạt chất và số ngày cách ly ghi trên nhãn";
            let en = "plant protection needs the product, its active ingredient and the days to wait on its label";
            Err(Problem::field(pointer, "missing", vi, en))
        }
    }
}

pub async fn write(
    desk: &Desk,
    (cooperative, plot): (CooperativeId, PlotId),
    input: NewEntry,
) -> Result<DiaryEntry, Problem> {
    plots::own(desk.db.fresh(), cooperative, plot).await?;
    let transaction = desk.begin().await?;
    let written = write_within(&transaction, desk, (cooperative, plot), input).await?;
    transaction.commit().await?;
    Ok(written)
}

/// Writes an entry about one of the cooperative's plots inside the caller's transaction.
pub async fn write_within(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    (cooperative, plot): (CooperativeId, PlotId),
    input: NewEntry,
) -> Result<DiaryEntry, Problem> {
    let row = diary_entry::Model {
        id: DiaryEntryId::new(),
        plot_id: plot,
        cooperative_id: cooperative,
        kind: input.kind,
        done_on: input.done_on.unwrap_or(desk.today()),
        done_by: fold::filled(input.done_by),
        material: fold::filled(input.material),
        active_ingredient: fold::filled(input.active_ingredient),
        amount: fold::filled(input.amount),
        wait_days: input.wait_days,
        note: fold::filled(input.note),
        photo_key: None,
        written_by: Some(desk.who.account),
        created_at: desk.now(),
        withdrawn_at: None,
        withdrawn_reason: None,
    };
    check(&row, desk.today())?;
    // A harvest of this moment sees the entry, or the entry comes after it.
    run(transaction, "UPDATE plot SET updated_at = updated_at WHERE id = $1", [plot.into()]).await?;
    let written = DiaryEntry::from(diary_entry::ActiveModel::from(row).reset_all().insert(transaction).await?);
    desk.audit(transaction, "diary.written", ("diary_entry", written.id.0), (), &written).await?;
    Ok(written)
}

/// Puts a photo to an entry, once: what was written in the field is not changed afterwards.
pub async fn add_photo(
    desk: &Desk,
    (cooperative, plot): (CooperativeId, PlotId),
    id: DiaryEntryId,
    bytes: Vec<u8>,
) -> Result<DiaryEntry, Problem> {
    let row = by_id::<diary_entry::Entity>(desk.db.fresh(), id).await?;
    let own = |row: &diary_entry::Model| row.cooperative_id == cooperative && row.plot_id == plot;
    let row = row.filter(own).ok_or_else(|| Problem::new(&NOT_FOUND))?;
    if row.photo_key.is_some() {
        return Err(Problem::new(&PHOTO_THERE));
    }
    let owner = Owner::shop(cooperative, desk.who.account);
    let picture = media::keep(desk.db.write(), &desk.objects, owner, bytes, desk.now()).await?;
    let key = media::key(picture.id, &picture.widths);
    let transaction = desk.begin().await?;
    let sql = "UPDATE diary_entry SET photo_key = $2 WHERE id = $1 AND photo_key IS NULL AND withdrawn_at IS NULL";
    if run(&transaction, sql, [id.into(), key.as_str().into()]).await? != 1 {
        return Err(Problem::new(if row.withdrawn_at.is_some() { &ENTRY_WITHDRAWN } else { &PHOTO_THERE }));
    }
    desk.audit(&transaction, "diary.photo", ("diary_entry", id.0), (), &key).await?;
    transaction.commit().await?;
    Ok(diary_entry::Model { photo_key: Some(key), ..row }.into())
}

/// Put a photo to an entry, as the body itself or as a form's `file`: JPEG, PNG or WebP, at most 12 MB. Where it was taken is not kept.
#[utoipa::path(tag = "traceability", operation_id = "put_diary_photo", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("plot_id" = PlotId, Path), ("entry_id" = DiaryEntryId, Path)),
    request_body(content = Vec<u8>, content_type = "image/jpeg"), responses((status = 200, description = "The entry", body = DiaryEntry)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/plots/{plot_id}/diary/{entry_id}/photo")]
pub async fn put_photo(
    desk: Desk,
    path: Path<(CooperativeId, PlotId, DiaryEntryId)>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (cooperative, plot, entry) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    Ok(HttpResponse::Ok().json(add_photo(&desk, (cooperative, plot), entry, upload.bytes).await?))
}

pub async fn withdraw(
    desk: &Desk,
    (cooperative, plot): (CooperativeId, PlotId),
    id: DiaryEntryId,
    reason: &str,
) -> Result<DiaryEntry, Problem> {
    let row = by_id::<diary_entry::Entity>(desk.db.fresh(), id).await?;
    let row = row.filter(|row| row.cooperative_id == cooperative && row.plot_id == plot);
    let mut row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let reason = fold::stored(reason);
    let transaction = desk.begin().await?;
    let sql = "UPDATE diary_entry SET withdrawn_at = $2, withdrawn_reason = $3 WHERE id = $1 AND withdrawn_at IS NULL";
    if run(&transaction, sql, [id.into(), desk.now().into(), reason.as_str().into()]).await? != 1 {
        return Err(Problem::new(&ENTRY_WITHDRAWN));
    }
    let after = serde_json::json!({"reason": reason});
    desk.audit(&transaction, "diary.withdrawn", ("diary_entry", id.0), DiaryEntry::from(row.clone()), after).await?;
    transaction.commit().await?;
    row.withdrawn_reason = Some(reason);
    Ok(row.into())
}

/// What was done on a plot, newest first; with what was withdrawn.
#[utoipa::path(tag = "traceability", operation_id = "list_diary_entries", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("plot_id" = PlotId, Path), Paging), responses((status = 200, description = "A page of entries", body = Page<DiaryEntry>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/plots/{plot_id}/diary")]
pub async fn list_entries(
    desk: Desk,
    path: Path<(CooperativeId, PlotId)>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(find(&desk, path.into_inner(), paging.0.place()).await?))
}

/// Write down what was done on a plot.
#[utoipa::path(tag = "traceability", operation_id = "write_diary_entry", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("plot_id" = PlotId, Path)), request_body = NewEntry, responses((status = 201, description = "The entry", body = DiaryEntry)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/plots/{plot_id}/diary")]
pub async fn write_entry(
    desk: Desk,
    path: Path<(CooperativeId, PlotId)>,
    body: Body<NewEntry>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::CountStock).await?;
    Ok(HttpResponse::Created().json(write(&desk, path.into_inner(), body.0).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Ghi nhầm thửa"}))]
pub struct Withdrawal {
    #[garde(length(chars, min = 2, max = 300))]
    #[schema(min_length = 2, max_length = 300)]
    reason: String,
}

/// Withdraw an entry that was written by mistake.
#[utoipa::path(tag = "traceability", operation_id = "withdraw_diary_entry", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("plot_id" = PlotId, Path), ("entry_id" = DiaryEntryId, Path)), request_body = Withdrawal, responses((status = 200, description = "The entry", body = DiaryEntry)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/plots/{plot_id}/diary/{entry_id}/withdraw")]
pub async fn withdraw_entry(
    desk: Desk,
    path: Path<(CooperativeId, PlotId, DiaryEntryId)>,
    body: Body<Withdrawal>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, plot, id) = path.into_inner();
    desk.may(cooperative, Permission::CorrectTraces).await?;
    Ok(HttpResponse::Ok().json(withdraw(&desk, (cooperative, plot), id, &body.0.reason).await?))
}
