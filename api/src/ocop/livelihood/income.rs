//! What a household was paid, entered one by one; from a sheet see `sheet`.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, post};
use entity::household_income;
use entity::programme::IncomeKind;
use entity::value::{CooperativeId, HouseholdId, IncomeId, Vnd};
use garde::Validate;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;
use utoipa::ToSchema;

use super::households::{agreed, present};
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::{Body, Params};
use crate::platform::db::{is_duplicate, run};
use crate::platform::fold;
use crate::platform::pagination::{NewestFirst, Page, Paging};
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    INCOME_EXISTS = "income_exists" 409 "Khoản chi có số chứng từ này đã được ghi." "The payment of this reference was written already.";
}

/// A payment.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct Income {
    pub id: IncomeId,
    pub kind: IncomeKind,
    /// Đồng.
    pub amount: Vnd,
    #[schema(value_type = String, format = Date)]
    pub paid_on: Date,
    /// Of the payment: voucher or transfer.
    pub reference: String,
    #[schema(required = true)]
    pub note: Option<String>,
}

pub type Incomes = Page<Income>;

const SELECT: &str = "SELECT i.id, i.kind, i.amount, i.paid_on, i.reference, i.note FROM household_income i";

/// Payments of a household, newest first.
pub async fn incomes(
    connection: &impl ConnectionTrait,
    household: HouseholdId,
    place: (Option<u64>, Option<&str>),
) -> Result<Incomes, Problem> {
    NewestFirst::of(SELECT, "i.id", place)?
        .and("i.household_id = ?", household)
        .page(connection, |row: &Income| row.id)
        .await
}

/// Payments of a household, newest first.
#[utoipa::path(tag = "programme", operation_id = "list_incomes", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("household_id" = HouseholdId, Path), Paging), responses((status = 200, description = "A page of payments", body = Page<Income>)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/households/{household_id}/incomes")]
pub async fn list_incomes(
    desk: Desk,
    path: Path<(CooperativeId, HouseholdId)>,
    paging: Params<Paging>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    present(desk.db.fresh(), *path).await?;
    Ok(HttpResponse::Ok().json(incomes(desk.db.fresh(), path.1, paging.0.place()).await?))
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"kind": "wages", "amount": 3_200_000, "paid_on": "2026-11-20", "reference": "PC-112"}))]
pub struct IncomeInput {
    pub kind: IncomeKind,
    /// Đồng.
    #[garde(range(min = 1, max = 100_000_000_000))]
    #[schema(minimum = 1, maximum = 100_000_000_000_i64)]
    pub amount: i64,
    #[schema(value_type = String, format = Date)]
    pub paid_on: Date,
    /// Of the payment: the same one is written once.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub reference: String,
    #[garde(inner(length(chars, max = 300)))]
    #[schema(max_length = 300)]
    pub note: Option<String>,
}

/// Writes a payment of a household that agreed, within a transaction.
pub(super) async fn write(
    transaction: &impl ConnectionTrait,
    desk: &Desk,
    path: (CooperativeId, HouseholdId),
    input: &IncomeInput,
) -> Result<Income, Problem> {
    if input.paid_on > desk.today() {
        return Err(Problem::field("/paid_on", "range", "ở tương lai", "is in the future"));
    }
    agreed(transaction, path).await?;
    let income = Income {
        id: IncomeId::new(),
        kind: input.kind,
        amount: Vnd(input.amount),
        paid_on: input.paid_on,
        reference: fold::stored(&input.reference),
        note: fold::filled(input.note.clone()),
    };
    let row = household_income::ActiveModel {
        id: Set(income.id),
        household_id: Set(path.1),
        kind: Set(income.kind),
        amount: Set(income.amount),
        paid_on: Set(income.paid_on),
        reference: Set(income.reference.clone()),
        note: Set(income.note.clone()),
        entered_by: Set(desk.who.account),
        entered_at: Set(desk.now()),
    };
    match household_income::Entity::insert(row).exec_without_returning(transaction).await {
        Err(error) if is_duplicate(&error) => Err(Problem::new(&INCOME_EXISTS)),
        done => {
            done?;
            Ok(income)
        }
    }
}

/// Write a payment of a household that agreed.
pub async fn enter(desk: &Desk, path: (CooperativeId, HouseholdId), input: IncomeInput) -> Result<Income, Problem> {
    let transaction = desk.begin().await?;
    let income = write(&transaction, desk, path, &input).await?;
    desk.audit(&transaction, "income.entered", ("household", path.1.0), (), json!({"income_id": income.id})).await?;
    transaction.commit().await?;
    Ok(income)
}

/// Write a payment of a household that agreed.
#[utoipa::path(tag = "programme", operation_id = "enter_income", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("household_id" = HouseholdId, Path)), request_body = IncomeInput, responses((status = 201, description = "The payment", body = Income)))]
#[post("/v1/seller/cooperatives/{cooperative_id}/households/{household_id}/incomes")]
pub async fn enter_income(
    desk: Desk,
    path: Path<(CooperativeId, HouseholdId)>,
    body: Body<IncomeInput>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    Ok(HttpResponse::Created().json(enter(&desk, path.into_inner(), body.0).await?))
}

/// Remove a payment that was written by mistake.
pub async fn remove(
    desk: &Desk,
    (cooperative, household, income): (CooperativeId, HouseholdId, IncomeId),
) -> Result<(), Problem> {
    let transaction = desk.begin().await?;
    present(&transaction, (cooperative, household)).await?;
    let sql = "DELETE FROM household_income WHERE id = $1 AND household_id = $2";
    if run(&transaction, sql, [income.into(), household.into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    let gone = json!({"income_id": income});
    desk.audit(&transaction, "income.removed", ("household", household.0), gone, ()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Remove a payment that was written by mistake.
#[utoipa::path(tag = "programme", operation_id = "remove_income", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("household_id" = HouseholdId, Path), ("income_id" = IncomeId, Path)), responses((status = 204, description = "Removed")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/households/{household_id}/incomes/{income_id}")]
pub async fn remove_income(
    desk: Desk,
    path: Path<(CooperativeId, HouseholdId, IncomeId)>,
) -> Result<HttpResponse, Problem> {
    desk.may(path.0, Permission::KeepPeople).await?;
    remove(&desk, path.into_inner()).await?;
    Ok(HttpResponse::NoContent().finish())
}
