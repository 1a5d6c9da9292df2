//! Goods that are sold abroad: a quotation at a rate that stands, a proforma invoice, the papers the destination asks for, the commercial
//! invoice and packing list, and the money.
//!
//! Rates of currencies are typed or imported (`rates`, `table`). An export (`orders`) is quoted, confirmed and shipped; what it asks for in papers is
//! dated data (`checklist`), and nothing ships with one missing unless a person says why (`papers`). What leaves is taken of the stock, by lot (`goods`). Documents are drawn (`documents`). What
//! comes in and goes back is booked in its own currency against đồng at the paper's rate (`money`).

mod checklist;
mod documents;
mod goods;
mod money;
mod orders;
mod papers;
mod rates;
mod table;
mod view;

pub use documents::{DocumentKind, document};
pub use orders::{ExportInput, ExportLineInput, ExportStep, create, find, step};
pub use papers::{PaperInput, enter};
pub use rates::{latest as latest_rates, write as enter_rates};
pub use table::rates as rates_of;
pub use view::{ExportOrder, own, shown};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(rates::list_exchange_rates)
        .service(rates::put_exchange_rates)
        .service(rates::import_exchange_rates)
        .service(rates::change_foreign_money)
        .service(orders::list_exports)
        .service(orders::create_export)
        .service(orders::show_export)
        .service(orders::change_export)
        .service(orders::step_export)
        .service(papers::put_export_paper)
        .service(papers::upload_export_paper)
        .service(papers::show_export_paper)
        .service(documents::download_export_document)
        .service(money::record_export_payment);
}
