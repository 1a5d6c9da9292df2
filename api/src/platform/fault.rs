//! Places where a test kills the process, to see that what it was at is done wholly, later, or not at all. In builds with
//! debug assertions only.

use std::sync::OnceLock;

static POINT: OnceLock<String> = OnceLock::new();

/// Chooses the place, from the configuration.
pub fn choose(name: Option<&str>) {
    if let Some(name) = name {
        let _ = POINT.set(name.to_owned());
    }
}

/// Ends the process here, without a word, if this is the place.
pub fn point(name: &str) {
    if cfg!(debug_assertions) && POINT.get().is_some_and(|chosen| chosen == name) {
        std::process::abort();
    }
}
