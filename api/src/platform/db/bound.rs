//! Several writes as one statement: each slice gives the part that writes its own table, and all of it stands or nothing.

use sea_orm::Value;

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
}
