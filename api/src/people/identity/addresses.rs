//! `/v1/me/addresses`: where a buyer has things sent.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post, put};
use entity::address;
use entity::value::AddressId;
use garde::Validate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::SignedIn;
use super::rules::{MAX_ADDRESSES, phone};
use crate::people::places;
use crate::platform::body::Body;
use crate::platform::clock::Clock;
use crate::platform::db::{Db, run};
use crate::platform::fold;
use crate::platform::problem::{NOT_FOUND, Problem, codes};

codes! {
    TOO_MANY_ADDRESSES = "too_many_addresses" 409 "Sổ địa chỉ đã đầy (20 địa chỉ)." "The address book is full (20 addresses).";
}

/// Where a parcel goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"recipient": "Nguyễn Thị Lan", "phone": "0912345678", "street": "12 ngõ 5 phố Huế", "commune_code": "00256"}))]
pub struct AddressInput {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub recipient: String,
    /// A Vietnamese phone number in any usual spelling, or an international one.
    #[garde(length(min = 3, max = 30))]
    #[schema(min_length = 3, max_length = 30)]
    pub phone: String,
    /// House number, street, hamlet.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub street: String,
    /// Today's commune code (`/v1/admin-units`).
    #[garde(length(min = 5, max = 5))]
    #[schema(min_length = 5, max_length = 5, pattern = "^[0-9]{5}$")]
    pub commune_code: String,
}

impl AddressInput {
    /// With texts composed and the phone in E.164, or what is wrong with it; `at` is the pointer to the address.
    pub fn normalised(mut self, at: &str) -> Result<Self, Problem> {
        check_commune(&format!("{at}/commune_code"), &self.commune_code)?;
        self.phone = phone(&self.phone).ok_or_else(|| {
            Problem::field(format!("{at}/phone"), "phone", "số điện thoại không hợp lệ", "not a valid phone number")
        })?;
        self.recipient = fold::stored(&self.recipient);
        self.street = fold::stored(&self.street);
        for (name, value) in [("recipient", &self.recipient), ("street", &self.street)] {
            if value.is_empty() || value.contains('\0') {
                return Err(Problem::field(
                    format!("{at}/{name}"),
                    "missing",
                    "không được để trống",
                    "must not be blank",
                ));
            }
        }
        Ok(self)
    }
}

/// Refuses a code that is not today's; a former commune's is answered with where it went.
pub fn check_commune(pointer: &str, code: &str) -> Result<(), Problem> {
    if places::commune(code).is_some() {
        return Ok(());
    }
    let (vi, en) = match places::successor(code) {
        Some(now) => (
            format!("mã xã cũ; nay là {} ({})", now.name, now.code),
            format!("a former commune; today it is {} ({})", now.name, now.code),
        ),
        None => ("không có xã, phường nào mang mã này".to_owned(), "no commune has this code".to_owned()),
    };
    Err(Problem::field(pointer, "commune", vi, en))
}

#[derive(Serialize, ToSchema)]
pub struct Address {
    pub id: AddressId,
    pub recipient: String,
    /// E.164.
    pub phone: String,
    pub street: String,
    pub commune_code: String,
    pub commune_name: String,
    pub province_name: String,
}

