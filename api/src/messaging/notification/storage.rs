//! Cold rooms and processing, to the cooperative that did not act.

use entity::value::Language;
use serde_json::Value;

use super::texts::{Mail, bilingual};
use crate::supply::deliveries::words::kilograms;

/// The mail of `storage.booking` or `processing.step`.
pub fn letter(topic: &str, payload: &Value, base: &str) -> Option<Mail> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| payload.get(name).and_then(Value::as_i64).unwrap_or(0);
    let link = format!("{base}/{}/storage", if text("keeper") == "partner" { "partner" } else { "console" });
    let (subject, vi, en) = match topic {
        "storage.booking" => {
            let (who, room, from, to, kg) = (text("cooperative"), text("room"), text("from"), text("to"), number("kg"));
            let (vi, en) = if text("what") == "booked" { ("đặt", "booked") } else { ("hủy", "cancelled") };
            (
                (format!("{who} {vi} {room}: {kg} kg"), format!("{who} {en} {room}: {kg} kg")),
                format!("{kg} kg, {from} – {to} ({}).\n{link}", text("number")),
                format!("{kg} kg, {from} – {to} ({}).\n{link}", text("number")),
            )
        }
        "processing.step" => {
            let (what, of, grams) = (text("wanted"), text("number"), kilograms(number("grams")));
            let (vi, en) = match text("state") {
                "asked" => ("cần chế biến", "asks for processing"),
                "priced" => ("đã báo giá", "said a price"),
                "agreed" => ("đã đồng ý giá", "agreed to the price"),
                "done" => ("đã chế biến xong", "is done"),
                _ => ("đã từ chối", "declined"),
            };
            let who = if matches!(text("state"), "asked" | "agreed") { text("cooperative") } else { text("processor") };
            (
                (format!("{who} {vi}: {what}"), format!("{who} {en}: {what}")),
                format!("{of}: {what}, {grams}.\n{link}"),
                format!("{of}: {what}, {grams}.\n{link}"),
            )
        }
        _ => return None,
    };
    Some(bilingual(Language::Vi, (&subject.0, vi), (&subject.1, en)))
}
