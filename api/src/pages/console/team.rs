//! The team: who is there, who is invited.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, get, post};
use entity::value::{AccountId, MemberRole};
use minijinja::context;

use super::render::{page, value};
use crate::pages::session::{FORM, Form, Seat, Turn};
use crate::people::identity::Permission;
use crate::shop::selling::team::{self, NewInvitation};

#[get("/console/team")]
pub async fn on_show(seat: Seat) -> Result<HttpResponse, Turn> {
    let shop = seat.shop(Permission::SeeShop)?;
    let team = team::team(&seat.desk, shop).await?;
    let own = seat.desk.who.account.to_string();
    page(&seat, "team.html", "team", context! { team => value(&team), own => own })
}

async fn change(seat: &Seat, form: &Form) -> Result<(), Turn> {
    match form.text("do") {
        "invite" => {
            let shop = seat.shop(Permission::ManageTeam)?;
            let role: MemberRole = form.parsed("role")?;
            let input = NewInvitation { contact: form.text("contact").to_owned(), role };
            team::invite(&seat.desk, shop, &input).await?;
        }
        "role" => {
            let shop = seat.shop(Permission::ManageTeam)?;
            let account: AccountId = form.parsed("account")?;
            team::set_role(&seat.desk, shop, account, form.parsed("role")?).await?;
        }
        _ => {
            let shop = seat.shop(Permission::SeeShop)?;
            team::remove(&seat.desk, shop, form.parsed("account")?).await?;
        }
    }
    Ok(())
}

#[post("/console/team")]
pub async fn on_act(request: HttpRequest, seat: Seat, payload: Payload) -> Result<HttpResponse, Turn> {
    let form = seat.form(&request, payload, FORM).await?;
    match change(&seat, &form).await {
        Ok(()) => Ok(seat.back("/console/team", Ok(seat.say("Đã lưu.", "Saved.")))),
        Err(Turn::Problem(problem)) if problem.code.status < 500 => Ok(seat.back("/console/team", Err(&problem))),
        Err(turn) => Err(turn),
    }
}
