//! A cooperative's offer for a request: grams for each window, a price for the grade that is asked for and for lesser ones, conditions,
//! until when it holds. One may lead: cooperatives it asks offer under its answer, at its terms.

use std::collections::HashSet;

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, put};
use entity::supply::{RequestState, SupplyOfferState};
use entity::value::{CooperativeId, SupplyOfferId, SupplyRequestId, SupplyWindowId};
use entity::{supply_offer, supply_offer_window};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::buyer::REQUEST_STATE;
use super::fit::{seen, visible};
use super::gathered;
use super::offered::SupplyOfferInput;
use super::view::{SupplyRequest, SupplyRequestDetail, windows};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::supply::deliveries::grades::check_prices;
use crate::supply::deliveries::packs_of;

codes! {
    ANSWER_LATE = "answer_late" 409 "Đã quá hạn chào hàng." "The last day to offer is over.";
    OFFER_CHANGED = "supply_offer_changed" 409 "Lời chào vừa được sửa: hãy tải lại." "The offer has just been changed: load it again.";
}

async fn check(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    (cooperative, request): (CooperativeId, &SupplyRequest),
    input: &SupplyOfferInput,
) -> Result<(), Problem> {
    if request.state != RequestState::Open {
        return Err(Problem::new(&REQUEST_STATE));
    }
    if request.answer_by < desk.today() {
        return Err(Problem::new(&ANSWER_LATE));
    }
    if input.valid_until < request.answer_by {
        let (vi, en) = ("trước hạn trả lời của yêu cầu", "is before the last day to answer");
        return Err(Problem::field("/valid_until", "range", vi, en));
    }
    let product = by_id::<entity::product::Entity>(connection, input.product_id).await?;
    let fits = product.is_some_and(|row| row.cooperative_id == cooperative && row.category_id == request.category_id);
    if !fits {
        let (vi, en) = ("không phải sản phẩm của nhóm hàng này", "is no product of the category of yours");
        return Err(Problem::field("/product_id", "product", vi, en));
    }
    let packs = packs_of(connection, &[input.product_id]).await?;
    if !packs.values().flatten().any(|pack| pack.fits(input.box_grams, input.price)) {
        let (vi, en) = (
            "không gói nào của sản phẩm có khối lượng tịnh chia hết thùng này với giá chẵn đồng: hãy thêm quy cách",
            "no pack of the product fills such boxes at a price that comes out even: add one with its net weight",
        );
        return Err(Problem::field("/box_grams", "pack", vi, en));
    }
    let known: HashSet<SupplyWindowId> = windows(connection, request.id).await?.iter().map(|one| one.id).collect();
    let mut named = HashSet::new();
    for (index, window) in input.windows.iter().enumerate() {
        if !known.contains(&window.window_id) || !named.insert(window.window_id) {
            let (vi, en) = ("không có đợt này, hoặc đã có ở trên", "there is no such window, or it stands above");
            return Err(Problem::field(format!("/windows/{index}/window_id"), "window", vi, en));
        }
    }
    Ok(())
}

