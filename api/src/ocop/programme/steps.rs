//! What may be done with help that was offered, by whom: one table.

use entity::programme::HelpState;

/// Something done with an offer of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpAct {
    /// By the cooperative.
    Accept,
    Decline,
    Finish,
    Fail,
    /// By who offered it.
    Withdraw,
    /// The difficulty is over without it.
    Close,
}

/// Where an act leads from a state; `None` where it is not open.
pub fn after(state: HelpState, act: HelpAct) -> Option<HelpState> {
    match (state, act) {
        (HelpState::Offered, HelpAct::Accept) => Some(HelpState::Accepted),
        (HelpState::Offered, HelpAct::Decline | HelpAct::Close) => Some(HelpState::Declined),
        (HelpState::Offered | HelpState::Accepted, HelpAct::Withdraw) => Some(HelpState::Withdrawn),
        (HelpState::Accepted, HelpAct::Finish) => Some(HelpState::Done),
        (HelpState::Accepted, HelpAct::Fail | HelpAct::Close) => Some(HelpState::Failed),
        _ => None,
    }
}

/// States an act is open in.
pub fn from(act: HelpAct) -> Vec<HelpState> {
    use sea_orm::Iterable;
    HelpState::iter().filter(|state| after(*state, act).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over_and_what_is_under_way_can_end() {
        let acts =
            [HelpAct::Accept, HelpAct::Decline, HelpAct::Finish, HelpAct::Fail, HelpAct::Withdraw, HelpAct::Close];
        for state in [HelpState::Declined, HelpState::Done, HelpState::Failed, HelpState::Withdrawn] {
            assert!(acts.iter().all(|act| after(state, *act).is_none()), "{state:?}");
        }
        assert_eq!(from(HelpAct::Close), [HelpState::Offered, HelpState::Accepted]);
        assert_eq!(from(HelpAct::Accept), [HelpState::Offered]);
    }
}
