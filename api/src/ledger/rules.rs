//! How money is split, and the entries of every event: pure.
//!
//! An order's money comes in pieces: one for each line, one for the delivery. What belongs to whom is a function of how
//! much of a piece was refunded so far ([`Piece::at`]); a journal writes the difference between two such moments. So any
//! sequence of partial refunds ends where one refund of their sum ends, to the last đồng.

use std::collections::BTreeMap;

use entity::value::{
    AccountId, CategoryId, CommissionRuleId, CooperativeId, Currency, FundedBy, LedgerAccountKind, OrderId,
    OrderLineId, PartnerId, PromotionId, TaxKind, TaxResidence,
};
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;
use uuid::Uuid;

/// One hundred per cent, in basis points.
pub const WHOLE_BP: i64 = 10_000;

/// `amount × part / whole`, rounded half away from zero; 0 of nothing.
pub fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let half = if (product < 0) == (whole < 0) { whole / 2 } else { -whole / 2 };
    i64::try_from((product + half) / whole).unwrap_or(i64::MAX)
}

/// Splits a total over weights so that the parts sum to it (largest remainder; of equal remainders the first gets more).
/// Without any weight all of it goes to the first.
pub fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from((*weight).max(0))).sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        parts[0] = total;
        return parts;
    }
    let exact = |weight: &i64| i128::from(total) * i128::from((*weight).max(0));
    let mut parts: Vec<i64> =
        weights.iter().map(|weight| i64::try_from(exact(weight).div_euclid(sum)).unwrap_or(0)).collect();
    let mut left = total - parts.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(exact(&weights[*index]).rem_euclid(sum)));
    for index in order {
        if left == 0 {
            break;
        }
        parts[index] += 1;
        left -= 1;
    }
    parts
}

/// A component of what is kept of a line, as agreed when it was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Commission {
    pub component: String,
    pub rule_id: CommissionRuleId,
    pub rate_bp: i64,
    /// Đồng.
    pub amount: i64,
    /// Who gets it; the platform itself unless told.
    #[schema(required = true)]
    pub partner_id: Option<PartnerId>,
}

/// What a promotion takes off a line or a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineDiscount {
    pub promotion_id: PromotionId,
    /// Who pays for it.
    pub funded_by: FundedBy,
    /// Đồng.
    pub amount: i64,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub id: CommissionRuleId,
    pub component: String,
    pub category_id: Option<CategoryId>,
    pub cooperative_id: Option<CooperativeId>,
    pub campaign: Option<String>,
    pub rate_bp: i64,
    pub fixed: i64,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub partner_id: Option<PartnerId>,
    pub starts_on: Date,
    pub ends_on: Option<Date>,
}

/// A line as it is sold.
pub struct Sale<'a> {
    /// Of the product, from the leaf to the root.
    pub categories: &'a [CategoryId],
    pub cooperative: CooperativeId,
    /// Of the promotions it was bought with.
    pub campaigns: &'a [String],
    /// What the seller gets before commission: price less the seller's own discounts.
    pub base: i64,
    /// Who brought the buyer.
    pub partner: Option<PartnerId>,
}

/// The component of whoever brought the buyer; it is owed once the order is completed.
pub const PARTNER: &str = "partner";

impl Rule {
    /// How specific the rule is for a line, or `None` if it is not for it: a partner counts more than a cooperative, that
    /// more than a campaign, that more than a category, a narrow category more than a wide one.
    fn fit(&self, sale: &Sale<'_>, day: Date) -> Option<i64> {
        if day < self.starts_on || self.ends_on.is_some_and(|end| day > end) {
            return None;
        }
        let mut fit = 0;
        if self.component == PARTNER {
            let partner = sale.partner?;
            if let Some(own) = self.partner_id {
                (own == partner).then_some(())?;
                fit += 400;
            }
        }
        if let Some(category) = self.category_id {
            let depth = sale.categories.iter().position(|id| *id == category)?;
            fit += 50 - i64::try_from(depth).unwrap_or(50).min(49);
        }
        if let Some(campaign) = &self.campaign {
            sale.campaigns.contains(campaign).then_some(())?;
            fit += 100;
        }
        if let Some(cooperative) = self.cooperative_id {
            (cooperative == sale.cooperative).then_some(())?;
            fit += 200;
        }
        Some(fit)
    }

