//! Offices, their people, and the places they are for.

use std::fmt::Write as _;

use entity::value::{AccountId, OfficeId, OfficeLevel, OfficeRole, PlatformRole};
use entity::{office, office_member};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::OfficePermission;
use crate::people::identity::{grant_role, revoke_role};
use crate::people::places::{self, communes_of, province_of};
use crate::platform::db::all;

/// An office with its place in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfficeView {
    pub id: OfficeId,
    pub level: OfficeLevel,
    pub name: String,
    #[schema(required = true)]
    pub commune_code: Option<String>,
    #[schema(required = true)]
    pub province_code: Option<String>,
}

impl From<office::Model> for OfficeView {
    fn from(row: office::Model) -> Self {
        let office::Model { id, level, name, commune_code, province_code, .. } = row;
        Self { id, level, name, commune_code, province_code }
    }
}

/// Somebody's place in an office.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Seat {
    pub office_id: OfficeId,
    pub name: String,
    pub level: OfficeLevel,
    pub commune_code: Option<String>,
    pub province_code: Option<String>,
    pub role: OfficeRole,
}

impl Seat {
    pub fn may(&self, permission: OfficePermission) -> bool {
        permission.levels().contains(&self.level) && permission.roles().contains(&self.role)
    }

    /// Whether a commune lies in the office's place.
    pub fn covers(&self, commune_code: &str) -> bool {
        match self.level {
            OfficeLevel::Commune => self.commune_code.as_deref() == Some(commune_code),
            OfficeLevel::Province => places::commune(commune_code)
                .is_some_and(|commune| self.province_code.as_deref() == Some(province_of(commune).code)),
            OfficeLevel::Ministry => true,
        }
    }
}

/// Everything somebody sees of: the whole country, or the communes of their offices.
#[derive(Clone, Debug)]
pub enum Jurisdiction {
    Country,
    Communes(Vec<&'static str>),
}

impl Jurisdiction {
    pub fn of(seats: &[Seat]) -> Self {
        let mut communes = Vec::new();
        for seat in seats {
            match (seat.level, seat.commune_code.as_deref(), seat.province_code.as_deref()) {
                (OfficeLevel::Ministry, ..) => return Self::Country,
                (OfficeLevel::Commune, Some(code), _) => communes.extend(places::commune(code).map(|found| found.code)),
                (OfficeLevel::Province, _, Some(code)) => communes.extend(communes_of(code).map(|found| found.code)),
                _ => {}
            }
        }
        Self::Communes(communes)
    }

    pub fn covers(&self, commune_code: &str) -> bool {
        match self {
            Self::Country => true,
            Self::Communes(codes) => codes.contains(&commune_code),
        }
    }

    /// A condition on a column of commune codes. The codes come from our own table, never from outside.
    pub fn condition(&self, column: &str) -> String {
        match self {
            Self::Country => "TRUE".to_owned(),
            Self::Communes(codes) if codes.is_empty() => "FALSE".to_owned(),
            Self::Communes(codes) => {
                let mut text = format!("{column} IN (");
                for (index, code) in codes.iter().enumerate() {
                    let _ = write!(text, "{}'{code}'", if index == 0 { "" } else { ", " });
                }
                text + ")"
            }
        }
    }
}

pub async fn seats_of(connection: &impl ConnectionTrait, account: AccountId) -> Result<Vec<Seat>, DbErr> {
    all(
        connection,
        "SELECT m.office_id, o.name, o.level, o.commune_code, o.province_code, m.role
         FROM office_member m JOIN office o ON o.id = m.office_id JOIN account a ON a.id = m.account_id
         WHERE m.account_id = $1 AND a.disabled_at IS NULL ORDER BY m.joined_at, o.id",
        [account.into()],
    )
    .await
}

#[derive(FromQueryResult)]
struct Mailbox {
    email: String,
}

/// The mailboxes of an office's clerks and heads.
pub async fn office_mailboxes(connection: &impl ConnectionTrait, office: OfficeId) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT a.email FROM office_member m JOIN account a ON a.id = m.account_id
               WHERE m.office_id = $1 AND m.role IN ('clerk', 'head') AND a.disabled_at IS NULL AND a.email IS NOT NULL ORDER BY a.email";
    Ok(all::<Mailbox>(connection, sql, [office.into()]).await?.into_iter().map(|row| row.email).collect())
}

pub async fn create_office(connection: &impl ConnectionTrait, row: office::Model) -> Result<(), DbErr> {
    office::Entity::insert(row.into_active_model()).exec_without_returning(connection).await?;
    Ok(())
}

/// Gives somebody a role in an office, another one if they have one, and the officer's role on the platform.
pub async fn add_member(
    connection: &impl ConnectionTrait,
    office: OfficeId,
    account: AccountId,
    role: OfficeRole,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let row = office_member::ActiveModel {
        office_id: Set(office),
        account_id: Set(account),
        role: Set(role),
        joined_at: Set(now),
    };
    let keys = [office_member::Column::OfficeId, office_member::Column::AccountId];
    let on_conflict =
        sea_orm::sea_query::OnConflict::columns(keys).update_column(office_member::Column::Role).to_owned();
    office_member::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(connection).await?;
    grant_role(connection, account, PlatformRole::Officer, now).await
}

/// Takes somebody out of an office; whether they were in it. Without another one they are no officer any more.
pub async fn remove_member(
    connection: &impl ConnectionTrait,
    office: OfficeId,
    account: AccountId,
) -> Result<bool, DbErr> {
    let gone = office_member::Entity::delete_by_id((office, account)).exec(connection).await?.rows_affected == 1;
    if seats_of(connection, account).await?.is_empty() {
        revoke_role(connection, account, PlatformRole::Officer).await?;
    }
    Ok(gone)
}

/// A person of an office.
#[derive(Clone, Debug, Serialize, FromQueryResult, ToSchema)]
pub struct OfficePerson {
    pub account_id: AccountId,
    pub name: String,
    #[schema(required = true)]
    pub email: Option<String>,
    pub role: OfficeRole,
}

pub async fn office_people(connection: &impl ConnectionTrait, office: OfficeId) -> Result<Vec<OfficePerson>, DbErr> {
    all(
        connection,
        "SELECT a.id AS account_id, a.name, a.email, m.role FROM office_member m JOIN account a ON a.id = m.account_id
         WHERE m.office_id = $1 AND a.disabled_at IS NULL ORDER BY m.joined_at, a.id",
        [office.into()],
    )
    .await
}
