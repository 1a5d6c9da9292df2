//! Recognition of stars (Decision 148/QĐ-TTg of 24.2.2023, amended by 1489/QĐ-TTg of 6.7.2025).
//!
//! A product is judged by the scorecard in force on the day its dossier is handed in (`sets`, `criteria`, `sheet`). A cooperative
//! writes the dossier (`own`, `writing`); commune, province and ministry take its steps (`office`, along the table in `steps`, in working
//! days by `days`); a council's members score alone (`council`). What comes of it is a recognition for 36 months (`award`), in a
//! register that anybody may read and check (`register`), of whose end people are told in time (`reminder`). Stars of earlier
//! decisions are typed in by two officers (`entry`).

mod award;
mod certificate;
pub mod council;
mod criteria;
mod days;
pub mod entry;
mod facts;
pub mod holidays;
pub mod office;
pub mod own;
pub mod points;
mod register;
mod reminder;
pub mod scores;
mod sets;
mod sheet;
mod sight;
pub mod steps;
mod store;
mod terms;
mod told;
pub mod writing;

pub use award::code_of;
pub use criteria::Scorecard;
pub use register::{Checked, check, of_place};
pub use reminder::Reminder;
pub use sets::{ILLUSTRATIVE, import as import_criteria, set_in_force, sheet_of, stored_set};
pub use sheet::{CellFault, read as read_criteria, write as write_criteria};
pub use steps::{Act, as_markdown as steps_as_markdown};
pub use told::who_acts;

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(holidays::list_holidays)
        .service(holidays::keep_holiday)
        .service(holidays::strike_holiday)
        .service(sets::list_criteria_sets)
        .service(sets::show_criteria_set)
        .service(sets::download_criteria_set)
        .service(sets::import_criteria_set)
        .service(own::list_dossiers)
        .service(own::start_dossier)
        .service(own::show_dossier)
        .service(writing::score_dossier)
        .service(own::take_dossier_step)
        .service(writing::renew_dossier_criteria)
        .service(writing::add_dossier_evidence)
        .service(writing::upload_dossier_evidence)
        .service(writing::remove_dossier_evidence)
        .service(writing::show_dossier_evidence)
        .service(office::list_officer_dossiers)
        .service(office::show_officer_dossier)
        .service(office::take_officer_step)
        .service(office::show_officer_evidence)
        .service(council::show_own_scores)
        .service(council::put_own_scores)
        .service(council::hand_in_scores)
        .service(entry::list_recognition_entries)
        .service(entry::enter_recognition)
        .service(entry::settle_recognition)
        .service(register::list_ocop_products)
        .service(register::ocop_products_csv)
        .service(register::ocop_products_geojson)
        .service(register::ocop_catalogue)
        .service(register::check_ocop_certificate)
        .service(certificate::download_ocop_certificate);
}
