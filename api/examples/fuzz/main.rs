//! Every parser of foreign bytes, thrown at by libFuzzer (`tests/outside/fuzz`). `FUZZ=sheet target/…/examples/fuzz corpus/` runs
//! one; without `FUZZ` their names are told.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

mod targets;

static TARGET: OnceLock<targets::Target> = OnceLock::new();

/// The one that `FUZZ` names.
fn named() -> targets::Target {
    let name = std::env::var("FUZZ").unwrap_or_default();
    targets::named(&name).unwrap_or_else(|| panic!("FUZZ names one of {}", targets::NAMES.join(", ")))
}

fuzz_target!(init: { drop(TARGET.set(named())) }, |bytes: &[u8]| {
    if let Some(target) = TARGET.get() {
        target(bytes);
    }
});
