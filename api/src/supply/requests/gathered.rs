//! Offers gathered under one answer: a lead – a cooperative, or a union of them – asks others to offer with it. They say how much they
//! bring, at the lead's price and conditions, and each has a contract of its own in the end.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use entity::supply::SupplyOfferState;
use entity::value::{CooperativeId, SupplyOfferId, SupplyRequestId};
use entity::{supply_gathered, supply_offer};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::fit::visible;
use super::offered::SupplyOfferInput;
use super::view::SupplyRequest;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::db::{all, one, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::Page;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::supply::deliveries::grades::prices;

codes! {
    OFFER_LEADS = "supply_offer_leads" 409 "Hợp tác xã khác đã chào chung theo giá và điều kiện này: không đổi được nữa." "Other cooperatives have joined at this price and these conditions: they stand.";
}

/// Checks who leads whom, and writes the lead's terms into an offer under it.
pub(super) async fn check(
    connection: &impl ConnectionTrait,
    (cooperative, request): (CooperativeId, SupplyRequestId),
    input: &mut SupplyOfferInput,
) -> Result<(), Problem> {
    if let Some(lead) = input.lead_id {
        if !input.gathers.is_empty() {
            let (vi, en) = ("chào chung theo nơi khác thì không mời thêm", "stands under another answer itself");
            return Err(Problem::field("/gathers", "both", vi, en));
        }
        let terms = led_by(connection, (lead, request), cooperative).await?;
        let unknown = ("nơi này không mời hợp tác xã chào chung", "did not ask you to offer under its answer");
        let terms = terms.ok_or_else(|| Problem::field("/lead_id", "lead", unknown.0, unknown.1))?;
        input.price = terms.price;
        input.grades = prices(&terms.grades);
        input.conditions = terms.conditions;
        input.valid_until = terms.valid_until;
        return Ok(());
    }
    input.gathers.sort_unstable();
    input.gathers.dedup();
    for (index, other) in input.gathers.iter().enumerate() {
        let serves = *other != cooperative && may_serve(connection, (*other, request)).await?;
        if !serves {
            let (vi, en) = ("không nhận được yêu cầu này", "cannot serve this request");
            return Err(Problem::field(format!("/gathers/{index}"), "cooperative", vi, en));
        }
    }
    Ok(())
}

async fn may_serve(connection: &impl ConnectionTrait, path: (CooperativeId, SupplyRequestId)) -> Result<bool, Problem> {
    match visible(connection, path).await {
        Ok(_) => Ok(true),
        Err(problem) if problem.code.name == NOT_FOUND.name => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// The answer of a lead that asked the cooperative.
async fn led_by(
    connection: &impl ConnectionTrait,
    (lead, request): (CooperativeId, SupplyRequestId),
    cooperative: CooperativeId,
) -> Result<Option<supply_offer::Model>, Problem> {
    let sql = "SELECT f.* FROM supply_offer f JOIN supply_gathered g ON g.offer_id = f.id AND g.cooperative_id = $3
               WHERE f.cooperative_id = $1 AND f.request_id = $2 AND f.state = 'offered' AND f.lead_id IS NULL";
    Ok(one(connection, sql, [lead.into(), request.into(), cooperative.into()]).await?)
}

#[derive(FromQueryResult)]
struct Joined {
    times: i64,
}

/// Once others have joined, what they agreed to stands, and the lead goes under nobody else.
pub(super) async fn terms_stand(
    connection: &impl ConnectionTrait,
    held: &supply_offer::Model,
    input: &SupplyOfferInput,
) -> Result<(), Problem> {
    let same = input.lead_id.is_none()
        && input.price == held.price
        && input.grades == prices(&held.grades)
        && fold::stored(&input.conditions) == held.conditions
        && input.valid_until == held.valid_until;
    if same {
        return Ok(());
    }
    let sql = "SELECT COUNT(*) AS times FROM supply_offer WHERE request_id = $1 AND lead_id = $2 AND state = 'offered'";
    let joined = one::<Joined>(connection, sql, [held.request_id.into(), held.cooperative_id.into()]).await?;
    match joined.map_or(0, |row| row.times) {
        0 => Ok(()),
        joined => Err(Problem::new(&OFFER_LEADS).extension("joined", joined)),
    }
}

/// Writes whom an offer asks to join; who is new hears of it.
pub(super) async fn ask(
    desk: &Desk,
    transaction: &impl ConnectionTrait,
    (request, lead, offer): (&SupplyRequest, CooperativeId, SupplyOfferId),
    others: &[CooperativeId],
) -> Result<(), Problem> {
    let own = supply_gathered::Column::OfferId.eq(offer);
    let held = supply_gathered::Entity::find().filter(own.clone()).all(transaction).await?;
    supply_gathered::Entity::delete_many().filter(own).exec(transaction).await?;
    if others.is_empty() {
        return Ok(());
    }
    let row =
        |other: &CooperativeId| supply_gathered::ActiveModel { offer_id: Set(offer), cooperative_id: Set(*other) };
    supply_gathered::Entity::insert_many(others.iter().map(row)).exec_without_returning(transaction).await?;
    let name = entity::cooperative::Entity::find_by_id(lead).one(transaction).await?.map(|row| row.name_vi);
    for other in others.iter().filter(|other| held.iter().all(|row| row.cooperative_id != **other)) {
        let told = json!({"request_id": request.id, "number": request.number, "title": request.title, "lead": name});
        emit(transaction, "request.gathering", other.0, told, desk.now()).await?;
    }
    Ok(())
}

/// A lead withdrew: who joined offers by himself from now on, at the terms he agreed to.
pub(super) async fn let_go(
    connection: &impl ConnectionTrait,
    (lead, request): (CooperativeId, SupplyRequestId),
) -> Result<(), Problem> {
    let sql = "UPDATE supply_offer SET lead_id = NULL, version = version + 1 WHERE request_id = $1 AND lead_id = $2 AND state = $3";
    let offered = SupplyOfferState::Offered.as_str();
    run(connection, sql, [request.into(), lead.into(), offered.into()]).await?;
    Ok(())
}

/// A cooperative that could serve a request, too.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct SupplyNeighbour {
    pub id: CooperativeId,
    pub name: String,
    pub commune_code: String,
}

/// Whom the cooperative could ask to offer under its answer.
pub async fn neighbours(desk: &Desk, path: (CooperativeId, SupplyRequestId)) -> Result<Vec<SupplyNeighbour>, Problem> {
    visible(desk.db.fresh(), path).await?;
    let sql = "SELECT c.id, c.name_vi AS name, c.commune_code FROM cooperative c JOIN supply_request r ON r.id = $2
               WHERE c.status = 'active' AND c.id <> $1
                 AND EXISTS (SELECT 1 FROM product p WHERE p.cooperative_id = c.id AND p.category_id = r.category_id AND p.status <> 'archived')
                 AND (NOT r.chosen_only OR EXISTS (SELECT 1 FROM supply_audience a WHERE a.request_id = r.id AND a.cooperative_id = c.id))
               ORDER BY c.name_vi, c.id LIMIT 200";
    Ok(all(desk.db.fresh(), sql, [path.0.into(), path.1.into()]).await?)
}

/// Whom the cooperative could ask to offer under its answer, by name.
#[utoipa::path(tag = "business", operation_id = "list_supply_neighbours", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("request_id" = SupplyRequestId, Path)), responses((status = 200, description = "Cooperatives with goods of the category", body = Page<SupplyNeighbour>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/requests/{request_id}/neighbours")]
pub async fn list_supply_neighbours(
    desk: Desk,
    path: Path<(CooperativeId, SupplyRequestId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    let items = neighbours(&desk, path.into_inner()).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}
