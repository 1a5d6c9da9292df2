//! Promotions in the database: which hold now, and using them up.

use entity::promotion;
use entity::value::{AccountId, PromotionId, PurchaseId, Vnd};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Set, Value};
use time::OffsetDateTime;

use super::rules::Promotion;
use crate::platform::db::{Batch, all, list, run};

/// A promotion that holds now, and whether there is any of it left.
pub struct Active {
    pub promotion: Promotion,
    pub left: bool,
}

/// Automatic promotions and those of the codes, in the order they are applied: the automatic ones first, then the codes as
/// they were given.
pub async fn active(
    connection: &impl ConnectionTrait,
    codes: &[String],
    now: OffsetDateTime,
) -> Result<Vec<Active>, DbErr> {
    let mut values: Vec<Value> = vec![now.into()];
    values.extend(codes.iter().map(|code| Value::from(code.as_str())));
    let by_code = if codes.is_empty() { String::new() } else { format!(" OR code IN {}", list(2, codes.len())) };
    let rows = all::<promotion::Model>(
        connection,
        format!(
            "SELECT * FROM promotion WHERE state = 'active' AND starts_at <= $1 AND (ends_at IS NULL OR ends_at > $1)
               AND (code IS NULL{by_code}) ORDER BY id"
        ),
        values,
    )
    .await?;
    let mut found: Vec<Active> = rows
        .into_iter()
        .map(|row| Active { left: row.usage_limit.is_none_or(|limit| row.used < limit), promotion: read(row) })
        .collect();
    let place = |code: &Option<String>| code.as_ref().and_then(|code| codes.iter().position(|given| given == code));
    found.sort_by_key(|active| place(&active.promotion.code).map_or(0, |place| place + 1));
    Ok(found)
}

/// When a promotion that is not paused holds, and by which code.
#[derive(FromQueryResult)]
pub struct Window {
    code: Option<String>,
    starts_at: OffsetDateTime,
    ends_at: Option<OffsetDateTime>,
}

impl Window {
    pub fn holds(&self, codes: &[String], now: OffsetDateTime) -> bool {
        self.starts_at <= now
            && self.ends_at.is_none_or(|end| end > now)
            && self.code.as_ref().is_none_or(|code| codes.contains(code))
    }
}

/// All that hold now, or are to.
pub async fn windows(connection: &impl ConnectionTrait) -> Result<Vec<Window>, DbErr> {
    all(connection, "SELECT code, starts_at, ends_at FROM promotion WHERE state = 'active'", []).await
}

fn read(row: promotion::Model) -> Promotion {
    let amount = |amount: Option<Vnd>| amount.map_or(0, |amount| amount.0);
    Promotion {
        id: row.id,
        code: row.code,
        cooperative_id: row.cooperative_id,
        product_id: row.product_id,
        funded_by: row.funded_by,
        kind: row.kind,
        campaign: row.campaign,
        name_vi: row.name_vi,
        name_en: row.name_en,
        rate_bp: row.rate_bp.unwrap_or(0).into(),
        amount: amount(row.amount),
        buy: row.buy_quantity.unwrap_or(0),
        free: row.free_quantity.unwrap_or(0),
        max: row.max_amount.map(|max| max.0),
        min_goods: amount(row.min_goods_amount),
    }
}

/// Why a promotion could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedUp {
    ByAll(PromotionId),
    ByThisBuyer(PromotionId),
}

/// Who buys: a limit per buyer holds for whichever of these was used before.
pub struct Buyer<'a> {
    pub account: Option<AccountId>,
    /// E.164.
    pub phone: &'a str,
    pub email: Option<&'a str>,
}

impl Buyer<'_> {
    fn names(&self) -> Vec<String> {
        let account = self.account.map(|account| format!("account:{account}"));
        let email = self.email.map(|email| format!("email:{}", email.trim().to_lowercase()));
        [Some(format!("phone:{}", self.phone)), account, email].into_iter().flatten().collect()
    }
}

