//! The words of a recognition's way: what a dossier is for, and where it stands.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::value::words;

words! {
    /// What a dossier asks for.
    DossierKind {
        /// The first stars of a product.
        New = "new",
        /// More stars than it has.
        Upgrade = "upgrade",
        /// The same anew, before they end.
        Renewal = "renewal",
    }

    /// Where a dossier stands.
    DossierState {
        /// The cooperative writes it.
        Draft = "draft",
        /// At the commune, not taken in yet.
        Submitted = "submitted",
        CommuneReview = "commune_review",
        /// The commune asks the cooperative for more.
        CommuneSentBack = "commune_sent_back",
        /// At the province, not taken in yet.
        Proposed = "proposed",
        ProvinceReview = "province_review",
        /// The province asks the cooperative for more.
        ProvinceSentBack = "province_sent_back",
        /// The province's council scores.
        ProvinceScoring = "province_scoring",
        /// All scores are in; the province decides.
        ProvinceScored = "province_scored",
        /// At the ministry, not taken in yet.
        SentUp = "sent_up",
        MinistryReview = "ministry_review",
        /// The ministry asks the cooperative for more.
        MinistrySentBack = "ministry_sent_back",
        /// The central council scores.
        MinistryScoring = "ministry_scoring",
        /// All scores are in; the ministry decides.
        MinistryScored = "ministry_scored",
        /// Five stars were not confirmed: the province decides on four.
        SentDown = "sent_down",
        Recognised = "recognised",
        NotRecognised = "not_recognised",
        /// The cooperative does not agree with the result.
        Complained = "complained",
        Withdrawn = "withdrawn",
        Revoked = "revoked",
    }
}
