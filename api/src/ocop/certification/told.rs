//! Who is to act on a dossier now, so that they can be told.

use entity::certification::DossierState;
use entity::value::{DossierId, OfficeLevel};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use crate::people::places::{commune, province_of};
use crate::platform::db::{all, by_id};

/// The office a dossier waits for in a state.
fn waits_for(state: DossierState) -> Option<OfficeLevel> {
    match state {
        DossierState::Submitted => Some(OfficeLevel::Commune),
        DossierState::Proposed | DossierState::SentDown | DossierState::Complained => Some(OfficeLevel::Province),
        DossierState::SentUp => Some(OfficeLevel::Ministry),
        _ => None,
    }
}

#[derive(FromQueryResult)]
struct Mailbox {
    email: String,
}

/// The mailboxes of those who are to act: the office it has come to, or the council that begins to score.
pub async fn who_acts(
    connection: &impl ConnectionTrait,
    id: DossierId,
    state: DossierState,
) -> Result<Vec<String>, DbErr> {
    let Some(row) = by_id::<entity::dossier::Entity>(connection, id).await? else { return Ok(Vec::new()) };
    let mailboxes = if let Some(level) = super::council::scoring(state) {
        let sql = "SELECT a.email FROM council_seat s JOIN account a ON a.id = s.account_id
                   WHERE s.dossier_id = $1 AND s.level = $2 AND s.round = $3 AND s.handed_in_at IS NULL
                     AND a.disabled_at IS NULL AND a.email IS NOT NULL ORDER BY a.email";
        all::<Mailbox>(connection, sql, [id.into(), level.as_str().into(), row.round.into()]).await?
    } else if let Some(level) = waits_for(state) {
        let province = commune(&row.commune_code).map(|place| province_of(place).code);
        let sql = "SELECT a.email FROM office o JOIN office_member m ON m.office_id = o.id JOIN account a ON a.id = m.account_id
                   WHERE o.level = $1 AND (o.commune_code IS NULL OR o.commune_code = $2) AND (o.province_code IS NULL OR o.province_code = $3)
                     AND m.role IN ('clerk', 'head') AND a.disabled_at IS NULL AND a.email IS NOT NULL ORDER BY a.email";
        all::<Mailbox>(connection, sql, [level.as_str().into(), row.commune_code.into(), province.into()]).await?
    } else {
        Vec::new()
    };
    Ok(mailboxes.into_iter().map(|row| row.email).collect())
}