/// Uses promotions up for a purchase, or tells which has no use left: roll back then.
pub async fn take(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    used: &[(PromotionId, i64)],
    buyer: Buyer<'_>,
    now: OffsetDateTime,
) -> Result<Result<(), UsedUp>, DbErr> {
    let mut used = used.to_vec();
    // In one order, so that two purchases wait for each other and not crosswise.
    used.sort_unstable();
    let buyers = buyer.names();
    for (promotion, _) in &used {
        let sql = "UPDATE promotion SET used = used + 1, updated_at = $2 WHERE id = $1 AND state = 'active' AND (usage_limit IS NULL OR used < usage_limit)";
        if run(transaction, sql, [(*promotion).into(), now.into()]).await? != 1 {
            return Ok(Err(UsedUp::ByAll(*promotion)));
        }
        for buyer in &buyers {
            let sql = "INSERT INTO promotion_buyer (promotion_id, buyer, used) VALUES ($1, $2, 1)
                       ON CONFLICT (promotion_id, buyer) DO UPDATE SET used = promotion_buyer.used + 1
                       WHERE promotion_buyer.used < COALESCE((SELECT per_buyer_limit FROM promotion WHERE id = $1), promotion_buyer.used + 1)";
            if run(transaction, sql, [(*promotion).into(), buyer.as_str().into()]).await? != 1 {
                return Ok(Err(UsedUp::ByThisBuyer(*promotion)));
            }
        }
    }
    let rows = used.iter().map(|(promotion, amount)| entity::promotion_use::ActiveModel {
        promotion_id: Set(*promotion),
        purchase_id: Set(purchase),
        buyer: Set(buyers.join(" ")),
        amount: Set(Vnd(*amount)),
        released_at: Set(None),
    });
    Batch::default().insert(rows.collect::<Vec<_>>()).execute(transaction).await?;
    Ok(Ok(()))
}

/// A purchase comes back to life: what it had used up is used up once more, if there is any left; whether there was.
pub async fn take_again(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    now: OffsetDateTime,
) -> Result<bool, DbErr> {
    let sql = "UPDATE promotion_use SET released_at = NULL WHERE purchase_id = $1 AND released_at IS NOT NULL RETURNING promotion_id, buyer";
    let mut rows = all::<UseRow>(transaction, sql, [purchase.into()]).await?;
    rows.sort_by_key(|row| row.promotion_id);
    for row in rows {
        let sql = "UPDATE promotion SET used = used + 1, updated_at = $2 WHERE id = $1 AND (usage_limit IS NULL OR used < usage_limit)";
        if run(transaction, sql, [row.promotion_id.into(), now.into()]).await? != 1 {
            return Ok(false);
        }
        for buyer in row.buyer.split(' ') {
            let sql = "UPDATE promotion_buyer SET used = used + 1 WHERE promotion_id = $1 AND buyer = $2";
            run(transaction, sql, [row.promotion_id.into(), buyer.into()]).await?;
        }
    }
    Ok(true)
}

#[derive(FromQueryResult)]
struct UseRow {
    promotion_id: PromotionId,
    buyer: String,
}

/// Nothing came of a purchase: what it had used up is free again. Once, however often it is asked.
pub async fn release(
    transaction: &impl ConnectionTrait,
    purchase: PurchaseId,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let mut rows = all::<UseRow>(
        transaction,
        "UPDATE promotion_use SET released_at = $2 WHERE purchase_id = $1 AND released_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.purchase_id = $1 AND (o.state NOT IN ('cancelled', 'expired') OR o.paid_amount > o.refunded_amount))
         RETURNING promotion_id, buyer",
        [purchase.into(), now.into()],
    )
    .await?;
    rows.sort_by_key(|row| row.promotion_id);
    for row in rows {
        let sql = "UPDATE promotion SET used = used - 1, updated_at = $2 WHERE id = $1 AND used > 0";
        run(transaction, sql, [row.promotion_id.into(), now.into()]).await?;
        for buyer in row.buyer.split(' ') {
            let sql = "UPDATE promotion_buyer SET used = used - 1 WHERE promotion_id = $1 AND buyer = $2 AND used > 0";
            run(transaction, sql, [row.promotion_id.into(), buyer.into()]).await?;
        }
    }
    Ok(())
}
