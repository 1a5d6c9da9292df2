//! Where the tourists are: destinations, partners, and what partners show of what grows nearby.
//!
//! Destinations are read by everybody (`destinations`) and kept by officers (`keeping`, and `belonging` for what belongs to one). A partner (`partners`, its `team`,
//! `sites`, which administrators see by `site_oversight`, `keys`) defines feeds (`feeds`, `definition`); a feed is one sheet of products (`sheet`) written in many formats
//! (`formats`), served as ready bytes (`serve`) and shown by a widget (`embed`) or printed (`poster`). Showing it counts
//! (`views`), and guests come by signed links (`clicks`); what that brought is read from the books (`reports`). Boxes can be
//! collected at a partner's reception (`boxes`). What is served without asking the database stands in memory (`guide`).

pub mod belonging;
pub mod boxes;
mod clicks;
pub mod definition;
pub mod destinations;
pub mod embed;
pub mod feeds;
pub mod formats;
mod guide;
pub mod keeping;
pub mod keys;
pub mod partners;
mod personal;
pub mod poster;
pub mod reports;
mod serve;
mod served;
pub mod sheet;
pub mod site_oversight;
pub mod sites;
pub mod team;
mod views;

use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
pub use guide::{Guide, Place, changed};
pub use personal::{HOLDS, PERSONAL};

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("partner", "bank_account")];

/// What browsers open, and no program calls.
pub fn pages(config: &mut actix_web::web::ServiceConfig) {
    config.service(clicks::go_to_product).service(clicks::go_to_shop).service(embed::style);
}

/// What thousands of sites and their guests ask for.
pub fn public_routes(config: &mut Routes<'_>) {
    config
        .service(serve::show_feed)
        .service(serve::count_view)
        .service(embed::script)
        .service(embed::frame)
        .service(embed::oembed)
        .service(destinations::geojson)
        .service(destinations::list_destinations)
        .service(destinations::show_destination)
        .service(destinations::list_of_product);
}

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(keeping::create_destination)
        .service(keeping::update_destination)
        .service(belonging::link_destination)
        .service(belonging::create_event)
        .service(belonging::delete_event)
        .service(belonging::add_image)
        .service(belonging::delete_image)
        .service(team::join_partner)
        .service(partners::create_partner)
        .service(partners::list_own)
        .service(partners::show_profile)
        .service(partners::update_profile)
        .service(partners::set_destinations)
        .service(team::show_members)
        .service(team::invite_member)
        .service(team::change_member)
        .service(team::remove_member)
        .service(partners::list_partners)
        .service(partners::decide_partner)
        .service(site_oversight::list_known)
        .service(site_oversight::withdraw_site)
        .service(sites::list_sites)
        .service(sites::add_site)
        .service(sites::verify_site)
        .service(sites::remove_site)
        .service(keys::list_keys)
        .service(keys::create_key)
        .service(keys::rotate_key)
        .service(keys::revoke_key)
        .service(feeds::list_feeds)
        .service(feeds::create_feed)
        .service(feeds::show_own)
        .service(feeds::update_feed)
        .service(feeds::delete_feed)
        .service(feeds::try_feed)
        .service(poster::print_poster)
        .service(reports::show_report)
        .service(reports::list_commissions)
        .service(reports::show_money)
        .service(boxes::list_points)
        .service(boxes::create_point)
        .service(boxes::update_point)
        .service(boxes::list_boxes)
        .service(boxes::receive_box)
        .service(boxes::hand_over_box)
        .service(boxes::give_back_box);
}
