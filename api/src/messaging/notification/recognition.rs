//! Where a dossier stands, and that stars end or are taken back, to the people of its cooperative.

use entity::certification::DossierState;
use entity::value::{DossierId, Language};
use serde_json::Value;

use super::texts::{Mail, bilingual};
use crate::ocop::certification::Act;

/// The dossier of a step and the state it came to.
pub fn waiting(payload: &Value) -> Option<(DossierId, DossierState)> {
    let dossier = serde_json::from_value(payload.get("dossier_id")?.clone()).ok()?;
    Some((dossier, serde_json::from_value(payload.get("state")?.clone()).ok()?))
}

/// To those whom a dossier waits for.
pub fn summons(payload: &Value, base: &str) -> Mail {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let (number, dossier, due) = (text("number"), text("dossier_id"), text("due_on"));
    let (mut vi, mut en) =
        (format!("Hồ sơ OCOP {number} đang chờ bạn.\n"), format!("OCOP dossier {number} waits for you.\n"));
    if !due.is_empty() {
        vi += &format!("Hạn: {due}\n");
        en += &format!("Due on {due}\n");
    }
    let link = format!("{base}/officer/dossiers/{dossier}");
    let subject = (format!("Hồ sơ OCOP {number} chờ xử lý"), format!("OCOP dossier {number} waits"));
    bilingual(Language::Vi, (&subject.0, vi + &link), (&subject.1, en + &link))
}

/// The mail of an event `dossier.…` or `recognition.…`, if it has one.
pub fn letter(topic: &str, payload: &Value, base: &str) -> Option<Mail> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let (subject, vi, en) = match topic {
        "dossier.step" => {
            let act: Act = serde_json::from_value(payload.get("act")?.clone()).ok()?;
            let (step_vi, step_en) = act.words();
            let (number, reason, due) = (text("number"), text("reason"), text("due_on"));
            let mut vi = format!("Hồ sơ OCOP {number}: {step_vi}.\n");
            let mut en = format!("OCOP dossier {number}: {step_en}.\n");
            if !reason.is_empty() {
                vi += &format!("Nội dung: {reason}\n");
                en += &format!("It says: {reason}\n");
            }
            if !due.is_empty() {
                vi += &format!("Hạn của bước tiếp theo: {due}\n");
                en += &format!("The next step is due on {due}\n");
            }
            ((format!("Hồ sơ OCOP {number}: {step_vi}"), format!("OCOP dossier {number}: {step_en}")), vi, en)
        }
        "recognition.ending" => {
            let (product, until) = (text("product"), text("valid_until"));
            let stars = payload.get("stars").and_then(Value::as_i64).unwrap_or(0);
            let months = payload.get("months").and_then(Value::as_i64).unwrap_or(0);
            (
                ("Sao OCOP sắp hết hạn".to_owned(), "OCOP stars end soon".to_owned()),
                format!(
                    "{product} ({stars} sao) hết hạn công nhận ngày {until}, còn dưới {months} tháng. Sau ngày đó sao không còn được hiện.\nLập hồ sơ đánh giá lại tại {base}/console"
                ),
                format!(
                    "The recognition of {product} ({stars} stars) ends on {until}, in less than {months} months. The stars are not shown after that day.\nStart a renewal at {base}/console"
                ),
            )
        }
        "recognition.revoked" => {
            let reason = text("reason");
            (
                ("Sao OCOP bị thu hồi".to_owned(), "OCOP stars were taken back".to_owned()),
                format!("Công nhận OCOP của sản phẩm đã bị thu hồi: {reason}\nSao không còn được hiện ở gian hàng."),
                format!(
                    "The OCOP recognition of a product was taken back: {reason}\nThe shop shows its stars no longer."
                ),
            )
        }
        _ => return None,
    };
    Some(bilingual(Language::Vi, (&subject.0, vi), (&subject.1, en)))
}
