//! Contracts: one for each cooperative with a share of an accepted request. The buyer agreed by accepting; the cooperative signs or
//! declines, once.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, post};
use entity::supply::{ContractState, OrganisationRole};
use entity::supply_contract;
use entity::value::{AccountId, ContractId, CooperativeId, Language, OrganisationId, PurchaseId, SupplyRequestId};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::agreed::{SELECT, SupplyContract, shown, with_deposits};
use super::paper;
use super::view::{SupplyOffer, SupplyRequestDetail};
use crate::orders::ordering::agreed::{self, Buyer};
use crate::orders::ordering::number;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{all, one, run};
use crate::platform::download;
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};
use crate::supply::buyers::may;
use crate::supply::deliveries::words::PaperQuery;
use crate::supply::deliveries::{Planned, plan, sign};

codes! {
    CONTRACT_ANSWERED = "contract_answered" 409 "Hợp đồng đã được ký hoặc từ chối." "The contract was signed or declined already.";
}

/// A contract to be written: whose offer, and the grams for the request's windows in their order.
pub(super) struct Proposed<'a> {
    pub offer: &'a SupplyOffer,
    pub grams: Vec<i64>,
}

/// Writes contracts of a request, with what they bring, for their cooperatives to sign.
pub(super) async fn propose(
    desk: &Desk,
    transaction: &impl ConnectionTrait,
    (found, credit_days): (&SupplyRequestDetail, i32),
    proposed: Vec<Proposed<'_>>,
) -> Result<(), Problem> {
    for one in proposed.into_iter().filter(|one| one.grams.iter().any(|grams| *grams > 0)) {
        let id = ContractId::new();
        let row = supply_contract::ActiveModel {
            id: Set(id),
            number: Set(number("HD", desk.now())),
            request_id: Set(found.request.id),
            offer_id: Set(one.offer.id),
            cooperative_id: Set(one.offer.cooperative_id),
            price: Set(one.offer.price.unwrap_or(1)),
            credit_days: Set(credit_days),
            state: Set(ContractState::Proposed),
            buyer_agreed_by: Set(desk.who.account),
            buyer_agreed_at: Set(desk.now()),
            answered_by: Set(None),
            answered_at: Set(None),
            reason: Set(None),
            deposit_bp: Set(found.request.deposit_bp),
            penalty_bp: Set(found.request.penalty_bp),
            late_bp: Set(found.request.late_bp),
            grades: Set(json!(one.offer.grades)),
        };
        supply_contract::Entity::insert(row).exec_without_returning(transaction).await?;
        let windows = found.windows.iter().zip(&one.grams).map(|(window, grams)| Planned {
            window: window.id,
            from_on: window.from_on,
            to_on: window.to_on,
            grams: *grams,
        });
        plan(transaction, id, windows.collect()).await?;
        let told =
            json!({"request_id": found.request.id, "number": found.request.number, "title": found.request.title});
        emit(transaction, "request.accepted", one.offer.cooperative_id.0, told, desk.now()).await?;
    }
    Ok(())
}

/// Contracts of a request, as its buyer sees them.
pub async fn contracts_of_request(
    desk: &Desk,
    (organisation, request): (OrganisationId, SupplyRequestId),
) -> Result<Vec<SupplyContract>, Problem> {
    may(desk, organisation, OrganisationRole::Member).await?;
    let sql = format!("{SELECT} WHERE k.request_id = $1 AND r.organisation_id = $2 ORDER BY k.id");
    let mut rows = all(desk.db.fresh(), sql, [request.into(), organisation.into()]).await?;
    with_deposits(desk.db.fresh(), &desk.config, &mut rows).await?;
    Ok(rows)
}

/// The contracts of a request.
#[utoipa::path(tag = "business", operation_id = "list_request_contracts", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("request_id" = SupplyRequestId, Path)), responses((status = 200, description = "The contracts", body = Page<SupplyContract>)))]
#[get("/v1/business/{organisation_id}/requests/{request_id}/contracts")]
pub async fn list_request_contracts(
    desk: Desk,
    path: Path<(OrganisationId, SupplyRequestId)>,
) -> Result<HttpResponse, Problem> {
    let items = contracts_of_request(&desk, path.into_inner()).await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// Contracts of a cooperative, newest first.
pub async fn contracts_of(
    desk: &Desk,
    cooperative: CooperativeId,
    place: (Option<u64>, Option<&str>),
) -> Result<Page<SupplyContract>, Problem> {
    let mut page = NewestFirst::of(SELECT, "k.id", place)?
        .and("k.cooperative_id = ?", cooperative)
        .page(desk.db.fresh(), |row: &SupplyContract| row.id)
        .await?;
    with_deposits(desk.db.fresh(), &desk.config, &mut page.items).await?;
    Ok(page)
}

/// The cooperative's contracts, newest first.
#[utoipa::path(tag = "business", operation_id = "list_supply_contracts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), Paging), responses((status = 200, description = "A page of contracts", body = Page<SupplyContract>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/contracts")]
pub async fn list_supply_contracts(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::SeeReports).await?;
    Ok(HttpResponse::Ok().json(contracts_of(&desk, *cooperative, paging.0.place()).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"agree": true}))]