    fn amount(&self, base: i64) -> i64 {
        let amount = share(base, self.rate_bp, WHOLE_BP).saturating_add(self.fixed);
        amount.max(self.min.unwrap_or(0)).min(self.max.unwrap_or(i64::MAX))
    }
}

/// What is kept of a line: of each component the most specific rule, of equals the one made last. Together never more than
/// the seller gets.
pub fn commissions(rules: &[Rule], sale: &Sale<'_>, day: Date) -> Vec<Commission> {
    let mut components: Vec<&str> = rules.iter().map(|rule| rule.component.as_str()).collect();
    components.sort_unstable();
    components.dedup();
    let mut left = sale.base;
    let mut kept = Vec::new();
    for component in components {
        let of_component = rules.iter().filter(|rule| rule.component == component);
        let fitting = of_component.filter_map(|rule| Some((rule.fit(sale, day)?, rule.id, rule)));
        let Some((_, _, rule)) = fitting.max_by_key(|(fit, id, _)| (*fit, *id)) else { continue };
        let amount = rule.amount(sale.base).min(left);
        left -= amount;
        kept.push(Commission {
            component: component.to_owned(),
            rule_id: rule.id,
            rate_bp: rule.rate_bp,
            amount,
            partner_id: if component == PARTNER { sale.partner } else { rule.partner_id },
        });
    }
    kept
}

/// What is withheld of a household's revenue, in basis points (Decree 117/2025/NĐ-CP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tax {
    pub kind: TaxKind,
    pub residence: TaxResidence,
    pub vat_bp: i64,
    pub pit_bp: i64,
}

/// A part of an order's money: a line, or the delivery. Amounts in đồng.
#[derive(Clone, Debug)]
pub struct Piece {
    /// None: the delivery.
    pub line: Option<OrderLineId>,
    pub gross: i64,
    pub cooperative_discount: i64,
    pub platform_discount: i64,
    pub commissions: Vec<Commission>,
    /// For household sellers.
    pub tax: Option<Tax>,
    /// So far.
    pub refunded: i64,
}

/// Whose a piece's money is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Paid by the buyer and not given back.
    pub buyer: i64,
    /// Paid by the platform, for its discount.
    pub platform: i64,
    /// The seller's, before commission and tax: `buyer + platform`.
    pub seller: i64,
    /// Of the seller's, in the order of the piece's commissions.
    pub commissions: Vec<i64>,
    pub vat: i64,
    pub pit: i64,
}

impl Piece {
    /// What the buyer paid for it.
    pub fn paid(&self) -> i64 {
        self.gross - self.cooperative_discount - self.platform_discount
    }

    /// Whose it is once so much was refunded.
    pub fn at(&self, refunded: i64) -> Shares {
        let paid = self.paid();
        let whole = self.gross - self.cooperative_discount;
        // What the seller gives back grows with the refund: all of it for all of it.
        let back = match paid {
            0 => 0,
            paid => i64::try_from(i128::from(refunded) * i128::from(whole) / i128::from(paid)).unwrap_or(whole),
        };
        let seller = whole - back;
        let percent = |bp: i64| share(seller, bp, WHOLE_BP);
        Shares {
            buyer: paid - refunded,
            platform: seller - (paid - refunded),
            seller,
            commissions: self.commissions.iter().map(|kept| share(kept.amount, seller, whole)).collect(),
            vat: self.tax.map_or(0, |tax| percent(tax.vat_bp)),
            pit: self.tax.map_or(0, |tax| percent(tax.pit_bp)),
        }
    }
}

/// An account of the books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    pub kind: LedgerAccountKind,
    /// A cooperative's or partner's id, a provider's name, or empty.
    pub owner: String,
    pub currency: Currency,
}

impl Account {
    pub fn one(kind: LedgerAccountKind) -> Self {
        Self::of(kind, "")
    }

    pub fn of(kind: LedgerAccountKind, owner: impl std::fmt::Display) -> Self {
        Self { kind, owner: owner.to_string(), currency: Currency::Vnd }
    }

    /// The same in another currency: an account of its own.
    #[must_use]
    pub fn in_currency(self, currency: Currency) -> Self {
        Self { currency, ..self }
    }

    /// What a partner will have earned once its orders are completed.
    pub fn in_sight(partner: PartnerId) -> Self {
        Self::of(LedgerAccountKind::Partner, format_args!("{partner}/in sight"))
    }
}

