//! SQL in the code is read by the database before anybody runs it: a misspelt column is found here, on both.

#[path = "../../api/tests/layers/source.rs"]
#[allow(dead_code, reason = "what the test of layers needs besides")]
mod source;

use std::path::Path;

use sea_orm::{ConnectionTrait, Database};
use tests::{Server, Settings, on_postgres};

/// So many stand whole, at least.
const AT_LEAST: usize = 250;

/// A text as the compiler reads it: escaped quotes, and lines that go on.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some('"')) => {}
            _ => out.push(c),
        }
    }
    out
}

fn is_statement(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let second = text.split_whitespace().nth(1).unwrap_or_default();
    matches!((first, second), ("SELECT", _) | ("INSERT", "INTO") | ("DELETE", "FROM"))
        || (first == "UPDATE" && text.contains(" SET "))
        || (first == "WITH" && text.contains(" AS ("))
}

#[tokio::test]
async fn every_statement_that_stands_whole_in_the_code_is_prepared() {
    let server = Server::prepared(Settings::default()).await;
    let database = Box::pin(Database::connect(server.database_url())).await.unwrap();
    let (mut prepared, mut faults) = (0, Vec::new());
    for file in source::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src")) {
        for text in file.texts.iter().map(|text| unescaped(text)) {
            // What is put together from parts is run by the suites, and `plans` reads its plans.
            let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
            let of_postgres =
                has(&["pg_advisory_xact_lock", " FOR UPDATE", "pg_tables", "pg_export_snapshot", "pg_is_in_recovery"]);
            let of_the_other = if on_postgres() { has(&["sqlite_master"]) } else { of_postgres };
            // Declarations of personal data name the person (`:account`); `privacy` runs them.
            if !is_statement(&text) || text.contains('{') || has(&["= :", "IN :"]) || of_the_other {
                continue;
            }
            let read = if on_postgres() {
                database.execute_unprepared(&format!("PREPARE one AS {text}; DEALLOCATE one")).await
            } else {
                database.execute_unprepared(&format!("EXPLAIN {text}")).await
            };
            match read {
                Ok(_) => prepared += 1,
                // The driver tells the type of each value; without it a bare `CASE … THEN $7` is a text.
                Err(error) if error.to_string().contains("but expression is of type text") => prepared += 1,
                Err(error) => faults.push(format!("{}: {error}\n{text}", file.path.display())),
            }
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), faults.len() + prepared, faults.join("\n\n"));
    assert!(prepared >= AT_LEAST, "only {prepared} statements were found");
}
