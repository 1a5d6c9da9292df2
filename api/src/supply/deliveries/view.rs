//! Deliveries as both sides read them.

use std::collections::HashMap;

use entity::supply::{AcceptanceState, ContractState, SupplyChangeKind};
use entity::value::{
    ContractId, CooperativeId, DeliveryId, OrderId, OrderState, OrganisationId, SupplyChangeId, SupplyRequestId,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde_json::Value;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::grades::{GradePrice, GradeWeight, prices, weights};
use crate::config::Config;
use crate::money::payment::bills::{Bill, of_contracts};
use crate::platform::db::{all, one};
use crate::platform::problem::{NOT_FOUND, Problem};

/// What arrived, and what both sides say of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Acceptance {
    pub version: i64,
    pub state: AcceptanceState,
    #[schema(value_type = String, format = Date)]
    pub received_on: Date,
    /// With packing.
    pub gross_g: i64,
    /// The packing.
    pub tare_g: i64,
    pub rejected_g: i64,
    pub accepted_g: i64,
    pub grade: String,
    /// What of it was a lesser grade.
    pub graded: Vec<GradeWeight>,
    /// Why something was rejected.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Paths of the buyer's pictures on this server.
    pub photos: Vec<String>,
    /// What the cooperative objects.
    #[schema(required = true)]
    pub answer: Option<String>,
    /// Đồng for what was accepted, what is set off for what was missing or late and of the deposit, and the day the rest is due: once
    /// both agree.
    #[schema(required = true)]
    pub amount: Option<i64>,
    #[schema(required = true)]
    pub penalty: Option<i64>,
    #[schema(required = true)]
    pub deposit: Option<i64>,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub written_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<OffsetDateTime>,
}

/// What one side would change of a delivery, and the other side answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplyChange {
    pub id: SupplyChangeId,
    pub kind: SupplyChangeKind,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub from_on: Option<Date>,
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub to_on: Option<Date>,
    pub reason: String,
    pub by_buyer: bool,
}

/// What a contract brings in a window.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Delivery {
    pub id: DeliveryId,
    pub contract_id: ContractId,
    pub contract_number: String,
    pub contract_state: ContractState,
    pub request_id: SupplyRequestId,
    pub organisation_id: OrganisationId,
    pub organisation_name: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub product_name: String,
    pub place_name: String,
    #[schema(value_type = String, format = Date)]
    pub from_on: Date,
    #[schema(value_type = String, format = Date)]
    pub to_on: Date,
    /// As agreed; less once a part was given up.
    pub grams: i64,
    /// Đồng a kilogram.
    pub price: i64,
    /// What lesser grades cost.
    pub grades: Vec<GradePrice>,
    pub tolerance_bp: i32,
    /// None before the contract is signed.
    #[schema(required = true)]
    pub order_id: Option<OrderId>,
    #[schema(required = true)]
    pub order_number: Option<String>,
    #[schema(required = true)]
    pub order_state: Option<OrderState>,
    /// Part of it waits for a harvest.
    pub waits: bool,
    /// A harvest was too small for it: the buyer waits, takes the part there is, or gives it up.
    pub short: bool,
    /// Grams of the harvest held until the buyer answers.
    pub held: i64,
    #[schema(required = true)]
    pub acceptance: Option<Acceptance>,
    #[schema(required = true)]
    pub change: Option<SupplyChange>,
    /// What is left to pay, once it was accepted.
    #[schema(required = true)]
    pub bill: Option<Bill>,
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    pub id: DeliveryId,
    contract_id: ContractId,
    contract_number: String,
    contract_state: ContractState,
    request_id: SupplyRequestId,
    organisation_id: OrganisationId,
    organisation_name: String,
    cooperative_id: CooperativeId,
    cooperative_name: String,
    product_name: String,
    place_name: String,
    from_on: Date,
    to_on: Date,
    grams: i64,
    price: i64,
    grades: Value,
    tolerance_bp: i32,
    order_id: Option<OrderId>,
    order_number: Option<String>,
    order_state: Option<OrderState>,
    waiting: i64,
    short: i64,
    held: i64,
    version: Option<i64>,
    acceptance_state: Option<AcceptanceState>,
    received_on: Option<Date>,
    gross_g: Option<i64>,
    tare_g: Option<i64>,
    rejected_g: Option<i64>,
    grade: Option<String>,
    graded: Option<Value>,
    reason: Option<String>,
    photos: Option<Value>,
    answer: Option<String>,
    amount: Option<i64>,
    penalty_amount: Option<i64>,
    deposit_amount: Option<i64>,
    due_on: Option<Date>,
    written_at: Option<OffsetDateTime>,
    answered_at: Option<OffsetDateTime>,
    change_id: Option<SupplyChangeId>,
    change_kind: Option<SupplyChangeKind>,
    change_from: Option<Date>,
    change_to: Option<Date>,
    change_reason: Option<String>,
    by_buyer: Option<bool>,
}

