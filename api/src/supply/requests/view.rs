//! Requests as they are read, by the buyer and by who offers.

use std::collections::HashMap;

use entity::supply::{RequestState, ShareRule, SupplyOfferState};
use entity::value::{
    CategoryId, CooperativeId, DeliveryPlaceId, OrganisationId, ProductId, SupplyOfferId, SupplyRequestId,
    SupplyWindowId,
};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::Date;
use utoipa::ToSchema;

use crate::platform::db::{all, one};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::supply::deliveries::grades::{GradePrice, prices};

/// A request without what hangs on it.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct SupplyRequest {
    pub id: SupplyRequestId,
    pub number: String,
    pub organisation_id: OrganisationId,
    pub organisation_name: String,
    pub category_id: CategoryId,
    pub category: String,
    pub title: String,
    /// Grade and size, in words.
    pub grade: String,
    pub packing: String,
    /// Kinds of certificates asked for, between commas.
    pub papers: String,
    pub tolerance_bp: i32,
    /// Of what a contract costs, paid once it is signed.
    pub deposit_bp: i32,
    /// Of what is missing beyond the tolerance.
    pub penalty_bp: i32,
    /// Of what comes late, a day.
    pub late_bp: i32,
    /// Đồng a kilogram.
    #[schema(required = true)]
    pub price_idea: Option<i64>,
    /// Seen by chosen cooperatives only.
    pub chosen_only: bool,
    #[schema(value_type = String, format = Date)]
    pub answer_by: Date,
    pub state: RequestState,
    #[schema(required = true)]
    pub rule: Option<ShareRule>,
    pub version: i64,
    /// Of all windows.
    pub grams: i64,
}

pub(super) const SELECT: &str = "SELECT r.id, r.number, r.organisation_id, o.name AS organisation_name, r.category_id, g.slug AS category, r.title, r.grade, r.packing,
        r.papers, r.tolerance_bp, r.deposit_bp, r.penalty_bp, r.late_bp, r.price_idea, r.chosen_only, r.answer_by, r.state, r.rule, r.version,
        CAST(COALESCE((SELECT SUM(w.grams) FROM supply_window w WHERE w.request_id = r.id), 0) AS bigint) AS grams
    FROM supply_request r JOIN organisation o ON o.id = r.organisation_id JOIN category g ON g.id = r.category_id";

/// Goods wanted at a place within some days.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct SupplyWindow {
    pub id: SupplyWindowId,
    pub place_id: DeliveryPlaceId,
    pub place_name: String,
    pub commune_code: String,
    #[schema(value_type = String, format = Date)]
    pub from_on: Date,
    #[schema(value_type = String, format = Date)]
    pub to_on: Date,
    pub grams: i64,
}

/// A cooperative's offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplyOffer {
    pub id: SupplyOfferId,
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    pub product_id: ProductId,
    pub product_name: String,
    /// Đồng a kilogram: seen by the buyer and the cooperative itself only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<i64>,
    /// What lesser grades cost; as the price.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub grades: Vec<GradePrice>,
    /// Under whose answer it stands.
    #[schema(required = true)]
    pub lead_id: Option<CooperativeId>,
    #[schema(required = true)]
    pub lead_name: Option<String>,
    /// Who may offer under this answer: seen by its cooperative.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub gathers: Vec<CooperativeId>,
    pub box_grams: i64,
    pub least_grams: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<String>,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
    pub state: SupplyOfferState,
    pub version: i64,
    /// For the windows in their order; nothing where nothing is offered.
    pub grams: Vec<i64>,
    /// Its shares of the windows in their order, once they are reckoned.
    pub shares: Vec<RequestShare>,
}

/// A share of a window, with its reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestShare {
    pub grams: i64,
    pub reason_vi: String,
    pub reason_en: String,
}

/// An answer that others offer under: its terms are theirs, too.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LeadOffer {
    pub cooperative_id: CooperativeId,
    pub cooperative_name: String,
    /// Đồng a kilogram.
    pub price: i64,
    pub grades: Vec<GradePrice>,
    pub conditions: String,
    #[schema(value_type = String, format = Date)]
    pub valid_until: Date,
}

/// A request with its windows, its offers as far as one sees them, and their shares.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplyRequestDetail {
    #[serde(flatten)]
    pub request: SupplyRequest,
    pub windows: Vec<SupplyWindow>,
    pub offers: Vec<SupplyOffer>,
    /// Answers a cooperative was asked to offer under, while the request is open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub leads: Vec<LeadOffer>,
    /// Grams missing to what is enough, for the windows in their order; empty before shares are reckoned.
    pub missing: Vec<i64>,
}

