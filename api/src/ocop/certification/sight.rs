//! What an office sees of dossiers: what has come to its level from its place.

use entity::value::{DossierId, OfficeLevel};
use sea_orm::ConnectionTrait;

use super::steps::Act;
use super::store::{Dossier, SELECT};
use crate::people::offices::{Jurisdiction, Seat};
use crate::platform::db::one;
use crate::platform::problem::{NOT_FOUND, Problem};

/// What some seats see of dossiers, as a condition on `d`.
pub fn seen_by(seats: &[Seat]) -> String {
    let of = |seat: &Seat| {
        let place = Jurisdiction::of(std::slice::from_ref(seat)).condition("d.commune_code");
        let came = match seat.level {
            OfficeLevel::Commune => "d.submitted_at IS NOT NULL".to_owned(),
            OfficeLevel::Province => came_by(Act::Propose),
            OfficeLevel::Ministry => came_by(Act::SendUp),
        };
        format!("({place} AND {came})")
    };
    format!("({})", seats.iter().map(of).collect::<Vec<_>>().join(" OR "))
}

fn came_by(act: Act) -> String {
    format!("EXISTS (SELECT 1 FROM dossier_step s WHERE s.dossier_id = d.id AND s.act = '{}')", act.as_str())
}

/// A dossier that one of the seats sees; what is elsewhere is not there.
pub async fn visible(connection: &impl ConnectionTrait, seats: &[Seat], id: DossierId) -> Result<Dossier, Problem> {
    let sql = format!("{SELECT} WHERE d.id = $1 AND {}", seen_by(seats));
    one::<Dossier>(connection, sql, [id.into()]).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}
