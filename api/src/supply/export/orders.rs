//! `/v1/seller/cooperatives/{id}/export-orders`: quoted at a rate that stands, confirmed, shipped with its papers.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post, put};
use entity::supply::{ExportState, Incoterm};
use entity::value::{CooperativeId, Currency, ExportId, ProductId};
use entity::{export_line, export_order};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::goods;
use super::money::earned;
use super::rates::rate_on;
use super::view::{EXPORT_STATE, ExportOrder, own, views};
use crate::ledger;
use crate::orders::ordering::number;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{Problem, codes};

codes! {
    PAPERS_MISSING = "papers_missing" 409 "Còn thiếu giấy tờ nơi đến yêu cầu: bổ sung, hoặc ghi lý do vẫn giao." "Papers the destination asks for are missing: add them, or say why it ships without.";
    DEPOSIT_MISSING = "deposit_missing" 409 "Tiền đặt cọc chưa đủ." "The deposit is not there yet.";
    QUOTATION_OVER = "quotation_over" 409 "Báo giá đã hết hạn." "The quotation is no longer valid.";
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ExportLineInput {
    pub product_id: ProductId,
    /// Harmonized System: `0810.90`
    #[garde(pattern(r"^[0-9]{4}(\.?[0-9]{2}){1,3}$"))]
    #[schema(pattern = r"^[0-9]{4}(\.?[0-9]{2}){1,3}$")]
    pub hs_code: String,
    /// In English.
    #[garde(length(chars, min = 3, max = 200))]
    #[schema(min_length = 3, max_length = 200)]
    pub description: String,
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub packages: i64,
    #[garde(range(min = 1, max = 100_000_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000_000_i64)]
    pub net_g: i64,
    #[garde(range(min = 1, max = 100_000_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000_000_i64)]
    pub gross_g: i64,
    /// Minor units of the currency for a kilogram.
    #[garde(range(min = 1, max = 1_000_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub price: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"buyer_name": "Guangxi Fruit Co., Ltd", "buyer_address": "88 Minzu Avenue, Nanning", "country": "CN", "currency": "USD", "incoterm": "DAP", "named_place": "Huu Nghi border gate",
    "deposit_bp": 3_000, "valid_until": "2026-12-20", "lines": [{"product_id": "0197f2a0-0000-7000-8000-000000000001", "hs_code": "0810.90", "description": "Fresh longan", "packages": 200,
    "net_g": 2_000_000, "gross_g": 2_160_000, "price": 185}]}))]
pub struct ExportInput {
    /// Of the draft that was looked at; none of a new one.
    pub version: Option<i64>,
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub buyer_name: String,
    #[garde(length(chars, min = 2, max = 300))]
    #[schema(min_length = 2, max_length = 300)]
    pub buyer_address: String,
    /// ISO 3166, of the destination.
    #[garde(pattern(r"^[A-Z]{2}$"))]
    #[schema(pattern = r"^[A-Z]{2}$")]
    pub country: String,
    pub currency: Currency,
    pub incoterm: Incoterm,
    /// The place the term names.
    #[garde(length(chars, min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub named_place: String,
    /// To be paid before it ships.
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10_000)]
    pub deposit_bp: i32,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub lines: Vec<ExportLineInput>,
}

async fn check(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    input: &ExportInput,
) -> Result<(), Problem> {
    if input.valid_until < desk.today() {
        return Err(Problem::field("/valid_until", "range", "đã qua", "is over"));
    }
    for (index, line) in input.lines.iter().enumerate() {
        let product = by_id::<entity::product::Entity>(connection, line.product_id).await?;
        if product.is_none_or(|row| row.cooperative_id != cooperative) {
            let (vi, en) = ("không phải sản phẩm của hợp tác xã", "is no product of yours");
            return Err(Problem::field(format!("/lines/{index}/product_id"), "product", vi, en));
        }
        if line.gross_g < line.net_g {
            let (vi, en) = ("nhẹ hơn khối lượng tịnh", "is less than the net weight");
            return Err(Problem::field(format!("/lines/{index}/gross_g"), "range", vi, en));
        }
    }
    Ok(())
}

async fn write_lines(connection: &impl ConnectionTrait, id: ExportId, input: &ExportInput) -> Result<(), Problem> {
    export_line::Entity::delete_many().filter(export_line::Column::OrderId.eq(id)).exec(connection).await?;
    let rows = (0_i32..).zip(&input.lines).map(|(position, line)| export_line::ActiveModel {
        order_id: Set(id),
        position: Set(position),
        product_id: Set(line.product_id),
        hs_code: Set(line.hs_code.clone()),
        description: Set(fold::stored(&line.description)),
        packages: Set(line.packages),
        net_g: Set(line.net_g),
        gross_g: Set(line.gross_g),
        price: Set(line.price),
    });
    export_line::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(connection).await?;
    Ok(())
}

