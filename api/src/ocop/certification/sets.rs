//! Scorecards as dated data: brought in as sheets, never changed once here, in force from a day on.

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::criteria_set;
use entity::value::{AccountId, CategoryId, CriteriaSetId};
use garde::Validate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::criteria::Scorecard;
use super::sheet::{self, CriteriaSheet, MOST_ROWS};
use crate::people::desk::Desk;
use crate::people::offices::OfficePermission;
use crate::platform::body::Params;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, all, by_id};
use crate::platform::fold::is_forbidden;
use crate::platform::i18n::Text;
use crate::platform::pagination::Page;
use crate::platform::problem::{FieldError, INVALID, NOT_FOUND, Problem};
use crate::platform::sheets::{self, SheetFormat};
use crate::platform::upload;
use actix_web::web::Data;

/// Made up to show how it works, as sheets: fresh fruit, processed foods, rural tourism.
pub const ILLUSTRATIVE: [(&str, &str); 3] = [
    ("trai-cay-tuoi.csv", include_str!("data/trai-cay-tuoi.csv")),
    ("thuc-pham-che-bien.csv", include_str!("data/thuc-pham-che-bien.csv")),
    ("du-lich-nong-thon.csv", include_str!("data/du-lich-nong-thon.csv")),
];
/// No sheet of criteria is larger.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A set of criteria without its parts.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct CriteriaSetView {
    pub id: CriteriaSetId,
    pub code: String,
    /// What differs is a further version.
    pub version: i32,
    pub name: String,
    /// Slugs of the categories it is for, between commas.
    pub categories: String,
    /// Made up to show how it works; no decision's own.
    pub illustrative: bool,
    #[schema(value_type = String, format = Date)]
    pub valid_from: Date,
    pub source: String,
}

/// A set of criteria with its parts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriteriaSetDetail {
    #[serde(flatten)]
    pub set: CriteriaSetView,
    pub scorecard: Scorecard,
}

impl TryFrom<criteria_set::Model> for CriteriaSetDetail {
    type Error = Problem;

    fn try_from(row: criteria_set::Model) -> Result<Self, Problem> {
        let scorecard = serde_json::from_str(&row.content).map_err(Problem::internal)?;
        let criteria_set::Model { id, code, version, name, categories, illustrative, valid_from, source, .. } = row;
        Ok(Self {
            set: CriteriaSetView { id, code, version, name, categories, illustrative, valid_from, source },
            scorecard,
        })
    }
}

pub async fn by_set_id(connection: &impl ConnectionTrait, id: CriteriaSetId) -> Result<CriteriaSetDetail, Problem> {
    let row = by_id::<criteria_set::Entity>(connection, id).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))?.try_into()
}

/// A set by its code, the newest or a named version.
pub async fn stored_set(
    connection: &impl ConnectionTrait,
    code: &str,
    version: Option<i32>,
) -> Result<Option<criteria_set::Model>, DbErr> {
    if code.contains(is_forbidden) {
        return Ok(None);
    }
    let mut query = criteria_set::Entity::find().filter(criteria_set::Column::Code.eq(code));
    if let Some(version) = version {
        query = query.filter(criteria_set::Column::Version.eq(version));
    }
    query.order_by_desc(criteria_set::Column::Version).one(connection).await
}

/// A stored set as the sheet it came as.
pub fn sheet_of(row: &criteria_set::Model) -> serde_json::Result<CriteriaSheet> {
    Ok(CriteriaSheet {
        code: row.code.clone(),
        name: row.name.clone(),
        categories: row.categories.split(',').map(str::to_owned).collect(),
        valid_from: row.valid_from,
        source: row.source.clone(),
        illustrative: row.illustrative,
        card: serde_json::from_str(&row.content)?,
    })
}

