//! Money in, money out, and the papers about it.
//!
//! - `payment`: VNPAY, MoMo, ZaloPay, VietQR and cash; attempts, callbacks, refunds, settlements, what a person decides.
//! - `payout`: what cooperatives and partners are owed, runs, statements, bank accounts.
//! - `invoice`: receipts and invoices.
//! - `check`: proof that books, orders, payments, refunds and payouts agree.
//!
//! These stand above the orders, whose steps a payment takes; the books they all post to stand below (`ledger`).

pub mod check;
pub mod invoice;
pub mod payment;
pub mod payout;
