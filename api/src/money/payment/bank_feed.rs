//! What bank-webhook services tell of incoming transfers: SePay, Casso and PayOS, each in its own shape and with its own way
//! to show who it is. A transfer is known by the bank's reference and counts once.

use actix_web::http::header::HeaderMap;
use entity::value::{PaymentMethod, ReconciliationKind, RowId};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::provider::{Notice, Outcome, number, sha256, text};
use super::rules::{Verdict, codes_in, next};
use super::settle::{Till, by_reference};
use super::unmatched::{Transfer, queue, transfer_row};
use crate::ledger::{self, gateways};
use crate::platform::clock::VIETNAM;
use crate::platform::db::is_duplicate;
use crate::platform::fold::stored;
use crate::platform::problem::Problem;
use crate::platform::secrets;

/// Whether the sender showed the secret, in the way of one of the services.
pub fn is_genuine(secret: &str, headers: &HeaderMap, body: &Value) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let apikey = header("authorization").strip_prefix("Apikey ").unwrap_or_default();
    if secrets::same(apikey, secret) || secrets::same(header("secure-token"), secret) {
        return true;
    }
    // PayOS signs `data`: its fields sorted by name, as key=value joined with &.
    let Some(data) = body["data"].as_object() else { return false };
    let mut fields: Vec<(&String, &Value)> = data.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    let content: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    secrets::same(&text(&body["signature"]), &sha256(secret, &content.join("&")))
}

/// `2026-11-24 15:30:00`, in Vietnam.
fn moment(value: &Value, otherwise: OffsetDateTime) -> OffsetDateTime {
    let stamp = value.as_str().and_then(|text| {
        PrimitiveDateTime::parse(text.get(..19)?, format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"))
            .ok()
    });
    stamp.map_or(otherwise, |stamp| stamp.assume_offset(VIETNAM).to_offset(time::UtcOffset::UTC))
}

/// As it can be kept; a signature is over what came.
fn words(value: &Value) -> String {
    stored(&text(value))
}

/// The incoming transfers of a message; `None` if it has none of the known shapes.
pub fn read(body: &Value, now: OffsetDateTime) -> Option<Vec<Transfer>> {
    if body.get("transferAmount").is_some() {
        // SePay: one transfer; `transferType` is `in` or `out`.
        if body["transferType"] != "in" {
            return Some(Vec::new());
        }
        let reference = Some(words(&body["referenceCode"])).filter(|code| !code.is_empty());
        return Some(vec![Transfer {
            source: "sepay",
            bank_reference: reference.unwrap_or_else(|| format!("sepay-{}", words(&body["id"]))),
            amount: number(&body["transferAmount"])?,
            description: words(&body["content"]),
            at: moment(&body["transactionDate"], now),
        }]);
    }
    if let Some(rows) = body["data"].as_array() {
        // Casso: a list.
        let read = |row: &Value| {
            Some(Transfer {
                source: "casso",
                bank_reference: Some(words(&row["tid"])).filter(|code| !code.is_empty())?,
                amount: number(&row["amount"])?,
                description: words(&row["description"]),
                at: moment(&row["when"], now),
            })
        };
        let all: Option<Vec<Transfer>> = rows.iter().take(1_000).map(read).collect();
        return all.map(|all| all.into_iter().filter(|transfer| transfer.amount > 0).collect());
    }
    // PayOS: one, in `data`.
    let data = body.get("data")?;
    Some(vec![Transfer {
        source: "payos",
        bank_reference: Some(words(&data["reference"])).filter(|code| !code.is_empty())?,
        amount: number(&data["amount"])?,
        description: words(&data["description"]),
        at: moment(&data["transactionDateTime"], now),
    }])
}

impl Till {
    /// Books a transfer: to the payment whose code it names, if the amount is exactly what is to be paid; else before a
    /// person. Told twice, it counts once.
    pub async fn receive_transfer(&self, transfer: &Transfer) -> Result<Outcome, Problem> {
        let now = self.clock.now();
        if transfer.amount <= 0 {
            return Ok(Outcome::Unreadable);
        }
        let transaction = self.db.begin().await?;
        let mut payment = None;
        for code in codes_in(&transfer.description) {
            let found = by_reference(&transaction, &code).await?;
            if let Some(row) = found.filter(|row| row.method == PaymentMethod::BankTransfer) {
                payment = Some(row);
                break;
            }
        }
        let id = RowId::new();
        let row = transfer_row(id, transfer, payment.as_ref().map(|row| row.id), now);
        match entity::bank_transfer::Entity::insert(row).exec_without_returning(&transaction).await {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => return Ok(Outcome::AlreadyConfirmed),
            Err(error) => return Err(error.into()),
        }
        let kind = match &payment {
            None => Some(ReconciliationKind::UnknownTransfer),
            Some(row) if next(row.state, &Verdict::Paid).is_none() => Some(ReconciliationKind::SecondTransfer),
            Some(row) if row.amount.0 != transfer.amount => Some(ReconciliationKind::WrongAmount),
            Some(_) => None,
        };
        if let Some(kind) = kind {
            let payment = payment.map(|row| row.id);
            let detail = format!("{} {}: {}", transfer.source, transfer.bank_reference, transfer.description);
            queue(&transaction, (kind, id.0), transfer.amount, payment, &detail, now).await?;
            ledger::post(&transaction, vec![gateways::unplaced(id.0, transfer.amount)], now).await?;
            transaction.commit().await?;
            return Ok(Outcome::Confirmed);
        }
        let Some(row) = payment else { return Ok(Outcome::NotFound) };
        let notice = Notice {
            reference: row.reference,
            amount: transfer.amount,
            verdict: Verdict::Paid,
            provider_reference: Some(transfer.bank_reference.clone()),
            data: json!({}),
        };
        // In the transaction that keeps the transfer, so that neither is there without the other.
        let (outcome, levels) = self.apply_within(transaction, PaymentMethod::BankTransfer, &notice).await?;
        self.read_model.levels_changed(&levels).await;
        self.bell.ring();
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_are_read_in_three_shapes() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let sepay = json!({"id": 92704, "gateway": "Vietcombank", "transactionDate": "2026-11-24 14:02:37", "accountNumber": "0123499999",
            "content": "TT261124K7MPXQ2RSW chuyen tien", "transferType": "in", "transferAmount": 2_277_000, "referenceCode": "MBVCB.3278907687"});
        let casso = json!({"error": 0, "data": [{"id": 1, "tid": "FT26329", "description": "TT261124K7MPXQ2RSW", "amount": 599_000, "when": "2026-11-24 14:02:37"},
            {"id": 2, "tid": "FT26330", "description": "chi", "amount": -100, "when": "2026-11-24 14:02:37"}]});
        let payos = json!({"code": "00", "data": {"orderCode": 123, "amount": 3_000, "description": "VQRIO123", "reference": "TF230204212323", "transactionDateTime": "2026-11-24 14:02:37"}, "signature": ""});
        assert_eq!(read(&sepay, now).unwrap_or_default()[0].bank_reference, "MBVCB.3278907687");
        assert_eq!(read(&casso, now).unwrap_or_default().len(), 1);
        assert_eq!(read(&payos, now).unwrap_or_default()[0].amount, 3_000);
        assert_eq!(read(&json!({"hello": 1}), now), None);
    }
}