/// Brings a set in: as it is here already, or as a further version; whether it is new.
pub async fn import(
    transaction: &impl ConnectionTrait,
    set: CriteriaSheet,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<(criteria_set::Model, bool), Problem> {
    let newest = stored_set(transaction, &set.code, None).await?;
    if let Some(row) = &newest
        && sheet_of(row).map_err(Problem::internal)? == set
    {
        return Ok((row.clone(), false));
    }
    let known = entity::category::Entity::find().all(transaction).await?;
    if let Some(unknown) = set.categories.iter().find(|slug| known.iter().all(|row| &row.slug != *slug)) {
        let (vi, en) = (format!("không có nhóm hàng “{unknown}”"), format!("there is no category “{unknown}”"));
        return Err(Problem::field("/categories", "category", vi, en));
    }
    let row = criteria_set::Model {
        id: CriteriaSetId::new(),
        version: newest.map_or(1, |row| row.version + 1),
        content: serde_json::to_string(&set.card).map_err(Problem::internal)?,
        code: set.code,
        name: set.name,
        categories: set.categories.join(","),
        illustrative: set.illustrative,
        valid_from: set.valid_from,
        source: set.source,
        created_by: by,
        created_at: now,
    };
    criteria_set::Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
    Ok((row, true))
}

#[derive(FromQueryResult)]
struct Link {
    id: CategoryId,
    slug: String,
    parent_id: Option<CategoryId>,
}

/// The set a product of the category is judged by on a day: the nearest category's, an office's own before an illustrative one,
/// the newest.
pub async fn in_force(
    connection: &impl ConnectionTrait,
    category: CategoryId,
    day: Date,
) -> Result<Option<CriteriaSetView>, DbErr> {
    let links = all::<Link>(connection, "SELECT id, slug, parent_id FROM category", []).await?;
    let sql = "SELECT id, code, version, name, categories, illustrative, valid_from, source FROM criteria_set
               WHERE valid_from <= $1";
    let sets = all::<CriteriaSetView>(connection, sql, [day.into()]).await?;
    // Of each code what counts is its last version in force.
    let superseded = |set: &CriteriaSetView| {
        sets.iter()
            .any(|other| other.code == set.code && (other.valid_from, other.version) > (set.valid_from, set.version))
    };
    let mut next = links.iter().find(|link| link.id == category);
    while let Some(link) = next {
        let of_it = sets.iter().filter(|set| set.categories.split(',').any(|slug| slug == link.slug));
        let best = of_it
            .filter(|set| !superseded(set))
            .max_by_key(|set| (!set.illustrative, set.valid_from, set.version, set.id));
        if let Some(best) = best {
            return Ok(Some(best.clone()));
        }
        next = links.iter().find(|parent| Some(parent.id) == link.parent_id);
    }
    Ok(None)
}

/// The set in force with its scorecard, for who makes dossiers up.
pub async fn set_in_force(
    connection: &impl ConnectionTrait,
    category: CategoryId,
    day: Date,
) -> Result<Option<(CriteriaSetId, Scorecard)>, DbErr> {
    let Some(found) = in_force(connection, category, day).await? else { return Ok(None) };
    let row = by_id::<criteria_set::Entity>(connection, found.id).await?;
    Ok(row.and_then(|row| Some((row.id, serde_json::from_str(&row.content).ok()?))))
}

/// All sets of criteria, newest version first.
#[utoipa::path(tag = "recognition", operation_id = "list_criteria_sets", responses((status = 200, description = "The sets", body = Page<CriteriaSetView>)))]
#[get("/v1/ocop/criteria")]
pub async fn list_criteria_sets(db: Data<Db>) -> Result<HttpResponse, Problem> {
    let sql = "SELECT id, code, version, name, categories, illustrative, valid_from, source FROM criteria_set
               ORDER BY code, version DESC LIMIT 500";
    let items = all::<CriteriaSetView>(db.fresh(), sql, []).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// Without it the newest.
    #[garde(inner(range(min = 1, max = 100_000)))]
    #[param(minimum = 1, maximum = 100_000)]
    version: Option<i32>,
}

/// A set of criteria.
#[utoipa::path(tag = "recognition", operation_id = "show_criteria_set", params(("code" = String, Path, max_length = 100), VersionQuery), responses((status = 200, description = "The set", body = CriteriaSetDetail)))]
#[get("/v1/ocop/criteria/{code}")]
pub async fn show_criteria_set(
    db: Data<Db>,
    code: Path<String>,
    query: Params<VersionQuery>,
) -> Result<HttpResponse, Problem> {
    let row = stored_set(db.fresh(), &code, query.0.version).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(CriteriaSetDetail::try_from(row)?))
}

/// A set of criteria as a sheet, which may be brought in again.
#[utoipa::path(tag = "recognition", operation_id = "download_criteria_set", params(("code" = String, Path, max_length = 100), VersionQuery), responses((status = 200, description = "The sheet", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
#[get("/v1/ocop/criteria/{code}/sheet")]
pub async fn download_criteria_set(
    db: Data<Db>,
    code: Path<String>,
    query: Params<VersionQuery>,
) -> Result<HttpResponse, Problem> {
    let row = stored_set(db.fresh(), &code, query.0.version).await?.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let sheet = sheet_of(&row).map_err(Problem::internal)?;
    let bytes = sheet::write(&sheet, SheetFormat::Xlsx).map_err(Problem::internal)?;
    let name = format!("attachment; filename=\"{}-{}.xlsx\"", row.code, row.version);
    Ok(HttpResponse::Ok()
        .content_type(SheetFormat::Xlsx.media_type())
        .insert_header(("content-disposition", name))
        .body(bytes))
}

/// Bring in a set of criteria: XLSX or CSV, as [`download_criteria_set`] gives it. The same sheet again changes nothing, another one
/// of the same code is a further version. What is wrong is told by cell.
#[utoipa::path(tag = "recognition", operation_id = "import_criteria_set", security(("access_token" = [])), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, description = "The set, as it was here already", body = CriteriaSetDetail), (status = 201, description = "The new version", body = CriteriaSetDetail)))]
#[post("/v1/officer/criteria")]
pub async fn import_criteria_set(desk: Desk, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    desk.jurisdiction(OfficePermission::KeepCriteria).await?;
    let upload = upload::read(&request, payload, MAX_BYTES).await?;
    let clock: &Clock = &desk.clock;
    let bytes = upload.bytes;
    let read = tokio::task::spawn_blocking(move || sheets::read(&bytes, MOST_ROWS).map(|read| sheet::read(&read)));
    let unreadable = |text: Text| Problem::new(&INVALID).detail(text);
    let set = read.await.map_err(Problem::internal)?.map_err(unreadable)?.map_err(|faults| {
        let error = |fault: sheet::CellFault| FieldError {
            pointer: format!("/{}", fault.cell),
            code: "cell",
            text: fault.text,
        };
        faults.into_iter().take(100).map(error).fold(Problem::new(&INVALID), Problem::with_error)
    })?;
    let transaction = desk.begin().await?;
    let (row, new) = import(&transaction, set, Some(desk.who.account), clock.now()).await?;
    if new {
        let after = json!({"code": row.code, "version": row.version});
        desk.audit(&transaction, "criteria.imported", ("criteria_set", row.id.0), (), after).await?;
    }
    transaction.commit().await?;
    let detail = CriteriaSetDetail::try_from(row)?;
    Ok(if new { HttpResponse::Created() } else { HttpResponse::Ok() }.json(detail))
}
