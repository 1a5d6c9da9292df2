//! Organisations that buy in quantity: verified by the platform's people, with a team and places goods are delivered to.

mod organisations;
mod personal;
mod places;
mod team;

pub use organisations::{
    Organisation, OrganisationDecisionInput, OrganisationInput, OrganisationQuery, all_organisations, change,
    judge_organisation, mine, sign_up,
};
pub use personal::{HOLDS, PERSONAL};
pub use places::{DeliveryPlace, DeliveryPlaceInput, add_place, place_of, places};
pub use team::{mailboxes, may, may_approved};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(organisations::list_own_organisations)
        .service(organisations::sign_up_organisation)
        .service(organisations::show_organisation)
        .service(organisations::change_organisation)
        .service(organisations::list_organisations)
        .service(organisations::decide_organisation)
        .service(team::list_organisation_members)
        .service(team::put_organisation_member)
        .service(team::remove_organisation_member)
        .service(places::list_delivery_places)
        .service(places::add_delivery_place)
        .service(places::change_delivery_place);
}
