//! Requests for goods in quantity, to the people of a cooperative.

use entity::value::{Language, OrganisationId};
use serde_json::Value;

use super::texts::{Mail, bilingual};

/// The mail of an event `request.…`, if it has one.
pub fn letter(topic: &str, payload: &Value, base: &str) -> Option<Mail> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let (number, title, request) = (text("number"), text("title"), text("request_id"));
    let link = format!("{base}/console/requests/{request}");
    let (subject, vi, en) = match topic {
        "request.published" => {
            let kilograms = payload.get("grams").and_then(Value::as_i64).unwrap_or(0) / 1_000;
            let (who, until) = (text("organisation"), text("answer_by"));
            (
                (format!("{who} cần {kilograms} kg: {title}"), format!("{who} asks for {kilograms} kg: {title}")),
                format!(
                    "{who} hỏi mua {kilograms} kg ({number}): {title}.\nChào hàng trước hết ngày {until} tại {link}"
                ),
                format!("{who} asks for {kilograms} kg ({number}): {title}.\nOffer until {until} at {link}"),
            )
        }
        "request.shared" => (
            (format!("{number}: đã tính phần của từng hợp tác xã"), format!("{number}: shares are reckoned")),
            format!("Phần của bạn trong “{title}” và lý do có tại {link}"),
            format!("Your share of “{title}”, and why, is at {link}"),
        ),
        "request.gathering" => {
            let lead = text("lead");
            (
                (format!("{lead} mời chào chung: {title}"), format!("{lead} asks you to offer together: {title}")),
                format!(
                    "{lead} mời hợp tác xã chào chung cho “{title}” ({number}), theo giá và điều kiện của {lead}. Xem và trả lời tại {link}"
                ),
                format!(
                    "{lead} asks you to offer under its answer for “{title}” ({number}), at its price and conditions: {link}"
                ),
            )
        }
        "request.accepted" => (
            (format!("{number}: người mua đã đồng ý"), format!("{number}: the buyer agreed")),
            format!("Người mua đồng ý phần của bạn trong “{title}”. Lịch giao tại {link}"),
            format!("The buyer agreed to your share of “{title}”. Its windows are at {link}"),
        ),
        _ => return None,
    };
    Some(bilingual(Language::Vi, (&subject.0, vi), (&subject.1, en)))
}

/// That a cooperative signed or declined, and whom it is told.
pub fn signed(payload: &Value, base: &str) -> Option<(OrganisationId, Mail)> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let organisation: OrganisationId = text("organisation_id").parse().ok()?;
    let (number, title, cooperative, reason) = (text("number"), text("title"), text("cooperative"), text("reason"));
    let link = format!("{base}/business/{organisation}/requests/{}", text("request_id"));
    let mail = if text("state") == "agreed" {
        let subject = (format!("{cooperative} đã ký hợp đồng {number}"), format!("{cooperative} signed {number}"));
        let vi = format!("{cooperative} đã ký hợp đồng {number} ({title}).\n{link}");
        bilingual(
            Language::Vi,
            (&subject.0, vi),
            (&subject.1, format!("{cooperative} signed {number} ({title}).\n{link}")),
        )
    } else {
        let subject = (format!("{cooperative} từ chối hợp đồng {number}"), format!("{cooperative} declined {number}"));
        let vi = format!("{cooperative} từ chối hợp đồng {number} ({title}): {reason}\n{link}");
        let en = format!("{cooperative} declined {number} ({title}): {reason}\n{link}");
        bilingual(Language::Vi, (&subject.0, vi), (&subject.1, en))
    };
    Some((organisation, mail))
}
