//! Wholesale without a request: what can be had, at which price for this organisation (`goods`, `prices`), quotations that hold for days, from
//! typed lines, a pasted list (`lines`), a filled sheet (`sheet`) or an earlier one (`quotations`, `paper`), and orders of them (`buying`).

mod buying;
mod goods;
mod lines;
mod paper;
mod prices;
mod quotations;
mod sheet;

pub use buying::order;
pub use goods::{WholesaleGoods, find as goods_for};
pub use lines::{LinesInput, read_sheet};
pub use paper::quotation_pdf;
pub use quotations::{Quotation, QuotationInput, again, create as quote, find as quotations_of, shown as quotation};
pub use sheet::{OrderSheetQuery, order_sheet};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(goods::list_wholesale_goods)
        .service(prices::list_organisation_prices)
        .service(prices::put_organisation_prices)
        .service(sheet::download_order_sheet)
        .service(sheet::quote_sheet)
        .service(quotations::list_quotations)
        .service(quotations::create_quotation)
        .service(quotations::show_quotation)
        .service(quotations::quote_again)
        .service(paper::download_quotation)
        .service(buying::order_quotation);
}
