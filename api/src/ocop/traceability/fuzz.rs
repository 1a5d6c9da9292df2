//! Events and codes as strangers bring them (`api/examples/fuzz/targets.rs`).
#![allow(clippy::missing_panics_doc, reason = "a panic is how a target tells")]

use time::OffsetDateTime;

use super::capture::{EpcisDocument, named, read};
use super::codes::{Code, gtin14, is_gln};
use super::link::DigitalLink;

pub fn events(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<EpcisDocument>(bytes) else { return };
    if document.check().is_err() {
        return;
    }
    for (at, event) in document.events().iter().enumerate() {
        let _ = read(at, event, OffsetDateTime::now_utc());
        if let Ok(named) = named(at, event) {
            assert!(named.len() <= 1_000 && named.iter().all(|(_, quantity)| *quantity >= 0), "{named:?}");
        }
    }
}

/// What is typed, scanned, or stands behind `/01/`.
pub fn code(text: &str) {
    if let Some(code) = Code::read(text) {
        assert_eq!(Code::read(&code.plain()), Some(code), "a code that is read is written so that it can be read");
    }
    let _ = DigitalLink::parse(text);
    if let Some(gtin) = gtin14(text) {
        assert_eq!(gtin14(&gtin).as_deref(), Some(gtin.as_str()));
    }
    let _ = is_gln(text);
}
