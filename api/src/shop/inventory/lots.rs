//! `/v1/seller/cooperatives/{id}/lots`: what was harvested when, by whom, and how long it keeps.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, patch, post};
use entity::lot;
use entity::value::{CertificateId, CooperativeId, LotId, LotState, OfferId, PlotId, ProductId, Storage, TraceAct};
use garde::Validate;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, FromQueryResult, IntoActiveModel, Set};
use serde::{Deserialize, Serialize};
use time::{Date, Duration};
use utoipa::{IntoParams, ToSchema};

use super::keeping::Kept;
use super::moves::record;
use super::rules::MAX_QUANTITY;
use super::store::BELOW_RESERVED;
use super::store::Outcome;
use crate::ocop::traceability::codes::Code;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, list as list_of, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{MAX_LIMIT, NewestFirst, Page};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    /// Write what becomes of it in its recall.
    LOT_RECALLED = "lot_recalled" 409 "Lô đang bị thu hồi: hãy ghi kết quả xử lý trong đợt thu hồi." "The lot is recalled: write what becomes of it in its recall.";
    LOT_CODE_TAKEN = "lot_code_taken" 409 "Mã lô này đã có." "There is a lot with this code.";
    LOT_EXPIRED = "lot_expired" 409 "Lô đã hết hạn, không thể nhập thêm." "The lot has expired; nothing can be added to it.";
}

/// What a lot holds of one offer.
#[derive(Clone, FromQueryResult, Serialize, ToSchema)]
pub struct LotContent {
    #[serde(skip)]
    lot_id: LotId,
    pub offer_id: OfferId,
    pub sku: String,
    pub pack_vi: String,
    pub pack_en: String,
    pub on_hand: i64,
    #[serde(skip)]
    gtin: Option<String>,
    /// GS1 Digital Link, where the offer has a GTIN.
    #[sea_orm(skip)]
    #[schema(required = true)]
    pub digital_link: Option<String>,
    /// GS1 element string, as scanners of GS1 DataMatrix read it: GTIN (01), made on (11), good until (17), lot (10).
    #[sea_orm(skip)]
    #[schema(required = true)]
    pub element_string: Option<String>,
}

impl LotContent {
    /// With what its label says in GS1's terms.
    fn named(mut self, lot: &LotRow, base_url: &str) -> Self {
        let code = Code::of(lot.id);
        let named = self.gtin.as_ref().map(|gtin| {
            (code.address(base_url, Some(gtin)), code.element_string(gtin, lot.harvested_on, lot.expires_on))
        });
        (self.digital_link, self.element_string) = named.unzip();
        self
    }
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Lot)]
pub struct LotView {
    pub id: LotId,
    pub product_id: ProductId,
    pub product_name_vi: String,
    pub product_name_en: String,
    pub code: String,
    pub state: LotState,
    /// Harvested or packed on.
    #[schema(value_type = String, format = Date)]
    pub harvested_on: Date,
    /// The last day it is good; none for what keeps.
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub expires_on: Option<Date>,
    /// Days until then; negative when it is over.
    #[schema(required = true)]
    pub days_left: Option<i64>,
    /// Where and how warm it is kept.
    pub kept: Kept,
    #[schema(required = true)]
    pub plot: Option<String>,
    #[schema(required = true)]
    pub household: Option<String>,
    #[schema(required = true)]
    pub note: Option<String>,
    pub contents: Vec<LotContent>,
    pub certificate_ids: Vec<CertificateId>,
    /// The plots it was harvested on.
    pub plots: Vec<LotPlot>,
    /// The lots it was made of.
    pub sources: Vec<LotSource>,
    /// Why it was harvested although a plot's waiting period was not over.
    #[schema(required = true)]
    pub wait_reason: Option<String>,
    /// What its labels carry.
    pub trace_code: String,
    /// Where that leads.
    pub trace_url: String,
}

/// A plot of a lot.
#[derive(Clone, FromQueryResult, Serialize, ToSchema)]
pub struct LotPlot {
    #[serde(skip)]
    lot_id: LotId,
    pub id: PlotId,
    pub name: String,
}