/// A debit (positive) or credit (negative).
#[derive(Clone, Debug)]
pub struct Entry {
    pub account: Account,
    pub amount: i64,
    pub order: Option<OrderId>,
    pub line: Option<OrderLineId>,
}

impl Entry {
    pub fn new(account: Account, amount: i64) -> Self {
        Self { account, amount, order: None, line: None }
    }
}

/// A journal to be written.
#[derive(Clone, Debug)]
pub struct Journal {
    /// The same event is never written twice.
    pub key: String,
    pub kind: &'static str,
    pub subject: Uuid,
    pub note: Option<String>,
    pub actor: Option<AccountId>,
    pub entries: Vec<Entry>,
}

impl Journal {
    /// Debits less credits of the first currency in which they are not equal: zero, or it is not written.
    pub fn imbalance(&self) -> i128 {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for entry in &self.entries {
            *sums.entry(entry.account.currency).or_default() += i128::from(entry.amount);
        }
        sums.into_values().find(|sum| *sum != 0).unwrap_or(0)
    }
}

/// An order's money as the books see it.
#[derive(Clone, Debug)]
pub struct OrderMoney {
    pub order: OrderId,
    pub cooperative: CooperativeId,
    pub pieces: Vec<Piece>,
    /// The order is over: what whoever brought the buyer earned by it is owed, and no longer only in sight.
    pub completed: bool,
}

/// A change of one piece: refunded until now, and then.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub piece: usize,
    pub from: i64,
    pub to: i64,
}

/// A line of the tax declaration: withheld, or (negative) offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxLine {
    pub line: Option<OrderLineId>,
    pub tax: Tax,
    pub revenue: i64,
    pub vat: i64,
    pub pit: i64,
}

impl OrderMoney {
    pub fn paid(&self) -> i64 {
        self.pieces.iter().map(Piece::paid).sum()
    }

    pub fn refunded(&self) -> i64 {
        self.pieces.iter().map(|piece| piece.refunded).sum()
    }

    fn entry(&self, account: Account, amount: i64, piece: Option<&Piece>) -> Entry {
        Entry { account, amount, order: Some(self.order), line: piece.and_then(|piece| piece.line) }
    }

    /// The seller's account for a piece.
    fn seller(&self, piece: &Piece) -> Account {
        let kind = if piece.line.is_some() { LedgerAccountKind::Cooperative } else { LedgerAccountKind::Delivery };
        Account::of(kind, self.cooperative)
    }

    /// The buyer paid, and the money is at these places, which together hold what the order costs: it is held for the buyer,
    /// tax is withheld.
    pub fn captured(&self, sources: &[(Account, i64)]) -> (Vec<Entry>, Vec<TaxLine>) {
        let mut entries: Vec<Entry> =
            sources.iter().map(|(account, amount)| self.entry(account.clone(), *amount, None)).collect();
        entries.push(self.entry(Account::one(LedgerAccountKind::BuyerFunds), -self.paid(), None));
        let mut lines = Vec::new();
        for piece in &self.pieces {
            self.withhold(piece, None, Some(piece.refunded), &mut entries, &mut lines);
        }
        (entries, lines)
    }

    /// Writes the difference of tax between two moments; `None` is before anything was paid.
    fn withhold(
        &self,
        piece: &Piece,
        from: Option<i64>,
        to: Option<i64>,
        entries: &mut Vec<Entry>,
        lines: &mut Vec<TaxLine>,
    ) {
        let Some(tax) = piece.tax else { return };
        let at = |moment: Option<i64>| {
            moment.map_or((0, 0, 0), |refunded| {
                let shares = piece.at(refunded);
                (shares.seller, shares.vat, shares.pit)
            })
        };
        let ((r0, v0, p0), (r1, v1, p1)) = (at(from), at(to));
        let line = TaxLine { line: piece.line, tax, revenue: r1 - r0, vat: v1 - v0, pit: p1 - p0 };
        if line.revenue == 0 && line.vat == 0 && line.pit == 0 {
            return;
        }
        let amount = line.vat + line.pit;
        entries.push(self.entry(self.seller(piece), amount, Some(piece)));
        entries.push(self.entry(Account::one(LedgerAccountKind::TaxWithheld), -amount, Some(piece)));
        lines.push(line);
    }

