//! What is to be done today, and what to fetch from which lot.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::value::{CooperativeId, DeliveryMethod, LotId, Money, OfferId, OrderId, OrderState, Vnd};
use garde::Validate;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::parcels::{ParcelView, views};
use super::rules::SILENT_DAYS;
use crate::orders::ordering::{ReturnQuery, ReturnView, find_returns, lines_of};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Params;
use crate::platform::db::{all, list as list_of};
use crate::platform::problem::Problem;
use crate::shop::inventory::lots::LotQuery;
use crate::shop::inventory::{lots, lots_of, rules::first_expired_first_out};

/// How many of each kind are listed; the counts are of all.
const SHOWN: u64 = 30;
/// A lot is worth looking at so many days before it expires.
const EXPIRES_SOON: i64 = 3;

/// An order in a list of things to do.
#[derive(Clone, Serialize, ToSchema)]
pub struct OrderBrief {
    pub id: OrderId,
    pub number: String,
    pub recipient: String,
    pub total: Money,
    pub delivery_method: DeliveryMethod,
    /// What was ordered, in short: `2 × Hộp 6 quả`.
    pub contents: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: OffsetDateTime,
    /// Unanswered by then, it expires.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub respond_by: Option<OffsetDateTime>,
}

#[derive(Serialize, ToSchema)]
pub struct QueuePart {
    pub count: i64,
    /// The first 30, oldest first.
    pub orders: Vec<OrderBrief>,
}

#[derive(Serialize, ToSchema)]
pub struct Queue {
    pub to_confirm: QueuePart,
    pub to_pack: QueuePart,
    /// Packed, and not all of it handed over.
    pub to_ship: QueuePart,
    /// Packed, for the buyer to collect.
    pub to_collect: QueuePart,
    /// Pre-orders whose harvest is not there.
    pub to_harvest: QueuePart,
    /// Buyers wrote and nobody has read it.
    pub unread: QueuePart,
    pub returns: Vec<ReturnView>,
    /// Late, silent, failed or lost.
    pub parcels: Vec<ParcelView>,
    pub expiring_lots: Vec<lots::LotView>,
}

