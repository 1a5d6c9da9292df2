//! Rows for several tables, written in one round trip.

use std::fmt::Write;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityName, EntityTrait, IdenStatic, Iterable, Value,
};

use super::{Bound, Script, run};

/// PostgreSQL takes them as one statement (foreign keys are checked at its end), SQLite as several statements sent at once. It has
/// no network to cross, but each trip to its thread and back costs as much as an insert, while everybody waits for the one writer.
///
/// A purchase writes two hundred values: they are moved into place, and the texts around them written down, without a tree of a
/// statement in between.
#[derive(Default)]
pub struct Batch(Vec<Rows>);

/// Rows of one table, each with the columns that the first has.
struct Rows {
    /// `INSERT INTO "cart" ("id", …) VALUES `
    head: String,
    columns: usize,
    values: Vec<Value>,
}

impl Rows {
    /// The insert, with `placeholder` for each value.
    fn write(&self, out: &mut String, mut placeholder: impl FnMut(&mut String)) {
        out.push_str(&self.head);
        for number in 0..self.values.len() {
            out.push_str(match (number, number % self.columns) {
                (0, _) => "(",
                (_, 0) => "), (",
                _ => ", ",
            });
            placeholder(out);
        }
        out.push(')');
    }
}

impl Batch {
    #[must_use]
    pub fn insert<A: ActiveModelTrait>(mut self, rows: impl IntoIterator<Item = A>) -> Self {
        let mut rows = rows.into_iter().peekable();
        let Some(first) = rows.peek() else { return self };
        let all = <A::Entity as EntityTrait>::Column::iter();
        let columns: Vec<_> = all.filter(|column| !first.is_not_set(*column)).collect();
        let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        let table = A::Entity::default();
        let head = format!("INSERT INTO \"{}\" ({}) VALUES ", table.table_name(), names.join(", "));
        let value = |row: &mut A, column| row.take(column).into_value().unwrap_or(Value::String(None));
        let values = rows.flat_map(|mut row| columns.iter().map(|one| value(&mut row, *one)).collect::<Vec<_>>());
        let values = values.collect();
        self.0.push(Rows { head, columns: columns.len(), values });
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The inserts as parts of a larger statement of PostgreSQL, counting on from what is bound: `t0 AS (…), t1 AS (…)`.
    pub fn parts(self, bound: &mut Bound) -> String {
        let mut out = String::with_capacity(4096);
        for (index, rows) in self.0.into_iter().enumerate() {
            let _ = write!(out, "{}t{index} AS (", if index == 0 { "" } else { ", " });
            numbered(rows, bound, &mut out);
            out.push(')');
        }
        out
    }

    /// The inserts one after the other, as SQLite takes them. Their placeholders have no numbers (it looks for each number among
    /// all), and count from the first value on; statements beside them name theirs by number, after those.
    pub fn script(self) -> Script {
        let (mut text, mut values) = (String::with_capacity(4096), Vec::new());
        for rows in self.0 {
            text.push_str(if text.is_empty() { "" } else { ";\n" });
            rows.write(&mut text, |out| out.push('?'));
            values.extend(rows.values);
        }
        Script { text, values }
    }

    pub async fn execute(mut self, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        if connection.get_database_backend() != DbBackend::Postgres {
            let Script { text, values } = self.script();
            return if text.is_empty() { Ok(()) } else { run(connection, text, values).await.map(|_| ()) };
        }
        let Some(last) = self.0.pop() else { return Ok(()) };
        let mut bound = Bound::default();
        let before = self.parts(&mut bound);
        let mut text = if before.is_empty() { before } else { format!("WITH {before} ") };
        numbered(last, &mut bound, &mut text);
        run(connection, text, bound.0).await?;
        Ok(())
    }
}

fn numbered(rows: Rows, bound: &mut Bound, out: &mut String) {
    let mut number = bound.0.len();
    rows.write(out, |out| {
        number += 1;
        let _ = write!(out, "${number}");
    });
    bound.0.extend(rows.values);
}

#[cfg(test)]
mod tests {
    use entity::cart_line;
    use entity::value::{CartId, CartLineId, OfferId};
    use sea_orm::Set;
    use time::OffsetDateTime;

    use super::*;

    fn line(quantity: i64) -> cart_line::ActiveModel {
        cart_line::ActiveModel {
            id: Set(CartLineId::new()),
            cart_id: Set(CartId::new()),
            offer_id: Set(OfferId::new()),
            quantity: Set(quantity),
            added_at: Set(OffsetDateTime::UNIX_EPOCH),
            preorder: Set(false),
        }
    }

    const HEAD: &str =
        r#"INSERT INTO "cart_line" ("id", "cart_id", "offer_id", "quantity", "added_at", "preorder") VALUES "#;

    #[test]
    fn rows_are_written_as_each_database_takes_them() {
        let rows = || Batch::default().insert([line(1), line(2)]).insert(Vec::<cart_line::ActiveModel>::new());
        let script = rows().script();
        assert_eq!(script.text, format!("{HEAD}(?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)"));
        assert_eq!(script.values[9], Value::from(2_i64));
        let mut bound = Bound(vec![true.into()]);
        let parts = rows().insert([line(3)]).parts(&mut bound);
        let (first, second) =
            ("($2, $3, $4, $5, $6, $7), ($8, $9, $10, $11, $12, $13)", "($14, $15, $16, $17, $18, $19)");
        assert_eq!(parts, format!("t0 AS ({HEAD}{first}), t1 AS ({HEAD}{second})"));
        assert_eq!((bound.0.len(), &bound.0[16]), (19, &Value::from(3_i64)));
    }
}
