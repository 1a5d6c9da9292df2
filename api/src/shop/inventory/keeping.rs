//! How goods are kept and how long they keep by that: days of a product in a kind of store, from a day on. A harvest takes the
//! rule of its day; goods that change the store keep what is left of their life, at the new store's pace.

use actix_web::web::Path;
use actix_web::{HttpResponse, get, put};
use entity::value::{CooperativeId, LotId, ProductId, RowId, Storage};
use entity::{product, shelf_life_rule};
use garde::Validate;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, Duration};
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::Permission;
use crate::platform::body::Body;
use crate::platform::db::{by_id, run};
use crate::platform::problem::{NOT_FOUND, Problem};

/// Where and how warm a lot is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Kept {
    #[schema(required = true)]
    pub storage: Option<Storage>,
    /// Degrees Celsius.
    #[garde(inner(range(min = -80, max = 60)))]
    #[schema(minimum = -80, maximum = 60, required = true)]
    pub from_c: Option<i32>,
    #[garde(inner(range(min = -80, max = 60)))]
    #[schema(minimum = -80, maximum = 60, required = true)]
    pub to_c: Option<i32>,
}

impl Kept {
    pub fn check(&self, pointer: &str) -> Result<(), Problem> {
        if self.from_c.zip(self.to_c).is_some_and(|(from, to)| from > to) {
            let (vi, en) = ("nhiệt độ từ phải thấp hơn nhiệt độ đến", "it begins above where it ends");
            return Err(Problem::field(format!("{pointer}/to_c"), "order", vi, en));
        }
        Ok(())
    }
}

/// How long a product keeps in a kind of store, for what is harvested or brought there from a day on.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ShelfLife {
    pub storage: Storage,
    #[garde(range(min = 1, max = 3_650))]
    #[schema(minimum = 1, maximum = 3650)]
    pub days: i32,
    #[schema(value_type = String, format = Date)]
    pub from_day: Date,
}

#[derive(Deserialize, Serialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({"items": [{"storage": "cool", "days": 60, "from_day": "2026-10-01"}, {"storage": "ambient", "days": 25, "from_day": "2026-10-01"}]}))]
pub struct ShelfLives {
    #[garde(length(max = 50), dive)]
    #[schema(max_items = 50)]
    items: Vec<ShelfLife>,
}

/// Days it keeps in a store by the rule of a day; of several the latest counts.
fn rule_of(rules: &[ShelfLife], storage: Storage, day: Date) -> Option<i32> {
    let fits = rules.iter().filter(|rule| rule.storage == storage && rule.from_day <= day);
    fits.max_by_key(|rule| rule.from_day).map(|rule| rule.days)
}

/// The last day of goods that change the store on a day: what is left of their life, at the new store's pace.
fn moved(on: Date, harvested: Date, expires: Date, days: i32) -> Date {
    let (left, whole) = ((expires - on).whole_days(), (expires - harvested).whole_days());
    if left <= 0 || whole <= 0 {
        return expires;
    }
    let kept = i64::from(days) * left.min(whole) / whole;
    on.checked_add(Duration::days(kept)).unwrap_or(expires)
}

async fn rules(connection: &impl ConnectionTrait, product: ProductId) -> Result<Vec<ShelfLife>, DbErr> {
    let rows = shelf_life_rule::Entity::find()
        .filter(shelf_life_rule::Column::ProductId.eq(product))
        .order_by_asc(shelf_life_rule::Column::Storage)
        .order_by_desc(shelf_life_rule::Column::FromDay)
        .all(connection)
        .await?;
    let rule = |row: shelf_life_rule::Model| ShelfLife { storage: row.storage, days: row.days, from_day: row.from_day };
    Ok(rows.into_iter().map(rule).collect())
}

/// The last day of a harvest that nobody told, by the product's rules for its store, else by its shelf life.
pub async fn last_day(
    connection: &impl ConnectionTrait,
    product: &product::Model,
    harvested: Date,
    storage: Option<Storage>,
) -> Result<Option<Date>, DbErr> {
    let by_rule = match storage {
        Some(storage) => rule_of(&rules(connection, product.id).await?, storage, harvested),
        None => None,
    };
    Ok(by_rule.or(product.shelf_life_days).and_then(|days| harvested.checked_add(Duration::days(days.into()))))
}

/// A lot is brought into another store: where it is kept from now on, and until when it keeps there.
pub async fn bring(
    transaction: &impl ConnectionTrait,
    lot: &entity::lot::Model,
    kept: Kept,
    on: Date,
) -> Result<Option<Date>, Problem> {
    let pace = match kept.storage.filter(|storage| Some(*storage) != lot.storage) {
        Some(storage) => rule_of(&rules(transaction, lot.product_id).await?, storage, on),
        None => None,
    };
    let changed = |(expires, days)| moved(on, lot.harvested_on, expires, days);
    let expires_on = lot.expires_on.zip(pace).map(changed).or(lot.expires_on);
    let sql = "UPDATE lot SET storage = COALESCE($2, storage), kept_from_c = $3, kept_to_c = $4, expires_on = $5 WHERE id = $1";
    let (id, storage): (LotId, _) = (lot.id, kept.storage.map(Storage::as_str));
    run(transaction, sql, [id.into(), storage.into(), kept.from_c.into(), kept.to_c.into(), expires_on.into()]).await?;
    Ok(expires_on)
}