/// Exports of a cooperative, newest first.
pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<ExportOrder>, Problem> {
    let page = NewestFirst::every::<entity::export_order::Entity>(place)?
        .and("cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &export_order::Model| row.id)
        .await?;
    Ok(Page { items: views(desk.db.fresh(), page.items, desk.today()).await?, next_cursor: page.next_cursor })
}

/// The cooperative's exports, newest first.
#[utoipa::path(tag = "seller", operation_id = "list_exports", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of exports", body = Page<ExportOrder>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/export-orders")]
pub async fn list_exports(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, paging.0.place()).await?))
}

/// Write a draft of an export.
pub async fn create(desk: &Desk, cooperative: CooperativeId, input: ExportInput) -> Result<ExportOrder, Problem> {
    let (id, now) = (ExportId::new(), desk.now());
    let transaction = desk.begin().await?;
    check(desk, &transaction, cooperative, &input).await?;
    let row = export_order::ActiveModel {
        id: Set(id),
        number: Set(number("XK", now)),
        cooperative_id: Set(cooperative),
        buyer_name: Set(fold::stored(&input.buyer_name)),
        buyer_address: Set(fold::stored(&input.buyer_address)),
        country: Set(input.country.clone()),
        currency: Set(input.currency),
        rate_e4: Set(None),
        rate_day: Set(None),
        incoterm: Set(input.incoterm),
        named_place: Set(fold::stored(&input.named_place)),
        deposit_bp: Set(input.deposit_bp),
        valid_until: Set(input.valid_until),
        state: Set(ExportState::Draft),
        version: Set(1),
        ship_reason: Set(None),
        created_by: Set(desk.who.account),
        created_at: Set(now),
        updated_at: Set(now),
    };
    export_order::Entity::insert(row).exec_without_returning(&transaction).await?;
    write_lines(&transaction, id, &input).await?;
    desk.audit(&transaction, "export.created", ("export_order", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    own(desk, (cooperative, id)).await
}

/// Write a draft of an export.
#[utoipa::path(tag = "seller", operation_id = "create_export", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = ExportInput, responses((status = 201, description = "The export", body = ExportOrder)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/export-orders")]
pub async fn create_export(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<ExportInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditShop).await?;
    Ok(HttpResponse::Created().json(create(&desk, *cooperative, body.0).await?))
}

/// An export with its lines, papers and money.
#[utoipa::path(tag = "seller", operation_id = "show_export", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path)), responses((status = 200, description = "The export", body = ExportOrder)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}")]
pub async fn show_export(desk: Desk, path: Path<(CooperativeId, ExportId)>) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(own(&desk, path.into_inner()).await?))
}

/// Write a draft anew.
#[utoipa::path(tag = "seller", operation_id = "change_export", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path)), request_body = ExportInput, responses((status = 200, description = "The export", body = ExportOrder)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}")]
pub async fn change_export(
    desk: Desk,
    path: Path<(CooperativeId, ExportId)>,
    body: Body<ExportInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    let input = body.0;
    own(&desk, *path).await?;
    let transaction = desk.begin().await?;
    check(&desk, &transaction, path.0, &input).await?;
    let sql = "UPDATE export_order SET buyer_name = $3, buyer_address = $4, country = $5, currency = $6, incoterm = $7, named_place = $8, deposit_bp = $9,
                   valid_until = $10, version = version + 1, updated_at = $11
               WHERE id = $1 AND version = $2 AND state = 'draft'";
    let values: [Value; 11] = [
        path.1.into(),
        input.version.unwrap_or_default().into(),
        fold::stored(&input.buyer_name).into(),
        fold::stored(&input.buyer_address).into(),
        input.country.clone().into(),
        input.currency.as_str().into(),
        input.incoterm.as_str().into(),
        fold::stored(&input.named_place).into(),
        input.deposit_bp.into(),
        input.valid_until.into(),
        desk.now().into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&EXPORT_STATE));
    }
    write_lines(&transaction, path.1, &input).await?;
    desk.audit(&transaction, "export.changed", ("export_order", path.1.0), (), json!(input)).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(own(&desk, path.into_inner()).await?))
}

