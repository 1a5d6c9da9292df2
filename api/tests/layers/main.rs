//! The house keeps its shape: districts and slices call downwards only, past nobody's `mod.rs`, in no circle; a table has one
//! slice that writes it. A fault names the file, and what to do.

mod holding;
mod papers;
mod routes;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::File;

/// From the ground up. A district knows those before it.
const DISTRICTS: &[&str] = &[
    "platform",
    "config",
    "people",
    "media",
    "ledger",
    "ocop",
    "shop",
    "orders",
    "money",
    "tourism",
    "supply",
    "messaging",
    "oversight",
    "pages",
    "demo",
];
/// What puts everything together.
const ROOT: &[&str] = &["app", "cli", "service", "swagger", "thrown", "main", "lib"];
/// Districts that are one slice.
const SINGLE: &[&str] = &["platform", "config", "media", "ledger", "tourism", "oversight", "demo"];

/// The slice a module belongs to: `shop::catalogue`, or a district that is one slice.
fn slice(module: &[String]) -> Option<String> {
    let district = module.first()?;
    if SINGLE.contains(&district.as_str()) {
        return Some(district.clone());
    }
    if !DISTRICTS.contains(&district.as_str()) {
        return None;
    }
    Some(format!("{district}::{}", module.get(1)?))
}

fn depth(slice: &str) -> usize {
    slice.split("::").count()
}

fn rank(slice: &str) -> usize {
    let district = slice.split("::").next().unwrap_or_default();
    DISTRICTS.iter().position(|known| *known == district).unwrap_or(usize::MAX)
}

/// Which slices name which, with a file that does.
fn calls(files: &[File]) -> BTreeMap<(String, String), String> {
    let mut calls = BTreeMap::new();
    for file in files {
        let Some(own) = slice(&file.module) else { continue };
        for path in source::paths(file) {
            if let Some(other) = slice(&path).filter(|other| *other != own) {
                calls.entry((own.clone(), other)).or_insert_with(|| file.path.display().to_string());
            }
        }
    }
    calls
}

