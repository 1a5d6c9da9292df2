//! What a newcomer reads is as the code is: papers made from it, functions and files that fit a screen, templates that can be read.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What to do about a status, where a code says nothing more.
const ADVICE: &[(u16, &str)] = &[
    (400, "Send it as the API document says."),
    (401, "Sign in, or renew the access token."),
    (403, "Sign in as somebody who may, see [permissions](permissions.md)."),
    (404, "Look the id up again; what is not yours is not there either."),
    (409, "Read it again: it has moved on. Then decide anew."),
    (410, "It is gone for good."),
    (413, "Send less at once."),
    (415, "Send the content type that the API document names."),
    (422, "Mend the fields that `errors` points at; nothing was changed."),
    (429, "Wait as many seconds as `Retry-After` says."),
    (500, "Tell us, with the `x-request-id` of the answer."),
    (502, "Try again later; the other side did not answer."),
    (503, "Try again after as many seconds as `Retry-After` says."),
];

struct Code {
    name: String,
    status: u16,
    english: String,
    /// What its comment tells.
    more: String,
}

/// Files of a folder and below, with an ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![Path::new(ROOT).join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|known| known == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

fn named(path: &Path) -> String {
    path.strip_prefix(ROOT).unwrap_or(path).display().to_string()
}

/// Whether papers are to be drawn anew.
fn drawing() -> bool {
    std::env::var_os("OCOP_DRAW").is_some()
}

/// `NAME = "name" 409 "Vietnamese." "English.";` as the `codes!` of all slices have them.
fn codes() -> Vec<Code> {
    let mut found = Vec::new();
    for path in files("api/src", "rs") {
        let text = read(&path);
        for block in text.split("\ncodes! {\n").skip(1) {
            let mut more = String::new();
            for line in block.lines().take_while(|line| *line != "}").map(str::trim) {
                if let Some(comment) = line.strip_prefix("///") {
                    more.push_str(if more.is_empty() { "" } else { " " });
                    more.push_str(comment.trim());
                    continue;
                }
                let quoted: Vec<&str> = line.split('"').collect();
                let [_, name, status, _, _, english, ..] = quoted[..] else { panic!("{}: {line}", named(&path)) };
                let status = status.trim().parse().expect("a status");
                let code = Code {
                    name: name.to_owned(),
                    status,
                    english: english.to_owned(),
                    more: std::mem::take(&mut more),
                };
                found.push(code);
            }
        }
    }
    // Where two slices mean the same, they have the same code.
    found.sort_by(|a, b| (a.status, &a.name).cmp(&(b.status, &b.name)));
    found.dedup_by(|a, b| (a.status, &a.name) == (b.status, &b.name));
    found
}

#[test]
fn errors_are_told_as_they_are() {
    let codes = codes();
    let names: BTreeSet<&String> = codes.iter().map(|code| &code.name).collect();
    assert_eq!(names.len(), codes.len(), "the same code has two statuses");
    let mut right = String::from(
        "# Errors\n\nEvery error is `application/problem+json` (RFC 9457) with one of these as its `code`; codes are never renamed. Made from the\n\
         `codes!` of the slices: `OCOP_DRAW=1 cargo test -p api --test layers`.\n\n| code | status | when | what to do |\n| --- | --- | --- | --- |\n",
    );
    for code in &codes {
        let advice = ADVICE.iter().find(|(status, _)| *status == code.status).map(|(_, advice)| *advice);
        let advice = advice.unwrap_or_else(|| panic!("there is no advice for {}", code.status));
        let advice = if code.more.is_empty() { advice } else { &code.more };
        let _ = writeln!(right, "| `{}` | {} | {} | {advice} |", code.name, code.status, code.english);
    }
    let path = Path::new(ROOT).join("docs/errors.md");
    if drawing() {
        std::fs::write(&path, &right).expect("written");
    }
    assert!(read(&path) == right, "docs/errors.md is old: OCOP_DRAW=1 cargo test -p api --test layers");
}

/// Functions of a file with their lines, by `fn` and the brace that closes at the same depth.
fn functions(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let depth = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.contains('(')).collect();
        let begins = line.split_whitespace().any(|word| word == "fn");
        let only = |word: &&str| matches!(*word, "fn" | "async" | "const" | "extern") || word.starts_with("pub");
        if !begins
            || !words.iter().all(|word| only(word) || words.last() == Some(word))
            || line.trim_end().ends_with(';')
        {
            continue;
        }
        let name = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next()).unwrap_or_default();
        let end = format!("{}}}", " ".repeat(depth));
        if let Some(length) = lines[at..].iter().position(|line| *line == end) {
            found.push((length + 1, name.to_owned()));
        }
    }
    found
}