/// A step of an export.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, tag = "step", rename_all = "snake_case")]
#[garde(allow_unvalidated)]
#[schema(example = json!({"step": "quote", "version": 1}))]
pub enum ExportStep {
    /// The quotation goes out: the rate of the day stands from now on.
    Quote { version: i64 },
    /// The buyer agreed: the proforma invoice.
    Confirm { version: i64 },
    /// It leaves, with its deposit paid and its papers complete; or a reason why it ships although some are missing. Its goods are taken
    /// of the stock, first expired first.
    Ship {
        version: i64,
        #[garde(inner(length(chars, min = 5, max = 500)))]
        reason: Option<String>,
    },
    /// Before it ships, as long as nothing that came for it is left.
    Cancel { version: i64 },
}

/// Whether a step may be taken now, and the reason kept with it.
fn may_step(desk: &Desk, found: &ExportOrder, input: &ExportStep) -> Result<Option<String>, Problem> {
    match input {
        ExportStep::Confirm { .. } if found.valid_until < desk.today() => Err(Problem::new(&QUOTATION_OVER)),
        ExportStep::Cancel { .. } if found.paid != 0 => Err(Problem::new(&EXPORT_STATE).extension("paid", found.paid)),
        ExportStep::Ship { reason, .. } => {
            if found.paid < found.deposit {
                let problem = Problem::new(&DEPOSIT_MISSING);
                return Err(problem.extension("deposit", found.deposit).extension("paid", found.paid));
            }
            let missing: Vec<_> = found.papers.iter().filter(|paper| paper.source.is_some() && !paper.good).collect();
            let reason = fold::filled(reason.clone());
            if !missing.is_empty() && reason.is_none() {
                let kinds: Vec<_> = missing.iter().map(|paper| paper.kind).collect();
                return Err(Problem::new(&PAPERS_MISSING).extension("missing", kinds));
            }
            Ok(reason.filter(|_| !missing.is_empty()))
        }
        _ => Ok(None),
    }
}

/// Takes a step.
pub async fn step(desk: &Desk, path: (CooperativeId, ExportId), input: ExportStep) -> Result<ExportOrder, Problem> {
    let transaction = desk.begin().await?;
    // Money that comes at this moment comes before or after.
    run(&transaction, "UPDATE export_order SET updated_at = updated_at WHERE id = $1", [path.1.into()]).await?;
    let before = super::view::shown(&transaction, path.1, desk.today()).await?;
    if before.cooperative_id != path.0 {
        return Err(Problem::new(&crate::platform::problem::NOT_FOUND));
    }
    let (from, to, version) = match &input {
        ExportStep::Quote { version } => ("draft", ExportState::Quoted, version),
        ExportStep::Confirm { version } => ("quoted", ExportState::Confirmed, version),
        ExportStep::Ship { version, .. } => ("confirmed", ExportState::Shipped, version),
        ExportStep::Cancel { version } => ("", ExportState::Cancelled, version),
    };
    let reason = may_step(desk, &before, &input)?;
    let (mut rate, mut day) = (before.rate_e4, before.rate_day);
    if to == ExportState::Quoted {
        let found = rate_on(&transaction, before.currency, desk.today()).await?;
        (rate, day) = (Some(found.0), Some(found.1));
    }
    let to = if to == ExportState::Shipped && before.paid >= before.total { ExportState::Closed } else { to };
    let sql = "UPDATE export_order SET state = $4, rate_e4 = $5, rate_day = $6, ship_reason = $7, version = version + 1, updated_at = $8
               WHERE id = $1 AND version = $2 AND (state = $3 OR ($3 = '' AND state IN ('draft', 'quoted', 'confirmed')))";
    let values: [Value; 8] = [
        path.1.into(),
        (*version).into(),
        from.into(),
        to.as_str().into(),
        rate.into(),
        day.into(),
        reason.into(),
        desk.now().into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&EXPORT_STATE).extension("state", before.state));
    }
    let mut levels = Vec::new();
    if matches!(input, ExportStep::Ship { .. }) {
        levels = goods::take(desk, &transaction, &before).await?;
        let journals = earned(&transaction, &before).await?;
        ledger::post(&transaction, journals, desk.now()).await?;
    }
    desk.audit(&transaction, "export.step", ("export_order", path.1.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    own(desk, path).await
}

/// Send the quotation, confirm, ship or cancel.
#[utoipa::path(tag = "seller", operation_id = "step_export", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("export_id" = ExportId, Path)), request_body = ExportStep, responses((status = 200, description = "The export", body = ExportOrder)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/export-orders/{export_id}/steps")]
pub async fn step_export(
    desk: Desk,
    path: Path<(CooperativeId, ExportId)>,
    body: Body<ExportStep>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    Ok(HttpResponse::Ok().json(step(&desk, path.into_inner(), body.0).await?))
}
