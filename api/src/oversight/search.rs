//! Anything by what people know of it: a number, a phone, a mail, a lot's code, a name without accents.

use actix_web::{HttpResponse, get};
use entity::value::PlatformRole;
use garde::Validate;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::people::desk::Desk;
use crate::people::identity::rules::phone;
use crate::platform::body::Params;
use crate::platform::db::all;
use crate::platform::fold::fold;
use crate::platform::problem::Problem;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult, ToSchema)]
pub struct FoundThing {
    /// `order`, `purchase`, `parcel`, `refund`, `dispute`, `lot`, `account`, `cooperative`, `partner`, `organisation`, `payout`
    pub kind: String,
    pub id: Uuid,
    pub title: String,
    pub detail: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundThings {
    /// At most ten of a kind.
    pub items: Vec<FoundThing>,
}

#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EverythingQuery {
    #[garde(length(chars, min = 2, max = 100))]
    #[param(min_length = 2, max_length = 100, example = "DH-261129")]
    pub q: String,
}

/// What is found by a beginning of its number: $1 is the pattern.
const BY_NUMBER: [&str; 9] = [
    "SELECT 'order' AS kind, o.id, o.number AS title, c.name_vi || ' · ' || o.state AS detail FROM orders o JOIN cooperative c ON c.id = o.cooperative_id
     WHERE o.number LIKE $1 ORDER BY o.id DESC LIMIT 10",
    "SELECT 'purchase' AS kind, id, number AS title, phone AS detail FROM purchase WHERE number LIKE $1 ORDER BY id DESC LIMIT 10",
    "SELECT 'parcel' AS kind, p.order_id AS id, p.number AS title, o.number || ' · ' || p.state AS detail FROM parcel p JOIN orders o ON o.id = p.order_id
     WHERE p.number LIKE $1 OR p.tracking_code LIKE $1 ORDER BY p.id DESC LIMIT 10",
    "SELECT 'refund' AS kind, id, number AS title, state AS detail FROM refund WHERE number LIKE $1 ORDER BY id DESC LIMIT 10",
    "SELECT 'dispute' AS kind, id, number AS title, state AS detail FROM dispute WHERE number LIKE $1 ORDER BY id DESC LIMIT 10",
    "SELECT 'lot' AS kind, l.id, l.code AS title, c.name_vi AS detail FROM lot l JOIN cooperative c ON c.id = l.cooperative_id
     WHERE UPPER(l.code) LIKE $1 ORDER BY l.id DESC LIMIT 10",
    "SELECT 'payout' AS kind, batch_id AS id, reference AS title, state AS detail FROM payout WHERE reference LIKE $1 ORDER BY id DESC LIMIT 10",
    "SELECT 'cooperative' AS kind, id, name_vi AS title, tax_code AS detail FROM cooperative WHERE tax_code LIKE $1 ORDER BY id LIMIT 10",
    "SELECT 'organisation' AS kind, id, name AS title, tax_code AS detail FROM organisation WHERE tax_code LIKE $1 ORDER BY id LIMIT 10",
];

/// What is found by a phone in the form it is kept in: $1.
const BY_PHONE: [&str; 3] = [
    "SELECT 'account' AS kind, id, name AS title, COALESCE(phone, '') AS detail FROM account WHERE phone = $1 LIMIT 10",
    "SELECT 'purchase' AS kind, id, number AS title, phone AS detail FROM purchase WHERE phone = $1 ORDER BY id DESC LIMIT 10",
    "SELECT 'order' AS kind, o.id, o.number AS title, o.recipient || ' · ' || o.state AS detail FROM orders o WHERE o.phone = $1 ORDER BY o.id DESC LIMIT 10",
];

/// What is found by the beginning of a mail address: $1 is the pattern.
const BY_MAIL: [&str; 2] = [
    "SELECT 'account' AS kind, id, name AS title, COALESCE(email, '') AS detail FROM account WHERE LOWER(email) LIKE $1 ORDER BY id LIMIT 10",
    "SELECT 'purchase' AS kind, id, number AS title, COALESCE(email, '') AS detail FROM purchase WHERE LOWER(email) LIKE $1 ORDER BY id DESC LIMIT 10",
];

/// What has a name: compared without accents, the newest first.
const BY_NAME: [&str; 4] = [
    "SELECT 'cooperative' AS kind, id, name_vi AS title, tax_code AS detail FROM cooperative ORDER BY id DESC",
    "SELECT 'partner' AS kind, id, name AS title, phone AS detail FROM partner ORDER BY id DESC",
    "SELECT 'organisation' AS kind, id, name AS title, tax_code AS detail FROM organisation ORDER BY id DESC",
    "SELECT 'account' AS kind, id, name AS title, COALESCE(email, phone, '') AS detail FROM account ORDER BY id DESC",
];

/// Names that are compared at the most, of each kind.
const MOST_NAMES: usize = 20_000;

/// A text without what a pattern means by its signs.
fn beginning(text: &str) -> String {
    let plain: String = text.chars().filter(|letter| !matches!(letter, '%' | '_' | '\\')).collect();
    format!("{plain}%")
}

async fn by(
    connection: &impl ConnectionTrait,
    statements: &[&str],
    value: &str,
    found: &mut Vec<FoundThing>,
) -> Result<(), Problem> {
    for sql in statements {
        found.extend(all::<FoundThing>(connection, (*sql).to_owned(), [Value::from(value)]).await?);
    }
    Ok(())
}

/// Everything that fits, by what it looks like.
pub async fn search(desk: &Desk, asked: &str) -> Result<Vec<FoundThing>, Problem> {
    desk.who.require(PlatformRole::Admin)?;
    let (connection, asked) = (desk.db.fresh(), asked.trim());
    let mut found = Vec::new();
    if asked.contains('@') {
        by(connection, &BY_MAIL, &beginning(&asked.to_lowercase()), &mut found).await?;
    }
    if let Some(phone) = phone(asked) {
        by(connection, &BY_PHONE, &phone, &mut found).await?;
    }
    if asked.bytes().any(|byte| byte.is_ascii_digit()) {
        by(connection, &BY_NUMBER, &beginning(&asked.to_uppercase()), &mut found).await?;
    }
    let words = fold(asked);
    if words.chars().any(char::is_alphabetic) && !asked.contains('@') {
        for sql in BY_NAME {
            let rows = all::<FoundThing>(connection, format!("{sql} LIMIT {MOST_NAMES}"), []).await?;
            found.extend(rows.into_iter().filter(|row| fold(&row.title).contains(&words)).take(10));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|thing| seen.insert((thing.kind.clone(), thing.id)));
    Ok(found)
}

/// Orders, purchases, parcels, refunds, disputes, lots, payouts, accounts, cooperatives, partners and organisations by number, tax code,
/// phone, mail or name; accents may be left out.
#[utoipa::path(tag = "admin", operation_id = "search_everything", security(("access_token" = [])), params(EverythingQuery), responses((status = 200, description = "What was found", body = FoundThings)))]
#[get("/v1/admin/search")]
pub async fn search_everything(desk: Desk, query: Params<EverythingQuery>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(FoundThings { items: search(&desk, &query.0.q).await? }))
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn signs_of_patterns_are_no_wildcards() {
        assert_eq!(beginning("DH-1%_"), "DH-1%");
    }
}
