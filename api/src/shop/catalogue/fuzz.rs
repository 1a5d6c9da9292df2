//! What is typed into the search (`api/examples/fuzz/targets.rs`).
#![allow(clippy::missing_panics_doc, reason = "a panic is how a target tells")]

use super::browse::Wanted;
use super::search::Search;

pub fn typed(search: &Search, text: &str) {
    let _ = Wanted::parse(text);
    assert!(search.hits(text).is_ok(), "whatever is typed is a search");
}