async fn own(desk: &Desk, cooperative: CooperativeId, id: ProductId) -> Result<(), Problem> {
    let row = by_id::<product::Entity>(desk.db.fresh(), id).await?;
    row.filter(|row| row.cooperative_id == cooperative).map(drop).ok_or_else(|| Problem::new(&NOT_FOUND))
}

/// How long a product keeps, by the kind of store, newest rule first.
#[utoipa::path(tag = "seller", operation_id = "list_shelf_lives", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), responses((status = 200, description = "The rules", body = ShelfLives)))]
#[get("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}/shelf-lives")]
pub async fn list_shelf_lives(desk: Desk, path: Path<(CooperativeId, ProductId)>) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::SeeShop).await?;
    own(&desk, cooperative, id).await?;
    Ok(HttpResponse::Ok().json(ShelfLives { items: rules(desk.db.fresh(), id).await? }))
}

/// Replace the rules: a harvest whose last day is not told takes it from the rule of its day and store. Lots that are there keep theirs.
#[utoipa::path(tag = "seller", operation_id = "replace_shelf_lives", security(("access_token" = [])), params(("cooperative_id" = CooperativeId, Path), ("product_id" = ProductId, Path)), request_body = ShelfLives, responses((status = 200, description = "The rules", body = ShelfLives)))]
#[put("/v1/seller/cooperatives/{cooperative_id}/products/{product_id}/shelf-lives")]
pub async fn replace_shelf_lives(
    desk: Desk,
    path: Path<(CooperativeId, ProductId)>,
    body: Body<ShelfLives>,
) -> Result<HttpResponse, Problem> {
    let (cooperative, id) = path.into_inner();
    desk.may(cooperative, Permission::EditListings).await?;
    own(&desk, cooperative, id).await?;
    let (items, now) = (body.0.items, desk.now());
    for (index, item) in items.iter().enumerate() {
        if items[..index].iter().any(|other| (other.storage, other.from_day) == (item.storage, item.from_day)) {
            let (vi, en) = ("hai quy tắc cùng cách giữ và cùng ngày", "two rules of one store begin on one day");
            return Err(Problem::field(format!("/items/{index}/from_day"), "twice", vi, en));
        }
    }
    let transaction = desk.begin().await?;
    let before = rules(&transaction, id).await?;
    run(&transaction, "DELETE FROM shelf_life_rule WHERE product_id = $1", [id.into()]).await?;
    let rows: Vec<_> = items
        .iter()
        .map(|item| shelf_life_rule::ActiveModel {
            id: Set(RowId::new()),
            product_id: Set(id),
            storage: Set(item.storage),
            days: Set(item.days),
            from_day: Set(item.from_day),
            created_at: Set(now),
        })
        .collect();
    if !rows.is_empty() {
        shelf_life_rule::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
    }
    desk.audit(&transaction, "product.shelf_lives", ("product", id.0), json!(before), json!(items)).await?;
    transaction.commit().await?;
    Ok(HttpResponse::Ok().json(ShelfLives { items: rules(desk.db.fresh(), id).await? }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    #[test]
    fn the_latest_rule_of_the_store_that_had_begun_counts() {
        let rule = |storage, days, from_day| ShelfLife { storage, days, from_day };
        let rules = [
            rule(Storage::Cool, 60, date!(2026 - 01 - 01)),
            rule(Storage::Cool, 45, date!(2026 - 12 - 01)),
            rule(Storage::Ambient, 20, date!(2026 - 01 - 01)),
        ];
        assert_eq!(rule_of(&rules, Storage::Cool, date!(2026 - 11 - 30)), Some(60));
        assert_eq!(rule_of(&rules, Storage::Cool, date!(2026 - 12 - 01)), Some(45));
        assert_eq!(rule_of(&rules, Storage::Frozen, date!(2026 - 12 - 01)), None);
        assert_eq!(rule_of(&rules, Storage::Cool, date!(2025 - 12 - 31)), None);
    }

    #[test]
    fn half_a_life_left_is_half_a_life_in_the_new_store() {
        let (harvested, expires) = (date!(2026 - 11 - 01), date!(2026 - 11 - 21));
        assert_eq!(moved(date!(2026 - 11 - 11), harvested, expires, 60), date!(2026 - 12 - 11));
        assert_eq!(moved(date!(2026 - 11 - 21), harvested, expires, 60), expires, "over is over");
    }

    proptest! {
        /// Never longer than a whole life in the new store, never before the day of the move while any life was left; and from a
        /// store into one of the same pace nothing changes by more than a day's rounding.
        #[test]
        fn no_store_makes_goods_younger(life in 1_i64..400, gone in 0_i64..400, days in 1_i32..400) {
            let harvested = date!(2026 - 01 - 01);
            let (expires, on) = (harvested + Duration::days(life), harvested + Duration::days(gone));
            let last = moved(on, harvested, expires, days);
            if gone >= life {
                prop_assert_eq!(last, expires);
            } else {
                prop_assert!(last >= on && last <= on + Duration::days(days.into()));
                let same = moved(on, harvested, expires, i32::try_from(life).unwrap_or(i32::MAX));
                prop_assert!(same <= expires && expires - same <= Duration::days(1));
            }
        }
    }
}