/// A lot that another was made of, and how much of it.
#[derive(Clone, FromQueryResult, Serialize, ToSchema)]
pub struct LotSource {
    #[serde(skip)]
    made_id: LotId,
    pub lot_id: LotId,
    pub code: String,
    pub offer_id: OfferId,
    pub quantity: i64,
}

#[derive(FromQueryResult)]
struct LotRow {
    id: LotId,
    product_id: ProductId,
    name_vi: String,
    name_en: String,
    code: String,
    state: LotState,
    harvested_on: Date,
    expires_on: Option<Date>,
    plot: Option<String>,
    household: Option<String>,
    note: Option<String>,
    wait_reason: Option<String>,
    storage: Option<Storage>,
    kept_from_c: Option<i32>,
    kept_to_c: Option<i32>,
}

const LOTS: &str = "SELECT l.id, l.product_id, p.name_vi, p.name_en, l.code, l.state, l.harvested_on, l.expires_on, l.plot, l.household, l.note, l.wait_reason, l.storage,
        l.kept_from_c, l.kept_to_c
 FROM lot l JOIN product p ON p.id = l.product_id";

#[derive(FromQueryResult)]
struct CertificateOf {
    lot_id: LotId,
    certificate_id: CertificateId,
}

async fn views(desk: &Desk, rows: Vec<LotRow>) -> Result<Vec<LotView>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let (connection, today, base_url) = (desk.db.fresh(), desk.today(), desk.config.base_url());
    let ids: Vec<sea_orm::Value> = rows.iter().map(|row| row.id.into()).collect();
    let among = list_of(1, ids.len());
    let contents = all::<LotContent>(
        connection,
        format!(
            "SELECT s.lot_id, s.offer_id, o.sku, o.pack_vi, o.pack_en, s.on_hand, k.key AS gtin FROM lot_stock s
             JOIN offer o ON o.id = s.offer_id LEFT JOIN gs1_key k ON k.offer_id = o.id
             WHERE s.lot_id IN {among} ORDER BY o.position, o.id"
        ),
        ids.clone(),
    )
    .await?;
    let certificates = all::<CertificateOf>(
        connection,
        format!("SELECT lot_id, certificate_id FROM lot_certificate WHERE lot_id IN {among} ORDER BY certificate_id"),
        ids.clone(),
    )
    .await?;
    let plots = all::<LotPlot>(
        connection,
        format!("SELECT l.lot_id, p.id, p.name FROM lot_plot l JOIN plot p ON p.id = l.plot_id WHERE l.lot_id IN {among} ORDER BY p.name"),
        ids.clone(),
    )
    .await?;
    let sources = all::<LotSource>(
        connection,
        format!(
            "SELECT s.lot_id AS made_id, s.source_lot_id AS lot_id, l.code, s.offer_id, s.quantity FROM lot_source s
             JOIN lot l ON l.id = s.source_lot_id WHERE s.lot_id IN {among} ORDER BY l.code, s.offer_id"
        ),
        ids,
    )
    .await?;
    let view = |row: LotRow| LotView {
        kept: Kept { storage: row.storage, from_c: row.kept_from_c, to_c: row.kept_to_c },
        days_left: row.expires_on.map(|expires_on| (expires_on - today).whole_days()),
        contents: contents
            .iter()
            .filter(|content| content.lot_id == row.id)
            .map(|content| content.clone().named(&row, &base_url))
            .collect(),
        certificate_ids: certificates.iter().filter(|of| of.lot_id == row.id).map(|of| of.certificate_id).collect(),
        plots: plots.iter().filter(|plot| plot.lot_id == row.id).cloned().collect(),
        sources: sources.iter().filter(|source| source.made_id == row.id).cloned().collect(),
        trace_code: Code::of(row.id).to_string(),
        trace_url: format!("{base_url}/t/{}", Code::of(row.id).plain()),
        id: row.id,
        product_id: row.product_id,
        product_name_vi: row.name_vi,
        product_name_en: row.name_en,
        code: row.code,
        state: row.state,
        harvested_on: row.harvested_on,
        expires_on: row.expires_on,
        plot: row.plot,
        household: row.household,
        note: row.note,
        wait_reason: row.wait_reason,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// What is left of a text once its blanks are gone.
pub(super) fn text(value: Option<String>) -> Option<String> {
    fold::filled(value)
}

#[derive(Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[garde(allow_unvalidated)]
pub struct LotQuery {
    /// Only lots of this product.
    pub product_id: Option<ProductId>,
    /// Only lots that still hold something.
    pub in_stock: Option<bool>,
    /// Only lots that expire within so many days, or have expired.
    #[garde(inner(range(min = 0, max = 3650)))]
    #[param(minimum = 0, maximum = 3650)]
    pub expires_within: Option<i64>,
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

/// Lots of a cooperative, newest first.
pub async fn find(desk: &Desk, cooperative: CooperativeId, query: &LotQuery) -> Result<Page<LotView>, Problem> {
    let until = query.expires_within.map(|days| desk.today() + Duration::days(days));
    let mut list = NewestFirst::of(LOTS, "l.id", (query.limit, query.cursor.as_deref()))?
        .and("l.cooperative_id = ?", cooperative)
        .and_if("l.product_id = ?", query.product_id)
        .and_if("l.expires_on <= ?", until);
    if query.in_stock == Some(true) {
        list = list.and("EXISTS (SELECT 1 FROM lot_stock s WHERE s.lot_id = l.id AND s.on_hand > ?)", 0_i64);
    }
    let page = list.page(desk.db.fresh(), |row: &LotRow| row.id).await?;
    let items = views(desk, page.items).await?;
    Ok(Page { items, next_cursor: page.next_cursor })
}

pub async fn show(desk: &Desk, cooperative: CooperativeId, id: LotId) -> Result<LotView, Problem> {
    let sql = format!("{LOTS} WHERE l.cooperative_id = $1 AND l.id = $2");
    let row = one::<LotRow>(desk.db.fresh(), sql, [cooperative.into(), id.into()]).await?;
    let views = views(desk, row.into_iter().collect()).await?;
    views.into_iter().next().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Lots of the cooperative, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_lots", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), LotQuery), responses((status = 200, description = "A page of lots", body = Page<LotView>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/lots")]
pub async fn list_lots(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<LotQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, &query.0).await?))
}

