//! From the box back to the tree.
//!
//! A cooperative's land is its plots (`plots`), what is done there stands in their diary (`diary`), both by spreadsheet, too (`sheet`), and a lot names the
//! plots it was harvested on, not before a sprayed plot's waiting period is over (`waiting`). What happens to a lot is an
//! event, written once by the business act itself in its own transaction (`events`), never changed (triggers refuse it),
//! and corrected only by declaring it an error. Others read events as EPCIS 2.0 (`epcis`, `reading`) and add their own
//! (`capture`). A box carries a code (`codes`): this server's, or a GS1 Digital Link where the cooperative has a GTIN
//! (`keys`, `link`); what became of a harvest and what a box came from is found in one walk (`reach`); labels are printed (`labels`), and who scans one sees the lot's story (`passport`). How often numbered boxes are scanned tells of copied labels (`scans`).
//!
//! It stands below the shop, whose acts write the events; of lots it knows what their rows say.

mod capture;
pub mod codes;
pub mod diary;
mod epcis;
pub mod events;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
pub mod keys;
pub mod labels;
pub mod link;
pub mod passport;
pub mod plots;
pub mod reach;
pub mod reading;
pub mod scans;
pub mod sheet;
mod store;
pub mod waiting;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
pub use store::{check, lot_of};

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "scans",
    ("lượt quét mã truy xuất", "scans of traceability codes"),
    (1_096, 365),
    &["DELETE FROM scan WHERE day < $1"],
)];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(plots::list_plots)
        .service(plots::create_plot)
        .service(plots::show_plot)
        .service(plots::update_plot)
        .service(diary::list_entries)
        .service(diary::write_entry)
        .service(diary::withdraw_entry)
        .service(diary::put_photo)
        .service(reading::list_lot_events)
        .service(reading::list_events)
        .service(capture::capture_events)
        .service(keys::show_keys)
        .service(keys::put_keys)
        .service(labels::print_labels)
        .service(passport::show_passport)
        .service(link::resolve)
        .service(link::resolve_place)
        .service(reach::trace_forward)
        .service(reach::trace_back)
        .service(scans::list_copied)
        .service(sheet::show_template)
        .service(sheet::import_sheet);
}
