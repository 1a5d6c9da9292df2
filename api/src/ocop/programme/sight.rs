//! Which offices' work somebody sees: their own, and that of offices in their place.

use entity::office;
use entity::value::{CooperativeId, OfficeId, OfficeLevel};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;

use crate::people::desk::Desk;
use crate::people::offices::{Jurisdiction, OfficePermission, Seat};
use crate::people::places::{commune, communes_of, province};
use crate::platform::db::{all, by_id, one};
use crate::platform::problem::{NOT_FOUND, Problem};

/// A condition on an office's columns. Codes come from our own tables, never from outside.
pub(super) fn condition(seats: &[Seat]) -> String {
    let of = |seat: &Seat| match (seat.level, seat.commune_code.as_deref(), seat.province_code.as_deref()) {
        (OfficeLevel::Ministry, ..) => Some("TRUE".to_owned()),
        (OfficeLevel::Commune, Some(code), _) => {
            commune(code).map(|found| format!("(o.level = 'commune' AND o.commune_code = '{}')", found.code))
        }
        (OfficeLevel::Province, _, Some(code)) => province(code).map(|found| {
            let within = Jurisdiction::Communes(communes_of(found.code).map(|one| one.code).collect());
            let own = format!("(o.level = 'province' AND o.province_code = '{}')", found.code);
            format!("({own} OR (o.level = 'commune' AND {}))", within.condition("o.commune_code"))
        }),
        _ => None,
    };
    let parts: Vec<String> = seats.iter().filter_map(of).collect();
    if parts.is_empty() { "FALSE".to_owned() } else { format!("({})", parts.join(" OR ")) }
}

/// The place an office is for.
pub(super) fn place_of(office: &office::Model) -> Jurisdiction {
    match (office.level, office.commune_code.as_deref(), office.province_code.as_deref()) {
        (OfficeLevel::Ministry, ..) => Jurisdiction::Country,
        (OfficeLevel::Commune, Some(code), _) => {
            Jurisdiction::Communes(commune(code).map(|found| found.code).into_iter().collect())
        }
        (OfficeLevel::Province, _, Some(code)) => {
            Jurisdiction::Communes(communes_of(code).map(|found| found.code).collect())
        }
        _ => Jurisdiction::Communes(Vec::new()),
    }
}

/// The office somebody acts for: the one named, or their only one that has the permission.
pub(super) async fn acting(
    desk: &Desk,
    connection: &impl ConnectionTrait,
    permission: OfficePermission,
    named: Option<OfficeId>,
) -> Result<office::Model, Problem> {
    let seats = desk.seats_in(connection, permission).await?;
    let seat = match named {
        Some(id) => seats.iter().find(|seat| seat.office_id == id),
        None => seats.first(),
    };
    let missing = || Problem::field("/office_id", "office", "không phải cơ quan của bạn", "it is not your office");
    let id = seat.ok_or_else(missing)?.office_id;
    by_id::<office::Entity>(connection, id).await?.ok_or_else(|| Problem::new(&NOT_FOUND))
}

#[derive(FromQueryResult)]
struct Place {
    commune_code: String,
}

/// Refused unless the producer is in the place.
pub(super) async fn within(
    connection: &impl ConnectionTrait,
    place: &Jurisdiction,
    cooperative: CooperativeId,
) -> Result<(), Problem> {
    let sql = "SELECT commune_code FROM cooperative WHERE id = $1";
    let found = one::<Place>(connection, sql, [cooperative.into()]).await?;
    if found.is_some_and(|found| place.covers(&found.commune_code)) {
        return Ok(());
    }
    let (vi, en) = ("không có cơ sở này trong địa bàn", "there is no such producer in your place");
    Err(Problem::field("/cooperative_id", "cooperative", vi, en))
}

/// A producer as officers choose it.
#[derive(Clone, Debug, Serialize, FromQueryResult)]
pub struct Producer {
    pub id: CooperativeId,
    pub slug: String,
    pub name_vi: String,
}

/// So many are shown to choose from; others are typed.
const SHOWN: usize = 300;

/// Active producers of one's place, by name.
pub async fn producers(desk: &Desk) -> Result<Vec<Producer>, Problem> {
    let places = desk.jurisdiction(OfficePermission::SeeFigures).await?;
    let sql = format!(
        "SELECT c.id, c.slug, c.name_vi FROM cooperative c WHERE c.status = 'active' AND {} ORDER BY c.name_vi, c.id LIMIT {SHOWN}",
        places.condition("c.commune_code")
    );
    Ok(all(desk.db.fresh(), sql, []).await?)
}

/// The producer of one's place whose name or address is typed.
pub async fn producer_named(desk: &Desk, typed: &str) -> Result<CooperativeId, Problem> {
    let places = desk.jurisdiction(OfficePermission::SeeFigures).await?;
    let sql = format!(
        "SELECT c.id, c.slug, c.name_vi FROM cooperative c WHERE (c.slug = $1 OR c.name_vi = $1) AND c.status = 'active' AND {} ORDER BY c.id LIMIT 1",
        places.condition("c.commune_code")
    );
    let (vi, en) = ("không có cơ sở này trong địa bàn", "there is no such producer in your place");
    let found = one::<Producer>(desk.db.fresh(), sql, [typed.into()]).await?;
    Ok(found.ok_or_else(|| Problem::field("/cooperative", "cooperative", vi, en))?.id)
}