/// A lot.
#[utoipa::path(tag = "seller", operation_id = "show_lot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path)), responses((status = 200, description = "The lot", body = LotView)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}")]
pub async fn show_lot(desk: Desk, path: Path<(CooperativeId, LotId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(show(&desk, cooperative, id).await?))
}

#[derive(FromQueryResult)]
struct Recalls {
    open: i64,
}

/// Whether a recall holds the lot that has not been put right.
async fn is_recalled(transaction: &impl ConnectionTrait, lot: LotId) -> Result<bool, DbErr> {
    let sql =
        "SELECT COUNT(*) AS open FROM recall_lot WHERE lot_id = $1 AND (outcome IS NULL OR outcome <> 'corrected')";
    Ok(one::<Recalls>(transaction, sql, [lot.into()]).await?.is_some_and(|row| row.open > 0))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"state": "blocked", "note": "Khách báo quả bị dập, giữ lại kiểm tra"}))]
pub struct LotChange {
    /// A blocked lot is not sold: held back, or recalled.
    state: Option<LotState>,
    #[schema(value_type = Option<String>, format = Date)]
    expires_on: Option<Date>,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    plot: Option<String>,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    household: Option<String>,
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Hold a lot back or release it, correct its expiry or its origin.
#[utoipa::path(tag = "seller", operation_id = "update_lot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path)), request_body = LotChange, responses((status = 200, description = "The lot", body = LotView)))]
#[patch("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}")]
pub async fn update_lot(
    desk: Desk,
    path: Path<(CooperativeId, LotId)>,
    body: Body<LotChange>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    let row = by_id::<lot::Entity>(desk.db.fresh(), id).await?.filter(|row| row.cooperative_id == cooperative);
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let Body(input) = body;
    if input.expires_on.is_some_and(|day| day < row.harvested_on) {
        let (vi, en) = ("hạn dùng trước ngày thu hoạch", "before the harvest");
        return Err(Problem::field("/expires_on", "date", vi, en));
    }
    let put_back = input.state == Some(LotState::Good);
    let before = serde_json::json!({"state": row.state, "expires_on": row.expires_on, "plot": row.plot, "household": row.household});
    let product = row.product_id;
    let mut change = row.into_active_model();
    if let Some(state) = input.state {
        change.state = Set(state);
    }
    if let Some(day) = input.expires_on {
        change.expires_on = Set(Some(day));
    }
    for (new, column) in
        [(input.plot, &mut change.plot), (input.household, &mut change.household), (input.note, &mut change.note)]
    {
        if let Some(new) = new {
            *column = Set(text(Some(new)));
        }
    }
    let transaction = desk.db.begin().await?;
    if put_back && is_recalled(&transaction, id).await? {
        return Err(Problem::new(&LOT_RECALLED));
    }
    // The same version that a receipt would count up: other nodes take the new level.
    run(
        &transaction,
        "UPDATE stock SET version = version + 1 WHERE offer_id IN (SELECT offer_id FROM lot_stock WHERE lot_id = $1)",
        [id.into()],
    )
    .await?;
    if change.is_changed() {
        let row = change.update(&transaction).await?;
        let after = serde_json::json!({"state": row.state, "expires_on": row.expires_on, "plot": row.plot, "household": row.household});
        desk.audit(&transaction, "lot.changed", ("lot", id.0), before, after).await?;
    }
    emit(&transaction, "product.changed", product.0, serde_json::json!({}), desk.now()).await?;
    transaction.commit().await?;
    desk.products_changed(&[product]).await?;
    Ok(HttpResponse::Ok().json(show(&desk, cooperative, id).await?))
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"offer_id": "0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", "quantity": 3, "note": "Quả bị thối"}))]
pub struct WriteOff {
    pub offer_id: OfferId,
    #[garde(range(min = 1, max = MAX_QUANTITY))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub quantity: i64,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub note: String,
}

