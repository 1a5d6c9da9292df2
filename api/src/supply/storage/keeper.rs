//! Who keeps a cold room.

use entity::value::{CooperativeId, PartnerId};
use uuid::Uuid;

/// Whose rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    Cooperative(CooperativeId),
    Partner(PartnerId),
}

impl Keeper {
    pub fn id(self) -> Uuid {
        match self {
            Self::Cooperative(id) => id.0,
            Self::Partner(id) => id.0,
        }
    }

    pub fn cooperative(self) -> Option<CooperativeId> {
        if let Self::Cooperative(id) = self { Some(id) } else { None }
    }

    pub fn partner(self) -> Option<PartnerId> {
        if let Self::Partner(id) = self { Some(id) } else { None }
    }
}
