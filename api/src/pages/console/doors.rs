//! Where somebody who is signed in may work: the doors of the house, as far as they open.

use serde::Serialize;

use super::{admin, business, officer, partner};
use crate::pages::session::{Seat, Turn};

/// A door that opens for the person.
#[derive(Serialize)]
pub struct Door {
    pub path: &'static str,
    pub name: String,
}

/// Beside the buyer's account, which everybody has.
pub async fn doors(seat: &Seat) -> Result<Vec<Door>, Turn> {
    let mut doors = Vec::new();
    if !seat.shops.is_empty() {
        let shops: Vec<&str> = seat.shops.iter().map(|shop| shop.name.as_str()).collect();
        let name = format!("{}: {}", seat.say("Gian hàng", "Shop"), shops.join(", "));
        doors.push(Door { path: "/console/today", name });
    }
    let others = [
        (partner::works_for_one(seat).await?, "/partner", ("Đối tác du lịch", "Tourism partner")),
        (business::works_for_one(seat).await?, "/business", ("Mua số lượng lớn", "Buying in quantity")),
        (officer::works_in_one(seat).await?, "/officer", ("Cơ quan OCOP", "OCOP office")),
        (admin::is_one(seat), "/admin", ("Quản trị chợ", "Administration")),
    ];
    for (_, path, (vi, en)) in others.into_iter().filter(|(opens, ..)| *opens) {
        doors.push(Door { path, name: seat.say(vi, en).to_owned() });
    }
    Ok(doors)
}
