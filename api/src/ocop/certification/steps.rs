//! The way of a dossier: one table, from which the documentation is made. Pure.

use entity::certification::DossierState;
use entity::value::OfficeLevel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::offices::OfficePermission;

/// Who may take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Cooperative,
    Office(OfficeLevel, OfficePermission),
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    State(DossierState),
    /// Recognised from three stars on.
    ByStars,
}

macro_rules! steps {
    ($($act:ident $text:literal $who:expr, [$($from:ident)+] => $to:expr, $due:expr, $vi:literal $en:literal;)*) => {
        /// What may be done with a dossier.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Act { $(#[serde(rename = $text)] $act,)* }

        impl Act {
            pub const ALL: &[Self] = &[$(Self::$act,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$act => $text,)* }
            }

            pub fn who(self) -> Who {
                match self { $(Self::$act => $who,)* }
            }

            pub fn from(self) -> &'static [DossierState] {
                match self { $(Self::$act => &[$(DossierState::$from,)+],)* }
            }

            pub fn to(self) -> To {
                match self { $(Self::$act => $to,)* }
            }

            /// The kind of term that begins with it.
            pub fn term(self) -> Option<&'static str> {
                match self { $(Self::$act => $due,)* }
            }

            /// In Vietnamese and English.
            pub fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$act => ($vi, $en),)* }
            }
        }
    };
}

use DossierState as S;
use OfficeLevel::{Commune, Ministry, Province};
use OfficePermission::{Decide, KeepCouncils, ProposeDossiers, ReceiveDossiers};
use Who::{Cooperative, Office};

