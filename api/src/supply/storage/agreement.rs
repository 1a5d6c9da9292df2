//! What of cold rooms must agree.

use sea_orm::{ConnectionTrait, DbErr};

use crate::platform::agreement::Disagreement;
use crate::platform::db::all;

/// Days of rooms with the bookings of those days, and what a room holds with what is booked of it.
pub async fn check(connection: &impl ConnectionTrait) -> Result<Vec<Disagreement>, DbErr> {
    const CHECKS: [&str; 2] = [
        "SELECT 'cold room and bookings of a day' AS what, d.room_id AS id, CAST(COALESCE(SUM(b.kg), 0) AS bigint) AS expected, d.booked_kg AS found
         FROM cold_day d LEFT JOIN cold_booking b ON b.room_id = d.room_id AND b.state <> 'cancelled' AND d.day BETWEEN b.from_on AND b.to_on
         GROUP BY d.room_id, d.day, d.booked_kg HAVING COALESCE(SUM(b.kg), 0) <> d.booked_kg",
        "SELECT 'more inside than was booked' AS what, s.booking_id AS id, b.kg AS expected, s.inside AS found
         FROM (SELECT booking_id, CAST(SUM(CASE WHEN going = 'in' THEN kg ELSE -kg END) AS bigint) AS inside FROM cold_move GROUP BY booking_id) s
              JOIN cold_booking b ON b.id = s.booking_id WHERE s.inside > b.kg OR s.inside < 0",
    ];
    let mut found = Vec::new();
    for sql in CHECKS {
        found.extend(all(connection, sql, []).await?);
    }
    Ok(found)
}
