//! Changes of what was agreed: other days for a delivery, or none at all. One side proposes, the other agrees or not; nothing changes
//! before that.

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::supply::{OrganisationRole, SupplyChangeKind, SupplyChangeState};
use entity::supply_change;
use entity::value::{CooperativeId, DeliveryId, OrderActor, OrderState, OrganisationId, SupplyChangeId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::acceptance::{bought, sold};
use super::settle::close_if_over;
use super::view::{Delivery, SupplyChange};
use crate::orders::ordering::{Action, By, order_within, sale, step_within};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{is_duplicate, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::supply::buyers::may;

codes! {
    CHANGE_OPEN = "change_open" 409 "Đợt này đang có một đề nghị thay đổi chưa trả lời." "A change of this delivery waits for an answer already.";
    CHANGE_ANSWERED = "change_answered" 409 "Đề nghị này đã được trả lời hoặc rút lại." "The change was answered or withdrawn.";
    ON_ITS_WAY = "on_its_way" 409 "Hàng đã rời hợp tác xã hoặc đợt này đã hủy." "The goods have left the cooperative, or the delivery was called off.";
}

#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "dates", "from_on": "2026-12-27", "to_on": "2026-12-29", "reason": "Mưa kéo dài, chưa thu hái được"}))]
pub struct ChangeProposal {
    pub kind: SupplyChangeKind,
    /// For other days.
    #[schema(value_type = Option<String>, format = Date)]
    pub from_on: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    pub to_on: Option<Date>,
    #[garde(length(chars, min = 3, max = 500))]
    #[schema(min_length = 3, max_length = 500)]
    pub reason: String,
}

/// What somebody answers to a change; who proposed it withdraws it by not agreeing.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agree": true}))]
pub struct ChangeAnswer {
    #[garde(skip)]
    pub agree: bool,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Buyer(OrganisationId),
    Cooperative(CooperativeId),
}

impl Side {
    async fn delivery(self, desk: &Desk, id: DeliveryId) -> Result<Delivery, Problem> {
        match self {
            Self::Buyer(organisation) => {
                may(desk, organisation, OrganisationRole::Buyer).await?;
                bought(desk, (organisation, id)).await
            }
            Self::Cooperative(cooperative) => sold(desk, (cooperative, id)).await,
        }
    }

    fn buys(self) -> bool {
        matches!(self, Self::Buyer(_))
    }
}

fn may_still_change(found: &Delivery) -> Result<(), Problem> {
    match found.order_state {
        Some(OrderState::Confirmed | OrderState::Packed) => Ok(()),
        state => Err(Problem::new(&ON_ITS_WAY).extension("state", state)),
    }
}

fn days(desk: &Desk, input: &ChangeProposal) -> Result<(Option<Date>, Option<Date>), Problem> {
    if input.kind == SupplyChangeKind::Cancel {
        return Ok((None, None));
    }
    let missing = |name: &str| Problem::field(format!("/{name}"), "missing", "còn trống", "is empty");
    let from = input.from_on.ok_or_else(|| missing("from_on"))?;
    let to = input.to_on.unwrap_or(from);
    if from < desk.today() || to < from {
        let (vi, en) = ("khoảng ngày không hợp lệ", "not a period that lies ahead");
        return Err(Problem::field("/from_on", "range", vi, en));
    }
    Ok((Some(from), Some(to)))
}

/// Proposes a change; the other side is told.
pub async fn propose(desk: &Desk, (side, id): (Side, DeliveryId), input: ChangeProposal) -> Result<Delivery, Problem> {
    let found = side.delivery(desk, id).await?;
    may_still_change(&found)?;
    let (from_on, to_on) = days(desk, &input)?;
    let reason = fold::stored(&input.reason);
    let transaction = desk.begin().await?;
    let row = supply_change::ActiveModel {
        id: Set(SupplyChangeId::new()),
        delivery_id: Set(id),
        kind: Set(input.kind),
        from_on: Set(from_on),
        to_on: Set(to_on),
        reason: Set(reason),
        by_buyer: Set(side.buys()),
        state: Set(SupplyChangeState::Proposed),
        proposed_by: Set(desk.who.account),
        proposed_at: Set(desk.now()),
        answered_by: Set(None),
        answered_at: Set(None),
    };
    supply_change::Entity::insert(row)
        .exec_without_returning(&transaction)
        .await
        .map_err(|error| if is_duplicate(&error) { Problem::new(&CHANGE_OPEN) } else { error.into() })?;
    tell(desk, &transaction, (&found, side), "proposed").await?;
    desk.audit(&transaction, "delivery.change_proposed", ("supply_delivery", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.bell.ring();
    side.delivery(desk, id).await
}

async fn tell(
    desk: &Desk,
    transaction: &sea_orm::DatabaseTransaction,
    (found, side): (&Delivery, Side),
    what: &str,
) -> Result<(), Problem> {
    let told = json!({
        "delivery_id": found.id, "contract": found.contract_number, "organisation_id": found.organisation_id,
        "organisation": found.organisation_name, "cooperative": found.cooperative_name, "by_buyer": side.buys(), "change": what,
    });
    Ok(emit(transaction, "delivery.change", found.cooperative_id.0, told, desk.now()).await?)
}

/// The other side agrees or declines; who proposed it may withdraw it.
pub async fn answer(
    desk: &Desk,
    (side, id, change): (Side, DeliveryId, SupplyChangeId),
    agree: bool,
) -> Result<Delivery, Problem> {
    let found = side.delivery(desk, id).await?;
    let open = found.change.as_ref().filter(|open| open.id == change).ok_or_else(|| Problem::new(&CHANGE_ANSWERED))?;
    let own = open.by_buyer == side.buys();
    if own && agree {
        // Nobody agrees to his own proposal.
        return Err(Problem::new(&NOT_FOUND));
    }
    let to = match (own, agree) {
        (true, _) => SupplyChangeState::Withdrawn,
        (_, true) => SupplyChangeState::Agreed,
        (_, false) => SupplyChangeState::Declined,
    };
    let transaction = desk.begin().await?;
    if let Some(order) = found.order_id {
        sale::lock(&transaction, order).await?;
    }
    let sql =
        "UPDATE supply_change SET state = $2, answered_by = $3, answered_at = $4 WHERE id = $1 AND state = 'proposed'";
    let values: [sea_orm::Value; 4] = [change.into(), to.as_str().into(), desk.who.account.into(), desk.now().into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&CHANGE_ANSWERED));
    }
    let levels =
        if to == SupplyChangeState::Agreed { make(desk, &transaction, &found, open).await? } else { Vec::new() };
    tell(desk, &transaction, (&found, side), to.as_str()).await?;
    desk.audit(&transaction, "delivery.change_answered", ("supply_delivery", id.0), (), json!({"state": to})).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    side.delivery(desk, id).await
}

/// Makes a change both agreed to, unless the goods have left meanwhile.
async fn make(
    desk: &Desk,
    transaction: &sea_orm::DatabaseTransaction,
    found: &Delivery,
    change: &SupplyChange,
) -> Result<Vec<crate::platform::read_model::Level>, Problem> {
    let order = found.order_id.ok_or_else(|| Problem::new(&ON_ITS_WAY))?;
    let row = order_within(transaction, order).await?;
    if !matches!(row.state, OrderState::Confirmed | OrderState::Packed) {
        return Err(Problem::new(&ON_ITS_WAY).extension("state", row.state));
    }
    if change.kind == SupplyChangeKind::Dates {
        let sql = "UPDATE supply_delivery SET from_on = $2, to_on = $3, reminded_on = NULL WHERE id = $1";
        run(transaction, sql, [found.id.into(), change.from_on.into(), change.to_on.into()]).await?;
        return Ok(Vec::new());
    }
    let by = By::of(OrderActor::System, Some(desk.who.account), Some(change.reason.clone()));
    let levels = step_within(transaction, &desk.tools(), &row, Action::Cancel, by).await?;
    close_if_over(transaction, found.contract_id, desk.now()).await?;
    Ok(levels)
}

/// Propose other days for a delivery, or to call it off: the cooperative answers.
#[utoipa::path(tag = "business", operation_id = "propose_buyers_change", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path)), request_body = ChangeProposal, responses((status = 201, description = "The delivery", body = Delivery)))]
#[post("/v1/business/{organisation_id}/deliveries/{delivery_id}/changes")]
pub async fn propose_buyers_change(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId)>,
    body: Body<ChangeProposal>,
) -> Result<HttpResponse, Problem> {
    let side = Side::Buyer(path.0);
    Ok(HttpResponse::Created().json(propose(&desk, (side, path.1), body.0).await?))
}

/// Answer the cooperative's change, or withdraw one's own.
#[utoipa::path(tag = "business", operation_id = "answer_sellers_change", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("delivery_id" = DeliveryId, Path), ("change_id" = SupplyChangeId, Path)), request_body = ChangeAnswer, responses((status = 200, description = "The delivery", body = Delivery)))]
#[post("/v1/business/{organisation_id}/deliveries/{delivery_id}/changes/{change_id}")]
pub async fn answer_sellers_change(
    desk: Desk,
    path: Path<(OrganisationId, DeliveryId, SupplyChangeId)>,
    body: Body<ChangeAnswer>,
) -> Result<HttpResponse, Problem> {
    let side = Side::Buyer(path.0);
    Ok(HttpResponse::Ok().json(answer(&desk, (side, path.1, path.2), body.0.agree).await?))
}

/// Propose other days for a delivery, or to call it off: the buyer answers.
#[utoipa::path(tag = "business", operation_id = "propose_sellers_change", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("delivery_id" = DeliveryId, Path)), request_body = ChangeProposal, responses((status = 201, description = "The delivery", body = Delivery)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/deliveries/{delivery_id}/changes")]
pub async fn propose_sellers_change(
    desk: Desk,
    path: Path<(CooperativeId, DeliveryId)>,
    body: Body<ChangeProposal>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    let side = Side::Cooperative(path.0);
    Ok(HttpResponse::Created().json(propose(&desk, (side, path.1), body.0).await?))
}

/// Answer the buyer's change, or withdraw one's own.
#[utoipa::path(tag = "business", operation_id = "answer_buyers_change", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("delivery_id" = DeliveryId, Path), ("change_id" = SupplyChangeId, Path)), request_body = ChangeAnswer, responses((status = 200, description = "The delivery", body = Delivery)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/deliveries/{delivery_id}/changes/{change_id}")]
pub async fn answer_buyers_change(
    desk: Desk,
    path: Path<(CooperativeId, DeliveryId, SupplyChangeId)>,
    body: Body<ChangeAnswer>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    let side = Side::Cooperative(path.0);
    Ok(HttpResponse::Ok().json(answer(&desk, (side, path.1, path.2), body.0.agree).await?))
}
