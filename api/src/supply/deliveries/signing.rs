//! From a proposed contract to orders: what it brings in each window is written down when it is proposed, and promised when the
//! cooperative signs, all of it or nothing.

use entity::supply_delivery;
use entity::value::{
    AccountId, ContractId, CooperativeId, CooperativeStatus, DeliveryId, OrderId, ProductId, PurchaseId, SupplyWindowId,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use time::{Date, OffsetDateTime};

use super::packs::{packs_of, take};
use super::rules::amount;
use crate::ledger::rules::{WHOLE_BP, share};
use crate::money::payment::bills;
use crate::orders::ordering::GOODS_GONE;
use crate::orders::ordering::agreed::{self, AgreedLine, AgreedOrder, Beginning, Parties, Place};
use crate::platform::db::{all, one, run};
use crate::platform::problem::{Problem, codes};
use crate::platform::read_model::Level;
use crate::supply::share::Grams;

codes! {
    SHOP_NOT_ACTIVE = "shop_not_active" 409 "Hợp tác xã đang tạm ngưng bán." "The cooperative does not sell at the moment.";
    SUPPLY_GONE = "supply_gone" 409 "Hàng và sản lượng dự báo không còn đủ cho hợp đồng: hãy ghi thêm dự báo hoặc tồn kho, hoặc từ chối." "Stock and forecasts are no longer enough for the contract: record more, or decline.";
}

/// What a contract brings in a window.
pub struct Planned {
    pub window: SupplyWindowId,
    pub from_on: Date,
    pub to_on: Date,
    pub grams: Grams,
}

/// Writes down what a contract that is proposed brings.
pub async fn plan(
    transaction: &impl ConnectionTrait,
    contract: ContractId,
    windows: Vec<Planned>,
) -> Result<(), Problem> {
    let rows: Vec<_> = windows
        .into_iter()
        .filter(|window| window.grams > 0)
        .map(|window| supply_delivery::ActiveModel {
            id: Set(DeliveryId::new()),
            contract_id: Set(contract),
            window_id: Set(window.window),
            grams: Set(window.grams),
            from_on: Set(window.from_on),
            to_on: Set(window.to_on),
            order_id: Set(None),
            reminded_on: Set(None),
        })
        .collect();
    if !rows.is_empty() {
        supply_delivery::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Terms {
    cooperative_id: CooperativeId,
    product_id: ProductId,
    purchase_id: Option<PurchaseId>,
    buyer_agreed_by: AccountId,
    request_number: String,
    number: String,
    price: i64,
    box_grams: i64,
    deposit_bp: i32,
    status: CooperativeStatus,
}

#[derive(FromQueryResult)]
struct Wanted {
    id: DeliveryId,
    grams: i64,
    to_on: Date,
    recipient: String,
    phone: String,
    street: String,
    commune_code: String,
}

/// What was promised of a contract.
pub struct Signed {
    pub levels: Vec<Level>,
    /// Đồng.
    pub total: i64,
    pub product: ProductId,
}

async fn wanted(connection: &impl ConnectionTrait, contract: ContractId) -> Result<Vec<Wanted>, Problem> {
    let sql = "SELECT d.id, d.grams, d.to_on, p.recipient, p.phone, p.street, p.commune_code
               FROM supply_delivery d JOIN supply_window w ON w.id = d.window_id JOIN organisation_place p ON p.id = w.place_id
               WHERE d.contract_id = $1 ORDER BY d.to_on, d.id";
    Ok(all(connection, sql, [contract.into()]).await?)
}

/// The cooperative signs: an order for each window, its goods promised, and a bill for the deposit.
pub async fn sign(
    transaction: &impl ConnectionTrait,
    contract: ContractId,
    seller: AccountId,
    now: OffsetDateTime,
) -> Result<Signed, Problem> {
    let sql = "SELECT k.cooperative_id, f.product_id, r.purchase_id, k.buyer_agreed_by, r.number AS request_number, k.number, k.price, f.box_grams, k.deposit_bp, c.status
               FROM supply_contract k JOIN supply_offer f ON f.id = k.offer_id JOIN supply_request r ON r.id = k.request_id
                   JOIN cooperative c ON c.id = k.cooperative_id WHERE k.id = $1";
    let terms = one::<Terms>(transaction, sql, [contract.into()]).await?;
    let terms = terms.ok_or_else(|| Problem::internal("a contract without terms"))?;
    if terms.status != CooperativeStatus::Active {
        return Err(Problem::new(&SHOP_NOT_ACTIVE));
    }
    let purchase = terms.purchase_id.ok_or_else(|| Problem::internal("a contract without a purchase"))?;
    let mut packs = packs_of(transaction, &[terms.product_id]).await?.remove(&terms.product_id).unwrap_or_default();
    let deliveries = wanted(transaction, contract).await?;
    let mut orders = Vec::new();
    for delivery in &deliveries {
        let (taken, missing) = take(&mut packs, (terms.box_grams, terms.price), delivery.grams, delivery.to_on);
        if missing > 0 {
            return Err(Problem::new(&SUPPLY_GONE).extension("until", delivery.to_on).extension("missing", missing));
        }
        let lines = taken.into_iter().map(|taken| AgreedLine {
            offer: taken.offer,
            unit_amount: amount(taken.net, terms.price),
            stock: taken.stock,
            harvest: taken.harvest,
        });
        orders.push(AgreedOrder {
            place: Place {
                recipient: delivery.recipient.clone(),
                phone: delivery.phone.clone(),
                street: delivery.street.clone(),
                commune_code: delivery.commune_code.clone(),
            },
            note: format!("{} · {}", terms.number, terms.request_number),
            keep_until: delivery.to_on,
            delivery: 0,
            lines: lines.collect(),
        });
    }
    let parties = Parties {
        cooperative: terms.cooperative_id,
        purchase,
        buyer: terms.buyer_agreed_by,
        beginning: Beginning::Signed(contract, seller),
    };
    // Somebody in the shop was faster.
    let gone = |problem: Problem| {
        if problem.code.name == GOODS_GONE.name { Problem::new(&SUPPLY_GONE) } else { problem }
    };
    let promised = agreed::place(transaction, &parties, &orders, now).await.map_err(gone)?;
    for (delivery, order) in deliveries.iter().zip(&promised.orders) {
        let sql = "UPDATE supply_delivery SET order_id = $2 WHERE id = $1";
        run(transaction, sql, [delivery.id.into(), (*order).into()]).await?;
    }
    let deposit = share(promised.total, terms.deposit_bp.into(), WHOLE_BP);
    if deposit > 0 {
        bills::write(transaction, purchase, (contract, None), deposit, now).await?;
    }
    Ok(Signed { levels: promised.levels, total: promised.total, product: terms.product_id })
}

#[derive(FromQueryResult)]
struct Brought {
    window_id: SupplyWindowId,
    grams: i64,
}

/// What the contracts of a request that were not declined bring or brought, by window: what is on its way to be signed, is promised, or
/// was accepted; without what was called off, fell short, or did not come.
pub async fn brought(
    connection: &impl ConnectionTrait,
    request: entity::value::SupplyRequestId,
) -> Result<Vec<(SupplyWindowId, Grams)>, Problem> {
    let sql = "SELECT d.window_id, CAST(CASE
                   WHEN k.state = 'declined' OR o.state IN ('cancelled', 'expired') THEN 0
                   WHEN a.state = 'agreed' THEN a.gross_g - a.tare_g - a.rejected_g
                   WHEN o.id IS NOT NULL THEN o.goods_amount * 1000 / k.price
                   ELSE d.grams END AS bigint) AS grams
               FROM supply_delivery d JOIN supply_contract k ON k.id = d.contract_id LEFT JOIN orders o ON o.id = d.order_id
                   LEFT JOIN supply_acceptance a ON a.delivery_id = d.id
               WHERE k.request_id = $1";
    let rows = all::<Brought>(connection, sql, [request.into()]).await?;
    Ok(rows.into_iter().map(|row| (row.window_id, row.grams)).collect())
}

/// Orders of a contract, in the order in which they are locked.
#[derive(FromQueryResult)]
pub(super) struct OfContract {
    pub id: OrderId,
    pub deposit_amount: i64,
}

pub(super) async fn orders_of(
    connection: &impl ConnectionTrait,
    contract: ContractId,
) -> Result<Vec<OfContract>, Problem> {
    let sql = "SELECT id, deposit_amount FROM orders WHERE contract_id = $1 ORDER BY id";
    Ok(all(connection, sql, [contract.into()]).await?)
}
