//! The words of a recall, to who has the goods.

use entity::value::Language;
use serde_json::Value;

use super::texts::{Mail, bilingual};

/// What every letter of a recall tells.
struct Told<'a> {
    number: &'a str,
    reason: &'a str,
    advice: &'a str,
    quantity: i64,
    stopped: bool,
}

impl<'a> Told<'a> {
    fn read(payload: &'a Value) -> Self {
        let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
        Self {
            number: text("number"),
            reason: text("reason"),
            advice: text("advice"),
            quantity: payload.get("quantity").and_then(Value::as_i64).unwrap_or(0),
            stopped: payload.get("stopped").and_then(Value::as_bool).unwrap_or(false),
        }
    }

    fn subject(&self) -> (String, String) {
        (format!("Thu hồi sản phẩm {}", self.number), format!("Product recall {}", self.number))
    }
}

fn letter(language: Language, told: &Told<'_>, vi: String, en: String) -> Mail {
    let (subject_vi, subject_en) = told.subject();
    bilingual(language, (&subject_vi, vi), (&subject_en, en))
}

/// To the buyer of an order.
pub fn to_buyer(language: Language, order: &str, payload: &Value, link: &str) -> Mail {
    let told = Told::read(payload);
    let Told { reason, advice, quantity, .. } = told;
    if told.stopped {
        let vi = format!(
            "Đơn {order} có hàng của lô bị thu hồi và đã được dừng trước khi giao.\nLý do: {reason}\nTiền đã trả được hoàn lại. {link}"
        );
        let en = format!(
            "Order {order} held goods of a recalled lot, and was stopped before it left.\nWhy: {reason}\nWhat was paid goes back. {link}"
        );
        return letter(language, &told, vi, en);
    }
    let vi = format!(
        "Đơn {order} của bạn có {quantity} sản phẩm thuộc lô bị thu hồi.\nLý do: {reason}\nViệc cần làm: {advice}\nXin xác nhận bạn đã đọc tại {link}"
    );
    let en = format!(
        "Your order {order} holds {quantity} pieces of a recalled lot.\nWhy: {reason}\nWhat to do: {advice}\nPlease confirm that you have read this at {link}"
    );
    letter(language, &told, vi, en)
}

/// To the cooperative that made something of a recalled lot.
pub fn to_cooperative(payload: &Value, link: &str) -> Mail {
    let told = Told::read(payload);
    let Told { reason, advice, .. } = told;
    let vi = format!(
        "Nguyên liệu bạn đã dùng thuộc lô bị thu hồi; các lô làm từ đó đã bị tạm giữ, khách của bạn đã được báo.\nLý do: {reason}\nViệc cần làm: {advice}\nXem các lô tại {link}"
    );
    let en = format!(
        "What you made something of belongs to a recalled lot; the lots made of it are held back, and your buyers were told.\nWhy: {reason}\nWhat to do: {advice}\nSee the lots at {link}"
    );
    letter(Language::Vi, &told, vi, en)
}

/// To the partner at whose reception boxes wait.
pub fn to_partner(payload: &Value, link: &str) -> Mail {
    let told = Told::read(payload);
    let Told { reason, advice, .. } = told;
    let vi = format!(
        "Hộp hàng đang chờ khách ở điểm nhận của bạn thuộc lô bị thu hồi: đừng trao cho khách.\nLý do: {reason}\nViệc cần làm: {advice}\n{link}"
    );
    let en = format!(
        "Boxes that wait at your reception belong to a recalled lot: do not hand them over.\nWhy: {reason}\nWhat to do: {advice}\n{link}"
    );
    letter(Language::Vi, &told, vi, en)
}
