//! Money on its way to cooperatives.
//!
//! What was delivered and held long enough, and is not in dispute, is paid out in weekly runs (`batches`): one person makes
//! the run, another approves it, the bank gets a file, and what it says of each transfer is noted (`bank`). A payout settles
//! postings of the books, each of which is settled once in its life; so a run made twice, or killed half-way, pays once, and
//! what is negative is carried over by itself. `statements` tells a cooperative where every đồng comes from.

pub mod accounts;
mod bank;
mod batches;
mod preview;
mod statements;
mod store;

use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;
pub use bank::{FileFormat, PayoutMark, file_for_bank, mark};
pub use batches::{BatchDecision, NewBatch, PayoutView, all_batches, batch, judge_batch, make_batch, payout_view};
pub use preview::{next_of, preview_of};
pub use statements::{Statement, account_holders, latest, paper, sheet, statement};

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("payout", "bank_account")];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(preview::preview)
        .service(preview::show_next_payout)
        .service(batches::list_batches)
        .service(batches::create_batch)
        .service(batches::show_batch)
        .service(batches::decide_batch)
        .service(bank::bank_file)
        .service(bank::mark_payout)
        .service(accounts::show_bank_account)
        .service(accounts::put_bank_account)
        .service(statements::list_payouts)
        .service(statements::show_statement)
        .service(statements::show_withheld);
}
