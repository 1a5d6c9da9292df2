//! Who is who, and where: accounts and sessions, roles and permissions, provinces and communes.
//!
//! - `places`: today's and former communes, held in memory.
//! - `identity`: signing up and in, tokens, keys, roles, and who may do what in a cooperative or for a partner.
//! - `offices`: officers, the places and the roles they work in.
//! - `privacy`: what is known of a person, told and forgotten on request; how long things are kept; what leaked.
//!
//! What a signed-in person's request works with, the `desk::Desk`, is taken from here by every
//! district above.

pub mod desk;
pub mod identity;
pub mod offices;
pub mod places;
pub mod privacy;

/// Who may do what in a cooperative and in an office, as a page of documentation.
pub fn permissions_as_markdown() -> String {
    identity::permissions_as_markdown() + &offices::as_markdown()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_documentation_is_the_table() {
        let page = include_str!("../../../docs/permissions.md");
        assert_eq!(page, super::permissions_as_markdown(), "run `ocop permissions > docs/permissions.md`");
    }
}
