//! A cooperative's contracts with carriers: tokens go in and are never shown again.

use actix_web::web::Path;
use actix_web::{HttpResponse, delete, get, put};
use entity::carrier_account;
use entity::sealed::Sealed;
use entity::value::{Carrier, CooperativeId};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::carrier::Contract;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::run;
use crate::platform::problem::{NOT_FOUND, Problem};

#[derive(Serialize, ToSchema)]
pub struct CarrierContract {
    carrier: Carrier,
    shop_id: String,
    /// The end of the token, to tell one from another.
    token_ends_with: String,
}

#[derive(Serialize, ToSchema)]
pub struct CarrierContracts {
    items: Vec<CarrierContract>,
}

pub async fn find(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    carrier: Carrier,
) -> Result<Option<Contract>, DbErr> {
    let row = carrier_account::Entity::find_by_id((cooperative, carrier)).one(connection).await?;
    Ok(row.map(|row| Contract { token: SecretString::from(row.token.into_open()), shop_id: row.shop_id }))
}

async fn all(desk: &Desk, cooperative: CooperativeId) -> Result<CarrierContracts, Problem> {
    let rows = carrier_account::Entity::find()
        .filter(carrier_account::Column::CooperativeId.eq(cooperative))
        .all(desk.db.fresh())
        .await?;
    let view = |row: carrier_account::Model| {
        let count = row.token.chars().count();
        CarrierContract {
            carrier: row.carrier,
            shop_id: row.shop_id,
            token_ends_with: row.token.chars().skip(count.saturating_sub(4)).collect(),
        }
    };
    Ok(CarrierContracts { items: rows.into_iter().map(view).collect() })
}

/// Carriers the cooperative has a contract with.
#[utoipa::path(tag = "seller", operation_id = "list_carrier_contracts", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path)), responses((status = 200, description = "The contracts", body = CarrierContracts)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/carriers")]
pub async fn list_contracts(desk: Desk, cooperative: Path<CooperativeId>) -> Result<HttpResponse, Problem> {
    desk.may(*cooperative, Permission::EditShop).await?;
    Ok(HttpResponse::Ok().json(all(&desk, *cooperative).await?))
}

/// Carriers that can be signed up with.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractCarrier {
    Ghn,
    Ghtk,
    ViettelPost,
}

impl ContractCarrier {
    pub fn carrier(self) -> Carrier {
        match self {
            Self::Ghn => Carrier::Ghn,
            Self::Ghtk => Carrier::Ghtk,
            Self::ViettelPost => Carrier::ViettelPost,
        }
    }
}

#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "9f1c2a7e-0b3d-4c55-8a10-5d2f0e6b7c41", "shop_id": "885"}))]
pub struct ContractInput {
    /// From the carrier's own site.
    #[garde(length(min = 8, max = 500), ascii)]
    #[schema(min_length = 8, max_length = 500, format = Password)]
    token: String,
    /// The shop's number at the carrier (GHN: ShopId; GHTK: X-Client-Source).
    #[garde(length(max = 100), ascii)]
    #[serde(default)]
    #[schema(max_length = 100)]
    shop_id: String,
}

/// Sign a carrier up with the token it gave.
#[utoipa::path(tag = "seller", operation_id = "put_carrier_contract", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("carrier" = inline(ContractCarrier), Path)), request_body = ContractInput, responses((status = 200, description = "The contracts", body = CarrierContracts)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/carriers/{carrier}")]
pub async fn put_contract(
    desk: Desk,
    path: Path<(CooperativeId, ContractCarrier)>,
    body: Body<ContractInput>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, carrier) = path.into_inner();
    desk.may(cooperative, Permission::EditShop).await?;
    let transaction = desk.db.begin().await?;
    run(
        &transaction,
        "INSERT INTO carrier_account (cooperative_id, carrier, token, shop_id, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (cooperative_id, carrier)
         DO UPDATE SET token = excluded.token, shop_id = excluded.shop_id, created_at = excluded.created_at",
        [
            cooperative.into(),
            carrier.carrier().as_str().into(),
            Sealed::from(body.0.token).into(),
            body.0.shop_id.into(),
            desk.now().into(),
        ],
    )
    .await?;
    let after = json!({"carrier": carrier.carrier()});
    desk.audit(&transaction, "carrier.signed", ("cooperative", cooperative.0), (), after).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(all(&desk, cooperative).await?))
}

/// End a contract; parcels on their way are still followed by the carrier's webhook.
#[utoipa::path(tag = "seller", operation_id = "delete_carrier_contract", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("carrier" = inline(ContractCarrier), Path)), responses((status = 204, description = "Ended")))]
#[delete("/v1/seller/cooperatives/{cooperative_id}/carriers/{carrier}")]
pub async fn delete_contract(
    desk: Desk,
    path: Path<(CooperativeId, ContractCarrier)>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, carrier) = path.into_inner();
    desk.may(cooperative, Permission::EditShop).await?;
    let transaction = desk.db.begin().await?;
    let sql = "DELETE FROM carrier_account WHERE cooperative_id = $1 AND carrier = $2";
    if run(&transaction, sql, [cooperative.into(), carrier.carrier().as_str().into()]).await? != 1 {
        return Err(Problem::new(&NOT_FOUND));
    }
    let before = json!({"carrier": carrier.carrier()});
    desk.audit(&transaction, "carrier.ended", ("cooperative", cooperative.0), before, ()).await?;
    transaction.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}