steps! {
    Submit "submit" Cooperative, [Draft CommuneSentBack] => To::State(S::Submitted), Some("commune_receive"), "Nộp hồ sơ lên xã" "Submit to the commune";
    SubmitToProvince "submit_to_province" Cooperative, [ProvinceSentBack] => To::State(S::Proposed), Some("province_receive"), "Nộp bổ sung lên tỉnh" "Submit what the province asked for";
    SubmitToMinistry "submit_to_ministry" Cooperative, [MinistrySentBack] => To::State(S::SentUp), Some("ministry_receive"), "Nộp bổ sung lên Bộ" "Submit what the ministry asked for";
    Withdraw "withdraw" Cooperative, [Draft Submitted CommuneReview CommuneSentBack Proposed ProvinceReview ProvinceSentBack ProvinceScoring ProvinceScored] => To::State(S::Withdrawn), None, "Rút hồ sơ" "Withdraw";
    ReceiveAtCommune "receive_at_commune" Office(Commune, ReceiveDossiers), [Submitted] => To::State(S::CommuneReview), Some("commune_review"), "Xã tiếp nhận" "The commune takes in";
    SendBackFromCommune "send_back_from_commune" Office(Commune, ReceiveDossiers), [Submitted CommuneReview] => To::State(S::CommuneSentBack), Some("supplement"), "Xã trả lại để bổ sung" "The commune sends back";
    Propose "propose" Office(Commune, ProposeDossiers), [CommuneReview] => To::State(S::Proposed), Some("province_receive"), "Xã báo cáo, đề nghị lên tỉnh" "The commune reports and proposes";
    ReceiveAtProvince "receive_at_province" Office(Province, ReceiveDossiers), [Proposed] => To::State(S::ProvinceReview), Some("province_review"), "Tỉnh tiếp nhận" "The province takes in";
    SendBackFromProvince "send_back_from_province" Office(Province, ReceiveDossiers), [Proposed ProvinceReview] => To::State(S::ProvinceSentBack), Some("supplement"), "Tỉnh trả lại để bổ sung" "The province sends back";
    NameCouncil "name_council" Office(Province, KeepCouncils), [ProvinceReview] => To::State(S::ProvinceScoring), None, "Lập hội đồng tỉnh" "Name the province's council";
    CloseRound "close_round" Office(Province, KeepCouncils), [ProvinceScoring] => To::State(S::ProvinceScored), Some("decision"), "Kết thúc vòng chấm, ghi biên bản" "Close the round, write its minutes";
    SecondRound "second_round" Office(Province, KeepCouncils), [ProvinceScored] => To::State(S::ProvinceScoring), None, "Chấm vòng hai" "Score a second time";
    Decide "decide" Office(Province, Decide), [ProvinceScored SentDown] => To::ByStars, Some("complaint"), "Tỉnh quyết định" "The province decides";
    SendUp "send_up" Office(Province, Decide), [ProvinceScored] => To::State(S::SentUp), Some("ministry_receive"), "Chuyển lên Bộ (từ 90 điểm)" "Send up to the ministry (from 90 points)";
    ReceiveAtMinistry "receive_at_ministry" Office(Ministry, ReceiveDossiers), [SentUp] => To::State(S::MinistryReview), Some("ministry_review"), "Bộ tiếp nhận" "The ministry takes in";
    SendBackFromMinistry "send_back_from_ministry" Office(Ministry, ReceiveDossiers), [SentUp MinistryReview] => To::State(S::MinistrySentBack), Some("supplement"), "Bộ trả lại để bổ sung" "The ministry sends back";
    NameCentralCouncil "name_central_council" Office(Ministry, KeepCouncils), [MinistryReview] => To::State(S::MinistryScoring), None, "Lập hội đồng trung ương" "Name the central council";
    CloseCentralRound "close_central_round" Office(Ministry, KeepCouncils), [MinistryScoring] => To::State(S::MinistryScored), Some("decision"), "Kết thúc vòng chấm trung ương" "Close the central round";
    Confirm "confirm" Office(Ministry, Decide), [MinistryScored] => To::State(S::Recognised), Some("complaint"), "Bộ công nhận 5 sao" "The ministry confirms five stars";
    Decline "decline" Office(Ministry, Decide), [SentUp MinistryReview MinistryScored MinistrySentBack] => To::State(S::SentDown), Some("decision"), "Bộ không công nhận 5 sao" "The ministry does not confirm five stars";
    Close "close" Office(Province, Decide), [ProvinceSentBack CommuneSentBack] => To::State(S::NotRecognised), Some("complaint"), "Đóng hồ sơ quá hạn bổ sung" "Close what was not completed in time";
    Complain "complain" Cooperative, [Recognised NotRecognised] => To::State(S::Complained), Some("complaint_answer"), "Khiếu nại kết quả" "Complain about the result";
    RejectComplaint "reject_complaint" Office(Province, Decide), [Complained] => To::ByStars, None, "Bác khiếu nại" "Reject the complaint";
    UpholdComplaint "uphold_complaint" Office(Province, Decide), [Complained] => To::State(S::ProvinceReview), Some("province_review"), "Chấp nhận khiếu nại, xem lại" "Uphold the complaint, look again";
    Reopen "reopen" Office(Province, Decide), [NotRecognised] => To::State(S::ProvinceReview), Some("province_review"), "Mở lại hồ sơ" "Re-open";
    Revoke "revoke" Office(Province, Decide), [Recognised] => To::State(S::Revoked), None, "Tỉnh thu hồi công nhận 3, 4 sao" "The province revokes three or four stars";
    RevokeFive "revoke_five" Office(Ministry, Decide), [Recognised] => To::State(S::Revoked), None, "Bộ thu hồi công nhận 5 sao" "The ministry revokes five stars";
}

/// Steps that need a reason.
pub fn needs_reason(act: Act) -> bool {
    matches!(
        act,
        Act::SendBackFromCommune
            | Act::SendBackFromProvince
            | Act::SendBackFromMinistry
            | Act::Propose
            | Act::CloseRound
            | Act::CloseCentralRound
            | Act::SecondRound
            | Act::Decline
            | Act::Close
            | Act::Complain
            | Act::RejectComplaint
            | Act::UpholdComplaint
            | Act::Reopen
            | Act::Revoke
            | Act::RevokeFive
    )
}