/// What the buyer does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestStep {
    Publish,
    Close,
    /// Offers may come again.
    Reopen,
    Cancel,
}

/// Where a step leads; `None` where it is not open. Accepting is no step of this table: it needs shares.
pub fn after(state: RequestState, step: RequestStep) -> Option<RequestState> {
    match (state, step) {
        (RequestState::Draft, RequestStep::Publish) | (RequestState::Closed, RequestStep::Reopen) => {
            Some(RequestState::Open)
        }
        (RequestState::Open, RequestStep::Close) => Some(RequestState::Closed),
        (RequestState::Draft | RequestState::Open | RequestState::Closed, RequestStep::Cancel) => {
            Some(RequestState::Cancelled)
        }
        _ => None,
    }
}

#[derive(FromQueryResult)]
struct OfferRow {
    id: SupplyOfferId,
    cooperative_id: CooperativeId,
    cooperative_name: String,
    product_id: ProductId,
    product_name: String,
    price: i64,
    box_grams: i64,
    least_grams: i64,
    conditions: String,
    valid_until: Date,
    state: SupplyOfferState,
    version: i64,
    grades: Value,
    lead_id: Option<CooperativeId>,
    lead_name: Option<String>,
}

#[derive(FromQueryResult)]
struct Gathered {
    offer_id: SupplyOfferId,
    cooperative_id: CooperativeId,
}

#[derive(FromQueryResult)]
struct Cell {
    offer_id: SupplyOfferId,
    window_id: SupplyWindowId,
    grams: i64,
    reason_vi: String,
    reason_en: String,
}

/// Who looks at a request: its buyer sees everything; a cooperative its own offer, and the shares of all once they are reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    Buyer,
    Cooperative(CooperativeId),
}

pub(super) async fn request(connection: &impl ConnectionTrait, id: SupplyRequestId) -> Result<SupplyRequest, Problem> {
    let row = one::<SupplyRequest>(connection, format!("{SELECT} WHERE r.id = $1"), [id.into()]).await?;
    row.ok_or_else(|| Problem::new(&NOT_FOUND))
}

pub(super) async fn windows(
    connection: &impl ConnectionTrait,
    id: SupplyRequestId,
) -> Result<Vec<SupplyWindow>, Problem> {
    let sql = "SELECT w.id, w.place_id, p.name AS place_name, p.commune_code, w.from_on, w.to_on, w.grams
               FROM supply_window w JOIN organisation_place p ON p.id = w.place_id WHERE w.request_id = $1 ORDER BY w.from_on, w.id";
    Ok(all(connection, sql, [id.into()]).await?)
}

