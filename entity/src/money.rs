//! Amounts of money.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::value::Currency;

/// An amount in đồng. The đồng has no minor unit, so this is also the amount in minor units.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, DeriveValueType, ToSchema,
)]
#[serde(transparent)]
pub struct Vnd(pub i64);

impl Vnd {
    pub const ZERO: Self = Self(0);
    /// ISO 4217.
    pub const CURRENCY: &'static str = "VND";

    /// `self × quantity`, or `None` past 64 bits.
    pub fn times(self, quantity: i64) -> Option<Self> {
        self.0.checked_mul(quantity).map(Self)
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, or `None` past 64 bits.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}

/// `1.250.000 ₫`, as people in Vietnam write it.
impl std::fmt::Display for Vnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push('.');
            }
            out.push(digit);
        }
        write!(f, "{}{out} ₫", if self.0 < 0 { "-" } else { "" })
    }
}

/// An amount of money as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"amount": 250_000, "currency": "VND"}))]
pub struct Money {
    /// In the currency's minor unit; the đồng has none, so whole đồng.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

impl From<Vnd> for Money {
    fn from(amount: Vnd) -> Self {
        Self { amount: amount.0, currency: Vnd::CURRENCY.to_owned() }
    }
}

impl Currency {
    /// Minor units of one: a hundred cents, a hundred fen; the đồng and the yen have none.
    pub fn minor(self) -> i64 {
        match self {
            Self::Vnd | Self::Jpy => 1,
            Self::Usd | Self::Cny | Self::Eur => 100,
        }
    }

    /// `USD 1,234.50`, as papers in English write it.
    pub fn text(self, amount: i64) -> String {
        let (sign, amount) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
        let minor = self.minor().unsigned_abs();
        let digits = (amount / minor).to_string();
        let mut whole = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                whole.push(',');
            }
            whole.push(digit);
        }
        let cents = if minor == 1 { String::new() } else { format!(".{:02}", amount % minor) };
        format!("{} {sign}{whole}{cents}", self.as_str())
    }
}