/// Where the act leads from a state, with the stars it comes to; `None` where the table has no such step.
pub fn after(act: Act, from: DossierState, stars: Option<i32>) -> Option<DossierState> {
    if !act.from().contains(&from) {
        return None;
    }
    match act.to() {
        To::State(state) => Some(state),
        To::ByStars if stars.is_some_and(|stars| stars >= super::criteria::LEAST_STARS) => Some(S::Recognised),
        To::ByStars => Some(S::NotRecognised),
    }
}

/// Whether nothing is under way.
pub fn is_over(state: DossierState) -> bool {
    matches!(state, S::Withdrawn | S::NotRecognised | S::Recognised | S::Revoked)
}

/// Whether the cooperative may still write in it.
pub fn is_open_to_cooperative(state: DossierState) -> bool {
    matches!(state, S::Draft | S::CommuneSentBack | S::ProvinceSentBack | S::MinistrySentBack)
}

/// The table as a page of documentation.
pub fn as_markdown() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "# The way of a dossier\n\nMade by `ocop steps` from the table the server goes by. Deadlines are counted in working days; how many is data\n\
         (`programme_term`), as are holidays.\n\n| Step | Who | From | To | Deadline that begins | Việc |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for act in Act::ALL {
        let who = match act.who() {
            Cooperative => "cooperative".to_owned(),
            Office(level, permission) => format!("{}: {}", level.as_str(), permission.words().1),
        };
        let from: Vec<_> = act.from().iter().map(|state| format!("`{}`", state.as_str())).collect();
        let to = match act.to() {
            To::State(state) => format!("`{}`", state.as_str()),
            To::ByStars => "`recognised` from three stars on, else `not_recognised`".to_owned(),
        };
        let (vi, en) = act.words();
        let (from, term) = (from.join(", "), act.term().unwrap_or("–"));
        let _ = writeln!(out, "| {en} (`{}`) | {who} | {from} | {to} | {term} | {vi} |", act.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn the_documentation_is_the_table() {
        let page = include_str!("../../../../docs/dossiers.md");
        assert_eq!(page, as_markdown(), "run `ocop steps > docs/dossiers.md`");
    }

    /// From every state that is not over, an end can be reached.
    #[test]
    fn no_state_is_a_trap() {
        for start in S::iter().filter(|state| !is_over(*state)) {
            let (mut seen, mut next) = (vec![start], vec![start]);
            while let Some(state) = next.pop() {
                for act in Act::ALL {
                    for to in [Some(5), Some(1)].into_iter().filter_map(|stars| after(*act, state, stars)) {
                        if !seen.contains(&to) {
                            seen.push(to);
                            next.push(to);
                        }
                    }
                }
            }
            assert!(seen.iter().any(|state| is_over(*state)), "{start:?} never ends");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// A walk takes only steps of the table, and decides once for each time it was judged.
        #[test]
        fn walks_stay_in_the_table(draws in prop::collection::vec((0_usize..64, 1_i32..=5), 1..60)) {
            let (mut state, mut decided, mut reopened) = (S::Draft, 0, 0);
            for (draw, stars) in draws {
                let may: Vec<Act> = Act::ALL.iter().copied().filter(|act| after(*act, state, Some(stars)).is_some()).collect();
                prop_assert_eq!(may.is_empty(), matches!(state, S::Withdrawn | S::Revoked), "stuck at {:?}", state);
                let Some(act) = may.get(draw % may.len().max(1)).copied() else { break };
                for other in Act::ALL.iter().filter(|other| !may.contains(other)) {
                    prop_assert_eq!(after(*other, state, Some(stars)), None);
                }
                let Some(next) = after(act, state, Some(stars)) else { continue };
                decided += i32::from(matches!(act, Act::Decide | Act::Confirm | Act::Close));
                reopened += i32::from(matches!(act, Act::Reopen | Act::UpholdComplaint));
                state = next;
                prop_assert!(decided <= reopened + 1, "decided twice");
            }
        }
    }
}
