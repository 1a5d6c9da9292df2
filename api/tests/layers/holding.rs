//! Who holds a transaction asks for no second connection: when as many as there are connections do so at once, each waits for
//! another, and nobody is answered. `TEST_CONNECTIONS=1 tests/run postgres` shows it, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{self, File};

/// What takes a connection from the pool.
const ASKS: &[&str] = &[
    "db.fresh()",
    "db.read()",
    "db.write()",
    "db.begin()",
    "desk.begin()",
    "desk.may(",
    "desk.seats(",
    "desk.jurisdiction(",
];

struct Function<'a> {
    name: &'a str,
    head: String,
    /// Without the head.
    body: Vec<&'a str>,
}

impl Function<'_> {
    /// The names of what is called with the desk, and waited for.
    fn calls(line: &str) -> Vec<&str> {
        let called = line.match_indices('(').filter_map(|(at, _)| {
            let name = line[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
            let given = line[at + 1..].trim_start_matches('&').trim_start_matches("self.");
            (given.starts_with("desk,") || given.starts_with("desk)")).then_some(name)
        });
        called.filter(|name| !name.is_empty()).collect()
    }

    fn asks(&self, askers: &BTreeSet<String>) -> bool {
        let given = |line: &&str| Self::calls(line).into_iter().any(|name| askers.contains(name));
        self.body.iter().any(|line| ASKS.iter().any(|ask| line.contains(ask)) || given(line))
    }

    /// The lines while it holds a transaction: its own, or one it was handed.
    fn held(&self) -> Vec<&str> {
        let mut holds = ["impl ConnectionTrait", "DatabaseTransaction"].iter().any(|kind| {
            let (parameters, _) = self.head.rsplit_once(") ->").unwrap_or((&self.head, ""));
            parameters.contains(kind)
        });
        let mut lines = Vec::new();
        for line in &self.body {
            if line.contains("transaction.commit()") || line.contains("transaction.rollback()") {
                holds = false;
            }
            if holds {
                lines.push(*line);
            }
            if line.contains("let transaction = ") || line.contains("let mut transaction = ") {
                holds = true;
            }
        }
        lines
    }
}

fn functions(code: &str) -> Vec<Function<'_>> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once("fn ") else { continue };
        if !before.trim().split(' ').all(|word| word.is_empty() || word.starts_with("pub") || word == "async") {
            continue;
        }
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        let close = format!("{}}}", " ".repeat(line.len() - line.trim_start().len()));
        let Some(length) = lines[at..].iter().position(|line| *line == close) else { continue };
        let opens = lines[at..].iter().position(|line| line.ends_with('{')).unwrap_or_default();
        let body = lines[at..=at + length].iter().skip(opens + 1).copied().collect();
        found.push(Function { name, head: lines[at..=at + opens].join(" "), body });
    }
    found
}

/// By file, what its functions called with the desk ask of the pool: they, and those they call beside them.
fn askers(files: &[File]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut found: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (number, file) in files.iter().enumerate() {
        let functions = functions(&file.code);
        let mut known = BTreeSet::new();
        loop {
            let more: Vec<_> = functions.iter().filter(|one| one.asks(&known) && !known.contains(one.name)).collect();
            if more.is_empty() {
                break;
            }
            known.extend(more.into_iter().map(|one| one.name.to_owned()));
        }
        found.insert(number, known);
    }
    found
}

fn faults(files: &[File]) -> Vec<String> {
    let askers = askers(files);
    let mut faults = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let functions = functions(&file.code);
        let own: BTreeSet<&str> = functions.iter().map(|function| function.name).collect();
        // What stands in the folder's other files, unless it is called the same here.
        let beside = files.iter().enumerate().filter(|(_, other)| other.path.parent() == file.path.parent());
        let mut known: BTreeSet<String> = beside.flat_map(|(other, _)| askers[&other].iter().cloned()).collect();
        known.retain(|name| !own.contains(name.as_str()) || askers[&number].contains(name));
        for function in &functions {
            for line in function.held() {
                let asks = ASKS.iter().any(|ask| line.contains(ask));
                let called = Function::calls(line).into_iter().find(|name| known.contains(*name));
                if asks || called.is_some() {
                    faults.push(format!("{} `{}`: {}", file.path.display(), function.name, line.trim()));
                }
            }
        }
    }
    faults
}

#[test]
fn who_holds_a_transaction_asks_for_no_second_connection() {
    let faults = faults(&source::all());
    assert!(faults.is_empty(), "hand the transaction down, or ask before it begins:\n{}", faults.join("\n"));
}

#[test]
fn a_second_connection_is_noticed_wherever_it_is_asked_for() {
    let code = "pub async fn adopt(desk: &Desk) -> Result<(), Problem> {
    let transaction = desk.begin().await?;
    own(desk, 1).await?;
    transaction.commit().await?;
    own(desk, 2).await
}

async fn own(desk: &Desk, number: i32) -> Result<(), Problem> {
    one(desk.db.fresh(), number).await
}

async fn handed(desk: &Desk, transaction: &DatabaseTransaction) -> Result<(), Problem> {
    desk.may(1).await
}
";
    let file = File { path: "shop/x.rs".into(), module: Vec::new(), code: code.to_owned(), texts: Vec::new() };
    let faults = faults(&[file]);
    assert_eq!(faults, ["shop/x.rs `adopt`: own(desk, 1).await?;", "shop/x.rs `handed`: desk.may(1).await"]);
}
