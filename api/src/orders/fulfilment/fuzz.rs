//! What carriers send, by somebody who need not be one (`api/examples/fuzz/targets.rs`).
#![allow(clippy::missing_panics_doc, reason = "a panic is how a target tells")]

use entity::value::Carrier;

use super::Carriers;
use crate::platform::fold::is_forbidden;

pub fn report(carriers: &Carriers, bytes: &[u8]) {
    for carrier in [Carrier::Ghn, Carrier::Ghtk, Carrier::ViettelPost] {
        if let Some(update) = carriers.get(carrier).and_then(|api| api.parse_webhook(bytes)) {
            assert!(!update.tracking_code.is_empty(), "a report names its parcel");
            let kept = [Some(&update.tracking_code), Some(&update.status), update.reference.as_ref()];
            let mut letters = kept.into_iter().flatten().flat_map(|text| text.chars());
            assert!(!letters.any(is_forbidden), "what is kept can be kept");
        }
    }
}
