//! Cooperatives run their shop: how they come to sell (`applications`), who works there (`team`), what they offer
//! (`listings`, `offers`, `prices`), what they ask for delivery (`profile`), and how sheets are read in (`imports`).
//!
//! Every change is written to the audit trail with what was before, and is visible in the catalogue at once.

pub mod admin;
pub mod applications;
pub mod bank;
pub mod decisions;
pub mod doubts;
pub mod imports;
pub mod listing_changes;
pub mod listing_images;
pub mod listings;
pub mod markdowns;
pub mod materials;
pub mod offers;
mod owned;
mod personal;
mod prices;
pub mod profile;
mod scheduled;
mod slugs;
pub mod team;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
pub use personal::{PERSONAL, SUBJECTS};
pub use prices::PriceClock;

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[INVITATIONS, REFUSED];

const INVITATIONS: Over = Over::new(
    "invitations",
    ("lời mời không ai nhận", "invitations nobody took"),
    (30, 1),
    &["DELETE FROM invitation WHERE accepted_at IS NULL AND expires_at < $1"],
);

const REFUSED: Over = Over {
    kind: "refused_applications",
    what: ("giấy tờ của đơn đăng ký bán không thành", "papers of applications to sell that came to nothing"),
    days: 180,
    least: 30,
    sql: &[
        "DELETE FROM application_document WHERE application_id IN
             (SELECT a.id FROM application a WHERE a.state IN ('rejected', 'draft') AND a.updated_at < $1)",
        "DELETE FROM application WHERE state IN ('rejected', 'draft') AND updated_at < $1
           AND NOT EXISTS (SELECT 1 FROM application_document d WHERE d.application_id = application.id)",
    ],
    files: Some(
        "SELECT d.object_key FROM application_document d JOIN application a ON a.id = d.application_id
         WHERE a.state IN ('rejected', 'draft') AND a.updated_at < $1",
    ),
};

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("application", "bank_account"), ("bank_account", "number")];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(applications::create_application)
        .service(applications::list_applications)
        .service(applications::show_application)
        .service(applications::update_application)
        .service(applications::upload_document)
        .service(applications::submit_application)
        .service(decisions::list_for_admin)
        .service(decisions::show_for_admin)
        .service(decisions::show_document)
        .service(decisions::decide_application)
        .service(admin::suspend)
        .service(admin::reinstate)
        .service(admin::list_reviews)
        .service(admin::decide_review)
        .service(team::show_team)
        .service(team::create_invitation)
        .service(team::revoke_invitation)
        .service(team::accept_invitation)
        .service(team::change_role)
        .service(team::remove_member)
        .service(profile::show_profile)
        .service(profile::update_profile)
        .service(profile::list_rates)
        .service(profile::replace_rates)
        .service(listings::list_products)
        .service(listings::create_product)
        .service(listings::show_product)
        .service(listing_changes::update_product)
        .service(listing_changes::archive_product)
        .service(listings::duplicate_product)
        .service(listing_images::add_image)
        .service(listing_images::order_images)
        .service(offers::create_offer)
        .service(offers::update_offer)
        .service(scheduled::list_prices)
        .service(scheduled::schedule_price)
        .service(scheduled::cancel_price)
        .service(markdowns::list_discounts)
        .service(markdowns::replace_discounts)
        .service(materials::list_materials)
        .service(materials::replace_materials);
    imports::routes(config);
}