    /// Delivered, and paid: what was held is the cooperative's, less commission.
    pub fn earned(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for piece in &self.pieces {
            let shares = piece.at(piece.refunded);
            entries.push(self.entry(Account::one(LedgerAccountKind::BuyerFunds), shares.buyer, None));
            entries.push(self.entry(Account::one(LedgerAccountKind::PlatformDiscounts), shares.platform, Some(piece)));
            entries.push(self.entry(self.seller(piece), -shares.seller, Some(piece)));
            self.keep(piece, &shares.commissions, &mut entries);
        }
        entries
    }

    /// Commission taken from the seller (negative amounts give it back).
    fn keep(&self, piece: &Piece, amounts: &[i64], entries: &mut Vec<Entry>) {
        for (kept, amount) in piece.commissions.iter().zip(amounts) {
            let to = match kept.partner_id {
                Some(partner) if kept.component == PARTNER && !self.completed => Account::in_sight(partner),
                Some(partner) => Account::of(LedgerAccountKind::Partner, partner),
                None => Account::one(LedgerAccountKind::Commission),
            };
            entries.push(self.entry(self.seller(piece), *amount, Some(piece)));
            entries.push(self.entry(to, -amount, Some(piece)));
        }
    }

    /// Something is owed back to the buyer (or, when `to` is less than `from`, is not after all).
    pub fn refunded_by(&self, steps: &[Step], earned: bool) -> (Vec<Entry>, Vec<TaxLine>) {
        let (mut entries, mut lines) = (Vec::new(), Vec::new());
        for step in steps {
            let Some(piece) = self.pieces.get(step.piece) else { continue };
            let (before, after) = (piece.at(step.from), piece.at(step.to));
            let owed = step.to - step.from;
            entries.push(self.entry(Account::one(LedgerAccountKind::RefundsPayable), -owed, Some(piece)));
            if earned {
                entries.push(self.entry(self.seller(piece), before.seller - after.seller, Some(piece)));
                let discount = after.platform - before.platform;
                entries.push(self.entry(Account::one(LedgerAccountKind::PlatformDiscounts), discount, Some(piece)));
                let given: Vec<i64> =
                    after.commissions.iter().zip(&before.commissions).map(|(after, before)| after - before).collect();
                self.keep(piece, &given, &mut entries);
            } else {
                entries.push(self.entry(Account::one(LedgerAccountKind::BuyerFunds), owed, None));
            }
            self.withhold(piece, Some(step.from), Some(step.to), &mut entries, &mut lines);
        }
        (entries, lines)
    }

    /// A line became smaller before anything was earned: what was held for it is owed back, and its tax offset.
    pub fn shrunk_to(&self, after: &Self) -> (Vec<Entry>, Vec<TaxLine>) {
        let owed = self.paid() - after.paid();
        let mut entries = vec![
            self.entry(Account::one(LedgerAccountKind::BuyerFunds), owed, None),
            self.entry(Account::one(LedgerAccountKind::RefundsPayable), -owed, None),
        ];
        let mut lines = Vec::new();
        for piece in &self.pieces {
            let smaller = after.pieces.iter().find(|other| other.line == piece.line);
            if smaller.is_some_and(|other| other.paid() == piece.paid()) {
                continue;
            }
            self.withhold(piece, Some(piece.refunded), None, &mut entries, &mut lines);
            if let Some(smaller) = smaller {
                self.withhold(smaller, None, Some(smaller.refunded), &mut entries, &mut lines);
            }
        }
        (entries, lines)
    }

    /// How much of each piece goes back when so much of the whole does, in proportion to what is left of each.
    pub fn spread(&self, amount: i64, among: impl Fn(&Piece) -> bool) -> Option<Vec<Step>> {
        let left: Vec<i64> = self
            .pieces
            .iter()
            .map(|piece| if among(piece) { (piece.paid() - piece.refunded).max(0) } else { 0 })
            .collect();
        if amount <= 0 || amount > left.iter().sum() {
            return None;
        }
        let parts = split(amount, &left);
        let steps = parts.iter().enumerate().filter(|(_, part)| **part > 0);
        Some(
            steps
                .map(|(piece, part)| {
                    let from = self.pieces[piece].refunded;
                    Step { piece, from, to: from + part }
                })
                .collect(),
        )
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