pub(super) const SELECT: &str = "SELECT d.id, d.contract_id, k.number AS contract_number, k.state AS contract_state, k.request_id, r.organisation_id, g.name AS organisation_name,
        k.cooperative_id, c.name_vi AS cooperative_name, p.name_vi AS product_name, l.name AS place_name, d.from_on, d.to_on,
        CASE WHEN o.id IS NULL THEN d.grams ELSE o.goods_amount * 1000 / k.price END AS grams, k.price, k.grades, r.tolerance_bp,
        o.id AS order_id, o.number AS order_number, o.state AS order_state,
        (SELECT COUNT(*) FROM preorder e WHERE e.order_id = o.id AND e.state = 'waiting') AS waiting,
        (SELECT COUNT(*) FROM preorder e WHERE e.order_id = o.id AND e.state = 'short') AS short,
        CAST(COALESCE((SELECT SUM(e.offered * COALESCE(n.net_g, n.weight_g)) FROM preorder e JOIN offer n ON n.id = e.offer_id
                       WHERE e.order_id = o.id AND e.state = 'short'), 0) AS bigint) AS held,
        a.version, a.state AS acceptance_state, a.received_on, a.gross_g, a.tare_g, a.rejected_g, a.grade, a.graded, a.reason, a.photos, a.answer, a.amount,
        a.penalty_amount, a.deposit_amount, a.due_on, a.written_at, a.answered_at,
        h.id AS change_id, h.kind AS change_kind, h.from_on AS change_from, h.to_on AS change_to, h.reason AS change_reason, h.by_buyer
    FROM supply_delivery d JOIN supply_contract k ON k.id = d.contract_id JOIN supply_request r ON r.id = k.request_id
         JOIN organisation g ON g.id = r.organisation_id JOIN cooperative c ON c.id = k.cooperative_id
         JOIN supply_offer f ON f.id = k.offer_id JOIN product p ON p.id = f.product_id
         JOIN supply_window w ON w.id = d.window_id JOIN organisation_place l ON l.id = w.place_id
         LEFT JOIN orders o ON o.id = d.order_id LEFT JOIN supply_acceptance a ON a.delivery_id = d.id
         LEFT JOIN supply_change h ON h.delivery_id = d.id AND h.state = 'proposed'";

fn acceptance(row: &Row) -> Option<Acceptance> {
    let (gross_g, tare_g, rejected_g) = (row.gross_g?, row.tare_g?, row.rejected_g?);
    let photos = row.photos.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Some(Acceptance {
        version: row.version?,
        state: row.acceptance_state?,
        received_on: row.received_on?,
        gross_g,
        tare_g,
        rejected_g,
        accepted_g: gross_g - tare_g - rejected_g,
        grade: row.grade.clone()?,
        graded: row.graded.as_ref().map(weights).unwrap_or_default(),
        reason: row.reason.clone(),
        photos: photos.map(str::to_owned).collect(),
        answer: row.answer.clone(),
        amount: row.amount,
        penalty: row.penalty_amount,
        deposit: row.deposit_amount,
        due_on: row.due_on,
        written_at: row.written_at?,
        answered_at: row.answered_at,
    })
}

fn change(row: &Row) -> Option<SupplyChange> {
    Some(SupplyChange {
        id: row.change_id?,
        kind: row.change_kind?,
        from_on: row.change_from,
        to_on: row.change_to,
        reason: row.change_reason.clone()?,
        by_buyer: row.by_buyer?,
    })
}

/// With their bills, by one more statement.
pub(super) async fn views(
    connection: &impl ConnectionTrait,
    config: &Config,
    rows: Vec<Row>,
) -> Result<Vec<Delivery>, Problem> {
    let mut contracts: Vec<ContractId> = rows.iter().map(|row| row.contract_id).collect();
    contracts.sort_unstable();
    contracts.dedup();
    let bills = of_contracts(connection, &contracts, config).await?;
    let mut bills: HashMap<OrderId, Bill> = bills.into_iter().filter_map(|bill| Some((bill.order_id?, bill))).collect();
    let view = |row: Row| Delivery {
        acceptance: acceptance(&row),
        change: change(&row),
        bill: row.order_id.and_then(|order| bills.remove(&order)),
        id: row.id,
        contract_id: row.contract_id,
        contract_number: row.contract_number,
        contract_state: row.contract_state,
        request_id: row.request_id,
        organisation_id: row.organisation_id,
        organisation_name: row.organisation_name,
        cooperative_id: row.cooperative_id,
        cooperative_name: row.cooperative_name,
        product_name: row.product_name,
        place_name: row.place_name,
        from_on: row.from_on,
        to_on: row.to_on,
        grams: row.grams,
        price: row.price,
        grades: prices(&row.grades),
        tolerance_bp: row.tolerance_bp,
        order_id: row.order_id,
        order_number: row.order_number,
        order_state: row.order_state,
        waits: row.waiting > 0,
        short: row.short > 0,
        held: row.held,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Deliveries of a request, by day.
pub async fn of_request(
    connection: &impl ConnectionTrait,
    config: &Config,
    (organisation, request): (OrganisationId, SupplyRequestId),
) -> Result<Vec<Delivery>, Problem> {
    let sql = format!("{SELECT} WHERE k.request_id = $1 AND r.organisation_id = $2 ORDER BY d.from_on, d.id");
    let rows = all::<Row>(connection, sql, [request.into(), organisation.into()]).await?;
    views(connection, config, rows).await
}

/// A delivery; whose it is, is the caller's to check.
pub async fn delivery(connection: &impl ConnectionTrait, config: &Config, id: DeliveryId) -> Result<Delivery, Problem> {
    let row = one::<Row>(connection, format!("{SELECT} WHERE d.id = $1"), [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    views(connection, config, vec![row]).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))
}
