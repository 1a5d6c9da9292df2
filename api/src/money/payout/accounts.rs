//! Where a cooperative is paid. Payouts that are made already keep the account they were made with.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::bank_account;
use entity::value::CooperativeId;
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::by_id;
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::shop::selling::bank;

/// A bank account, its number but for the last digits hidden.
#[derive(Serialize, ToSchema)]
pub struct BankAccount {
    /// Of the bank, as VietQR has it.
    bank_bin: String,
    number: String,
    holder: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    updated_at: OffsetDateTime,
}

/// `…1234`
pub fn masked(number: &str) -> String {
    let kept = number.char_indices().rev().nth(3).map_or(0, |(start, _)| start);
    format!("…{}", &number[kept..])
}

fn view(row: bank_account::Model) -> BankAccount {
    BankAccount { number: masked(&row.number), bank_bin: row.bank_bin, holder: row.holder, updated_at: row.updated_at }
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"bank_bin": "970405", "number": "3005215001234", "holder": "HTX BUOI DU SANG"}))]
pub struct NewBankAccount {
    #[garde(pattern("^[0-9]{6}$"))]
    #[schema(pattern = "^[0-9]{6}$")]
    bank_bin: String,
    #[garde(pattern("^[0-9A-Za-z]{4,24}$"))]
    #[schema(pattern = "^[0-9A-Za-z]{4,24}$")]
    number: String,
    /// As the bank has it: the cooperative itself.
    #[garde(length(chars, min = 2, max = 100))]
    #[schema(min_length = 2, max_length = 100)]
    holder: String,
}

/// Where the cooperative is paid.
#[utoipa::path(tag = "seller", operation_id = "show_bank_account", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The account", body = BankAccount)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/bank-account")]
pub async fn show_bank_account(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::ManageMoney).await?;
    let row = by_id::<bank_account::Entity>(desk.db.fresh(), *cooperative).await?;
    Ok(HttpResponse::Ok().json(view(row.ok_or_else(|| Problem::new(&NOT_FOUND))?)))
}

/// Change where the cooperative is paid. Its owners and managers are told.
#[utoipa::path(tag = "seller", operation_id = "put_bank_account", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), request_body = NewBankAccount, responses((status = 200, description = "The account", body = BankAccount)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/bank-account")]
pub async fn put_bank_account(
    desk: Desk,
    cooperative: Path<CooperativeId>,
    body: Body<NewBankAccount>,
) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::ManageMoney).await?;
    desk.who.require_strong()?;
    let Body(input) = body;
    let now = desk.now();
    let transaction = desk.begin().await?;
    let before = by_id::<bank_account::Entity>(&transaction, *cooperative).await?;
    let account = bank_account::Model {
        cooperative_id: *cooperative,
        bank_bin: input.bank_bin.clone(),
        number: input.number.clone().into(),
        holder: fold::stored(&input.holder),
        updated_at: now,
    };
    bank::put(&transaction, account).await?;
    let was = before.map(|row| json!({"bank_bin": row.bank_bin, "number": masked(&row.number), "holder": row.holder}));
    let is = json!({"bank_bin": input.bank_bin, "number": masked(&input.number), "holder": input.holder});
    desk.audit(&transaction, "bank_account.changed", ("cooperative", cooperative.0), was, is).await?;
    let told = json!({"number": masked(&input.number)});
    emit(&transaction, "shop.bank_account_changed", cooperative.0, told, now).await?;
    transaction.commit().await?;
    desk.bell.ring();
    let row = by_id::<bank_account::Entity>(desk.db.fresh(), *cooperative).await?;
    Ok(HttpResponse::Ok().json(view(row.ok_or_else(|| Problem::new(&NOT_FOUND))?)))
}
