//! What comes of a decision: stars for 36 months, from that moment on everywhere.

use entity::value::{DossierId, ProductId, RowId};
use entity::{dossier, recognition};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::json;
use time::{Date, Month, OffsetDateTime};

use crate::platform::db::run;
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;

/// How long stars are valid (Decision 148/QĐ-TTg).
const YEARS: i32 = 3;

/// The last day of stars decided on a day.
pub fn valid_until(decided_on: Date) -> Date {
    decided_on.replace_year(decided_on.year() + YEARS).unwrap_or_else(|_| {
        // The 29th of February has no like three years on.
        Date::from_calendar_date(decided_on.year() + YEARS, Month::February, 28).unwrap_or(decided_on)
    })
}

/// Stars to be given.
pub struct Given<'a> {
    pub product: ProductId,
    pub dossier: Option<DossierId>,
    pub stars: i32,
    /// Without one it is made of the code.
    pub certificate_number: Option<String>,
    pub decision_number: &'a str,
    pub issuer: &'a str,
    pub decided_on: Date,
}

/// The code by which anybody may check a recognition: of its id's random part.
pub fn code_of(id: RowId) -> String {
    let digits = id.0.simple().to_string().to_uppercase();
    digits[22..].to_owned()
}

pub async fn give(transaction: &impl ConnectionTrait, given: Given<'_>) -> Result<recognition::Model, Problem> {
    let id = RowId::new();
    let code = code_of(id);
    let row = recognition::Model {
        id,
        product_id: given.product,
        stars: given.stars,
        certificate_number: given
            .certificate_number
            .unwrap_or_else(|| format!("OCOP-{}-{code}", given.decided_on.year())),
        issuer: given.issuer.to_owned(),
        issued_on: given.decided_on,
        valid_until: valid_until(given.decided_on),
        revoked_at: None,
        code: Some(code),
        dossier_id: given.dossier,
        decision_number: Some(given.decision_number.to_owned()),
        revoked_reason: None,
        reminded_months: None,
    };
    recognition::Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
    Ok(row)
}

/// Takes the stars of a dossier back; how many recognitions it touched.
pub async fn take_back(
    transaction: &impl ConnectionTrait,
    row: &dossier::Model,
    reason: &str,
    now: OffsetDateTime,
) -> Result<u64, Problem> {
    let sql =
        "UPDATE recognition SET revoked_at = $2, revoked_reason = $3 WHERE dossier_id = $1 AND revoked_at IS NULL";
    let touched = run(transaction, sql, [row.id.into(), now.into(), reason.into()]).await?;
    if touched > 0 {
        let told = json!({"dossier_id": row.id, "product_id": row.product_id, "reason": reason});
        emit(transaction, "recognition.revoked", row.cooperative_id.0, told, now).await?;
    }
    Ok(touched)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn thirty_six_months() {
        assert_eq!(valid_until(date!(2026 - 11 - 28)), date!(2029 - 11 - 28));
        assert_eq!(valid_until(date!(2028 - 02 - 29)), date!(2031 - 02 - 28));
    }
}