#[test]
fn functions_fit_a_screen_and_files_are_soon_read() {
    let mut faults = Vec::new();
    for path in ["api/src", "entity/src", "migration/src"].iter().flat_map(|folder| files(folder, "rs")) {
        let text = read(&path);
        let tested = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        for (length, name) in functions(&text).into_iter().filter(|(length, _)| *length > 80 && !tested) {
            faults.push(format!("{}: {name} has {length} lines: cut it by what it does", named(&path)));
        }
    }
    for path in ["api", "entity", "migration", "tests"].iter().flat_map(|folder| files(folder, "rs")) {
        let lines = read(&path).lines().count();
        if lines > 500 {
            faults.push(format!("{} has {lines} lines: 500 are enough", named(&path)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The name a schema has in the API's document: `as = …` of its attribute, or its type's.
fn schema_names(text: &str) -> Vec<String> {
    let (mut names, mut derived, mut called) = (Vec::new(), false, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[derive(") {
            (derived, called) = (line.contains("ToSchema"), None);
        } else if let Some(rest) = line.strip_prefix("#[schema(as = ") {
            called = rest.split([',', ')']).next().map(str::to_owned);
        } else if let Some(rest) = line.split_once("struct ").or_else(|| line.split_once("enum ")).map(|(_, rest)| rest)
        {
            if derived && line.starts_with("pub") {
                let own = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                // Those of a macro are named where it is used.
                if !own.is_empty() {
                    names.push(called.take().unwrap_or_else(|| own.to_owned()));
                }
            }
            derived = false;
        }
    }
    names
}

/// Of two schemas of one name the document keeps one, and tells readers of the other something wrong.
#[test]
fn no_two_schemas_have_one_name() {
    let mut seen: std::collections::BTreeMap<String, PathBuf> = std::collections::BTreeMap::new();
    let mut faults = Vec::new();
    for path in files("api/src", "rs").into_iter().chain(files("entity/src", "rs")) {
        for name in schema_names(&std::fs::read_to_string(&path).expect("a file")) {
            if let Some(other) = seen.insert(name.clone(), path.clone()) {
                faults.push(format!("{name}: {} and {}", other.display(), path.display()));
            }
        }
    }
    assert!(seen.len() > 300, "{} schemas found", seen.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn templates_can_be_read() {
    let mut faults = Vec::new();
    for path in files("api/assets", "html") {
        let text = read(&path);
        for (number, line) in (1..).zip(text.lines()) {
            let (length, indent) = (line.chars().count(), line.len() - line.trim_start_matches(' ').len());
            if length > 160 {
                faults.push(format!("{}:{number} has {length} characters", named(&path)));
            }
            if indent % 2 == 1 || line.contains('\t') || line.ends_with(' ') {
                faults.push(format!("{}:{number} is indented by other than two spaces a level", named(&path)));
            }
        }
        let count = |what: &str| text.matches(what).count();
        for (open, close) in [("{% if ", "{% endif"), ("{% for ", "{% endfor"), ("{% block ", "{% endblock")] {
            let trimmed = open.replacen("{%", "{%-", 1);
            let closed = count(close) + count(&close.replacen("{%", "{%-", 1));
            if count(open) + count(&trimmed) != closed {
                faults.push(format!("{}: {open} is not closed as often as it is opened", named(&path)));
            }
        }
    }
    for path in files("api/src", "rs") {
        let text = read(&path);
        if ["<html", "<!doctype html", "<body"].iter().any(|tag| text.contains(tag)) {
            faults.push(format!("{}: pages are templates, in api/assets", named(&path)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What programs read is written as RFC 3339 says; the library's own way is for nobody.
#[test]
fn times_are_told_as_rfc_3339() {
    let mut faults = Vec::new();
    for path in files("api/src", "rs") {
        let text = read(&path);
        let (mut told, mut marked) = (false, false);
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.starts_with("#[derive(") {
                told = line.contains("Serialize");
            } else if line == "}" {
                told = false;
            } else if line.starts_with("#[serde(") && line.contains("with = ") {
                marked = line.contains("rfc3339");
            } else if line.contains(": OffsetDateTime,") || line.contains(": Option<OffsetDateTime>,") {
                if told && line.starts_with("pub ") && !marked {
                    faults.push(format!("{}:{number}: {line}", named(&path)));
                }
                marked = false;
            }
        }
    }
    assert!(faults.is_empty(), "#[serde(with = \"time::serde::rfc3339\")] is missing:\n{}", faults.join("\n"));
}