/// Everything that reaches itself: the members of circles.
fn circles<N: Ord + Clone>(edges: &BTreeSet<(N, N)>) -> Vec<Vec<N>> {
    let nodes: BTreeSet<&N> = edges.iter().flat_map(|(a, b)| [a, b]).collect();
    let reach = |from: &N| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(node) = open.pop() {
            for (_, next) in edges.iter().filter(|(a, _)| *a == node) {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&N, BTreeSet<N>> = nodes.iter().map(|node| (*node, reach(node))).collect();
    let mut found = BTreeSet::new();
    for node in nodes {
        if reached[node].contains(node) {
            let members =
                reached[node].iter().filter(|other| reached.get(other).is_some_and(|back| back.contains(node)));
            found.insert(members.cloned().collect::<Vec<N>>());
        }
    }
    found.into_iter().collect()
}

#[test]
fn every_file_belongs_to_a_district() {
    for file in source::all() {
        let first = file.module.first().cloned().unwrap_or_default();
        let known = DISTRICTS.contains(&first.as_str()) || ROOT.contains(&first.as_str());
        assert!(
            known,
            "{} is in no district: put it into one, or name the new one in `DISTRICTS`",
            file.path.display()
        );
    }
}

#[test]
fn districts_and_slices_call_downwards_only() {
    let calls = calls(&source::all());
    let upwards: Vec<String> = calls
        .iter()
        .filter(|((own, other), _)| rank(other) > rank(own))
        .map(|((own, other), file)| format!("{own} calls {other}, which stands above it, in {file}"))
        .collect();
    assert!(
        upwards.is_empty(),
        "hand it in from `app.rs`, send it through the outbox, or move it:\n{}",
        upwards.join("\n")
    );
    let edges = calls.into_keys().collect();
    let circles: Vec<String> = circles(&edges).iter().map(|members| members.join(" ↔ ")).collect();
    assert!(circles.is_empty(), "slices in a circle; what both need belongs below them:\n{}", circles.join("\n"));
}

#[test]
fn nobody_reaches_past_anothers_mod_rs() {
    let files = source::all();
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| file.module.clone()).collect();
    let mut faults = Vec::new();
    for file in &files {
        let own = slice(&file.module);
        for path in source::paths(file) {
            let Some(other) = slice(&path).filter(|other| Some(other) != own.as_ref() && other != "platform") else {
                continue;
            };
            // A slice's own rooms may be named where its `mod.rs` opens them, and no room inside a room.
            let room = depth(&other) + 2;
            if path.len() > room && modules.contains(&path[..room]) {
                faults.push(format!("{} names {}", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "let its `mod.rs` offer what is needed:\n{}", faults.join("\n"));
}

#[test]
fn files_of_a_slice_stand_in_no_circle() {
    let files = source::all();
    let modules: BTreeSet<Vec<String>> =
        files.iter().filter(|file| !file.is_mod()).map(|file| file.module.clone()).collect();
    let mut edges = BTreeSet::new();
    for file in files.iter().filter(|file| !file.is_mod()) {
        let Some(own) = slice(&file.module) else { continue };
        for path in source::paths(file) {
            let named =
                (1..=path.len()).rev().map(|length| path[..length].to_vec()).find(|part| modules.contains(part));
            if let Some(other) = named.filter(|other| *other != file.module && slice(other).as_ref() == Some(&own)) {
                edges.insert((file.module.join("::"), other.join("::")));
            }
        }
    }
    let circles: Vec<String> = circles(&edges).iter().map(|members| members.join(" ↔ ")).collect();
    assert!(
        circles.is_empty(),
        "{} circles; what both need belongs into a file below them:\n{}",
        circles.len(),
        circles.join("\n")
    );
}

/// Tables, the slices that write them, and a file of each that does.
fn writers(files: &[File]) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut writers: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in files {
        // Made-up data is loaded past everything.
        let Some(own) = slice(&file.module).filter(|own| own != "demo") else { continue };
        for table in source::written(file) {
            writers.entry(table).or_default().entry(own.clone()).or_insert_with(|| file.path.display().to_string());
        }
    }
    writers
}

#[test]
fn a_table_has_one_slice_that_writes_it() {
    let mut faults = Vec::new();
    for (table, slices) in writers(&source::all()) {
        if slices.len() > 1 {
            let who: Vec<_> = slices.iter().map(|(slice, file)| format!("{slice} ({file})")).collect();
            faults.push(format!("{table} is written by {}: ask the slice that owns it", who.join(", ")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Of a sale the ledger knows what it is handed.
#[test]
fn the_ledger_reads_no_orders() {
    let mut faults = Vec::new();
    for file in source::all().iter().filter(|file| slice(&file.module).as_deref() == Some("ledger")) {
        let words = file.texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
        for table in words.filter(|word| ["orders", "order_line", "purchase", "cart"].contains(word)) {
            faults.push(format!("{} reads {table}: let ordering hand it over as a value", file.path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The tables of `docs/architecture.md`: what stands on what, and who writes what.
fn drawn(files: &[File]) -> String {
    let calls = calls(files);
    let mut below: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        if let Some(own) = slice(&file.module) {
            below.entry(own).or_default();
        }
    }
    for (own, other) in calls.into_keys() {
        below.entry(own).or_default().insert(other);
    }
    let mut slices: Vec<_> = below.into_iter().collect();
    slices.sort_by_key(|(slice, _)| (rank(slice), slice.clone()));
    let mut out = String::from("| slice | stands on |\n| --- | --- |\n");
    for (slice, others) in slices {
        let others: Vec<_> =
            others.into_iter().filter(|other| !["platform", "config"].contains(&other.as_str())).collect();
        out += &format!("| `{slice}` | {} |\n", others.join(", "));
    }
    let mut owned: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, slices) in writers(files) {
        for slice in slices.into_keys() {
            owned.entry(slice).or_default().push(table.clone());
        }
    }
    let mut owned: Vec<_> = owned.into_iter().collect();
    owned.sort_by_key(|(slice, _)| (rank(slice), slice.clone()));
    out += "\n| slice | writes |\n| --- | --- |\n";
    for (slice, tables) in owned {
        out += &format!("| `{slice}` | {} |\n", tables.join(", "));
    }
    out
}

/// `OCOP_DRAW=1 cargo test -p api --test layers` writes it anew.
#[test]
fn the_papers_show_the_house_as_it_is() {
    const MARKS: (&str, &str) = ("<!-- drawn from the code -->\n", "<!-- end -->");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/architecture.md");
    let paper = std::fs::read_to_string(path).expect("docs/architecture.md");
    let (before, rest) = paper.split_once(MARKS.0).expect("the mark where it begins");
    let (_, after) = rest.split_once(MARKS.1).expect("the mark where it ends");
    let right = format!("{before}{}{}{}{after}", MARKS.0, drawn(&source::all()), MARKS.1);
    if std::env::var_os("OCOP_DRAW").is_some() {
        std::fs::write(path, &right).expect("written");
    }
    assert!(
        paper == right || std::env::var_os("OCOP_DRAW").is_some(),
        "draw it anew: OCOP_DRAW=1 cargo test -p api --test layers"
    );
}
