//! A contract as it is read.

use entity::supply::ContractState;
use entity::value::{ContractId, CooperativeId, OrganisationId, SupplyRequestId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::config::Config;
use crate::money::payment::bills::{Bill, of_contracts};
use crate::platform::db::one;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::supply::deliveries::grades::GradePrice;

/// A contract.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct SupplyContract {
    pub id: ContractId,
    pub number: String,
    pub request_id: SupplyRequestId,
    pub request_number: String,
    pub title: String,
    pub organisation_id: OrganisationId,
    pub organisation_name: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub product_name: String,
    /// Of all windows.
    pub grams: i64,
    /// Đồng a kilogram.
    pub price: i64,
    /// What lesser grades cost.
    #[schema(value_type = Vec<GradePrice>)]
    pub grades: serde_json::Value,
    /// Đồng of all windows.
    pub total: i64,
    /// Days after a delivery until it is paid.
    pub credit_days: i32,
    /// Of the total, paid once it is signed.
    pub deposit_bp: i32,
    /// Of what is missing beyond the tolerance.
    pub penalty_bp: i32,
    /// Of what comes late, a day.
    pub late_bp: i32,
    pub state: ContractState,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub buyer_agreed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<OffsetDateTime>,
    /// Why it was declined.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// The bill for the deposit, once it is signed.
    #[sea_orm(skip)]
    #[schema(required = true)]
    pub deposit: Option<Bill>,
}

pub(super) const SELECT: &str = "SELECT k.id, k.number, k.request_id, r.number AS request_number, r.title, r.organisation_id, o.name AS organisation_name,
        k.cooperative_id, c.name_vi AS cooperative_name, p.name_vi AS product_name, k.price, k.grades, k.credit_days, k.deposit_bp, k.penalty_bp, k.late_bp, k.state, k.buyer_agreed_at, k.answered_at, k.reason,
        CAST((SELECT COALESCE(SUM(s.grams), 0) FROM supply_delivery s WHERE s.contract_id = k.id) AS bigint) AS grams,
        CAST((SELECT COALESCE(SUM((s.grams * k.price + 500) / 1000), 0) FROM supply_delivery s WHERE s.contract_id = k.id) AS bigint) AS total
    FROM supply_contract k JOIN supply_request r ON r.id = k.request_id JOIN organisation o ON o.id = r.organisation_id
         JOIN cooperative c ON c.id = k.cooperative_id JOIN supply_offer f ON f.id = k.offer_id JOIN product p ON p.id = f.product_id";

pub(super) async fn shown(
    connection: &impl ConnectionTrait,
    config: &Config,
    id: ContractId,
) -> Result<SupplyContract, Problem> {
    let row = one::<SupplyContract>(connection, format!("{SELECT} WHERE k.id = $1"), [id.into()]).await?;
    let mut rows = vec![row.ok_or_else(|| Problem::new(&NOT_FOUND))?];
    with_deposits(connection, config, &mut rows).await?;
    rows.pop().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Adds the bills for their deposits, by one statement.
pub(super) async fn with_deposits(
    connection: &impl ConnectionTrait,
    config: &Config,
    rows: &mut [SupplyContract],
) -> Result<(), Problem> {
    let ids: Vec<ContractId> = rows.iter().map(|row| row.id).collect();
    let bills = of_contracts(connection, &ids, config).await?;
    let deposits: Vec<Bill> = bills.into_iter().filter(|bill| bill.order_id.is_none()).collect();
    for row in rows {
        row.deposit = deposits.iter().find(|bill| bill.contract_id == row.id).cloned();
    }
    Ok(())
}