/// Offer, or write one's offer anew, while the request is open.
pub async fn put(
    desk: &Desk,
    path: (CooperativeId, SupplyRequestId),
    mut input: SupplyOfferInput,
) -> Result<SupplyRequestDetail, Problem> {
    let transaction = desk.begin().await?;
    // Whoever closes the request meanwhile comes before or after.
    run(&transaction, "UPDATE supply_request SET state = state WHERE id = $1", [path.1.into()]).await?;
    let request = visible(&transaction, path).await?;
    gathered::check(&transaction, path, &mut input).await?;
    check_prices(&mut input.grades, input.price)?;
    check(desk, &transaction, (path.0, &request), &input).await?;
    let held = supply_offer::Entity::find()
        .filter(supply_offer::Column::RequestId.eq(path.1))
        .filter(supply_offer::Column::CooperativeId.eq(path.0))
        .one(&transaction)
        .await?;
    if let Some(held) = &held {
        if input.version != Some(held.version) {
            return Err(Problem::new(&OFFER_CHANGED));
        }
        gathered::terms_stand(&transaction, held, &input).await?;
    }
    let id = held.as_ref().map_or_else(SupplyOfferId::new, |row| row.id);
    let row = supply_offer::ActiveModel {
        id: Set(id),
        request_id: Set(path.1),
        cooperative_id: Set(path.0),
        product_id: Set(input.product_id),
        price: Set(input.price),
        box_grams: Set(input.box_grams),
        least_grams: Set(input.least_grams),
        conditions: Set(fold::stored(&input.conditions)),
        valid_until: Set(input.valid_until),
        grades: Set(json!(input.grades)),
        lead_id: Set(input.lead_id),
        state: Set(SupplyOfferState::Offered),
        version: Set(held.as_ref().map_or(1, |row| row.version + 1)),
        offered_by: Set(held.as_ref().map_or(desk.who.account, |row| row.offered_by)),
        offered_at: Set(held.as_ref().map_or(desk.now(), |row| row.offered_at)),
        updated_at: Set(desk.now()),
    };
    if held.is_some() {
        supply_offer::Entity::update(row).exec(&transaction).await?;
        let own = supply_offer_window::Column::OfferId.eq(id);
        supply_offer_window::Entity::delete_many().filter(own).exec(&transaction).await?;
    } else {
        supply_offer::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    let rows = input.windows.iter().map(|window| supply_offer_window::ActiveModel {
        offer_id: Set(id),
        window_id: Set(window.window_id),
        grams: Set(window.grams),
    });
    supply_offer_window::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    gathered::ask(desk, &transaction, (&request, path.0, id), &input.gathers).await?;
    desk.audit(&transaction, "supply_offer.written", ("supply_offer", id.0), (), json!(input)).await?;
    transaction.commit().await?;
    desk.bell.ring();
    seen(desk, path).await
}

/// Offer, or write one's offer anew, while the request is open.
#[utoipa::path(tag = "business", operation_id = "put_supply_offer", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("request_id" = SupplyRequestId, Path)), request_body = SupplyOfferInput, responses((status = 200, description = "The request with the offer", body = SupplyRequestDetail)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/requests/{request_id}/offer")]
pub async fn put_supply_offer(
    desk: Desk,
    path: Path<(CooperativeId, SupplyRequestId)>,
    body: Body<SupplyOfferInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    Ok(HttpResponse::Ok().json(put(&desk, path.into_inner(), body.0).await?))
}

/// Withdraw one's offer while the request is open.
pub async fn withdraw(desk: &Desk, path: (CooperativeId, SupplyRequestId)) -> Result<(), Problem> {
    let transaction = desk.begin().await?;
    let request = visible(&transaction, path).await?;
    let sql = "UPDATE supply_offer SET state = 'withdrawn', version = version + 1, updated_at = $3
               WHERE request_id = $1 AND cooperative_id = $2 AND state = 'offered'
                 AND EXISTS (SELECT 1 FROM supply_request r WHERE r.id = $1 AND r.state = 'open')";
    if run(&transaction, sql, [path.1.into(), path.0.into(), desk.now().into()]).await? != 1 {
        let open = request.state == RequestState::Open;
        return Err(Problem::new(if open { &NOT_FOUND } else { &REQUEST_STATE }));
    }
    gathered::let_go(&transaction, path).await?;
    desk.audit(&transaction, "supply_offer.withdrawn", ("supply_request", path.1.0), (), ()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Withdraw one's offer while the request is open.
#[utoipa::path(tag = "business", operation_id = "withdraw_supply_offer", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("request_id" = SupplyRequestId, Path)), responses((status = 204, description = "Withdrawn")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/requests/{request_id}/offer")]
pub async fn withdraw_supply_offer(
    desk: Desk,
    path: Path<(CooperativeId, SupplyRequestId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditListings).await?;
    withdraw(&desk, path.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
