//! Addresses of shops and products.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use crate::platform::db::{is_duplicate_of, one};
use crate::platform::problem::{BUSY, Problem};
use crate::platform::{fold, secrets};

#[derive(FromQueryResult)]
struct Taken {
    #[allow(dead_code, reason = "that there is a row is what counts")]
    slug: String,
}

/// The letters and digits of a name, or of something else where it has none.
pub fn slug_of(name: &str, otherwise: &str) -> String {
    let slug: String = fold::slug(name).chars().take(70).collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() { otherwise.to_owned() } else { slug.to_owned() }
}

/// A slug of a name (or of `otherwise`) that nobody has; the unique key has the last word.
pub async fn free_slug(
    connection: &impl ConnectionTrait,
    table: &'static str,
    name: &str,
    otherwise: &str,
) -> Result<String, Problem> {
    let base = slug_of(name, otherwise);
    let sql = format!("SELECT slug FROM {table} WHERE slug = $1");
    if one::<Taken>(connection, sql, [base.as_str().into()]).await?.is_none() {
        return Ok(base);
    }
    Ok(format!("{base}-{}", secrets::code(5).to_lowercase()))
}

/// Somebody took the slug in the same moment: the request may be sent again.
pub fn slug_taken(error: DbErr) -> Problem {
    if is_duplicate_of(&error, "slug") { Problem::new(&BUSY).retry_after(1) } else { error.into() }
}