pub struct ContractAnswer {
    /// Or decline, with a reason.
    pub agree: bool,
    #[garde(inner(length(chars, min = 3, max = 500)))]
    #[schema(min_length = 3, max_length = 500)]
    pub reason: Option<String>,
}

#[derive(FromQueryResult)]
struct Own {}

#[derive(FromQueryResult)]
struct Buys {
    email: String,
    phone: String,
    language: Language,
}

/// The purchase the orders of a request's contracts will hang under.
pub(super) async fn open_purchase(
    transaction: &impl ConnectionTrait,
    (organisation, account): (OrganisationId, AccountId),
    now: OffsetDateTime,
) -> Result<PurchaseId, Problem> {
    let sql = "SELECT o.email, o.phone, a.language FROM organisation o JOIN account a ON a.id = $2 WHERE o.id = $1";
    let found = one::<Buys>(transaction, sql, [organisation.into(), account.into()]).await?;
    let found = found.ok_or_else(|| Problem::internal("an organisation that is gone"))?;
    let buyer = Buyer { account, email: found.email, phone: found.phone, language: found.language };
    agreed::open_purchase(transaction, buyer, now).await
}

#[derive(FromQueryResult)]
struct Bare {
    id: SupplyRequestId,
    organisation_id: OrganisationId,
    buyer_agreed_by: AccountId,
}

/// Requests accepted before contracts brought orders have no purchase yet: the first signature opens it.
async fn with_purchase(
    transaction: &impl ConnectionTrait,
    contract: ContractId,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    let bare = "SELECT r.id, r.organisation_id, k.buyer_agreed_by FROM supply_contract k JOIN supply_request r ON r.id = k.request_id
                WHERE k.id = $1 AND r.purchase_id IS NULL";
    let Some(found) = one::<Bare>(transaction, bare, [contract.into()]).await? else {
        return Ok(());
    };
    // Another cooperative may sign its contract of the same request meanwhile: whoever comes second looks again.
    let hold = "UPDATE supply_request SET updated_at = $2 WHERE id = $1 AND purchase_id IS NULL";
    if run(transaction, hold, [found.id.into(), now.into()]).await? == 1 {
        let purchase = open_purchase(transaction, (found.organisation_id, found.buyer_agreed_by), now).await?;
        let sql = "UPDATE supply_request SET purchase_id = $2 WHERE id = $1";
        run(transaction, sql, [found.id.into(), purchase.into()]).await?;
    }
    Ok(())
}

/// Sign a contract, or decline it with a reason. Signed, each of its deliveries is an order whose goods are promised. The buyer is told.
pub async fn answer(
    desk: &Desk,
    (cooperative, id): (CooperativeId, ContractId),
    input: ContractAnswer,
) -> Result<SupplyContract, Problem> {
    let reason = fold::filled(input.reason);
    if !input.agree && reason.is_none() {
        return Err(Problem::field("/reason", "missing", "cần lý do", "a reason is needed"));
    }
    let transaction = desk.begin().await?;
    let sql = "SELECT 1 AS own FROM supply_contract WHERE id = $1 AND cooperative_id = $2";
    if one::<Own>(&transaction, sql, [id.into(), cooperative.into()]).await?.is_none() {
        return Err(Problem::new(&NOT_FOUND));
    }
    let to = if input.agree { ContractState::Agreed } else { ContractState::Declined };
    let sql = "UPDATE supply_contract SET state = $2, answered_by = $3, answered_at = $4, reason = $5 WHERE id = $1 AND state = 'proposed'";
    let values: [sea_orm::Value; 5] =
        [id.into(), to.as_str().into(), desk.who.account.into(), desk.now().into(), reason.clone().into()];
    if run(&transaction, sql, values).await? != 1 {
        return Err(Problem::new(&CONTRACT_ANSWERED));
    }
    let signed = if input.agree {
        with_purchase(&transaction, id, desk.now()).await?;
        Some(sign(&transaction, id, desk.who.account, desk.now()).await?)
    } else {
        None
    };
    let contract = shown(&transaction, &desk.config, id).await?;
    let told = json!({
        "contract_id": id, "number": contract.number, "title": contract.title, "cooperative": contract.cooperative_name, "state": to, "reason": reason,
        "organisation_id": contract.organisation_id, "request_id": contract.request_id,
    });
    emit(&transaction, "contract.answered", cooperative.0, told, desk.now()).await?;
    desk.audit(&transaction, "contract.answered", ("supply_contract", id.0), (), json!({"state": to})).await?;
    transaction.commit().await?;
    desk.bell.ring();
    if let Some(signed) = signed {
        desk.read_model.levels_changed(&signed.levels).await;
        // What may still be pre-ordered is less.
        desk.products_changed(&[signed.product]).await?;
    }
    Ok(contract)
}

