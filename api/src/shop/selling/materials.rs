//! What an offer is packed in and grown with: facts, each with the certificate that proves it. Buyers see a fact, and can filter
//! by it, while its certificate is verified and has not ended.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::value::{CertificateId, CertificateState, CooperativeId, Material, MaterialPart, OfferId, RowId, Vnd};
use entity::{certificate, offer_material};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::offers::own;
use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, run};
use crate::platform::fold;
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct MaterialFact {
    pub part: MaterialPart,
    pub material: Material,
    /// The recycled share, in basis points.
    #[serde(default)]
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10000)]
    pub recycled_bp: i64,
    /// The cooperative takes it back, such as a crate.
    #[serde(default)]
    pub returnable: bool,
    /// In đồng: what is asked for a crate until it is back.
    #[garde(inner(range(min = 1, max = 10_000_000)))]
    #[schema(minimum = 1, maximum = 10_000_000, required = true)]
    pub deposit_amount: Option<i64>,
    /// What proves it: a certificate of the cooperative.
    pub certificate_id: CertificateId,
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200, required = true)]
    pub note: Option<String>,
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"items": [{"part": "packaging", "material": "bamboo", "recycled_bp": 0, "returnable": true, "deposit_amount": 20_000,
    "certificate_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11", "note": "Sọt tre của làng nghề"}]}))]
pub struct MaterialFacts {
    #[garde(length(max = 20), dive)]
    #[schema(max_items = 20)]
    items: Vec<MaterialFact>,
}

pub async fn find(connection: &impl ConnectionTrait, offer: OfferId) -> Result<Vec<MaterialFact>, DbErr> {
    let rows = offer_material::Entity::find()
        .filter(offer_material::Column::OfferId.eq(offer))
        .order_by_asc(offer_material::Column::Id)
        .all(connection)
        .await?;
    let fact = |row: offer_material::Model| MaterialFact {
        part: row.part,
        material: row.material,
        recycled_bp: row.recycled_bp,
        returnable: row.returnable,
        deposit_amount: row.deposit_amount.map(|amount| amount.0),
        certificate_id: row.certificate_id,
        note: row.note,
    };
    Ok(rows.into_iter().map(fact).collect())
}

/// Each fact makes sense, and its proof is the cooperative's and may still count.
async fn check(
    connection: &impl ConnectionTrait,
    cooperative: CooperativeId,
    items: &[MaterialFact],
) -> Result<(), Problem> {
    for (index, item) in items.iter().enumerate() {
        let input = matches!(item.material, Material::OrganicFertiliser | Material::BiologicalControl);
        if input != (item.part == MaterialPart::Input) {
            let (vi, en) = ("không hợp với phần này", "does not go with this part");
            return Err(Problem::field(format!("/items/{index}/material"), "part", vi, en));
        }
        if item.deposit_amount.is_some() && !item.returnable {
            let (vi, en) = ("chỉ có tiền cược khi nhận lại", "only what is taken back has a deposit");
            return Err(Problem::field(format!("/items/{index}/deposit_amount"), "returnable", vi, en));
        }
        let proof = by_id::<certificate::Entity>(connection, item.certificate_id).await?;
        let may_count = |row: &certificate::Model| {
            row.cooperative_id == cooperative
                && matches!(
                    row.state,
                    CertificateState::Draft | CertificateState::Submitted | CertificateState::Verified
                )
        };
        if !proof.is_some_and(|row| may_count(&row)) {
            let (vi, en) = (
                "cần một chứng nhận còn dùng được của gian hàng",
                "is not a certificate of the cooperative that may count",
            );
            return Err(Problem::field(format!("/items/{index}/certificate_id"), "certificate", vi, en));
        }
    }
    Ok(())
}

/// Puts facts in the place of those that are there.
pub async fn replace(
    desk: &Desk,
    cooperative: CooperativeId,
    id: OfferId,
    items: &[MaterialFact],
) -> Result<(), Problem> {
    let now = desk.now();
    let offer = own(desk, cooperative, id).await?;
    let transaction = desk.begin().await?;
    check(&transaction, cooperative, items).await?;
    let before = find(&transaction, id).await?;
    run(&transaction, "DELETE FROM offer_material WHERE offer_id = $1", [id.into()]).await?;
    let rows: Vec<_> = items
        .iter()
        .map(|item| offer_material::ActiveModel {
            id: Set(RowId::new()),
            offer_id: Set(id),
            part: Set(item.part),
            material: Set(item.material),
            recycled_bp: Set(item.recycled_bp),
            returnable: Set(item.returnable),
            deposit_amount: Set(item.deposit_amount.map(Vnd)),
            certificate_id: Set(item.certificate_id),
            note: Set(item.note.as_deref().map(fold::stored).filter(|note| !note.is_empty())),
            created_at: Set(now),
        })
        .collect();
    if !rows.is_empty() {
        offer_material::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "offer.materials", ("offer", id.0), json!(before), json!(items)).await?;
    emit(&transaction, "product.changed", offer.product_id.0, json!({"by": "materials"}), now).await?;
    transaction.commit().await?;
    desk.products_changed(&[offer.product_id]).await
}

/// What an offer is packed in and grown with.
#[utoipa::path(tag = "seller", operation_id = "list_materials", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), responses((status = 200, description = "The facts", body = MaterialFacts)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/offers/{offer_id}/materials")]
pub async fn list_materials(desk: Desk, path: Path<(CooperativeId, OfferId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    own(&desk, cooperative, id).await?;
    Ok(HttpResponse::Ok().json(MaterialFacts { items: find(desk.db.fresh(), id).await? }))
}

/// Replace what is said of an offer's packaging and inputs. Buyers see a fact while its certificate is verified and valid.
#[utoipa::path(tag = "seller", operation_id = "replace_materials", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("offer_id" = OfferId, Path)), request_body = MaterialFacts, responses((status = 200, description = "The facts", body = MaterialFacts)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/offers/{offer_id}/materials")]
pub async fn replace_materials(
    desk: Desk,
    path: Path<(CooperativeId, OfferId)>,
    body: Body<MaterialFacts>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    replace(&desk, cooperative, id, &body.0.items).await?;
    Ok(HttpResponse::Ok().json(MaterialFacts { items: find(desk.db.fresh(), id).await? }))
}
