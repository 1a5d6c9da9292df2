//! Who is who, and where: accounts and sessions, roles and permissions, provinces and communes.
//!
//! - `places`: today's and former communes, held in memory.
//! - `identity`: signing up and in, tokens, keys, roles, and who may do what in a cooperative or for a partner.
//!
//! What a signed-in person's request works with, the `desk::Desk`, is taken from here by every
//! district above.

pub mod desk;
pub mod identity;
pub mod places;
