//! Processing: raw lots of one cooperative that another makes goods of. Its owner asks, the processor says a price, the owner agrees, the
//! processor says what came out; what it costs is owed then, and shared among the households whose lots went in. The goods themselves become
//! a lot where lots are recorded, made of the ones that went in.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::supply::ProcessingState;
use entity::value::{CooperativeId, LotId, ProcessingId};
use entity::{lot, processing_input, processing_order};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::books::owed;
use super::keeper::Keeper;
use crate::ledger::rules::{WHOLE_BP, share, split};
use crate::ledger::{self};
use crate::orders::ordering::number;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, by_id, list, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    PROCESSING_STATE = "processing_state" 409 "Việc chế biến không ở trạng thái cho phép bước này, hoặc vừa được sửa." "The processing is not in a state that allows this, or has just been changed.";
}

/// How much of a lot goes in.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ProcessingPart {
    pub lot_id: LotId,
    #[garde(range(min = 1, max = 10_000_000_000))]
    #[schema(minimum = 1, maximum = 10_000_000_000_i64)]
    pub grams: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"processor_id": "0197f2a0-0000-7000-8000-000000000001", "wanted": "Mứt vỏ bưởi, hũ 350 g", "lots": [{"lot_id": "0197f2a0-0000-7000-8000-000000000002", "grams": 200_000}]}))]
pub struct ProcessingInput {
    pub processor_id: CooperativeId,
    #[garde(length(chars, min = 3, max = 300))]
    #[schema(min_length = 3, max_length = 300)]
    pub wanted: String,
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub lots: Vec<ProcessingPart>,
}

/// A household's part of what went in, and of what it costs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HouseholdShare {
    /// As the lot tells; none where it does not.
    #[schema(required = true)]
    pub household: Option<String>,
    pub grams: i64,
    /// Đồng; none before it is done.
    #[schema(required = true)]
    pub amount: Option<i64>,
}

/// Goods that one cooperative makes of another's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessingOrder {
    pub id: ProcessingId,
    pub number: String,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub processor_id: CooperativeId,
    pub processor_name: String,
    pub wanted: String,
    pub state: ProcessingState,
    pub version: i64,
    /// Đồng a kilogram that goes in.
    #[schema(required = true)]
    pub price: Option<i64>,
    pub input_g: i64,
    #[schema(required = true)]
    pub output_g: Option<i64>,
    /// Basis points of what went in.
    #[schema(required = true)]
    pub yield_bp: Option<i64>,
    /// Đồng, once it is done.
    #[schema(required = true)]
    pub amount: Option<i64>,
    /// Why it was declined.
    #[schema(required = true)]
    pub reason: Option<String>,
    pub households: Vec<HouseholdShare>,
}

#[derive(FromQueryResult)]
struct Row {
    id: ProcessingId,
    number: String,
    cooperative_id: CooperativeId,
    cooperative_name: String,
    processor_id: CooperativeId,
    processor_name: String,
    wanted: String,
    state: ProcessingState,
    version: i64,
    price: Option<i64>,
    output_g: Option<i64>,
    amount: Option<i64>,
    reason: Option<String>,
}

const SELECT: &str = "SELECT p.id, p.number, p.cooperative_id, c.name_vi AS cooperative_name, p.processor_id, m.name_vi AS processor_name, p.wanted, p.state, p.version,
        p.price, p.output_g, p.amount, p.reason
    FROM processing_order p JOIN cooperative c ON c.id = p.cooperative_id JOIN cooperative m ON m.id = p.processor_id";

#[derive(FromQueryResult)]
struct Part {
    order_id: ProcessingId,
    household: Option<String>,
    grams: i64,
}

/// A cooperative that could process.
#[derive(Clone, Debug, Serialize, FromQueryResult)]
pub struct Maker {
    pub id: CooperativeId,
    pub name: String,
}

/// Whom a cooperative could ask to process its goods, by name.
pub async fn makers(desk: &Desk, cooperative: CooperativeId) -> Result<Vec<Maker>, Problem> {
    let sql =
        "SELECT id, name_vi AS name FROM cooperative WHERE status = 'active' AND id <> $1 ORDER BY name_vi LIMIT 500";
    Ok(all(desk.db.fresh(), sql, [cooperative.into()]).await?)
}

/// What it costs, shared by what went in, to the last đồng.
fn shares(parts: Vec<Part>, amount: Option<i64>) -> Vec<HouseholdShare> {
    let weights: Vec<i64> = parts.iter().map(|part| part.grams).collect();
    let split = amount.map(|amount| split(amount, &weights));
    parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| HouseholdShare {
            household: part.household,
            grams: part.grams,
            amount: split.as_ref().and_then(|split| split.get(index).copied()),
        })
        .collect()
}

