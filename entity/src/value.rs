//! What columns carry: typed ids, money (`money`), and the closed sets of words the schema checks.

use sea_orm::prelude::*;
use sea_orm::{DeriveActiveEnum, DeriveValueType, EnumIter, TryFromU64};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::money::{Money, Vnd};

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id: UUIDv7, so that ids sort by the time they were made.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        // Asked for by SeaORM of every key; our keys never come from a counter.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

typed_id! {
    AccountId, SessionId, AddressId, CooperativeId, CategoryId, ProductId, OfferId, CartId, CartLineId, QuoteId,
    PurchaseId, OrderId, OrderLineId, LotId, DestinationId, ApplicationId, DocumentId, InvitationId, ListingReviewId,
    ScheduledPriceId, MediaId, ForecastId, PickupPointId, ParcelId, ReturnId, ReviewId, ImportId, WebhookId,
    WebhookMessageId, LedgerAccountId, JournalId, PostingId, CommissionRuleId, PaymentId, RefundId, SettlementId,
    ReconciliationId, PromotionId, PayoutBatchId, PayoutId, DisputeId, InvoiceId, PartnerId, FeedId, ClickId, ApiKeyId, SiteId, EventId,
    PlotId, DiaryEntryId, RecallId, NoticeId, CertificateId, OfficeId, CriteriaSetId, DossierId, EvidenceId, RecognitionEntryId,
    PlanId, MeasureId, GuestId, SupportId, DifficultyId, HelpOfferId, SeasonReportId, HouseholdId, IncomeId,
    OrganisationId, DeliveryPlaceId, SupplyRequestId, SupplyWindowId, SupplyOfferId, ContractId, DeliveryId, AcceptanceId,
    SupplyChangeId, ColdRoomId, ColdBookingId, ProcessingId, ExportId, QuotationId, BreachId, PasskeyId, PushId,
    /// Rows nobody outside their table points to: images, movements, events, …
    RowId,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema)]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* #[sea_orm(string_value = $text)] #[serde(rename = $text)] #[schema(rename = $text)] $variant,)*
        }

        impl $name {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(()) }
            }
        }
    )*};
}
pub(crate) use words;

