//! What is the cooperative's own, and nobody else's.

use crate::people::desk::Desk;
use crate::platform::db::by_id;
use crate::platform::problem::{NOT_FOUND, Problem};
use entity::product;
use entity::value::{CooperativeId, ProductId};

/// The cooperative's own product.
pub async fn own(desk: &Desk, cooperative: CooperativeId, id: ProductId) -> Result<product::Model, Problem> {
    let row = by_id::<product::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.cooperative_id == cooperative).ok_or_else(|| Problem::new(&NOT_FOUND))
}
