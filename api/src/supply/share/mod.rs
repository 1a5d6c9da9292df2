//! Who supplies how much in which window: a pure function of the request, the offers and a rule, with the reason for each share.
//!
//! A window is filled pick by pick: of those who can still give, the next one by the rule gives his next pick – first his minimum lot,
//! then box by box – until there is enough. Whole boxes only; never beyond what was offered, what will be there by then, or the
//! tolerance. The order of picks does not depend on what anybody could give beyond his share, so that nobody's share of a window falls
//! when his offer for it rises.

mod fill;
#[cfg(test)]
mod tests;
mod words;

use entity::supply::ShareRule;
pub use fill::allocate;
pub use words::reason;

/// Grams.
pub type Grams = i64;

/// What is wanted in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub grams: Grams,
    /// Above and below it is enough, too.
    pub tolerance_bp: i64,
}

impl Wanted {
    fn spread(&self) -> Grams {
        i64::try_from(i128::from(self.grams) * i128::from(self.tolerance_bp) / 10_000).unwrap_or(0)
    }

    /// Enough, at the least.
    pub fn least(&self) -> Grams {
        self.grams - self.spread()
    }

    /// Not more than that.
    pub fn most(&self) -> Grams {
        self.grams.saturating_add(self.spread())
    }
}

/// What somebody offers for a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    pub grams: Grams,
    /// Stored, or harvested by then as forecast: since the beginning.
    pub there: Grams,
    /// Chosen by hand; only by the rule `by_hand`.
    pub chosen: Grams,
}

/// Somebody's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Ties go to the lower number: who offered first.
    pub order: usize,
    /// Đồng a kilogram.
    pub price: i64,
    pub box_grams: Grams,
    /// Less than that is not worth a drive.
    pub least_grams: Grams,
    /// What is forecast in all: the weight of the fair rule.
    pub forecast: Grams,
    /// One for each window.
    pub windows: Vec<Offered>,
}

/// Why a share is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Everything that was offered and will be there.
    All,
    /// Fewer: others came first by the rule, and there was enough.
    Enough,
    /// Nothing was offered for the window.
    NotOffered,
    /// What was offered will not be there by then.
    NotThere,
    /// Less than the minimum lot could be taken, or given.
    BelowLot,
    /// As chosen by hand.
    ByHand,
}

/// A share of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub grams: Grams,
    pub reason: Reason,
}

/// A window's shares, one for each offer, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub shares: Vec<Share>,
    pub total: Grams,
    /// To the least that is enough; 0 if there is enough.
    pub missing: Grams,
}
