//! Reads the server's source as text: which file names which module, and which tables it writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file of `api/src`.
pub struct File {
    /// Relative to `api/src`.
    pub path: PathBuf,
    /// `["shop", "catalogue", "browse"]`; a folder's `mod.rs` is the folder.
    pub module: Vec<String>,
    /// Code without comments, texts and unit tests.
    pub code: String,
    /// Texts in quotes.
    pub texts: Vec<String>,
}

impl File {
    pub fn is_mod(&self) -> bool {
        self.path.ends_with("mod.rs")
    }
}

pub fn all() -> Vec<File> {
    of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// All files below a folder.
pub fn of(root: &Path) -> Vec<File> {
    let root = root.to_path_buf();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(file(&root, &path));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn file(root: &Path, path: &Path) -> File {
    let text = std::fs::read_to_string(path).expect("a file");
    let (code, texts) = stripped(&text);
    let path = path.strip_prefix(root).expect("inside").to_path_buf();
    let mut module: Vec<String> =
        path.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    File { path, module, code, texts }
}

/// Code with comments and texts taken out, up to the unit tests, which stand last; and the texts.
fn stripped(text: &str) -> (String, Vec<String>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut texts, mut at) = (String::new(), Vec::new(), 0);
    while at < chars.len() {
        let rest = |ahead: &str| ahead.chars().enumerate().all(|(offset, c)| chars.get(at + offset) == Some(&c));
        if rest("//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if rest("#[cfg(test)]") {
            break;
        } else if rest("r#\"") || rest("r\"") {
            let (open, close) = if rest("r#\"") { (3, "\"#") } else { (2, "\"") };
            let start = at + open;
            let body: String = chars[start..].iter().collect();
            let end = body.find(close).unwrap_or(body.len());
            texts.push(body[..end].to_owned());
            at = start + body[..end].chars().count() + close.len();
            code.push_str("\"\"");
        } else if chars[at] == '"' {
            let start = at + 1;
            at = start;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            texts.push(chars[start..at.min(chars.len())].iter().collect());
            at += 1;
            code.push_str("\"\"");
        } else if chars[at] == '\'' && chars.get(at + 2) == Some(&'\'') && chars[at + 1] != '\\' {
            at += 3;
            code.push_str("' '");
        } else if rest("'\\") {
            at += 2;
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
            code.push_str("' '");
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    (code, texts)
}

/// Every path that begins with `crate::` or `super::`, whole: groups in braces are taken apart.
pub fn paths(file: &File) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for start in ["crate::", "super::"] {
        for (at, _) in file.code.match_indices(start) {
            let before = file.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            expand(&file.code[at..], &[], &mut found);
        }
    }
    found.into_iter().filter_map(|path| absolute(file, &path)).collect()
}

/// Takes one path apart, with all that stands in its braces.
fn expand(text: &str, before: &[String], found: &mut BTreeSet<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !word.is_empty() {
            at += word.len();
            path.push(word);
        } else if rest.starts_with('{') {
            at += 1;
            loop {
                at += text[at..]
                    .chars()
                    .take_while(|c| c.is_whitespace() || *c == ',')
                    .map(char::len_utf8)
                    .sum::<usize>();
                if text[at..].starts_with('}') || text[at..].is_empty() {
                    return at + 1;
                }
                let used = expand(&text[at..], &path, found);
                if used == 0 {
                    return at;
                }
                at += used;
                // `as name`
                at += text[at..].chars().take_while(|c| !matches!(c, ',' | '}')).map(char::len_utf8).sum::<usize>();
            }
        } else if rest.starts_with('*') {
            at += 1;
        }
        if text[at..].starts_with("::") {
            at += 2;
        } else {
            break;
        }
    }
    if path.len() > before.len() {
        found.insert(path);
    }
    at
}

/// From the crate's root; `None` where `super` leads out of it.
fn absolute(file: &File, path: &[String]) -> Option<Vec<String>> {
    let mut at = file.module.clone();
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        match first.as_str() {
            "crate" => at.clear(),
            "super" => drop(at.pop()?),
            "self" => {}
            _ => break,
        }
        rest = behind;
    }
    at.extend(rest.iter().cloned());
    Some(at)
}

/// Tables that the file changes: in SQL, or through their entities.
pub fn written(file: &File) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for text in &file.texts {
        for verb in ["INSERT INTO ", "UPDATE ", "DELETE FROM "] {
            for (at, _) in text.match_indices(verb) {
                let rest = &text[at + verb.len()..];
                let table: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let behind = rest[table.len()..].trim_start();
                let is_table = match verb {
                    "UPDATE " => behind.starts_with("SET") || behind.starts_with("AS "),
                    _ => true,
                };
                if !table.is_empty() && is_table {
                    tables.insert(table);
                }
            }
        }
    }
    for mark in ["::ActiveModel {", "::Entity::insert", "::Entity::update", "::Entity::delete"] {
        for (at, _) in file.code.match_indices(mark) {
            let before = &file.code[..at];
            let table: String = before
                .chars()
                .rev()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_' || c.is_ascii_digit())
                .collect();
            // What a function returns is made elsewhere.
            let returned = before[..before.len() - table.len()].trim_end().ends_with("->");
            let table: String = table.chars().rev().collect();
            if !table.is_empty() && table != "entity" && !returned {
                tables.insert(table);
            }
        }
    }
    tables
}
