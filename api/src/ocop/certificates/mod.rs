//! Certificates beside the stars: of a cooperative, a plot, a product or a lot.
//!
//! A cooperative enters one with its file (`own`); an officer looks at it and says whether it counts (`office`), naming the
//! version that was looked at. Buyers see verified ones only, and the file where the cooperative shows it (`shown`). Rules say
//! what must not be sold without one (`needed`); until when a product may be sold by them is worked out in the transaction of
//! every change (`clearance`), so that a day needs nobody to stop a sale. Who may lose one soon is told in time (`warning`).

mod clearance;
mod needed;
mod office;
mod own;
mod rules;
mod shown;
mod store;
mod warning;
mod words;

pub use clearance::{clear_products, cleared, refuse_without};
pub use needed::{Lacking, lacking};
pub use office::{Judgement, JudgementInput, judge, read_file, waiting};
pub use own::{CertificateInput, create, ending, find, put_file, withdraw};
pub use shown::{ShownCertificate, of_lot, of_product};
pub use store::Certificate;
pub use warning::Reminder;
pub use words::{KINDS, words_of};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(needed::list_lacking)
        .service(own::list_certificates)
        .service(own::create_certificate)
        .service(own::show_certificate)
        .service(own::update_certificate)
        .service(own::withdraw_certificate)
        .service(own::upload_certificate)
        .service(own::show_certificate_file)
        .service(office::list_all_certificates)
        .service(office::show_any_certificate_file)
        .service(office::judge_certificate)
        .service(needed::list_certificate_rules)
        .service(needed::create_certificate_rule)
        .service(needed::end_certificate_rule)
        .service(shown::show_public_file);
}
