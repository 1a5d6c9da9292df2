//! The words of the programme: targets, measures, funds, difficulties and help.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::value::words;

words! {
    /// What a plan wants to reach in its year and place.
    TargetKind {
        /// Products with stars for the first time.
        NewProducts = "new_products",
        /// Products with more stars than before.
        Upgrades = "upgrades",
        /// Products whose stars ended and were given again.
        RenewalsKept = "renewals_kept",
        /// Cooperatives with a product on sale.
        SellingCooperatives = "selling_cooperatives",
        /// Đồng of goods handed over.
        Revenue = "revenue",
    }

    /// What is done for it.
    MeasureKind { Course = "course", TradePromotion = "trade_promotion", Branding = "branding", Equipment = "equipment", Other = "other" }

    MeasureState { Planned = "planned", Done = "done", Cancelled = "cancelled" }

    /// Where money comes from.
    FundSource {
        /// Liên minh Hợp tác xã.
        CooperativeAlliance = "cooperative_alliance",
        /// Quỹ khuyến công.
        IndustrialPromotion = "industrial_promotion",
        /// Quỹ hỗ trợ nông dân.
        FarmerSupport = "farmer_support",
        /// Vốn đối ứng của cơ sở.
        Own = "own",
        Other = "other",
    }

    /// Somebody invited.
    GuestState { Invited = "invited", Came = "came", Absent = "absent" }

    /// What a cooperative lacks.
    DifficultyKind {
        Processing = "processing",
        Preservation = "preservation",
        /// More is asked for than there is.
        Quantity = "quantity",
        DigitalSkills = "digital_skills",
        /// A link with places where guests are.
        Destinations = "destinations",
        Capital = "capital",
        Other = "other",
    }

    DifficultyState {
        Open = "open",
        /// Somebody's help was taken.
        Helped = "helped",
        Solved = "solved",
        Withdrawn = "withdrawn",
    }

    HelpState { Offered = "offered", Accepted = "accepted", Declined = "declined", Done = "done", Failed = "failed", Withdrawn = "withdrawn" }

    /// What a household was paid for.
    IncomeKind {
        /// Tiền công.
        Wages = "wages",
        /// Chia lãi.
        Share = "share",
        /// Goods the cooperative bought of it.
        Goods = "goods",
    }
}
