//! A delivery is settled once both sides agree to what was weighed: its order costs what was accepted, what is missing or late and a part
//! of the deposit are set off, and the rest is billed. What is left of a deposit after the last delivery goes back.

use entity::supply::AcceptanceState;
use entity::supply_acceptance;
use entity::value::{
    AcceptanceId, AccountId, ContractId, CooperativeId, DeliveryId, OrderActor, OrderId, OrderState, OrganisationId,
    PaymentId, PurchaseId, RefundId,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};

use super::grades::lesser_of;
use super::rules::{Agreed, Weighed, Worth, of_deposit, worth};
use super::signing::orders_of;
use crate::ledger::refunds::{self, Owe};
use crate::ledger::{self, gateways, payments};
use crate::money::payment::bills;
use crate::orders::ordering::agreed::{self, Accepted};
use crate::orders::ordering::{Action, By, Tools, order_within, sale, step_within};
use crate::platform::clock::VIETNAM;
use crate::platform::db::{one, run};
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;
use crate::platform::read_model::Level;

/// What became of an attempt to settle.
pub enum Settled {
    Done(Vec<Level>),
    /// Somebody wrote the record anew, or it was settled before.
    Changed,
}

#[derive(FromQueryResult)]
struct Facts {
    contract_id: ContractId,
    contract_number: String,
    cooperative_id: CooperativeId,
    organisation_id: OrganisationId,
    organisation_name: String,
    cooperative_name: String,
    order_id: OrderId,
    order_number: String,
    purchase_id: PurchaseId,
    goods_amount: i64,
    to_on: Date,
    price: i64,
    credit_days: i32,
    deposit_bp: i32,
    penalty_bp: i32,
    late_bp: i32,
    tolerance_bp: i32,
    grades: serde_json::Value,
    /// Other deliveries of the contract that are still to be settled.
    others: i64,
}

const FACTS: &str = "SELECT d.contract_id, k.number AS contract_number, k.cooperative_id, r.organisation_id, g.name AS organisation_name,
        c.name_vi AS cooperative_name, o.id AS order_id, o.number AS order_number,
        o.purchase_id, o.goods_amount, d.to_on, k.price, k.credit_days, k.deposit_bp, k.penalty_bp, k.late_bp, r.tolerance_bp, k.grades,
        (SELECT COUNT(*) FROM supply_delivery e JOIN orders p ON p.id = e.order_id LEFT JOIN supply_acceptance b ON b.delivery_id = e.id
         WHERE e.contract_id = k.id AND e.id <> d.id AND p.state NOT IN ('cancelled', 'expired') AND (b.state IS NULL OR b.state <> 'agreed')) AS others
    FROM supply_delivery d JOIN supply_contract k ON k.id = d.contract_id JOIN supply_request r ON r.id = k.request_id
         JOIN organisation g ON g.id = r.organisation_id JOIN cooperative c ON c.id = k.cooperative_id JOIN orders o ON o.id = d.order_id
    WHERE d.id = $1";

#[derive(FromQueryResult)]
struct Deposit {
    id: PaymentId,
    amount: i64,
}

/// A contract's deposit as far as it was paid, and what of it is left.
async fn deposit_left(
    transaction: &impl ConnectionTrait,
    contract: ContractId,
) -> Result<(Option<PaymentId>, i64), Problem> {
    let sql = "SELECT id, amount FROM payment WHERE contract_id = $1 AND order_id IS NULL AND state IN ('captured', 'partly_refunded', 'refunded')";
    let Some(deposit) = one::<Deposit>(transaction, sql, [contract.into()]).await? else { return Ok((None, 0)) };
    let used: i64 = orders_of(transaction, contract).await?.iter().map(|order| order.deposit_amount).sum();
    let sql = "SELECT CAST(COALESCE(SUM(amount), 0) AS bigint) AS amount FROM refund WHERE payment_id = $1 AND state <> 'rejected'
                 AND NOT EXISTS (SELECT 1 FROM refund_part t WHERE t.refund_id = refund.id)";
    let back = one::<Back>(transaction, sql, [deposit.id.into()]).await?.map_or(0, |row| row.amount);
    Ok((Some(deposit.id), (deposit.amount - used - back).max(0)))
}

