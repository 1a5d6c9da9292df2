//! Quotations: prices that hold for [`VALID_DAYS`], with what delivery to a place costs.

use std::collections::BTreeMap;

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::sealed::Sealed;
use entity::supply::OrganisationRole;
use entity::value::{
    CooperativeId, DeliveryPlaceId, OfferId, OrderId, OrderState, OrganisationId, PurchaseId, QuotationId, Vnd,
};
use entity::{wholesale_delivery, wholesale_line, wholesale_quotation};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration};
use utoipa::ToSchema;

use super::goods::{Which, WholesaleGoods, load};
use super::lines::{LinesInput, MOST, WholesaleLineInput, read_text};
use crate::orders::ordering::number;
use crate::people::desk::Desk;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, list, one};
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::shop::delivery::{rates, rules};
use crate::supply::buyers::{may, may_approved, place_of};

codes! {
    NOT_DELIVERED_THERE = "not_delivered_there" 409 "Một hợp tác xã không giao tới nơi này." "A cooperative does not deliver to this place.";
}

/// Days a quotation holds.
pub const VALID_DAYS: i64 = 7;

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"place_id": "0197f2a0-0000-7000-8000-000000000001", "goods": {"text": "BD-6 40\nCTR-5 20"}}))]
pub struct QuotationInput {
    pub place_id: DeliveryPlaceId,
    #[garde(dive)]
    pub goods: LinesInput,
}

/// A line of a quotation.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct QuotationLine {
    #[serde(skip)]
    pub quotation_id: QuotationId,
    pub offer_id: OfferId,
    pub sku: String,
    pub product_name: String,
    pub pack: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub quantity: i64,
    /// Đồng for one.
    pub unit_amount: i64,
    /// Đồng.
    pub total: i64,
}

/// An order that was made of a quotation.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct QuotationOrder {
    #[serde(skip)]
    pub purchase_id: PurchaseId,
    pub order_id: OrderId,
    pub number: String,
    pub state: OrderState,
    /// Of the link that opens it without an account.
    #[serde(serialize_with = "open")]
    #[schema(value_type = String)]
    pub access_token: Sealed,
}

/// For the organisation, whose link it is.
fn open<S: serde::Serializer>(token: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token)
}

/// Prices that hold for days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Quotation {
    pub id: QuotationId,
    pub number: String,
    pub organisation_id: OrganisationId,
    pub organisation_name: String,
    pub place_id: DeliveryPlaceId,
    pub place_name: String,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    /// Đồng.
    pub goods: i64,
    pub delivery: i64,
    pub total: i64,
    pub lines: Vec<QuotationLine>,
    /// Once it was ordered.
    #[schema(required = true)]
    pub purchase_id: Option<PurchaseId>,
    pub orders: Vec<QuotationOrder>,
}

#[derive(FromQueryResult)]
struct Row {
    id: QuotationId,
    number: String,
    organisation_id: OrganisationId,
    organisation_name: String,
    place_id: DeliveryPlaceId,
    place_name: String,
    valid_until: Date,
    purchase_id: Option<PurchaseId>,
    delivery: i64,
}

const SELECT: &str = "SELECT q.id, q.number, q.organisation_id, g.name AS organisation_name, q.place_id, l.name AS place_name, q.valid_until, q.purchase_id,
        CAST(COALESCE((SELECT SUM(d.amount) FROM wholesale_delivery d WHERE d.quotation_id = q.id), 0) AS bigint) AS delivery
    FROM wholesale_quotation q JOIN organisation g ON g.id = q.organisation_id JOIN organisation_place l ON l.id = q.place_id";

