//! Sheets in and out: a template, a judged dry run, the good rows alone if wanted; and everything out again.
//!
//! A sheet becomes a job. A worker reads and judges it, changing nothing; the seller looks at what is wrong cell by cell
//! and has the good rows read in, some hundred per transaction. A worker that dies leaves the rest to the next; a row is
//! marked in the transaction that wrote it, so none is read in twice.

pub mod columns;
mod exports;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod job;
mod judging;
mod pictures;
mod routes;
pub mod rules;
mod worker;
mod writing;

use crate::platform::retention::Over;
use crate::platform::routing::Routes;
pub use columns::UNITS;
pub use exports::{export, template};
pub use routes::{
    Confirmation, JobView, MAX_UPLOAD, RowView, cancel_job, confirm_rows, find_jobs, job_of, rows_of, run_job, start,
};
pub use worker::Importer;

/// A worker that dies leaves its job to another after this.
const LEASE_SECONDS: i64 = 30;

/// What is forgotten, and after how many days.
pub const OVER: &[Over] = &[Over::new(
    "imports",
    ("bảng tính đã nhập xong", "sheets that were imported"),
    (60, 7),
    &["DELETE FROM import_row WHERE job_id IN
           (SELECT id FROM import_job WHERE updated_at < $1 AND state IN ('done', 'cancelled', 'failed'))"],
)];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(routes::show_template)
        .service(routes::create_import)
        .service(routes::list_imports)
        .service(routes::show_import)
        .service(routes::list_import_rows)
        .service(routes::run_import)
        .service(routes::confirm_import_rows)
        .service(routes::cancel_import)
        .service(routes::show_export);
}
