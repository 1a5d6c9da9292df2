//! Invitations, support and help, to the people of a cooperative.

use entity::value::{Language, Vnd};
use serde_json::Value;

use super::texts::{Mail, bilingual};

/// The mail of an event of the programme, if it has one.
pub fn letter(topic: &str, payload: &Value, base: &str) -> Option<Mail> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let link = format!("{base}/console/programme");
    let (subject, vi, en) = match topic {
        "measure.invited" => {
            let people: Vec<&str> = payload.get("people")?.as_array()?.iter().filter_map(Value::as_str).collect();
            let (people, title, venue, day) = (people.join(", "), text("title"), text("venue"), text("starts_on"));
            (
                (format!("Mời tham gia: {title}"), format!("Invitation: {title}")),
                format!("{} mời {people} tham gia “{title}”, ngày {day}, tại {venue}.\n{link}", text("office")),
                format!("{} invites {people} to “{title}” on {day} at {venue}.\n{link}", text("office")),
            )
        }
        "support.granted" => {
            let worth = Vnd(payload.get("worth").and_then(Value::as_i64).unwrap_or(0));
            let (what, purpose, office) = (text("what"), text("purpose"), text("office"));
            (
                ("Hỗ trợ được cấp".to_owned(), "Support was granted".to_owned()),
                format!("{office} đã ghi hỗ trợ: {what}, trị giá {worth}. Mục đích: {purpose}\n{link}"),
                format!("{office} wrote down support: {what}, worth {worth}. What for: {purpose}\n{link}"),
            )
        }
        "help.offered" => {
            let (by, offer) = (text("by"), text("offer"));
            (
                ("Có nơi nhận giúp".to_owned(), "Somebody offers help".to_owned()),
                format!("{by} nhận giúp: {offer}\nNhận hoặc từ chối tại {link}"),
                format!("{by} offers help: {offer}\nAccept or decline at {link}"),
            )
        }
        _ => return None,
    };
    Some(bilingual(Language::Vi, (&subject.0, vi), (&subject.1, en)))
}

/// What a cooperative says to help that was offered.
pub fn answered(payload: &Value, base: &str) -> Mail {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let (vi, en) = match text("answer") {
        "accept" => ("nhận lời giúp", "accepted your help"),
        "decline" => ("chưa nhận lời giúp", "declined your help"),
        "done" => ("báo đã tháo gỡ được", "says that it is solved"),
        _ => ("báo lời giúp không thành", "says that it came to nothing"),
    };
    let (offer, outcome) = (text("offer"), text("outcome"));
    let link = if payload.get("office_id").is_some_and(|id| !id.is_null()) {
        "/officer/difficulties"
    } else {
        "/partner/help"
    };
    bilingual(
        Language::Vi,
        ("Trả lời về việc giúp", format!("Cơ sở {vi}: “{offer}”. {outcome}\n{base}{link}")),
        ("An answer to your help", format!("The producer {en}: “{offer}”. {outcome}\n{base}{link}")),
    )
}
