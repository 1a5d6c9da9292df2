//! Everything known of a person, as JSON and for a page.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use entity::account;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::people::desk::Desk;
use crate::people::identity::find_account;
use crate::platform::personal::{Declared, Inquiry, Person, Section};
use crate::platform::problem::{Problem, UNAUTHENTICATED};

/// Everything known of a person, table by table.
#[derive(Serialize, ToSchema)]
pub struct Known {
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: OffsetDateTime,
    /// What has no rows is left out.
    pub sections: Vec<Section>,
}

impl Person {
    pub fn of(account: &account::Model) -> Self {
        Self { account: Some(account.id.0), email: account.email.clone(), phone: account.phone.clone() }
    }
}

/// Everything declared of a person, as it stands.
pub async fn of(
    connection: &impl ConnectionTrait,
    (declared, person): (&Declared, &Person),
    now: OffsetDateTime,
) -> Result<Known, Problem> {
    let inquiry = Inquiry { declared, person, now };
    Ok(Known { at: now, sections: inquiry.told(connection).await? })
}

/// Everything that is known of me (law 91/2025/QH15, article 4), as a file.
#[utoipa::path(tag = "me", operation_id = "export_my_data", security(("access_token" = [])), responses((status = 200, description = "All of it, table by table", body = Known)))]
#[get("/v1/me/data")]
pub async fn show(desk: Desk, declared: Data<Declared>) -> Result<HttpResponse, Problem> {
    let account = find_account(desk.db.fresh(), desk.who.account).await?;
    let account = account.ok_or_else(|| Problem::new(&UNAUTHENTICATED))?;
    let known = of(desk.db.fresh(), (&declared, &Person::of(&account)), desk.now()).await?;
    let name = format!("attachment; filename=\"cho-ocop-{}.json\"", desk.today());
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(known))
}
