//! A contract as it is read.

use entity::supply::ContractState;
use entity::value::{ContractId, CooperativeId, OrganisationId, SupplyRequestId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::platform::db::one;
use crate::platform::problem::{NOT_FOUND, Problem};

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
    /// Đồng of all windows.
    pub total: i64,
    /// Days after a delivery until it is paid.
    pub credit_days: i32,
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
}

/// Whole đồng: a window's grams by the price of a kilogram, rounded half up.
pub fn amount(grams: i64, price: i64) -> i64 {
    i64::try_from((i128::from(grams) * i128::from(price) + 500) / 1_000).unwrap_or(i64::MAX)
}

pub(super) const SELECT: &str = "SELECT k.id, k.number, k.request_id, r.number AS request_number, r.title, r.organisation_id, o.name AS organisation_name,
        k.cooperative_id, c.name_vi AS cooperative_name, p.name_vi AS product_name, k.price, k.credit_days, k.state, k.buyer_agreed_at, k.answered_at, k.reason,
        CAST((SELECT COALESCE(SUM(s.grams), 0) FROM supply_share s WHERE s.offer_id = k.offer_id) AS bigint) AS grams,
        CAST((SELECT COALESCE(SUM((s.grams * k.price + 500) / 1000), 0) FROM supply_share s WHERE s.offer_id = k.offer_id) AS bigint) AS total
    FROM supply_contract k JOIN supply_request r ON r.id = k.request_id JOIN organisation o ON o.id = r.organisation_id
         JOIN cooperative c ON c.id = k.cooperative_id JOIN supply_offer f ON f.id = k.offer_id JOIN product p ON p.id = f.product_id";

pub(super) async fn shown(connection: &impl ConnectionTrait, id: ContractId) -> Result<SupplyContract, Problem> {
    let row = one::<SupplyContract>(connection, format!("{SELECT} WHERE k.id = $1"), [id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_are_whole_dong() {
        assert_eq!(
            (amount(10_000, 29_000), amount(1_500, 33_333), amount(1, 499), amount(1, 500)),
            (290_000, 50_000, 0, 1)
        );
    }
}
