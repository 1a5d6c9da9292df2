//! Jobs and income: what a cooperative's work brings to the households it is made of.
//!
//! A cooperative tells each season's jobs in counts, which are public (`seasons`). Of households it keeps names, which are not,
//! and what they were paid, if they agreed to it (`households`, `income`, `sheet`): a household reads its own page by a secret link
//! (`own`), and taking the consent back takes the income away, too (law 91/2025/QH15, decree 356/2025/NĐ-CP).

mod households;
mod income;
mod own;
mod seasons;
mod sheet;

pub use households::{
    Household, HouseholdInput, HouseholdLink, add, change, find as households, new_link, present as household,
};
pub use income::{Income, IncomeInput, Incomes, enter, incomes, remove};
pub use own::{OwnIncome, OwnQuery, YearSum, open as own_income};
pub use seasons::{SeasonInput, SeasonReport, find as seasons, put as put_season};
pub use sheet::{import, template};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(seasons::list_seasons)
        .service(seasons::put_season_report)
        .service(seasons::list_public_seasons)
        .service(sheet::show_income_template)
        .service(sheet::import_incomes)
        .service(households::list_households)
        .service(households::add_household)
        .service(households::change_household)
        .service(households::make_household_link)
        .service(income::list_incomes)
        .service(income::enter_income)
        .service(income::remove_income)
        .service(own::show_household_income);
}