async fn views(connection: &impl ConnectionTrait, rows: Vec<Row>) -> Result<Vec<Quotation>, Problem> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT x.quotation_id, x.offer_id, o.sku, p.name_vi AS product_name, o.pack_vi AS pack, x.cooperative_id, c.name_vi AS cooperative_name, x.quantity,
                x.unit_amount, x.quantity * x.unit_amount AS total
         FROM wholesale_line x JOIN offer o ON o.id = x.offer_id JOIN product p ON p.id = o.product_id JOIN cooperative c ON c.id = x.cooperative_id
         WHERE x.quotation_id IN {} ORDER BY x.quotation_id, x.position",
        list(1, rows.len())
    );
    let ids: Vec<Value> = rows.iter().map(|row| Value::from(row.id)).collect();
    let mut lines = all::<QuotationLine>(connection, sql, ids).await?;
    let bought: Vec<Value> = rows.iter().filter_map(|row| row.purchase_id).map(Value::from).collect();
    let mut orders = Vec::new();
    if !bought.is_empty() {
        let sql = format!(
            "SELECT purchase_id, id AS order_id, number, state, access_token FROM orders WHERE purchase_id IN {} ORDER BY id",
            list(1, bought.len())
        );
        orders = all::<QuotationOrder>(connection, sql, bought).await?;
    }
    let view = |row: Row| {
        let own: Vec<QuotationLine> = lines.extract_if(.., |line| line.quotation_id == row.id).collect();
        let goods: i64 = own.iter().map(|line| line.total).sum();
        Quotation {
            orders: orders.extract_if(.., |order| Some(order.purchase_id) == row.purchase_id).collect(),
            id: row.id,
            number: row.number,
            organisation_id: row.organisation_id,
            organisation_name: row.organisation_name,
            place_id: row.place_id,
            place_name: row.place_name,
            valid_until: row.valid_until,
            goods,
            delivery: row.delivery,
            total: goods + row.delivery,
            lines: own,
            purchase_id: row.purchase_id,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// A quotation of the organisation, as the connection sees it.
pub(super) async fn read(
    connection: &impl ConnectionTrait,
    (organisation, id): (OrganisationId, QuotationId),
) -> Result<Quotation, Problem> {
    let sql = format!("{SELECT} WHERE q.id = $1 AND q.organisation_id = $2");
    let row = one::<Row>(connection, sql, [id.into(), organisation.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    views(connection, vec![row]).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// A quotation of the organisation.
pub async fn shown(desk: &Desk, path: (OrganisationId, QuotationId)) -> Result<Quotation, Problem> {
    may(desk, path.0, OrganisationRole::Member).await?;
    read(desk.db.fresh(), path).await
}

/// Quotations of an organisation, newest first.
pub async fn find(
    desk: &Desk,
    organisation: OrganisationId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<Quotation>, Problem> {
    may(desk, organisation, OrganisationRole::Member).await?;
    let page = NewestFirst::of(SELECT, "q.id", place)?
        .and("q.organisation_id = ?", organisation)
        .page(desk.db.fresh(), |row: &Row| row.id)
        .await?;
    Ok(Page { items: views(desk.db.fresh(), page.items).await?, next_cursor: page.next_cursor })
}

/// Quotations of an organisation, newest first.
#[utoipa::path(tag = "business", operation_id = "list_quotations", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), Paging), responses((status = 200, description = "A page of quotations", body = Page<Quotation>)))]
#[get("/v1/business/{organisation_id}/quotations")]
pub async fn list_quotations(
    desk: Desk,
    id: Path<OrganisationId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(find(&desk, *id, paging.0.place()).await?))
}

/// A quotation.
#[utoipa::path(tag = "business", operation_id = "show_quotation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("quotation_id" = QuotationId, Path)), responses((status = 200, description = "The quotation", body = Quotation)))]
#[get("/v1/business/{organisation_id}/quotations/{quotation_id}")]
pub async fn show_quotation(desk: Desk, path: Path<(OrganisationId, QuotationId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(shown(&desk, path.into_inner()).await?))
}

/// What a line names, or why it cannot be had.
fn goods_of<'a>(
    goods: &'a [WholesaleGoods],
    (index, line): (usize, &WholesaleLineInput),
) -> Result<&'a WholesaleGoods, Problem> {
    let at = |field: &str| format!("/goods/lines/{index}/{field}");
    let named = |one: &&WholesaleGoods| {
        Some(one.offer_id) == line.offer_id
            || line.sku.as_deref().is_some_and(|sku| sku.to_lowercase() == one.sku.to_lowercase())
    };
    let mut found = goods.iter().filter(named);
    let what = line.sku.clone().unwrap_or_default();
    let Some(first) = found.next() else {
        let (vi, en) = (format!("{what}: không có mã này đang bán"), format!("{what}: nothing of this SKU is on sale"));
        return Err(Problem::field(at("sku"), "offer", vi, en));
    };
    if found.next().is_some() {
        let (vi, en) =
            (format!("{what}: nhiều hợp tác xã có mã này"), format!("{what}: several cooperatives have this SKU"));
        return Err(Problem::field(at("sku"), "ambiguous", vi, en));
    }
    let (min, step) = (first.min_quantity, first.step_quantity.max(1));
    if line.quantity < min || (line.quantity - min) % step != 0 {
        let vi = format!("{}: ít nhất {min}, thêm từng {step}", first.sku);
        let en = format!("{}: {min} at least, in steps of {step}", first.sku);
        return Err(Problem::field(at("quantity"), "quantity", vi, en));
    }
    Ok(first)
}

/// What delivery costs, by cooperative.
async fn deliveries(
    connection: &impl ConnectionTrait,
    commune: &str,
    lines: &[(&WholesaleGoods, i64)],
) -> Result<BTreeMap<CooperativeId, i64>, Problem> {
    let mut sums: BTreeMap<CooperativeId, (i64, i64)> = BTreeMap::new();
    for (goods, quantity) in lines {
        let sum = sums.entry(goods.cooperative_id).or_default();
        sum.0 += goods.weight_g * quantity;
        sum.1 += goods.price_of(*quantity) * quantity;
    }
    let sellers: Vec<CooperativeId> = sums.keys().copied().collect();
    let rates = rates(connection, &sellers).await?;
    let mut costs = BTreeMap::new();
    for (cooperative, (weight, amount)) in sums {
        let home = by_id::<entity::cooperative::Entity>(connection, cooperative).await?;
        let home = home.ok_or_else(|| Problem::new(&NOT_FOUND))?;
        let zone = rules::zone(&home.commune_code, commune);
        let rate = rates.iter().find(|rate| rate.cooperative_id == cooperative && rate.zone == zone);
        let fee = rate.and_then(|rate| rules::price(rate, weight, Vnd(amount)));
        let fee = fee.ok_or_else(|| Problem::new(&NOT_DELIVERED_THERE).extension("cooperative", home.name_vi))?;
        costs.insert(cooperative, fee.0);
    }
    Ok(costs)
}

/// The lines that are asked for, each pack once.
fn asked<'a>(
    (goods, input): (&'a [WholesaleGoods], &[WholesaleLineInput]),
) -> Result<Vec<(&'a WholesaleGoods, i64)>, Problem> {
    let mut lines: Vec<(&WholesaleGoods, i64)> = Vec::new();
    for (index, line) in input.iter().enumerate() {
        let found = goods_of(goods, (index, line))?;
        match lines.iter_mut().find(|(known, _)| known.offer_id == found.offer_id) {
            Some(known) => known.1 += line.quantity,
            None => lines.push((found, line.quantity)),
        }
    }
    Ok(lines)
}

/// Quotes goods for a place: prices of today for this organisation, that hold for some days.
pub async fn create(desk: &Desk, organisation: OrganisationId, input: QuotationInput) -> Result<Quotation, Problem> {
    may_approved(desk, organisation, OrganisationRole::Buyer).await?;
    let mut wanted = input.goods.lines.clone();
    wanted.extend(read_text(input.goods.text.as_deref().unwrap_or_default())?);
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(Problem::field("/goods", "length", "cần 1 đến 200 dòng", "1 to 200 lines are needed"));
    }
    let transaction = desk.begin().await?;
    let unknown = || Problem::field("/place_id", "place", "không có nơi nhận này", "there is no such delivery place");
    let place = place_of(&transaction, (organisation, input.place_id)).await?.ok_or_else(unknown)?;
    let skus: Vec<String> = wanted.iter().filter_map(|line| line.sku.clone()).collect();
    let offers: Vec<OfferId> = wanted.iter().filter_map(|line| line.offer_id).collect();
    let mut goods = load(&transaction, organisation, (Which::Skus(&skus), desk.today())).await?;
    goods.extend(load(&transaction, organisation, (Which::Offers(&offers), desk.today())).await?);
    goods.sort_by_key(|one| one.offer_id);
    goods.dedup_by_key(|one| one.offer_id);
    let lines = asked((&goods, &wanted))?;
    let costs = deliveries(&transaction, &place.commune_code, &lines).await?;
    let (id, now) = (QuotationId::new(), desk.now());
    let row = wholesale_quotation::ActiveModel {
        id: Set(id),
        number: Set(number("BG", now)),
        organisation_id: Set(organisation),
        place_id: Set(input.place_id),
        valid_until: Set(desk.today() + Duration::days(VALID_DAYS)),
        purchase_id: Set(None),
        created_by: Set(desk.who.account),
        created_at: Set(now),
    };
    wholesale_quotation::Entity::insert(row).exec_without_returning(&transaction).await?;
    let rows = (0_i32..).zip(&lines).map(|(position, (goods, quantity))| wholesale_line::ActiveModel {
        quotation_id: Set(id),
        position: Set(position),
        offer_id: Set(goods.offer_id),
        cooperative_id: Set(goods.cooperative_id),
        quantity: Set(*quantity),
        unit_amount: Set(goods.price_of(*quantity)),
    });
    wholesale_line::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(&transaction).await?;
    let rows = costs.into_iter().map(|(cooperative, amount)| wholesale_delivery::ActiveModel {
        quotation_id: Set(id),
        cooperative_id: Set(cooperative),
        amount: Set(amount),
    });
    wholesale_delivery::Entity::insert_many(rows.collect::<Vec<_>>()).exec_without_returning(&transaction).await?;
    desk.audit(&transaction, "quotation.made", ("wholesale_quotation", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    shown(desk, (organisation, id)).await
}

/// Quote goods for a place: typed lines, or a pasted list.
#[utoipa::path(tag = "business", operation_id = "create_quotation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path)), request_body = QuotationInput, responses((status = 201, description = "The quotation", body = Quotation)))]
#[post("/v1/business/{organisation_id}/quotations")]
pub async fn create_quotation(
    desk: Desk,
    id: Path<OrganisationId>,
    body: Body<QuotationInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(create(&desk, *id, body.0).await?))
}

/// The same goods for the same place, at today's prices.
pub async fn again(desk: &Desk, path: (OrganisationId, QuotationId)) -> Result<Quotation, Problem> {
    let before = shown(desk, path).await?;
    let line =
        |line: &QuotationLine| WholesaleLineInput { offer_id: Some(line.offer_id), sku: None, quantity: line.quantity };
    let lines = before.lines.iter().map(line).collect();
    let input = QuotationInput { place_id: before.place_id, goods: LinesInput { lines, text: None } };
    create(desk, path.0, input).await
}

/// Quote the same goods for the same place again, at today's prices.
#[utoipa::path(tag = "business", operation_id = "quote_again", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("quotation_id" = QuotationId, Path)), responses((status = 201, description = "The new quotation", body = Quotation)))]
#[post("/v1/business/{organisation_id}/quotations/{quotation_id}/again")]
pub async fn quote_again(desk: Desk, path: Path<(OrganisationId, QuotationId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(again(&desk, path.into_inner()).await?))
}
