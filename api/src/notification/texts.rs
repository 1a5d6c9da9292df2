//! The words of every message: Vietnamese and English, the reader's language first.

use entity::value::{DeliveryMethod, Language, OrderState};

use crate::ordering::OrderForMail;

pub struct Mail {
    pub subject: String,
    pub body: String,
}

fn bilingual(language: Language, vi: (&str, String), en: (&str, String)) -> Mail {
    let ((subject, first), (_, second)) = match language {
        Language::Vi => (vi, en),
        Language::En => (en, vi),
    };
    Mail { subject: subject.to_owned(), body: format!("{first}\n\n— — —\n\n{second}\n") }
}

/// `K7MPX-2QRSA`: easier to read and type in halves.
fn spaced(code: &str) -> String {
    let (a, b) = code.split_at(code.len() / 2);
    format!("{a}-{b}")
}

pub fn confirmation(code: &str, language: Language) -> Mail {
    let code = spaced(code);
    bilingual(
        language,
        (
            "Mã xác nhận đăng ký Chợ OCOP",
            format!(
                "Chào bạn,\n\nMã xác nhận đăng ký của bạn là: {code}\nMã có hiệu lực 30 phút. Nếu bạn không đăng ký, hãy bỏ qua thư này."
            ),
        ),
        (
            "Your Chợ OCOP confirmation code",
            format!(
                "Hello,\n\nYour confirmation code is: {code}\nIt is good for 30 minutes. If you did not sign up, ignore this message."
            ),
        ),
    )
}

pub fn already_registered(language: Language) -> Mail {
    bilingual(
        language,
        ("Bạn đã có tài khoản Chợ OCOP", "Chào bạn,\n\nCó người vừa đăng ký Chợ OCOP bằng địa chỉ này, nhưng bạn đã có tài khoản. Hãy đăng nhập, hoặc chọn “quên mật khẩu”. Nếu không phải bạn, hãy bỏ qua thư này.".to_owned()),
        ("You already have a Chợ OCOP account", "Hello,\n\nSomebody signed up with this address, but you already have an account. Sign in, or choose “forgot password”. If it was not you, ignore this message.".to_owned()),
    )
}

pub fn reset(code: &str, language: Language) -> Mail {
    let code = spaced(code);
    bilingual(
        language,
        (
            "Mã đặt lại mật khẩu Chợ OCOP",
            format!(
                "Chào bạn,\n\nMã đặt lại mật khẩu của bạn là: {code}\nMã có hiệu lực 30 phút. Nếu bạn không yêu cầu, hãy bỏ qua thư này."
            ),
        ),
        (
            "Your Chợ OCOP password code",
            format!(
                "Hello,\n\nYour code to set a new password is: {code}\nIt is good for 30 minutes. If you did not ask for it, ignore this message."
            ),
        ),
    )
}

pub fn password_changed(language: Language) -> Mail {
    bilingual(
        language,
        ("Mật khẩu Chợ OCOP đã được đổi", "Chào bạn,\n\nMật khẩu của bạn vừa được đổi và các thiết bị khác đã bị đăng xuất. Nếu không phải bạn làm, hãy đặt lại mật khẩu ngay.".to_owned()),
        ("Your Chợ OCOP password was changed", "Hello,\n\nYour password was just changed and your other devices were signed out. If it was not you, reset your password now.".to_owned()),
    )
}

fn summary(about: &OrderForMail, language: Language) -> String {
    let line = |line: &entity::order_line::Model| {
        let (name, pack) = match language {
            Language::Vi => (&line.name_vi, &line.pack_vi),
            Language::En => (&line.name_en, &line.pack_en),
        };
        format!("  {} × {name} ({pack}): {}", line.quantity, line.total_amount)
    };
    let (delivery, total) = match language {
        Language::Vi => ("Phí giao hàng", "Tổng cộng, trả khi nhận hàng"),
        Language::En => ("Delivery", "Total, cash on delivery"),
    };
    let mut lines: Vec<_> = about.lines.iter().map(line).collect();
    lines.push(format!("  {delivery}: {}", about.order.delivery_amount));
    lines.push(format!("  {total}: {}", about.order.total_amount));
    lines.join("\n")
}

/// What the buyer is told of a step, or `None` where there is nothing to tell.
pub fn order_for_buyer(about: &OrderForMail, state: OrderState, link: &str) -> Option<Mail> {
    let pickup = about.order.delivery_method == DeliveryMethod::Pickup;
    let (vi, en) = match state {
        OrderState::Placed => ("đã được đặt", "was placed"),
        OrderState::Confirmed => ("đã được người bán xác nhận", "was confirmed by the seller"),
        OrderState::Packed if pickup => ("đã đóng gói, mời bạn đến lấy", "is packed and ready to collect"),
        OrderState::Shipped => ("đang được giao", "is on its way"),
        OrderState::Delivered => ("đã giao", "was delivered"),
        OrderState::Cancelled => ("đã bị hủy", "was cancelled"),
        OrderState::Expired => ("đã hết hạn vì người bán chưa trả lời", "expired because the seller did not answer"),
        OrderState::Packed | OrderState::Completed => return None,
    };
    let number = &about.order.number;
    let reason = |label: &str| about.reason.as_ref().map(|reason| format!("\n{label}: {reason}")).unwrap_or_default();
    let told = matches!(state, OrderState::Cancelled);
    let (reason_vi, reason_en) = if told { (reason("Lý do"), reason("Reason")) } else { Default::default() };
    Some(bilingual(
        about.buyer_language,
        (
            &format!("Đơn hàng {number} {vi}"),
            format!(
                "Chào bạn,\n\nĐơn hàng {number} của {} {vi}.{reason_vi}\n\n{}\n\nXem đơn hàng: {link}",
                about.cooperative_vi,
                summary(about, Language::Vi)
            ),
        ),
        (
            &format!("Order {number} {en}"),
            format!(
                "Hello,\n\nYour order {number} from {} {en}.{reason_en}\n\n{}\n\nSee the order: {link}",
                about.cooperative_en,
                summary(about, Language::En)
            ),
        ),
    ))
}

/// What the seller is told: what there is to do, and what is off.
pub fn order_for_seller(about: &OrderForMail, state: OrderState) -> Option<Mail> {
    let (vi, en) = match state {
        OrderState::Placed => ("mới, chờ xác nhận", "is new and waits for you to confirm"),
        OrderState::Cancelled => ("đã bị hủy", "was cancelled"),
        OrderState::Expired => ("đã hết hạn vì chưa được trả lời", "expired unanswered"),
        OrderState::Completed => ("đã hoàn tất", "is completed"),
        _ => return None,
    };
    let number = &about.order.number;
    let to = &about.order.recipient;
    Some(bilingual(
        Language::Vi,
        (
            &format!("Đơn hàng {number} {vi}"),
            format!(
                "Chào {},\n\nĐơn hàng {number} {vi}.\nNgười nhận: {to}\n\n{}",
                about.cooperative_vi,
                summary(about, Language::Vi)
            ),
        ),
        (
            &format!("Order {number} {en}"),
            format!(
                "Hello {},\n\nOrder {number} {en}.\nRecipient: {to}\n\n{}",
                about.cooperative_en,
                summary(about, Language::En)
            ),
        ),
    ))
}