#[derive(FromQueryResult)]
struct Back {
    amount: i64,
}

/// Both sides agree to the record in this version, or nobody objected in time. In the caller's transaction, which must be rolled back
/// unless it is done.
pub async fn settle(
    transaction: &impl ConnectionTrait,
    tools: &Tools<'_>,
    (id, version): (DeliveryId, i64),
    by: Option<AccountId>,
) -> Result<Settled, Problem> {
    let now = tools.now;
    let facts = one::<Facts>(transaction, FACTS, [id.into()]).await?;
    let facts = facts.ok_or_else(|| Problem::internal("a record of no delivery"))?;
    // Of two deliveries of a contract that are settled at once, the second sees what the first took of the deposit.
    for order in orders_of(transaction, facts.contract_id).await? {
        sale::lock(transaction, order.id).await?;
    }
    let sql = "UPDATE supply_acceptance SET state = 'agreed', answered_by = $3, answered_at = $4, version = version + 1
               WHERE delivery_id = $1 AND version = $2 AND state IN ('written', 'contested')";
    if run(transaction, sql, [id.into(), version.into(), by.into(), now.into()]).await? != 1 {
        return Ok(Settled::Changed);
    }
    // As it stands now that nobody else can change it.
    let facts = one::<Facts>(transaction, FACTS, [id.into()]).await?;
    let facts = facts.ok_or_else(|| Problem::internal("a record of no delivery"))?;
    let record = supply_acceptance::Entity::find()
        .filter(supply_acceptance::Column::DeliveryId.eq(id))
        .filter(supply_acceptance::Column::State.eq(AcceptanceState::Agreed))
        .one(transaction)
        .await?
        .ok_or_else(|| Problem::internal("a record that is gone"))?;
    let worth = worth(&as_agreed(&facts), &as_weighed(&record), &lesser_of(&record, &facts.grades));
    let (_, left) = deposit_left(transaction, facts.contract_id).await?;
    let due = worth.amount - worth.penalty;
    let off = of_deposit(left, facts.deposit_bp.into(), due, facts.others == 0);
    let accepted = Accepted { amount: worth.amount, deposit: off, penalty: worth.penalty };
    agreed::accept(transaction, facts.order_id, &accepted, now).await?;
    let due_on = now.to_offset(VIETNAM).date() + Duration::days(facts.credit_days.into());
    let sql = "UPDATE supply_acceptance SET amount = $2, penalty_amount = $3, deposit_amount = $4, due_on = $5 WHERE delivery_id = $1";
    let values: [sea_orm::Value; 5] = [id.into(), worth.amount.into(), worth.penalty.into(), off.into(), due_on.into()];
    run(transaction, sql, values).await?;
    let levels = ask_for(transaction, tools, (&facts, &record), due - off).await?;
    close_if_over(transaction, facts.contract_id, now).await?;
    tell(transaction, (&facts, &record), (worth, off, due_on), now).await?;
    Ok(Settled::Done(levels))
}

fn as_agreed(facts: &Facts) -> Agreed {
    Agreed {
        grams: ledger::rules::share(1_000, facts.goods_amount, facts.price),
        price: facts.price,
        tolerance_bp: facts.tolerance_bp.into(),
        penalty_bp: facts.penalty_bp.into(),
        late_bp: facts.late_bp.into(),
        until: facts.to_on,
    }
}

fn as_weighed(record: &supply_acceptance::Model) -> Weighed {
    Weighed { gross: record.gross_g, tare: record.tare_g, rejected: record.rejected_g, on: record.received_on }
}

