//! Where a cooperative is paid.

use entity::bank_account;
use entity::value::CooperativeId;
use sea_orm::{ConnectionTrait, DbErr};

use crate::platform::db::run;

/// Takes the place of what was there before.
pub async fn put(connection: &impl ConnectionTrait, account: bank_account::Model) -> Result<(), DbErr> {
    let cooperative: CooperativeId = account.cooperative_id;
    run(
        connection,
        "INSERT INTO bank_account (cooperative_id, bank_bin, number, holder, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (cooperative_id) DO UPDATE SET bank_bin = excluded.bank_bin, number = excluded.number, holder = excluded.holder,
                                                    updated_at = excluded.updated_at",
        [
            cooperative.into(),
            account.bank_bin.into(),
            account.number.into(),
            account.holder.into(),
            account.updated_at.into(),
        ],
    )
    .await?;
    Ok(())
}