/// Sign a contract, or decline it with a reason.
#[utoipa::path(tag = "business", operation_id = "answer_supply_contract", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("contract_id" = ContractId, Path)), request_body = ContractAnswer, responses((status = 200, description = "The contract", body = SupplyContract)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/contracts/{contract_id}/answer")]
pub async fn answer_supply_contract(
    desk: Desk,
    path: Path<(CooperativeId, ContractId)>,
    body: Body<ContractAnswer>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::EditShop).await?;
    Ok(HttpResponse::Ok().json(answer(&desk, path.into_inner(), body.0).await?))
}

async fn as_pdf(desk: &Desk, contract: SupplyContract, language: Language) -> Result<HttpResponse, Problem> {
    let facts = paper::facts(desk.db.fresh(), &contract).await?;
    let name = contract.number.clone();
    let bytes = tokio::task::spawn_blocking(move || paper::draw(&contract, &facts, language))
        .await
        .map_err(Problem::internal)?;
    Ok(download::paper(&name, bytes.map_err(Problem::internal)?))
}

/// A cooperative's contract as a paper.
pub async fn sellers_paper(
    desk: &Desk,
    (cooperative, id): (CooperativeId, ContractId),
    language: Language,
) -> Result<HttpResponse, Problem> {
    let contract = shown(desk.db.fresh(), &desk.config, id).await?;
    if contract.cooperative_id != cooperative {
        return Err(Problem::new(&NOT_FOUND));
    }
    as_pdf(desk, contract, language).await
}

/// The contract as a PDF, for the cooperative.
#[utoipa::path(tag = "business", operation_id = "download_sellers_contract", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("contract_id" = ContractId, Path), PaperQuery), responses((status = 200, description = "The contract", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/seller/cooperatives/{cooperative_id}/contracts/{contract_id}/pdf")]
pub async fn download_sellers_contract(
    desk: Desk,
    path: Path<(CooperativeId, ContractId)>,
    query: Params<PaperQuery>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::SeeReports).await?;
    sellers_paper(&desk, path.into_inner(), query.0.language()).await
}

/// A buyer's contract as a paper.
pub async fn buyers_paper(
    desk: &Desk,
    (organisation, id): (OrganisationId, ContractId),
    language: Language,
) -> Result<HttpResponse, Problem> {
    may(desk, organisation, OrganisationRole::Member).await?;
    let contract = shown(desk.db.fresh(), &desk.config, id).await?;
    if contract.organisation_id != organisation {
        return Err(Problem::new(&NOT_FOUND));
    }
    as_pdf(desk, contract, language).await
}

/// The contract as a PDF, for the buyer.
#[utoipa::path(tag = "business", operation_id = "download_buyers_contract", security(("access_token" = [])), params(("organisation_id" = OrganisationId, Path), ("contract_id" = ContractId, Path), PaperQuery), responses((status = 200, description = "The contract", body = Vec<u8>, content_type = "application/pdf")))]
#[get("/v1/business/{organisation_id}/contracts/{contract_id}/pdf")]
pub async fn download_buyers_contract(
    desk: Desk,
    path: Path<(OrganisationId, ContractId)>,
    query: Params<PaperQuery>,
) -> Result<HttpResponse, Problem> {
    buyers_paper(&desk, path.into_inner(), query.0.language()).await
}

#[derive(FromQueryResult)]
struct Count {
    waiting: i64,
}

/// How many contracts wait for the cooperative to sign.
pub async fn to_sign(desk: &Desk, cooperative: CooperativeId) -> Result<i64, Problem> {
    let sql = "SELECT COUNT(*) AS waiting FROM supply_contract WHERE cooperative_id = $1 AND state = 'proposed'";
    Ok(one::<Count>(desk.db.fresh(), sql, [cooperative.into()]).await?.map_or(0, |row| row.waiting))
}
