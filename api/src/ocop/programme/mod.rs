//! The programme of an office: what it wants to reach, what it does for it, and what came of it.
//!
//! - `plans`: an office's plan of a year, its targets with progress counted by `figures`, its measures with budgets.
//! - `guests`: who is invited to a measure, who came, what they say of it.
//! - `support`: what was granted to a producer, and its figures before and after.
//! - `help`, `helpers`: what a producer lacks, who helps with it, followed to an end (`steps` is the table).

mod guests;
mod help;
mod helpers;
mod measures;
mod plans;
mod sight;
mod steps;
mod support;
mod view;

pub use guests::{AttendanceInput, CourseInvitation, FeedbackInput, GuestsInput, answer, attend, invitations, invite};
pub use help::{
    AnswerInput, ClosingInput, Difficulty, DifficultyInput, HelpAnswer, answer_offer, close, difficulties_of,
    open_difficulty, waiting,
};
pub use helpers::{
    DifficultyQuery, HelpInput, KindFigures, difficulties, difficulties_for_partner, kind_figures, offer_help,
    offer_partners_help, withdraw_offer,
};
pub use measures::{MeasureInput, add_measure, change_measure};
pub use plans::{AdoptionInput, PlanInput, PlanQuery, TargetInput, TargetsInput, adopt, create, find, put_targets};
pub use sight::{Producer, producer_named, producers};
pub use support::{
    Outcome, Support, SupportDetail, SupportInput, SupportQuery, SupportWithdrawal, grant, granted_to, show_support,
    supports, withdraw,
};
pub use view::{BudgetLine, Guest, Measure, Plan, PlanDetail, Target, show};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(plans::list_plans)
        .service(plans::create_plan)
        .service(plans::show_plan)
        .service(plans::put_plan_targets)
        .service(plans::adopt_plan)
        .service(measures::add_plan_measure)
        .service(measures::change_plan_measure)
        .service(guests::invite_guests)
        .service(guests::note_attendance)
        .service(guests::list_invitations)
        .service(guests::answer_invitation)
        .service(support::list_supports)
        .service(support::grant_support)
        .service(support::show_support_outcome)
        .service(support::withdraw_support)
        .service(support::list_own_supports)
        .service(helpers::show_difficulty_figures)
        .service(helpers::list_difficulties)
        .service(helpers::offer_help_as_office)
        .service(helpers::withdraw_help)
        .service(helpers::list_difficulties_for_partner)
        .service(helpers::offer_help_as_partner)
        .service(help::list_own_difficulties)
        .service(help::open_own_difficulty)
        .service(help::close_own_difficulty)
        .service(help::answer_help);
}
