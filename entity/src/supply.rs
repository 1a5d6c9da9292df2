//! The words of supply in quantity: organisations that buy, their requests, offers, and rules of sharing.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::value::words;

words! {
    OrganisationState { Submitted = "submitted", Approved = "approved", Rejected = "rejected", Suspended = "suspended" }

    /// Roles in an organisation, from least to most.
    OrganisationRole {
        /// Reads.
        Member = "member",
        /// Asks for goods.
        Buyer = "buyer",
        /// Accepts, and keeps the organisation and its people.
        Owner = "owner",
    }

    /// Where a request stands.
    RequestState {
        Draft = "draft",
        /// Cooperatives offer.
        Open = "open",
        /// No more offers; shares are reckoned.
        Closed = "closed",
        /// The shares are agreed to.
        Accepted = "accepted",
        Cancelled = "cancelled",
    }

    /// The buyer agreed with the shares; the cooperative answers.
    ContractState { Proposed = "proposed", Agreed = "agreed", Declined = "declined" }

    SupplyOfferState { Offered = "offered", Withdrawn = "withdrawn" }

    /// How a request is shared among those who offer.
    ShareRule {
        /// The lowest price first, until there is enough.
        Cheapest = "cheapest",
        /// By what each one's forecasts come to.
        FairByForecast = "fair_by_forecast",
        Equal = "equal",
        /// As the buyer chooses.
        ByHand = "by_hand",
    }

    /// Of a delivery: the buyer writes it, the cooperative agrees or objects.
    AcceptanceState { Written = "written", Agreed = "agreed", Contested = "contested" }

    /// What somebody would change of a delivery.
    SupplyChangeKind {
        /// Other days.
        Dates = "dates",
        /// Nothing is delivered.
        Cancel = "cancel",
    }

    SupplyChangeState { Proposed = "proposed", Agreed = "agreed", Declined = "declined", Withdrawn = "withdrawn" }

    ColdBookingState { Booked = "booked", Cancelled = "cancelled", Ended = "ended" }

    /// Of goods in a cold room.
    Going { In = "in", Out = "out" }

    /// Where a processing order stands.
    ProcessingState {
        Asked = "asked",
        /// At the processor's price, which the owner of the goods agrees to.
        Priced = "priced",
        Agreed = "agreed",
        Done = "done",
        Declined = "declined",
    }

    /// Where an export stands.
    ExportState {
        Draft = "draft",
        /// The quotation is out, at a rate that stands.
        Quoted = "quoted",
        /// The buyer agreed: the proforma invoice.
        Confirmed = "confirmed",
        Shipped = "shipped",
        /// Paid in full.
        Closed = "closed",
        Cancelled = "cancelled",
    }

    /// Incoterms 2020.
    Incoterm {
        Exw = "EXW", Fca = "FCA", Fas = "FAS", Fob = "FOB", Cfr = "CFR", Cif = "CIF", Cpt = "CPT", Cip = "CIP", Dap = "DAP",
        Dpu = "DPU", Ddp = "DDP",
    }

    /// Papers a destination asks for.
    ExportPaperKind {
        CommercialInvoice = "commercial_invoice",
        PackingList = "packing_list",
        Phytosanitary = "phytosanitary",
        /// Of origin: form E, D, EUR.1, VK, AJ, CPTPP by the destination.
        Origin = "origin",
        GrowingArea = "growing_area",
        PackingHouse = "packing_house",
        ResidueTest = "residue_test",
        Fumigation = "fumigation",
        FoodSafety = "food_safety",
    }
}