/// Bills what is left to pay; an order nothing is left to pay for is over.
async fn ask_for(
    transaction: &impl ConnectionTrait,
    tools: &Tools<'_>,
    (facts, record): (&Facts, &supply_acceptance::Model),
    rest: i64,
) -> Result<Vec<Level>, Problem> {
    if rest > 0 {
        let of = (facts.contract_id, Some(facts.order_id));
        bills::write(transaction, facts.purchase_id, of, rest, tools.now).await?;
        return Ok(Vec::new());
    }
    let mut levels = Vec::new();
    let journals = sale::settle(transaction, facts.order_id, None, record.id.0, tools.now).await?;
    let standing = order_within(transaction, facts.order_id).await?;
    if standing.state == OrderState::Delivered {
        let by = By::of(OrderActor::System, None, Some("settled".to_owned()));
        levels = step_within(transaction, tools, &standing, Action::Complete, by).await?;
    }
    ledger::post(transaction, journals, tools.now).await?;
    Ok(levels)
}

async fn tell(
    transaction: &impl ConnectionTrait,
    (facts, record): (&Facts, &supply_acceptance::Model),
    (worth, deposit, due_on): (Worth, i64, Date),
    now: OffsetDateTime,
) -> Result<(), Problem> {
    emit(transaction, "order.accepted", facts.order_id.0, json!({}), now).await?;
    let told = json!({
        "delivery_id": record.delivery_id, "contract": facts.contract_number, "order": facts.order_number, "agreed": true,
        "organisation_id": facts.organisation_id, "organisation": facts.organisation_name, "cooperative": facts.cooperative_name,
        "accepted_g": record.gross_g - record.tare_g - record.rejected_g, "rejected_g": record.rejected_g, "amount": worth.amount,
        "penalty": worth.penalty, "deposit": deposit, "due": worth.amount - worth.penalty - deposit, "due_on": due_on.to_string(),
    });
    emit(transaction, "delivery.answered", facts.cooperative_id.0, told, now).await?;
    Ok(())
}

/// Once nothing of a contract is to be delivered any more, what is left of its deposit goes back, and one that was not paid is no longer
/// asked for.
pub async fn close_if_over(
    transaction: &impl ConnectionTrait,
    contract: ContractId,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let sql = "SELECT COUNT(*) AS amount FROM supply_delivery e JOIN orders p ON p.id = e.order_id LEFT JOIN supply_acceptance b ON b.delivery_id = e.id
               WHERE e.contract_id = $1 AND p.state NOT IN ('cancelled', 'expired') AND (b.state IS NULL OR b.state <> 'agreed')";
    if one::<Back>(transaction, sql, [contract.into()]).await?.is_some_and(|row| row.amount > 0) {
        return Ok(());
    }
    payments::forget_deposit(transaction, contract, now).await?;
    let (deposit, left) = deposit_left(transaction, contract).await?;
    let (Some(deposit), true) = (deposit, left > 0) else { return Ok(()) };
    let sql = "SELECT purchase_id FROM payment WHERE id = $1";
    let Some(of) = one::<Of>(transaction, sql, [deposit.into()]).await? else { return Ok(()) };
    let id = RefundId::new();
    let because = Owe::because("deposit_left");
    refunds::add(transaction, refunds::row(id, of.purchase_id, Some(deposit), left, &because, now)).await?;
    ledger::post(transaction, vec![gateways::deposit_owed(id, contract, left)], now).await
}

#[derive(FromQueryResult)]
struct Of {
    purchase_id: PurchaseId,
}

/// The record of one who did not weigh in time: everything arrived as agreed.
pub fn in_full(
    id: DeliveryId,
    grams: i64,
    by: AccountId,
    (on, now): (Date, OffsetDateTime),
) -> supply_acceptance::Model {
    supply_acceptance::Model {
        id: AcceptanceId::new(),
        delivery_id: id,
        received_on: on,
        gross_g: grams,
        tare_g: 0,
        rejected_g: 0,
        grade: String::new(),
        graded: json!([]),
        reason: None,
        photos: json!([]),
        state: AcceptanceState::Written,
        version: 1,
        written_by: by,
        written_at: now,
        answered_by: None,
        answered_at: None,
        answer: None,
        amount: None,
        penalty_amount: None,
        deposit_amount: None,
        due_on: None,
    }
}