words! {
    /// The language a person reads.
    #[derive(Default)]
    Language { #[default] Vi = "vi", En = "en" }

    /// Roles on the whole platform; every account is a buyer, and roles in a cooperative are [`MemberRole`].
    PlatformRole { Partner = "partner", Officer = "officer", Admin = "admin" }

    /// Roles in one cooperative, from least to most.
    MemberRole { Staff = "staff", Manager = "manager", Owner = "owner" }

    /// Of an office, from the nearest to the farthest.
    OfficeLevel { Commune = "commune", Province = "province", Ministry = "ministry" }

    /// In an office: văn thư, người thẩm định, lãnh đạo.
    OfficeRole { Clerk = "clerk", Assessor = "assessor", Head = "head" }

    /// Who sells: hợp tác xã, tổ hợp tác, doanh nghiệp, hộ kinh doanh.
    CooperativeKind { Cooperative = "cooperative", CooperativeGroup = "cooperative_group", Company = "company", Household = "household" }

    CooperativeStatus { Pending = "pending", Active = "active", Suspended = "suspended" }

    ProductStatus { Draft = "draft", Published = "published", Paused = "paused", Archived = "archived" }

    OfferStatus { Active = "active", Paused = "paused" }

    /// What one piece of an offer is called.
    Unit { Box = "box", Kilogram = "kilogram", Bottle = "bottle", Jar = "jar", Pack = "pack", Basket = "basket", Case = "case", Piece = "piece" }

    /// Certificates beside the stars.
    CertificateKind {
        /// An toàn thực phẩm (ATTP).
        FoodSafety = "food_safety",
        Vietgap = "vietgap",
        Organic = "organic",
        Haccp = "haccp",
        Iso22000 = "iso22000",
        /// Bản tự công bố sản phẩm.
        SelfDeclaration = "self_declaration",
        /// Mã số vùng trồng.
        GrowingAreaCode = "growing_area_code",
        /// Mã số cơ sở đóng gói.
        PackingHouseCode = "packing_house_code",
        /// Phiếu kết quả kiểm nghiệm.
        TestReport = "test_report",
        /// Chứng từ vật liệu: what packaging is made of, or what was spread.
        MaterialProof = "material_proof",
        /// Giấy phép sản xuất rượu (Decree 105/2017/NĐ-CP).
        AlcoholLicence = "alcohol_licence",
    }

    DestinationKind { HotSpring = "hot_spring", Waterfall = "waterfall", Resort = "resort", Village = "village", Lake = "lake", Homestay = "homestay", Farm = "farm", Market = "market", Temple = "temple", Attraction = "attraction" }

    /// What there is of a product at a destination.
    DestinationLink { FarmVisit = "farm_visit", Tasting = "tasting", SoldHere = "sold_here" }

    PartnerState { Submitted = "submitted", Approved = "approved", Rejected = "rejected", Suspended = "suspended" }

    /// Roles in a partner's team, from least to most.
    PartnerRole { Member = "member", Owner = "owner" }

    FeedState { Active = "active", Paused = "paused" }

    /// How a guest came through a partner.
    ClickKind { Link = "link", Poster = "poster", Code = "code" }

    CartState { Open = "open", Ordered = "ordered", Merged = "merged" }

    DeliveryMethod { Delivery = "delivery", Pickup = "pickup" }

    /// How far a parcel goes from the cooperative.
    DeliveryZone { SameCommune = "same_commune", SameProvince = "same_province", Nationwide = "nationwide" }

    /// Where an order was placed.
    SalesChannel { Web = "web", App = "app", Phone = "phone", Widget = "widget" }

    PaymentMethod {
        CashOnDelivery = "cash_on_delivery",
        /// VietQR, NAPAS 247.
        BankTransfer = "bank_transfer",
        Vnpay = "vnpay", Momo = "momo", Zalopay = "zalopay",
    }

    OrderState {
        /// Its stock is held; its seller is told once it is paid.
        AwaitingPayment = "awaiting_payment",
        Placed = "placed", Confirmed = "confirmed", Packed = "packed", Shipped = "shipped",
        Delivered = "delivered", Completed = "completed", Cancelled = "cancelled", Expired = "expired",
    }

    /// What somebody agrees to.
    ConsentPurpose {
        /// That the account is kept, and orders are handled with it.
        Account = "account",
        /// Word of what can be had again and of seasons.
        Notices = "notices",
    }

    /// Who moved an order.
    OrderActor {
        Buyer = "buyer", Guest = "guest", Seller = "seller", System = "system",
        /// A partner at whose reception boxes are collected.
        Partner = "partner",
    }

    ReservationState {
        /// Counted in `stock.reserved`.
        Held = "held",
        /// Packed: the goods left `stock.on_hand`.
        Taken = "taken",
        /// Free again.
        Released = "released",
    }

    MovementKind { Receipt = "receipt", Sale = "sale", Cancel = "cancel", Return = "return", Correction = "correction" }

    AuditActor { User = "user", Guest = "guest", System = "system", Operator = "operator" }

    /// Of somebody who wants to sell.
    ApplicationState { Draft = "draft", Submitted = "submitted", MoreNeeded = "more_needed", Approved = "approved", Rejected = "rejected" }

    DocumentKind {
        /// Of the representative: citizen card or electronic identity (VNeID).
        Identity = "identity",
        Licence = "licence",
        FoodSafety = "food_safety",
        Other = "other",
    }

    /// What happens to a product with a season outside of it.
    OffSeason { Sell = "sell", Preorder = "preorder", Closed = "closed" }

    ListingReviewKind { Publication = "publication", Edit = "edit" }

    ListingReviewState { Waiting = "waiting", Approved = "approved", Refused = "refused", Withdrawn = "withdrawn" }

    ScheduledPriceState { Planned = "planned", Running = "running", Over = "over", Cancelled = "cancelled" }

    MediaPurpose { Listing = "listing", Review = "review", Return = "return" }

    ForecastState { Open = "open", Closed = "closed", Harvested = "harvested", Cancelled = "cancelled" }

    LotState { Good = "good", Blocked = "blocked" }

    /// What is done on a plot.
    DiaryKind {
        Fertiliser = "fertiliser",
        PlantProtection = "plant_protection",
        Irrigation = "irrigation",
        Inspection = "inspection",
        Other = "other",
    }

    /// What happens to a lot.
    TraceAct {
        /// Harvested or made: it comes into the world.
        Harvested = "harvested",
        Packed = "packed",
        Unpacked = "unpacked",
        /// Sent back by a buyer, and back on the shelf.
        Returned = "returned",
        /// Counted anew: more or fewer than written.
        Counted = "counted",
        Destroyed = "destroyed",
        /// Made into another lot.
        Transformed = "transformed",
        Stored = "stored",
        Shipped = "shipped",
        /// At a reception where its buyer collects.
        Arrived = "arrived",
        Sold = "sold",
        /// Nobody took it.
        CameBack = "came_back",
        Inspected = "inspected",
        /// An event was recorded in error.
        Declared = "declared",
        /// Told by somebody else.
        Captured = "captured",
    }

    /// How goods are kept.
    Storage {
        /// As the weather is.
        Ambient = "ambient",
        /// In the shade, in a cellar: 10–20 °C.
        Cool = "cool",
        /// 0–8 °C.
        Chilled = "chilled",
        Frozen = "frozen",
    }

    MaterialPart {
        Packaging = "packaging",
        /// What it is grown or made with.
        Input = "input",
    }

    /// What an offer is packed in, or grown with.
    Material {
        Paper = "paper", Bamboo = "bamboo", Leaf = "leaf", Wood = "wood", Cloth = "cloth", Glass = "glass", Metal = "metal",
        /// Compostable.
        Bioplastic = "bioplastic",
        Plastic = "plastic",
        OrganicFertiliser = "organic_fertiliser",
        /// Plant protection by living things.
        BiologicalControl = "biological_control",
    }

    CertificateState {
        /// Its file is missing.
        Draft = "draft",
        /// An officer is to look at it.
        Submitted = "submitted",
        Verified = "verified",
        /// With a note why; it may be put right.
        Refused = "refused",
        /// It was verified, and counts no longer.
        Revoked = "revoked",
        /// By the cooperative.
        Withdrawn = "withdrawn",
    }

    RecallKind {
        /// By the cooperative itself.
        Voluntary = "voluntary",
        /// Ordered by an authority.
        Mandatory = "mandatory",
    }

    RecallState { Open = "open", Closed = "closed" }

    /// What becomes of recalled goods (Circular 17/2021/TT-BNNPTNT).
    RecallOutcome {
        /// The fault or the label was put right; they are sold again.
        Corrected = "corrected",
        OtherUse = "other_use",
        ReExported = "re_exported",
        Destroyed = "destroyed",
    }

    NoticeKind { Buyer = "buyer", Cooperative = "cooperative", Partner = "partner" }

    NoticeState { Open = "open", Confirmed = "confirmed" }

    TraceRole { What = "what", Input = "input", Output = "output" }

    PreorderState {
        /// For its harvest.
        Waiting = "waiting",
        /// The harvest was too small; the buyer chooses.
        Short = "short",
        /// Stock is reserved: it is packed like any other line.
        Allocated = "allocated",
        Cancelled = "cancelled",
    }

    Carrier { Own = "own", Pickup = "pickup", Ghn = "ghn", Ghtk = "ghtk", ViettelPost = "viettel_post" }

    ParcelState {
        Packed = "packed",
        /// Asked for at the carrier; whether it was heard is not known yet.
        Booking = "booking",
        Booked = "booked", InTransit = "in_transit", OutForDelivery = "out_for_delivery", Delivered = "delivered",
        Failed = "failed", Returning = "returning", Returned = "returned", Lost = "lost", Cancelled = "cancelled",
    }

    ReturnState { Requested = "requested", Approved = "approved", Refused = "refused", Received = "received", Closed = "closed", Withdrawn = "withdrawn" }

    ReturnReason { Damaged = "damaged", Spoiled = "spoiled", WrongItem = "wrong_item", NotAsDescribed = "not_as_described", Other = "other" }

    ReviewState { Published = "published", Reported = "reported", Hidden = "hidden" }

    ImportKind { Products = "products", Stock = "stock" }

    ImportState { Reading = "reading", Judged = "judged", Running = "running", Done = "done", Cancelled = "cancelled", Failed = "failed" }

    /// What was made of a row. `unsure` looks like a slip and waits for a person's word.
    ImportRowState { Good = "good", Unsure = "unsure", Bad = "bad", Done = "done" }

    WebhookState { Enabled = "enabled", Disabled = "disabled", Failing = "failing" }

    /// Accounts of the books. Assets and expenses grow by debits, what is owed and revenue by credits.
    LedgerAccountKind {
        Bank = "bank",
        /// Held for us by a payment provider.
        Gateway = "gateway",
        /// Cash on delivery that a carrier has and owes us.
        Carrier = "carrier",
        /// Paid, and not yet anybody else's.
        BuyerFunds = "buyer_funds",
        Cooperative = "cooperative",
        /// Delivery fees of a cooperative.
        Delivery = "delivery",
        Partner = "partner",
        TaxWithheld = "tax_withheld",
        RefundsPayable = "refunds_payable",
        /// Paid for a contract before anything was delivered; set off against what is.
        Deposits = "deposits",
        /// Foreign money that is held, and the đồng it was taken for.
        Exchange = "exchange",
        /// What foreign money brought more, or less, than it was taken for.
        ExchangeDifference = "exchange_difference",
        PayoutsInTransit = "payouts_in_transit",
        /// Arrived, and nobody knows yet what for.
        Unmatched = "unmatched",
        Commission = "commission",
        PlatformDiscounts = "platform_discounts",
        GatewayFees = "gateway_fees",
        Adjustments = "adjustments",
    }

    /// ISO 4217.
    Currency { Vnd = "VND", Usd = "USD", Cny = "CNY", Eur = "EUR", Jpy = "JPY" }

    TaxKind { Goods = "goods", Service = "service", Transport = "transport" }

    TaxResidence { Resident = "resident", NonResident = "non_resident" }

    PaymentState {
        Pending = "pending",
        /// The provider's answer is not known: it is asked for.
        Unknown = "unknown",
        /// Held by the provider, not yet ours.
        Authorised = "authorised",
        Captured = "captured", PartlyRefunded = "partly_refunded", Refunded = "refunded",
        Failed = "failed", Expired = "expired",
        /// Of cash that will not be collected.
        Cancelled = "cancelled",
    }

    RefundState {
        AwaitingApproval = "awaiting_approval", Rejected = "rejected", Due = "due",
        Sending = "sending", Unknown = "unknown", Succeeded = "succeeded",
        /// For a person to send.
        Manual = "manual",
    }

    SettlementLineState { Matched = "matched", Queued = "queued" }

    ReconciliationKind {
        UnknownTransfer = "unknown_transfer", WrongAmount = "wrong_amount", SecondTransfer = "second_transfer",
        UnknownSettlement = "unknown_settlement", SettlementDiffers = "settlement_differs", SettledTwice = "settled_twice",
        RefundFailed = "refund_failed", PaymentUnclear = "payment_unclear",
    }

    ReconciliationState { Open = "open", Resolved = "resolved" }

    /// Who pays for a discount.
    FundedBy { Cooperative = "cooperative", Platform = "platform" }

    PromotionKind {
        Percentage = "percentage", Amount = "amount", FreeDelivery = "free_delivery",
        /// So many bought, so many of them free.
        BuyN = "buy_n",
    }

    PromotionState { Active = "active", Paused = "paused" }

    PayoutBatchState { Draft = "draft", Approved = "approved", Cancelled = "cancelled" }

    PayoutState { Draft = "draft", Approved = "approved", Paid = "paid", Failed = "failed", Returned = "returned", Cancelled = "cancelled" }

    DisputeState { Open = "open", Withdrawn = "withdrawn", Decided = "decided" }

    DisputeReason { NotReceived = "not_received", Damaged = "damaged", NotAsDescribed = "not_as_described", ReturnRefused = "return_refused", Other = "other" }

    DisputeDecision { Buyer = "buyer", Seller = "seller", Part = "part" }

    DisputeSide { Buyer = "buyer", Seller = "seller", Platform = "platform" }

    InvoiceKind { Sale = "sale", Adjustment = "adjustment" }

    InvoiceState { Waiting = "waiting", Issued = "issued", Refused = "refused" }

    WebhookMessageState { Waiting = "waiting", Delivered = "delivered", Failed = "failed" }
}