impl From<address::Model> for Address {
    fn from(row: address::Model) -> Self {
        let commune = places::commune(&row.commune_code);
        Self {
            id: row.id,
            recipient: row.recipient,
            phone: row.phone,
            street: row.street,
            commune_name: commune.map(|c| c.name.to_owned()).unwrap_or_default(),
            province_name: commune.map(|c| places::province_of(c).name.to_owned()).unwrap_or_default(),
            commune_code: row.commune_code,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AddressList {
    items: Vec<Address>,
}

/// The address book, newest first.
#[utoipa::path(tag = "me", operation_id = "list_addresses", security(("access_token" = [])), responses((status = 200, description = "The addresses", body = AddressList)))]
#[get("/v1/me/addresses")]
pub async fn list(db: Data<Db>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(AddressList { items: book(&db, &caller).await? }))
}

/// The caller's addresses, newest first.
pub async fn book(db: &Db, caller: &SignedIn) -> Result<Vec<Address>, Problem> {
    let rows = address::Entity::find()
        .filter(address::Column::AccountId.eq(caller.account))
        .order_by_desc(address::Column::Id)
        .all(db.fresh())
        .await?;
    Ok(rows.into_iter().map(Address::from).collect())
}

/// Add an address.
#[utoipa::path(tag = "me", operation_id = "create_address", security(("access_token" = [])), request_body = AddressInput, responses((status = 201, description = "Added", body = Address)))]
#[post("/v1/me/addresses")]
pub async fn create(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    body: Body<AddressInput>,
) -> Result<HttpResponse, Problem> {
    let transaction = db.begin().await?;
    let address = enter(&transaction, &caller, body.0, clock.now()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Created().json(address))
}

/// Enters an address into the caller's book.
pub async fn enter(
    transaction: &impl ConnectionTrait,
    caller: &SignedIn,
    input: AddressInput,
    now: OffsetDateTime,
) -> Result<Address, Problem> {
    let input = input.normalised("")?;
    let held = address::Entity::find().filter(address::Column::AccountId.eq(caller.account)).count(transaction).await?;
    if held >= MAX_ADDRESSES {
        return Err(Problem::new(&TOO_MANY_ADDRESSES));
    }
    let row = address::ActiveModel {
        id: Set(AddressId::new()),
        account_id: Set(caller.account),
        recipient: Set(input.recipient),
        phone: Set(input.phone),
        street: Set(input.street),
        commune_code: Set(input.commune_code),
        is_default: Set(held == 0),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(transaction)
    .await?;
    Ok(Address::from(row))
}

async fn own(connection: &impl ConnectionTrait, caller: &SignedIn, id: AddressId) -> Result<address::Model, Problem> {
    address::Entity::find_by_id(id)
        .filter(address::Column::AccountId.eq(caller.account))
        .one(connection)
        .await?
        .ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// Replace an address.
#[utoipa::path(tag = "me", operation_id = "update_address", security(("access_token" = [])), params(("id" = AddressId, Path)), request_body = AddressInput, responses((status = 200, description = "Replaced", body = Address)))]
#[put("/v1/me/addresses/{id}")]
pub async fn update(
    db: Data<Db>,
    clock: Data<Clock>,
    caller: SignedIn,
    id: Path<AddressId>,
    body: Body<AddressInput>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(rewrite(&db, &caller, *id, body.0, clock.now()).await?))
}

/// Replaces an address of the caller's.
pub async fn rewrite(
    db: &Db,
    caller: &SignedIn,
    id: AddressId,
    input: AddressInput,
    now: OffsetDateTime,
) -> Result<Address, Problem> {
    let mut row = own(db.fresh(), caller, id).await?;
    let input = input.normalised("")?;
    run(
        db.write(),
        "UPDATE address SET recipient = $3, phone = $4, street = $5, commune_code = $6, updated_at = $7
         WHERE id = $1 AND account_id = $2",
        [
            row.id.into(),
            caller.account.into(),
            input.recipient.as_str().into(),
            input.phone.as_str().into(),
            input.street.as_str().into(),
            input.commune_code.as_str().into(),
            now.into(),
        ],
    )
    .await?;
    (row.recipient, row.phone, row.street, row.commune_code) =
        (input.recipient, input.phone, input.street, input.commune_code);
    Ok(Address::from(row))
}

/// Remove an address. Orders keep theirs.
#[utoipa::path(tag = "me", operation_id = "delete_address", security(("access_token" = [])), params(("id" = AddressId, Path)), responses((status = 204, description = "Removed")))]
#[delete("/v1/me/addresses/{id}")]
pub async fn delete(db: Data<Db>, caller: SignedIn, id: Path<AddressId>) -> Result<HttpResponse, Problem> {
    strike(&db, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Strikes an address off the caller's book.
pub async fn strike(db: &Db, caller: &SignedIn, id: AddressId) -> Result<(), Problem> {
    let row = own(db.fresh(), caller, id).await?;
    address::Entity::delete_by_id(row.id).exec(db.write()).await?;
    Ok(())
}
