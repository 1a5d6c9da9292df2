//! What became of a certificate, and that one ends, to the people of its cooperative.

use entity::value::Language;
use serde_json::Value;

use super::texts::{Mail, bilingual};
use crate::ocop::certificates::words_of;

/// The mail of an event `certificate.…`, if it has one.
pub fn letter(topic: &str, payload: &Value, link: &str) -> Option<Mail> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let (kind_vi, kind_en) = words_of(text("kind"));
    let (number, note) = (text("number"), text("note"));
    let (subject, vi, en) = match topic {
        "certificate.verified" => (
            ("Chứng nhận đã được duyệt", "A certificate is verified"),
            format!("{kind_vi} {number} đã được duyệt và được hiện với người mua.\n{link}"),
            format!("{kind_en} {number} is verified, and shown to buyers.\n{link}"),
        ),
        "certificate.refused" => (
            ("Chứng nhận chưa được duyệt", "A certificate was refused"),
            format!("{kind_vi} {number} chưa được duyệt: {note}\nHãy sửa rồi gửi lại tại {link}"),
            format!("{kind_en} {number} was refused: {note}\nPut it right and send it again at {link}"),
        ),
        "certificate.revoked" => (
            ("Chứng nhận bị hủy hiệu lực", "A certificate counts no longer"),
            format!(
                "{kind_vi} {number} không còn được công nhận: {note}\nHàng bắt buộc có chứng nhận này tạm ngừng bán. {link}"
            ),
            format!("{kind_en} {number} counts no longer: {note}\nWhat must have it is not sold meanwhile. {link}"),
        ),
        "certificate.ending" => {
            let days = payload.get("days_left").and_then(Value::as_i64).unwrap_or(0);
            let until = text("valid_until");
            (
                ("Chứng nhận sắp hết hạn", "A certificate ends soon"),
                format!(
                    "{kind_vi} {number} hết hạn ngày {until}, còn {days} ngày. Hàng bắt buộc có chứng nhận này sẽ ngừng bán sau ngày đó.\nGửi bản mới tại {link}"
                ),
                format!(
                    "{kind_en} {number} ends on {until}, in {days} days. What must have it is not sold after that day.\nSend the new one at {link}"
                ),
            )
        }
        _ => return None,
    };
    Some(bilingual(Language::Vi, (subject.0, vi), (subject.1, en)))
}
