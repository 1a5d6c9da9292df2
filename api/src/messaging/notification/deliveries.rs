//! Deliveries of contracts, to the side that did not act.

use entity::value::{Language, OrganisationId, Vnd};
use serde_json::Value;

use super::texts::{Mail, bilingual};
use crate::supply::deliveries::PaidBill;
use crate::supply::deliveries::words::kilograms;

/// Whom a mail goes to.
pub enum To {
    Cooperative,
    Organisation(OrganisationId),
}

/// The mail of an event `delivery.…` or `bill.overdue`, and whom it goes to.
pub fn letter(topic: &str, payload: &Value, base: &str) -> Option<(To, Mail)> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| payload.get(name).and_then(Value::as_i64).unwrap_or(0);
    let yes = |name: &str| payload.get(name).and_then(Value::as_bool).unwrap_or(false);
    let organisation = || text("organisation_id").parse::<OrganisationId>().ok();
    let (contract, order, who, cooperative) =
        (text("contract"), text("order"), text("organisation"), text("cooperative"));
    let (console, business) = (format!("{base}/console/requests/deliveries"), format!("{base}/business"));
    let (to, subject, vi, en) = match topic {
        "delivery.weighed" => {
            let (taken, refused) = (kilograms(number("accepted_g")), kilograms(number("rejected_g")));
            (
                To::Cooperative,
                (format!("{who} đã cân đơn {order}"), format!("{who} weighed {order}")),
                format!(
                    "{who} nhận {taken}, không nhận {refused} ({contract}).\nXem và trả lời trong 3 ngày, quá hạn coi là đồng ý: {console}"
                ),
                format!(
                    "{who} accepts {taken} and rejects {refused} ({contract}).\nAnswer within 3 days, or it counts as agreed: {console}"
                ),
            )
        }
        "delivery.answered" if yes("agreed") => {
            let (amount, due, day) = (Vnd(number("amount")), Vnd(number("due")), text("due_on"));
            (
                To::Organisation(organisation()?),
                (format!("{order}: hai bên đã đồng ý"), format!("{order}: both sides agree")),
                format!(
                    "Tiền hàng {amount}, còn phải trả {due} trước ngày {day} ({contract}, {cooperative}).\n{business}"
                ),
                format!("Goods {amount}, {due} to pay until {day} ({contract}, {cooperative}).\n{business}"),
            )
        }
        "delivery.answered" => (
            To::Organisation(organisation()?),
            (
                format!("{cooperative} phản đối biên bản {contract}"),
                format!("{cooperative} objects to the record of {contract}"),
            ),
            format!("{cooperative}: {}\n{business}", text("reason")),
            format!("{cooperative}: {}\n{business}", text("reason")),
        ),
        "delivery.change" => {
            let (what_vi, what_en) = match text("change") {
                "proposed" => ("đề nghị đổi một đợt giao", "proposes to change a delivery"),
                "agreed" => ("đồng ý thay đổi", "agrees to the change"),
                "withdrawn" => ("rút lại đề nghị", "withdraws the proposal"),
                _ => ("không đồng ý thay đổi", "does not agree to the change"),
            };
            let (to, from, link) = if yes("by_buyer") {
                (To::Cooperative, who, console)
            } else {
                (To::Organisation(organisation()?), cooperative, business)
            };
            (
                to,
                (format!("{contract}: {from} {what_vi}"), format!("{contract}: {from} {what_en}")),
                format!("{from} {what_vi} ({contract}).\n{link}"),
                format!("{from} {what_en} ({contract}).\n{link}"),
            )
        }
        "delivery.near" => (
            To::Cooperative,
            (
                format!("{contract}: sắp đến ngày giao {}", text("on")),
                format!("{contract}: to be delivered on {}", text("on")),
            ),
            format!("Đơn {order} cho {who} giao từ ngày {}.\n{console}", text("on")),
            format!("{order} for {who} is to be delivered from {}.\n{console}", text("on")),
        ),
        "bill.overdue" => (
            To::Organisation(organisation()?),
            (format!("Hóa đơn {order} đã quá hạn"), format!("The bill of {order} is overdue")),
            format!("Hạn trả của đơn {order} ({contract}) là {}.\n{business}", text("on")),
            format!("The bill of {order} ({contract}) was due on {}.\n{business}", text("on")),
        ),
        _ => return None,
    };
    Some((to, bilingual(Language::Vi, (&subject.0, vi), (&subject.1, en))))
}

/// What a bill is for, in both languages.
fn what(paid: &PaidBill) -> (String, String) {
    match &paid.order_number {
        Some(order) => (format!("đơn {order}"), format!("order {order}")),
        None => ("tiền đặt cọc".to_owned(), "the deposit".to_owned()),
    }
}

/// To the buyer: the transfer arrived.
pub fn receipt(paid: &PaidBill, base: &str) -> Mail {
    let (amount, (vi, en)) = (Vnd(paid.amount), what(paid));
    let (contract, reference) = (&paid.contract, &paid.reference);
    bilingual(
        Language::Vi,
        (
            &format!("Đã nhận {amount} cho hợp đồng {contract}"),
            format!(
                "Sàn đã nhận {amount} trả {vi} của hợp đồng {contract} với {} (nội dung {reference}).\n{base}/business",
                paid.cooperative
            ),
        ),
        (
            &format!("{amount} for contract {contract} arrived"),
            format!(
                "{amount} for {en} of contract {contract} with {} arrived (text {reference}).\n{base}/business",
                paid.cooperative
            ),
        ),
    )
}

/// To the cooperative: the buyer paid.
pub fn arrived(paid: &PaidBill, base: &str) -> Mail {
    let (amount, (vi, en)) = (Vnd(paid.amount), what(paid));
    let (contract, who) = (&paid.contract, &paid.organisation);
    bilingual(
        Language::Vi,
        (
            &format!("{who} đã trả {amount}"),
            format!("{who} đã trả {amount} cho {vi} của hợp đồng {contract}.\n{base}/console/income"),
        ),
        (
            &format!("{who} paid {amount}"),
            format!("{who} paid {amount} for {en} of contract {contract}.\n{base}/console/income"),
        ),
    )
}