/// Write spoiled goods of a lot off.
#[utoipa::path(tag = "seller", operation_id = "write_off_lot", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("lot_id" = LotId, Path)), request_body = WriteOff, responses((status = 200, description = "The lot", body = LotView)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/lots/{lot_id}/write-off")]
pub async fn write_off(
    desk: Desk,
    path: Path<(CooperativeId, LotId)>,
    body: Body<WriteOff>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::CountStock).await?;
    let lot = show(&desk, cooperative, id).await?;
    let Body(input) = body;
    if !lot.contents.iter().any(|content| content.offer_id == input.offer_id) {
        return Err(Problem::field("/offer_id", "offer", "lô không có quy cách này", "the lot holds no such offer"));
    }
    adjust(&desk, input.offer_id, -input.quantity, id, input.note).await?;
    Ok(HttpResponse::Ok().json(show(&desk, cooperative, id).await?))
}

async fn adjust(desk: &Desk, offer: OfferId, quantity: i64, lot: LotId, note: String) -> Result<(), Problem> {
    let now = desk.now();
    let transaction = desk.db.begin().await?;
    let (act, actor) = (TraceAct::Destroyed, Some(desk.who.account));
    let outcome = record(&transaction, offer, act, quantity, Some(lot), text(Some(note)), actor, now).await?;
    let Outcome::Done(levels) = outcome else { return Err(Problem::new(&BELOW_RESERVED)) };
    let after = serde_json::json!({"lot": lot, "quantity": quantity});
    desk.audit(&transaction, "stock.moved", ("offer", offer.0), (), after).await?;
    emit(&transaction, "stock.changed", offer.0, serde_json::json!({"offers": [offer]}), now).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    Ok(())
}