/// A request as somebody sees it.
pub(super) async fn detail(
    connection: &impl ConnectionTrait,
    request: SupplyRequest,
    eyes: Eyes,
) -> Result<SupplyRequestDetail, Problem> {
    let windows = windows(connection, request.id).await?;
    let reckoned = matches!(request.state, RequestState::Closed | RequestState::Accepted) && request.rule.is_some();
    let sql = "SELECT f.id, f.cooperative_id, c.name_vi AS cooperative_name, f.product_id, p.name_vi AS product_name, f.price, f.box_grams,
                   f.least_grams, f.conditions, f.valid_until, f.state, f.version, f.grades, f.lead_id, l.name_vi AS lead_name
               FROM supply_offer f JOIN cooperative c ON c.id = f.cooperative_id JOIN product p ON p.id = f.product_id
                   LEFT JOIN cooperative l ON l.id = f.lead_id
               WHERE f.request_id = $1 ORDER BY f.offered_at, f.id";
    let rows = all::<OfferRow>(connection, sql, [request.id.into()]).await?;
    let sql = "SELECT x.offer_id, x.window_id, x.grams, '' AS reason_vi, '' AS reason_en
               FROM supply_offer_window x JOIN supply_offer f ON f.id = x.offer_id WHERE f.request_id = $1";
    let offered = cells(connection, sql, request.id).await?;
    let sql = "SELECT x.offer_id, x.window_id, x.grams, x.reason_vi, x.reason_en
               FROM supply_share x JOIN supply_offer f ON f.id = x.offer_id WHERE f.request_id = $1";
    let shares = if reckoned { cells(connection, sql, request.id).await? } else { HashMap::new() };
    let sql = "SELECT g.offer_id, g.cooperative_id FROM supply_gathered g JOIN supply_offer f ON f.id = g.offer_id WHERE f.request_id = $1";
    let gathered = all::<Gathered>(connection, sql, [request.id.into()]).await?;
    let is = |cooperative: CooperativeId| eyes == Eyes::Cooperative(cooperative);
    // A lead sees what stands under its answer.
    let sees = |row: &OfferRow| eyes == Eyes::Buyer || is(row.cooperative_id) || row.lead_id.is_some_and(is);
    let leads = if request.state == RequestState::Open { leads_of(&rows, &gathered, is) } else { Vec::new() };
    let takes_part = eyes == Eyes::Buyer || rows.iter().any(|row| sees(row) && row.state == SupplyOfferState::Offered);
    let spread = |grams: i64| grams * i64::from(request.tolerance_bp) / 10_000;
    let missing = windows.iter().map(|window| {
        let given: i64 = rows.iter().filter_map(|row| shares.get(&(row.id, window.id))).map(|cell| cell.grams).sum();
        (window.grams - spread(window.grams) - given).max(0)
    });
    let missing = if reckoned && takes_part { missing.collect() } else { Vec::new() };
    let whole = |row: OfferRow| {
        let own = sees(&row);
        let told = reckoned && takes_part && row.state == SupplyOfferState::Offered;
        if !own && !told {
            return None;
        }
        let at = |cells: &HashMap<_, Cell>, window: &SupplyWindow| {
            cells.get(&(row.id, window.id)).map_or(0, |cell| cell.grams)
        };
        let grams = if own { windows.iter().map(|window| at(&offered, window)).collect() } else { Vec::new() };
        let share = |window: &SupplyWindow| {
            let cell = shares.get(&(row.id, window.id))?;
            Some(RequestShare {
                grams: cell.grams,
                reason_vi: cell.reason_vi.clone(),
                reason_en: cell.reason_en.clone(),
            })
        };
        let shares = windows.iter().filter_map(share).collect();
        Some(SupplyOffer {
            id: row.id,
            cooperative_id: row.cooperative_id,
            cooperative_name: row.cooperative_name,
            product_id: row.product_id,
            product_name: row.product_name,
            price: own.then_some(row.price),
            grades: if own { prices(&row.grades) } else { Vec::new() },
            lead_id: row.lead_id,
            lead_name: row.lead_name,
            gathers: if is(row.cooperative_id) { asked(&gathered, row.id) } else { Vec::new() },
            box_grams: row.box_grams,
            least_grams: row.least_grams,
            conditions: own.then_some(row.conditions),
            valid_until: row.valid_until,
            state: row.state,
            version: row.version,
            grams,
            shares,
        })
    };
    let offers = rows.into_iter().filter_map(whole).collect();
    Ok(SupplyRequestDetail { request, windows, offers, leads, missing })
}

fn asked(gathered: &[Gathered], offer: SupplyOfferId) -> Vec<CooperativeId> {
    gathered.iter().filter(|row| row.offer_id == offer).map(|row| row.cooperative_id).collect()
}

/// Answers that somebody was asked to offer under.
fn leads_of(rows: &[OfferRow], gathered: &[Gathered], is: impl Fn(CooperativeId) -> bool) -> Vec<LeadOffer> {
    let mine = |row: &&OfferRow| {
        row.state == SupplyOfferState::Offered
            && row.lead_id.is_none()
            && gathered.iter().any(|one| one.offer_id == row.id && is(one.cooperative_id))
    };
    let lead = |row: &OfferRow| LeadOffer {
        cooperative_id: row.cooperative_id,
        cooperative_name: row.cooperative_name.clone(),
        price: row.price,
        grades: prices(&row.grades),
        conditions: row.conditions.clone(),
        valid_until: row.valid_until,
    };
    rows.iter().filter(mine).map(lead).collect()
}

async fn cells(
    connection: &impl ConnectionTrait,
    sql: &str,
    request: SupplyRequestId,
) -> Result<HashMap<(SupplyOfferId, SupplyWindowId), Cell>, Problem> {
    let rows = all::<Cell>(connection, sql, [request.into()]).await?;
    Ok(rows.into_iter().map(|cell| ((cell.offer_id, cell.window_id), cell)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        let steps = [RequestStep::Publish, RequestStep::Close, RequestStep::Reopen, RequestStep::Cancel];
        for state in [RequestState::Accepted, RequestState::Cancelled] {
            assert!(steps.iter().all(|step| after(state, *step).is_none()));
        }
        assert_eq!(after(RequestState::Draft, RequestStep::Close), None);
        assert_eq!(after(RequestState::Closed, RequestStep::Reopen), Some(RequestState::Open));
    }
}
