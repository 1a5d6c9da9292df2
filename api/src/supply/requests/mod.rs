//! Requests for goods in quantity: asked for in delivery windows, offered for by cooperatives, shared by a rule, agreed to.
//!
//! A buyer's draft is published to all or to chosen cooperatives (`buyer`); who can serve it is told what speaks for them (`fit`, `near`); they
//! offer grams for each window at their own price (`offers`), which no competitor ever sees, or under the answer of one who leads (`gathered`); once closed, the shares are reckoned from
//! the offers, the stock and the forecasts (`shares`), shown to all who offered, and agreed to by an owner of the organisation: from then on each cooperative with a share has a
//! contract to sign or to decline (`contracts`, `paper`), within the credit it was granted (`credit`). What is missing after that is asked of
//! those who can still deliver (`rest`).

mod agreed;
mod buyer;
mod contracts;
mod credit;
mod fit;
mod gathered;
mod near;
mod offered;
mod offers;
mod paper;
mod rest;
mod shares;
mod sheet;
mod view;

pub use agreed::SupplyContract;
pub use buyer::{
    RequestInput, RequestStepInput, SupplyWindowInput, change as change_request, create, find as requests_of, show,
    step,
};
pub use contracts::{ContractAnswer, answer, buyers_paper, contracts_of, contracts_of_request, sellers_paper, to_sign};
pub use fit::{for_cooperative, seen};
pub use gathered::{SupplyNeighbour, neighbours};
pub use near::Fit;
pub use offered::{SupplyOfferInput, SupplyOfferWindowInput};
pub use offers::{put as put_offer, withdraw};
pub use rest::{RestInput, fill_rest};
pub use shares::{ChosenShare, SharesInput, accept, reckon};
pub use sheet::{SharesSheetQuery, shares_sheet};
pub use view::{RequestStep, SupplyOffer, SupplyRequest, SupplyRequestDetail};

use crate::platform::routing::Routes;

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(buyer::list_supply_requests)
        .service(buyer::create_supply_request)
        .service(buyer::show_supply_request)
        .service(buyer::change_supply_request)
        .service(buyer::step_supply_request)
        .service(shares::reckon_supply_shares)
        .service(shares::accept_supply_shares)
        .service(rest::fill_supply_rest)
        .service(contracts::list_request_contracts)
        .service(contracts::download_buyers_contract)
        .service(contracts::list_supply_contracts)
        .service(contracts::answer_supply_contract)
        .service(contracts::download_sellers_contract)
        .service(fit::list_requests_to_serve)
        .service(fit::show_request_to_serve)
        .service(gathered::list_supply_neighbours)
        .service(sheet::download_supply_shares)
        .service(offers::put_supply_offer)
        .service(offers::withdraw_supply_offer);
}
