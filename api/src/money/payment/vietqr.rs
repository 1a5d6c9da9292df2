//! Bank transfer by VietQR (NAPAS 247): an EMVCo code that holds account, amount and the text the transfer is known by. What
//! arrives is told by a bank-webhook service (`bank_feed`).

use entity::value::{LedgerAccountKind, PaymentMethod};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::provider::{Answer, Charge, PaymentAction, Provider, Started};
use crate::config::Config;
use crate::ledger::rules::Account;
use crate::platform::fold::fold;

pub struct VietQr {
    pub bank_bin: String,
    pub account: String,
    pub holder: String,
}

/// Tag, length, value.
fn field(tag: &str, value: &str) -> String {
    format!("{tag}{:02}{value}", value.len())
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF.
fn crc16(text: &str) -> u16 {
    text.bytes().fold(0xFFFF, |crc, byte| {
        (0..8).fold(
            crc ^ (u16::from(byte) << 8),
            |crc: u16, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    })
}

/// As NAPAS takes the text of a transfer: plain ASCII without accents, at most 25 characters.
pub fn plain(text: &str) -> String {
    let plain: String = text
        .nfd()
        .map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            c => c,
        })
        .filter(|c| (' '..='~').contains(c))
        .collect();
    plain.trim().chars().take(25).collect::<String>().trim().to_owned()
}

/// A VietQR code: static without an amount, dynamic with one.
pub fn code(bank_bin: &str, account: &str, amount: Option<i64>, description: &str) -> String {
    let to = field("00", bank_bin) + &field("01", account);
    let merchant = field("00", "A000000727") + &field("01", &to) + &field("02", "QRIBFTTA");
    let mut out = field("00", "01") + &field("01", if amount.is_some() { "12" } else { "11" });
    out += &field("38", &merchant);
    out += &field("53", "704");
    if let Some(amount) = amount {
        out += &field("54", &amount.to_string());
    }
    out += &field("58", "VN");
    let text = plain(description);
    if !text.is_empty() {
        out += &field("62", &field("08", &text));
    }
    out += "6304";
    format!("{out}{:04X}", crc16(&out))
}

/// As banks write it: capitals without accents.
fn holder_name(name: &str) -> String {
    let bare: String = fold(name).to_uppercase().chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl VietQr {
    pub fn configured(config: &Config) -> Option<Self> {
        Some(Self {
            bank_bin: config.bank_bin.clone()?,
            account: config.bank_account.clone()?,
            holder: holder_name(config.bank_holder.as_deref()?),
        })
    }

    /// What is transferred for a payment.
    pub fn transfer(&self, reference: &str, amount: i64) -> PaymentAction {
        PaymentAction::Transfer {
            qr: code(&self.bank_bin, &self.account, Some(amount), reference),
            bank_bin: self.bank_bin.clone(),
            account: self.account.clone(),
            holder: self.holder.clone(),
            amount,
            description: reference.to_owned(),
        }
    }
}

impl Provider for VietQr {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::BankTransfer
    }

    fn account(&self) -> Account {
        Account::one(LedgerAccountKind::Bank)
    }

    fn create<'a>(&'a self, charge: &'a Charge) -> Answer<'a, Started> {
        let action = self.transfer(&charge.reference, charge.amount);
        Box::pin(async move { Ok(Started { action, data: json!({}) }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc16("123456789"), 0x29B1);
    }

    #[test]
    fn holders_stand_in_capitals_without_accents() {
        assert_eq!(holder_name("Công ty  Mai & Cường + 100%"), "CONG TY MAI & CUONG + 100%");
    }

    #[test]
    fn a_code_holds_account_amount_and_text() {
        let made = code("970415", "0011009950446", Some(180_000), "thanh toan don hang");
        assert!(
            made.starts_with("00020101021238570010A00000072701270006970415011300110099504460208QRIBFTTA5303704"),
            "{made}"
        );
        assert!(made.contains("5406180000") && made.contains("5802VN62230819thanh toan don hang6304"), "{made}");
    }
}
