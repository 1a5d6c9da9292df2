//! Ordering what was quoted: one purchase with an order for each cooperative, at the quoted prices, to be paid as any order of the shop.

use actix_web::web::Path;
use actix_web::{HttpResponse, post};
use entity::supply::OrganisationRole;
use entity::value::{CooperativeId, Language, OrganisationId, PaymentMethod, QuotationId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::json;
use time::{Date, Duration};

use super::goods::{Which, load};
use super::quotations::{Quotation, read, shown};
use crate::orders::ordering::GOODS_GONE;
use crate::orders::ordering::agreed::{self, AgreedLine, AgreedOrder, Beginning, Buyer, Parties, Place};
use crate::people::desk::Desk;
use crate::platform::db::{all, one, run};
use crate::platform::problem::{Problem, codes};
use crate::shop::inventory;
use crate::supply::buyers::may_approved;

codes! {
    QUOTATION_ENDED = "quotation_ended" 409 "Báo giá đã hết hạn: hãy lấy báo giá mới." "The quotation has ended: quote again.";
    QUOTATION_ORDERED = "quotation_ordered" 409 "Báo giá này đã được đặt." "The quotation was ordered already.";
}

/// Days until the goods are with whoever ordered them, at most: nothing is sold that would expire before.
const ARRIVE_DAYS: i64 = 4;

#[derive(FromQueryResult)]
struct Facts {
    email: String,
    phone: String,
    language: Language,
    recipient: String,
    place_phone: String,
    street: String,
    commune_code: String,
}

#[derive(FromQueryResult)]
struct Cost {
    cooperative_id: CooperativeId,
    amount: i64,
}

async fn facts(desk: &Desk, transaction: &impl ConnectionTrait, id: QuotationId) -> Result<Facts, Problem> {
    let sql = "SELECT g.email, g.phone, a.language, l.recipient, l.phone AS place_phone, l.street, l.commune_code
               FROM wholesale_quotation q JOIN organisation g ON g.id = q.organisation_id JOIN organisation_place l ON l.id = q.place_id
                    JOIN account a ON a.id = $2 WHERE q.id = $1";
    let found = one::<Facts>(transaction, sql, [id.into(), desk.who.account.into()]).await?;
    found.ok_or_else(|| Problem::internal("a quotation without a place"))
}

/// The order of a cooperative.
fn order_of(quotation: &Quotation, facts: &Facts, cost: &Cost, keep_until: Date) -> AgreedOrder {
    let own = quotation.lines.iter().filter(|line| line.cooperative_id == cost.cooperative_id);
    let lines = own.map(|line| AgreedLine {
        offer: line.offer_id,
        unit_amount: line.unit_amount,
        stock: line.quantity,
        harvest: None,
    });
    let place = Place {
        recipient: facts.recipient.clone(),
        phone: facts.place_phone.clone(),
        street: facts.street.clone(),
        commune_code: facts.commune_code.clone(),
    };
    let note = quotation.number.clone();
    AgreedOrder { place, note, keep_until, delivery: cost.amount, lines: lines.collect() }
}

/// Orders what was quoted, all of it or nothing; the goods are held until it is paid or the time for that is over.
pub async fn order(desk: &Desk, path: (OrganisationId, QuotationId)) -> Result<Quotation, Problem> {
    may_approved(desk, path.0, OrganisationRole::Buyer).await?;
    let transaction = desk.begin().await?;
    // Two who order it at once come one after the other.
    run(&transaction, "UPDATE wholesale_quotation SET number = number WHERE id = $1", [path.1.into()]).await?;
    let quotation = read(&transaction, path).await?;
    if quotation.purchase_id.is_some() {
        return Err(Problem::new(&QUOTATION_ORDERED));
    }
    if quotation.valid_until < desk.today() {
        return Err(Problem::new(&QUOTATION_ENDED));
    }
    let facts = facts(desk, &transaction, path.1).await?;
    let sql = "SELECT cooperative_id, amount FROM wholesale_delivery WHERE quotation_id = $1 ORDER BY cooperative_id";
    let costs = all::<Cost>(&transaction, sql, [path.1.into()]).await?;
    let account = desk.who.account;
    let buyer = Buyer { account, email: facts.email.clone(), phone: facts.phone.clone(), language: facts.language };
    let purchase = agreed::open_purchase(&transaction, buyer, desk.now()).await?;
    // All shelves at once, in the order checkouts take them.
    let mut offers: Vec<_> = quotation.lines.iter().map(|line| line.offer_id).collect();
    offers.sort_unstable();
    // What was taken off sale meanwhile is sold to nobody.
    let on_sale = load(&transaction, path.0, (Which::Offers(&offers), desk.today())).await?;
    if on_sale.len() < offers.len() {
        return Err(Problem::new(&GOODS_GONE));
    }
    inventory::lock(&transaction, &offers).await?;
    let until = desk.now() + desk.config.payment_time(PaymentMethod::BankTransfer);
    let keep_until = desk.today() + Duration::days(ARRIVE_DAYS);
    let mut levels = Vec::new();
    for cost in &costs {
        let order = order_of(&quotation, &facts, cost, keep_until);
        let (cooperative, beginning) = (cost.cooperative_id, Beginning::ToPay(until));
        let parties = Parties { cooperative, purchase, buyer: account, beginning };
        levels.extend(agreed::place(&transaction, &parties, &[order], desk.now()).await?.levels);
    }
    let sql = "UPDATE wholesale_quotation SET purchase_id = $2 WHERE id = $1";
    run(&transaction, sql, [path.1.into(), purchase.into()]).await?;
    let after = json!({"purchase": purchase});
    desk.audit(&transaction, "quotation.ordered", ("wholesale_quotation", path.1.0), (), after).await?;
    transaction.commit().await?;
    desk.read_model.levels_changed(&levels).await;
    desk.bell.ring();
    shown(desk, path).await
}

/// Order what was quoted, all of it or nothing. It is paid as any purchase: `POST /v1/payments`.
#[utoipa::path(tag = "business", operation_id = "order_quotation", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("quotation_id" = QuotationId, Path)), responses((status = 201, description = "The quotation with its orders", body = Quotation)))]
#[post("/v1/business/{organisation_id}/quotations/{quotation_id}/order")]
pub async fn order_quotation(desk: Desk, path: Path<(OrganisationId, QuotationId)>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(order(&desk, path.into_inner()).await?))
}