async fn views(connection: &impl ConnectionTrait, rows: Vec<Row>) -> Result<Vec<ProcessingOrder>, Problem> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT i.order_id, l.household, CAST(SUM(i.grams) AS bigint) AS grams FROM processing_input i JOIN lot l ON l.id = i.lot_id
         WHERE i.order_id IN {} GROUP BY i.order_id, l.household ORDER BY i.order_id, l.household",
        list(1, rows.len())
    );
    let mut parts =
        all::<Part>(connection, sql, rows.iter().map(|row| Value::from(row.id)).collect::<Vec<_>>()).await?;
    let view = |row: Row| {
        let own: Vec<Part> = parts.extract_if(.., |part| part.order_id == row.id).collect();
        let input_g: i64 = own.iter().map(|part| part.grams).sum();
        ProcessingOrder {
            id: row.id,
            number: row.number,
            cooperative_id: row.cooperative_id,
            cooperative_name: row.cooperative_name,
            processor_id: row.processor_id,
            processor_name: row.processor_name,
            wanted: row.wanted,
            state: row.state,
            version: row.version,
            price: row.price,
            input_g,
            output_g: row.output_g,
            yield_bp: row.output_g.map(|output| share(WHOLE_BP, output, input_g)),
            amount: row.amount,
            reason: row.reason,
            households: shares(own, row.amount),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// What a cooperative has made, and makes for others; newest first.
pub async fn find(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<ProcessingOrder>, Problem> {
    let page = NewestFirst::of(SELECT, "p.id", place)?
        .and("? IN (p.cooperative_id, p.processor_id)", cooperative)
        .page(desk.db.fresh(), |row: &Row| row.id)
        .await?;
    Ok(Page { items: views(desk.db.fresh(), page.items).await?, next_cursor: page.next_cursor })
}

/// What the cooperative has made, and makes for others; newest first.
#[utoipa::path(tag = "seller", operation_id = "list_processing_orders", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of processing orders", body = Page<ProcessingOrder>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/processing")]
pub async fn list_processing_orders(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeShop).await?;
    Ok(HttpResponse::Ok().json(find(&desk, *cooperative, paging.0.place()).await?))
}

async fn shown(connection: &impl ConnectionTrait, id: ProcessingId) -> Result<ProcessingOrder, Problem> {
    let row = one::<Row>(connection, format!("{SELECT} WHERE p.id = $1"), [id.into()]).await?;
    let row = row.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    views(connection, vec![row]).await?.pop().ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Ask another cooperative to make something of one's lots.
pub async fn ask(desk: &Desk, cooperative: CooperativeId, input: ProcessingInput) -> Result<ProcessingOrder, Problem> {
    let transaction = desk.begin().await?;
    let processor = by_id::<entity::cooperative::Entity>(&transaction, input.processor_id).await?;
    let active = processor.is_some_and(|row| row.status == entity::value::CooperativeStatus::Active);
    if !active || input.processor_id == cooperative {
        let (vi, en) = ("không có cơ sở này", "there is no such cooperative");
        return Err(Problem::field("/processor_id", "cooperative", vi, en));
    }
    let (id, now) = (ProcessingId::new(), desk.now());
    let mut parts: Vec<processing_input::ActiveModel> = Vec::new();
    for (index, part) in input.lots.iter().enumerate() {
        let found = by_id::<lot::Entity>(&transaction, part.lot_id).await?;
        let twice = input.lots[..index].iter().any(|other| other.lot_id == part.lot_id);
        if twice || found.is_none_or(|lot| lot.cooperative_id != cooperative) {
            let (vi, en) = ("không có lô này, hoặc đã có ở trên", "there is no such lot, or it stands above");
            return Err(Problem::field(format!("/lots/{index}/lot_id"), "lot", vi, en));
        }
        parts.push(processing_input::ActiveModel {
            order_id: Set(id),
            lot_id: Set(part.lot_id),
            grams: Set(part.grams),
        });
    }
    let row = processing_order::ActiveModel {
        id: Set(id),
        number: Set(number("CB", now)),
        cooperative_id: Set(cooperative),
        processor_id: Set(input.processor_id),
        wanted: Set(fold::stored(&input.wanted)),
        state: Set(ProcessingState::Asked),
        price: Set(None),
        output_g: Set(None),
        amount: Set(None),
        reason: Set(None),
        version: Set(1),
        asked_by: Set(desk.who.account),
        created_at: Set(now),
        updated_at: Set(now),
    };
    processing_order::Entity::insert(row).exec_without_returning(&transaction).await?;
    processing_input::Entity::insert_many(parts).exec_without_returning(&transaction).await?;
    let found = shown(&transaction, id).await?;
    tell(desk, &transaction, &found, input.processor_id).await?;
    desk.audit(&transaction, "processing.asked", ("processing_order", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(found)
}

async fn tell(
    desk: &Desk,
    transaction: &impl ConnectionTrait,
    found: &ProcessingOrder,
    to: CooperativeId,
) -> Result<(), Problem> {
    let told = json!({
        "processing_id": found.id, "number": found.number, "wanted": found.wanted, "state": found.state, "grams": found.input_g,
        "cooperative": found.cooperative_name, "processor": found.processor_name, "price": found.price, "output_g": found.output_g,
    });
    Ok(emit(transaction, "processing.step", to.0, told, desk.now()).await?)
}

/// Ask another cooperative to make something of one's lots.
#[utoipa::path(tag = "seller", operation_id = "ask_for_processing", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = ProcessingInput, responses((status = 201, description = "The processing order", body = ProcessingOrder)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/processing")]
pub async fn ask_for_processing(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<ProcessingInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditListings).await?;
    Ok(HttpResponse::Created().json(ask(&desk, *cooperative, body.0).await?))
}

/// A step of a processing order.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, tag = "step", rename_all = "snake_case")]
#[garde(allow_unvalidated)]
#[schema(example = json!({"step": "price", "version": 1, "price": 6_000}))]
pub enum ProcessingStep {
    /// The processor says its price: đồng a kilogram that goes in.
    Price {
        version: i64,
        #[garde(range(min = 0, max = 100_000_000))]
        price: i64,
    },
    /// The owner of the goods agrees to it.
    Agree { version: i64 },
    /// The processor says what came out.
    Done {
        version: i64,
        #[garde(range(min = 1, max = 10_000_000_000))]
        output_g: i64,
    },
    /// Either side, before it is agreed to.
    Decline {
        version: i64,
        #[garde(length(chars, min = 3, max = 500))]
        reason: String,
    },
}

/// Takes a step; the other side is told.
pub async fn step(
    desk: &Desk,
    (cooperative, id): (CooperativeId, ProcessingId),
    input: ProcessingStep,
) -> Result<ProcessingOrder, Problem> {
    let transaction = desk.begin().await?;
    let before = shown(&transaction, id).await?;
    let (owns, makes) = (before.cooperative_id == cooperative, before.processor_id == cooperative);
    if !owns && !makes {
        return Err(Problem::new(&NOT_FOUND));
    }
    let kilograms = |price: i64| share(price, before.input_g, 1_000);
    // Who may, from which states, and what is written.
    let (may, from, to, version) = match &input {
        ProcessingStep::Price { version, .. } => (makes, "asked,priced", "priced", version),
        ProcessingStep::Agree { version } => (owns, "priced", "agreed", version),
        ProcessingStep::Done { version, .. } => (makes, "agreed", "done", version),
        ProcessingStep::Decline { version, .. } => (true, "asked,priced", "declined", version),
    };
    if !may {
        return Err(Problem::new(&PROCESSING_STATE));
    }
    let (price, output_g, amount, reason) = match &input {
        ProcessingStep::Price { price, .. } => (Some(*price), None, None, None),
        ProcessingStep::Agree { .. } => (before.price, None, None, None),
        ProcessingStep::Done { output_g, .. } => (before.price, Some(*output_g), before.price.map(kilograms), None),
        ProcessingStep::Decline { reason, .. } => (before.price, None, None, fold::filled(Some(reason.clone()))),
    };
    let sql = "UPDATE processing_order SET state = $4, price = $5, output_g = $6, amount = $7, reason = $8, version = version + 1, updated_at = $9
               WHERE id = $1 AND version = $2 AND state IN ($3, $10)";
    let (first, second) = from.split_once(',').unwrap_or((from, from));
    let values: [Value; 10] = [
        id.into(),
        (*version).into(),
        first.into(),
        to.into(),
        price.into(),
        output_g.into(),
        amount.into(),
        reason.into(),
        desk.now().into(),
        second.into(),
    ];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&PROCESSING_STATE).extension("state", before.state));
    }
    if let Some(amount) = amount {
        let of = ("processing", id.0, before.number.as_str());
        let journal = owed(of, (before.cooperative_id, Keeper::Cooperative(before.processor_id)), amount);
        ledger::post(&transaction, vec![journal], desk.now()).await?;
    }
    let found = shown(&transaction, id).await?;
    let other = if owns { before.processor_id } else { before.cooperative_id };
    tell(desk, &transaction, &found, other).await?;
    desk.audit(&transaction, "processing.step", ("processing_order", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.bell.ring();
    Ok(found)
}

/// Say a price, agree to it, say what came out, or decline.
#[utoipa::path(tag = "seller", operation_id = "step_processing_order", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("processing_id" = ProcessingId, Path)), request_body = ProcessingStep, responses((status = 200, description = "The processing order", body = ProcessingOrder)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/processing/{processing_id}/steps")]
pub async fn step_processing_order(
    desk: Desk,
    path: Path<(CooperativeId, ProcessingId)>,
    body: Body<ProcessingStep>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(step(&desk, path.into_inner(), body.0).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_shared_to_the_last_dong() {
        let part = |household: &str, grams| Part {
            order_id: ProcessingId::new(),
            household: Some(household.to_owned()),
            grams,
        };
        let found = shares(vec![part("Hộ A", 100_000), part("Hộ B", 50_000), part("Hộ C", 50_001)], Some(1_000_001));
        assert_eq!(found.iter().filter_map(|one| one.amount).sum::<i64>(), 1_000_001);
        assert!(found[0].amount > found[1].amount);
    }
}
