//! Several writes as one statement: each slice gives the part that writes its own table, and all of it stands or nothing.

use sea_orm::sea_query::InsertStatement;
use sea_orm::{DbBackend, Statement, Value};

/// Values of a statement that is put together from parts.
#[derive(Default)]
pub struct Bound(pub Vec<Value>);

impl Bound {
    /// Where the value stands: `$7`.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    /// `$7, $8, $9`
    pub fn list(&mut self, values: impl IntoIterator<Item = Value>) -> String {
        values.into_iter().map(|value| self.bind(value)).collect::<Vec<_>>().join(", ")
    }

    /// `($7, $8), ($9, $10)`
    pub fn rows<const N: usize>(&mut self, rows: impl IntoIterator<Item = [Value; N]>) -> String {
        rows.into_iter().map(|row| format!("({})", self.list(row))).collect::<Vec<_>>().join(", ")
    }

    /// An insert of PostgreSQL, counting on from what is bound.
    pub(super) fn insert(&mut self, insert: &InsertStatement) -> String {
        let Statement { sql, values, .. } = DbBackend::Postgres.build(insert);
        let text = moved(&sql, self.0.len());
        self.0.extend(values.into_iter().flat_map(|values| values.0));
        text
    }
}

/// A statement whose placeholders count on from `by`. Texts inside quotes are names here, and hold no `$`.
fn moved(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: usize = part[..digits].parse().unwrap_or_default();
        out += &format!("${}{}", number + by, &part[digits..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on() {
        assert_eq!(moved(r#"INSERT INTO "a" ("b") VALUES ($1, $2), ($10, $11)"#, 7).split('$').count(), 5);
        assert_eq!(moved("VALUES ($1, $2), ($10, NULL)", 7), "VALUES ($8, $9), ($17, NULL)");
    }
}
