//! Officers: who works in which office, what their role lets them do, and for which places.
//!
//! An office is a commune's, a province's or the ministry. It sees and decides what lies in its place and is of its level,
//! nothing else; what each role may do is one table (`permissions`), from which the documentation is made.

mod permissions;
mod personal;
mod store;

pub use permissions::{OfficePermission, as_markdown};
pub use personal::{HOLDS, PERSONAL};
pub use store::{
    Jurisdiction, OfficePerson, OfficeView, Seat, add_member, create_office, office_mailboxes, office_people,
    remove_member, seats_of,
};