#[derive(FromQueryResult)]
struct BriefRow {
    id: OrderId,
    number: String,
    recipient: String,
    total_amount: Vnd,
    delivery_method: DeliveryMethod,
    placed_at: OffsetDateTime,
    respond_by: Option<OffsetDateTime>,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

async fn part(desk: &Desk, cooperative: CooperativeId, which: &str) -> Result<QueuePart, Problem> {
    let db = desk.db.fresh();
    let from = format!("FROM orders o WHERE o.cooperative_id = $1 AND {which}");
    let count = all::<Count>(db, format!("SELECT COUNT(*) AS count {from}"), [cooperative.into()]).await?;
    let count = count.first().map_or(0, |row| row.count);
    if count == 0 {
        return Ok(QueuePart { count, orders: Vec::new() });
    }
    let rows = all::<BriefRow>(
        db,
        format!("SELECT o.id, o.number, o.recipient, o.total_amount, o.delivery_method, o.placed_at, o.respond_by {from} ORDER BY o.id LIMIT {SHOWN}"),
        [cooperative.into()],
    )
    .await?;
    let lines = lines_of(db, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let brief = |row: BriefRow| OrderBrief {
        contents: lines
            .iter()
            .filter(|line| line.order_id == row.id)
            .map(|line| format!("{} × {} ({})", line.quantity, line.name_vi, line.pack_vi))
            .collect(),
        id: row.id,
        number: row.number,
        recipient: row.recipient,
        total: row.total_amount.into(),
        delivery_method: row.delivery_method,
        placed_at: row.placed_at,
        respond_by: row.respond_by,
    };
    Ok(QueuePart { count, orders: rows.into_iter().map(brief).collect() })
}

const WAITS: &str = "EXISTS (SELECT 1 FROM preorder p WHERE p.order_id = o.id AND p.state IN ('waiting', 'short'))";

/// Everything a cooperative has to do now.
pub async fn today(desk: &Desk, cooperative: CooperativeId) -> Result<Queue, Problem> {
    let to_pack = format!("o.state = 'confirmed' AND NOT {WAITS}");
    let to_harvest = format!("o.state = 'confirmed' AND {WAITS}");
    let unread = "EXISTS (SELECT 1 FROM order_message m WHERE m.order_id = o.id AND m.read_at IS NULL AND m.author_kind <> 'seller')";
    let returns = find_returns(
        desk,
        cooperative,
        &ReturnQuery { state: Some(entity::value::ReturnState::Requested), ..ReturnQuery::default() },
    )
    .await?;
    let soon = LotQuery { in_stock: Some(true), expires_within: Some(EXPIRES_SOON), ..LotQuery::default() };
    Ok(Queue {
        to_confirm: part(desk, cooperative, "o.state = 'placed'").await?,
        to_pack: part(desk, cooperative, &to_pack).await?,
        to_ship: part(desk, cooperative, "o.state = 'packed' AND o.delivery_method = 'delivery'").await?,
        to_collect: part(desk, cooperative, "o.state = 'packed' AND o.delivery_method = 'pickup'").await?,
        to_harvest: part(desk, cooperative, &to_harvest).await?,
        unread: part(desk, cooperative, unread).await?,
        returns: returns.items,
        parcels: worrying_parcels(desk, cooperative).await?,
        expiring_lots: lots::find(desk, cooperative, &soon).await?.items,
    })
}

async fn worrying_parcels(desk: &Desk, cooperative: CooperativeId) -> Result<Vec<ParcelView>, Problem> {
    let rows = all::<entity::parcel::Model>(
        desk.db.fresh(),
        format!(
            "SELECT * FROM parcel WHERE cooperative_id = $1 AND last_event_at >= $4
               AND (state IN ('failed', 'lost') OR (state IN ('in_transit', 'out_for_delivery', 'returning')
                    AND (last_event_at < $2 OR expected_on < $3)))
             ORDER BY last_event_at LIMIT {SHOWN}"
        ),
        [
            cooperative.into(),
            (desk.now() - Duration::days(SILENT_DAYS)).into(),
            desk.today().into(),
            // What is lost for a quarter is known to be.
            (desk.now() - Duration::days(90)).into(),
        ],
    )
    .await?;
    Ok(views(desk.db.fresh(), rows, desk.now()).await?)
}

/// What is to be done today: orders by their next step, late parcels, returns, messages, lots about to expire.
#[utoipa::path(tag = "seller", operation_id = "show_queue", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "To do", body = Queue)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/queue")]
pub async fn show_queue(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeOrders).await?;
    Ok(HttpResponse::Ok().json(today(&desk, *cooperative).await?))
}

/// So many of an offer from a lot.
#[derive(Clone, Serialize, ToSchema)]
pub struct ProposedPick {
    pub offer_id: OfferId,
    pub name_vi: String,
    pub pack_vi: String,
    #[schema(required = true)]
    pub lot_id: Option<LotId>,
    /// None where no lot keeps long enough.
    #[schema(required = true)]
    pub lot_code: Option<String>,
    #[schema(value_type = Option<String>, format = Date, required = true)]
    pub expires_on: Option<Date>,
    pub quantity: i64,
}

#[derive(Serialize, ToSchema)]
pub struct PackListOrder {
    pub id: OrderId,
    pub number: String,
    pub recipient: String,
    pub picks: Vec<ProposedPick>,
}

#[derive(Serialize, ToSchema)]
pub struct PackList {
    pub orders: Vec<PackListOrder>,
    /// Of all orders together, lot by lot: what to fetch from the store.
    pub totals: Vec<ProposedPick>,
}

#[derive(FromQueryResult)]
struct ToPack {
    id: OrderId,
    number: String,
    recipient: String,
    arrive_days: i32,
}

#[derive(FromQueryResult)]
struct LotName {
    id: LotId,
    code: String,
    expires_on: Option<Date>,
}

/// The confirmed orders, oldest first, with the lots that would be taken if they were packed in this order.
pub async fn pack_list(desk: &Desk, cooperative: CooperativeId, only: &[OrderId]) -> Result<PackList, Problem> {
    let db = desk.db.fresh();
    let mut values: Vec<sea_orm::Value> = vec![cooperative.into()];
    values.extend(only.iter().map(|id| sea_orm::Value::from(*id)));
    let among = if only.is_empty() { String::new() } else { format!(" AND o.id IN {}", list_of(2, only.len())) };
    let orders = all::<ToPack>(
        db,
        format!(
            "SELECT o.id, o.number, o.recipient, o.arrive_days FROM orders o
             WHERE o.cooperative_id = $1 AND o.state = '{}' AND NOT {WAITS}{among} ORDER BY o.id LIMIT 200",
            OrderState::Confirmed.as_str()
        ),
        values,
    )
    .await?;
    let lines = lines_of(db, &orders.iter().map(|order| order.id).collect::<Vec<_>>()).await?;
    let mut levels = std::collections::HashMap::new();
    for line in &lines {
        if let std::collections::hash_map::Entry::Vacant(slot) = levels.entry(line.offer_id) {
            slot.insert(lots_of(db, line.offer_id).await?);
        }
    }
    let ids: Vec<sea_orm::Value> = levels.values().flatten().map(|lot| lot.lot.into()).collect();
    let names = if ids.is_empty() {
        Vec::new()
    } else {
        let sql = format!("SELECT id, code, expires_on FROM lot WHERE id IN {}", list_of(1, ids.len()));
        all::<LotName>(db, sql, ids).await?
    };
    let mut out = Vec::new();
    let mut totals: Vec<ProposedPick> = Vec::new();
    for order in orders {
        let keep_until = desk.today() + Duration::days(order.arrive_days.into());
        let mut picks = Vec::new();
        for line in lines.iter().filter(|line| line.order_id == order.id) {
            let lots = levels.entry(line.offer_id).or_default();
            let chosen: Vec<(Option<LotId>, i64)> = match first_expired_first_out(lots, line.quantity, keep_until) {
                Ok(found) => found.into_iter().map(|(lot, quantity)| (Some(lot), quantity)).collect(),
                Err(_) => vec![(None, line.quantity)],
            };
            for (lot, quantity) in chosen {
                for level in lots.iter_mut().filter(|level| Some(level.lot) == lot) {
                    level.on_hand -= quantity;
                }
                let name = names.iter().find(|name| Some(name.id) == lot);
                picks.push(ProposedPick {
                    offer_id: line.offer_id,
                    name_vi: line.name_vi.clone(),
                    pack_vi: line.pack_vi.clone(),
                    lot_id: lot,
                    lot_code: name.map(|name| name.code.clone()),
                    expires_on: name.and_then(|name| name.expires_on),
                    quantity,
                });
            }
        }
        for pick in &picks {
            match totals.iter_mut().find(|total| total.offer_id == pick.offer_id && total.lot_id == pick.lot_id) {
                Some(total) => total.quantity += pick.quantity,
                None => totals.push(pick.clone()),
            }
        }
        out.push(PackListOrder { id: order.id, number: order.number, recipient: order.recipient, picks });
    }
    Ok(PackList { orders: out, totals })
}

#[derive(Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PackListQuery {
    /// Only these orders: ids with commas between them.
    #[garde(inner(length(max = 4000)))]
    #[param(max_length = 4000)]
    order_ids: Option<String>,
}

/// The confirmed orders with what to take from which lot: first expired, first out.
#[utoipa::path(tag = "seller", operation_id = "show_pack_list", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), PackListQuery), responses((status = 200, description = "The list", body = PackList)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/pack-list")]
pub async fn show_pack_list(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    query: Params<PackListQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeOrders).await?;
    let mut only = Vec::new();
    for id in query.0.order_ids.iter().flat_map(|ids| ids.split(',')).map(str::trim).filter(|id| !id.is_empty()) {
        only.push(
            id.parse::<OrderId>()
                .map_err(|_| Problem::field("order_ids", "id", "không phải mã đơn hàng", "not ids of orders"))?,
        );
    }
    Ok(HttpResponse::Ok().json(pack_list(&desk, *cooperative, &only).await?))
}
