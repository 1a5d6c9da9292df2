//! Which statements a process runs: every text once, for the test that reads their plans.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use sea_orm::{DatabaseConnection, Value};

struct Record {
    seen: HashSet<String>,
    file: File,
}

/// What PostgreSQL is told of a value's type.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::BigInt(_) | Value::BigUnsigned(_) => "bigint",
        Value::Double(_) => "double precision",
        Value::Uuid(_) => "uuid",
        Value::TimeDateTimeWithTimeZone(_) => "timestamptz",
        Value::TimeDate(_) => "date",
        Value::Json(_) => "jsonb",
        Value::Bytes(_) => "bytea",
        _ => "text",
    }
}

/// Writes every statement that a connection runs into a file, once each: lines of JSON with its text and the types of its
/// values.
pub fn record(connections: [&mut DatabaseConnection; 2], path: &Path) -> anyhow::Result<()> {
    let file = File::options().create(true).append(true).open(path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    let record = std::sync::Arc::new(Mutex::new(Record { seen: HashSet::new(), file }));
    for connection in connections {
        let record = record.clone();
        connection.set_metric_callback(move |info| {
            let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
            if record.seen.insert(info.statement.sql.clone()) {
                let values = info.statement.values.iter().flat_map(|values| &values.0);
                let line = serde_json::json!([info.statement.sql, values.map(kind).collect::<Vec<_>>()]);
                let _ = writeln!(record.file, "{line}");
            }
        });
    }
    Ok(())
}
