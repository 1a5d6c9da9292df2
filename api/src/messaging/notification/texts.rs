//! The words of every message: Vietnamese and English, the reader's language first.

use entity::value::{DeliveryMethod, Language, MemberRole, OrderState, PaymentMethod};

use crate::orders::ordering::OrderForMail;
use crate::shop::selling::applications::ApplicationForMail;
use crate::shop::selling::team::IssuedInvitation;

pub struct Mail {
    pub subject: String,
    pub body: String,
    /// The code it carries.
    pub code: Option<String>,
}

impl Mail {
    pub fn carrying(self, code: String) -> Self {
        Self { code: Some(code), ..self }
    }
}

pub fn bilingual(language: Language, vi: (&str, String), en: (&str, String)) -> Mail {
    let ((subject, first), (_, second)) = match language {
        Language::Vi => (vi, en),
        Language::En => (en, vi),
    };
    Mail { subject: subject.to_owned(), body: format!("{first}\n\n— — —\n\n{second}\n"), code: None }
}

/// `K7MPX-2QRSA`: easier to read and type in halves.
pub fn spaced(code: &str) -> String {
    let (a, b) = code.split_at(code.len() / 2);
    format!("{a}-{b}")
}

fn summary(about: &OrderForMail, language: Language) -> String {
    let line = |line: &entity::order_line::Model| {
        let (name, pack) = match language {
            Language::Vi => (&line.name_vi, &line.pack_vi),
            Language::En => (&line.name_en, &line.pack_en),
        };
        format!("  {} × {name} ({pack}): {}", line.quantity, line.total_amount)
    };
    let cash = about.payment_method == PaymentMethod::CashOnDelivery;
    let (delivery, discount, total) = match language {
        Language::Vi if cash => ("Phí giao hàng", "Giảm giá", "Tổng cộng, trả khi nhận hàng"),
        Language::Vi => ("Phí giao hàng", "Giảm giá", "Tổng cộng"),
        Language::En if cash => ("Delivery", "Discount", "Total, cash on delivery"),
        Language::En => ("Delivery", "Discount", "Total"),
    };
    let mut lines: Vec<_> = about.lines.iter().map(line).collect();
    lines.push(format!("  {delivery}: {}", about.order.delivery_amount));
    if about.order.discount_amount.0 > 0 {
        lines.push(format!("  {discount}: -{}", about.order.discount_amount));
    }
    lines.push(format!("  {total}: {}", about.order.total_amount));
    lines.join("\n")
}

/// What the buyer is told of a step, or `None` where there is nothing to tell.
pub fn order_for_buyer(about: &OrderForMail, state: OrderState, link: &str) -> Option<Mail> {
    let pickup = about.order.delivery_method == DeliveryMethod::Pickup;
    let (vi, en) = match state {
        OrderState::AwaitingPayment => ("đang chờ thanh toán", "waits for your payment"),
        OrderState::Placed => ("đã được đặt", "was placed"),
        OrderState::Expired if about.unpaid => {
            ("đã hết hạn vì chưa được thanh toán", "expired because it was not paid")
        }
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

/// A purchase of several orders, just made, is told in one mail; each order with its link.
pub fn purchase_for_buyer(orders: &[(&OrderForMail, String)], state: OrderState) -> Option<Mail> {
    let (vi, en) = match state {
        OrderState::AwaitingPayment => ("đang chờ thanh toán", "wait for your payment"),
        OrderState::Placed => ("đã được đặt", "were placed"),
        _ => return None,
    };
    let (first, _) = orders.first()?;
    let numbers: Vec<&str> = orders.iter().map(|(about, _)| about.order.number.as_str()).collect();
    let numbers = numbers.join(", ");
    let each = |language: Language| {
        let one = |(about, link): &(&OrderForMail, String)| match language {
            Language::Vi => format!(
                "Đơn hàng {} của {}:\n{}\n  Xem đơn hàng: {link}",
                about.order.number,
                about.cooperative_vi,
                summary(about, language)
            ),
            Language::En => format!(
                "Order {} from {}:\n{}\n  See the order: {link}",
                about.order.number,
                about.cooperative_en,
                summary(about, language)
            ),
        };
        orders.iter().map(one).collect::<Vec<_>>().join("\n\n")
    };
    Some(bilingual(
        first.buyer_language,
        (
            &format!("Các đơn hàng {numbers} {vi}"),
            format!("Chào bạn,\n\nCác đơn hàng của bạn {vi}.\n\n{}", each(Language::Vi)),
        ),
        (&format!("Orders {numbers} {en}"), format!("Hello,\n\nYour orders {en}.\n\n{}", each(Language::En))),
    ))
}

/// What the seller is told: what there is to do, and what is off.
pub fn order_for_seller(about: &OrderForMail, state: OrderState) -> Option<Mail> {
    // Who sells is told of an order once it is paid.
    if about.unpaid {
        return None;
    }
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

pub fn invitation(issued: &IssuedInvitation, link: &str) -> Mail {
    let code = spaced(&issued.code);
    let role = match issued.role {
        MemberRole::Owner => ("chủ", "owner"),
        MemberRole::Manager => ("quản lý", "manager"),
        MemberRole::Staff => ("nhân viên", "staff"),
    };
    bilingual(
        Language::Vi,
        (
            "Lời mời vào gian hàng trên Chợ OCOP",
            format!(
                "Chào bạn,\n\n{} mời bạn tham gia với vai trò {}.\nMã mời: {code}\nĐăng nhập rồi nhập mã tại {link}. Mã có hiệu lực 14 ngày.",
                issued.cooperative_vi, role.0
            ),
        ),
        (
            "An invitation to a shop on Chợ OCOP",
            format!(
                "Hello,\n\n{} invites you to join as {}.\nYour code: {code}\nSign in and enter it at {link}. It is good for 14 days.",
                issued.cooperative_en, role.1
            ),
        ),
    )
}

/// What an applicant is told of a step, or `None` where there is nothing to tell.
pub fn application(about: &ApplicationForMail, state: &str, link: &str) -> Option<Mail> {
    let (name, message) = (&about.application.name, about.application.message.as_deref().unwrap_or_default());
    let (subject_vi, vi, subject_en, en) = match state {
        "submitted" => (
            "Đã nhận hồ sơ bán hàng",
            format!("Chúng tôi đã nhận hồ sơ của {name} và sẽ trả lời sớm."),
            "Your application was received",
            format!("We received the application of {name} and will answer soon."),
        ),
        "approved" => (
            "Hồ sơ đã được duyệt",
            format!("{name} đã được duyệt và có thể bán hàng. Bắt đầu tại {link}"),
            "Your application was approved",
            format!("{name} was approved and can sell. Start at {link}"),
        ),
        "more_needed" => (
            "Hồ sơ cần bổ sung",
            format!("Hồ sơ của {name} cần bổ sung:\n{message}\nSửa và gửi lại tại {link}"),
            "Your application needs more",
            format!("The application of {name} needs more:\n{message}\nCorrect and send it again at {link}"),
        ),
        "rejected" => (
            "Hồ sơ không được duyệt",
            format!("Hồ sơ của {name} không được duyệt:\n{message}"),
            "Your application was rejected",
            format!("The application of {name} was rejected:\n{message}"),
        ),
        _ => return None,
    };
    Some(bilingual(about.account.language, (subject_vi, vi), (subject_en, en)))
}

pub fn suspended(reason: &str) -> Mail {
    bilingual(
        Language::Vi,
        (
            "Gian hàng tạm ngừng bán",
            format!("Gian hàng của bạn tạm ngừng bán: {reason}\nCác đơn đang có vẫn cần được giao."),
        ),
        (
            "Your shop was suspended",
            format!("Your shop was suspended: {reason}\nOrders there are still need to be fulfilled."),
        ),
    )
}

pub fn reinstated() -> Mail {
    bilingual(
        Language::Vi,
        ("Gian hàng được bán trở lại", "Gian hàng của bạn được bán trở lại.".to_owned()),
        ("Your shop is open again", "Your shop may sell again.".to_owned()),
    )
}

pub fn bank_account_changed(number: &str) -> Mail {
    bilingual(
        Language::Vi,
        (
            "Tài khoản nhận tiền đã đổi",
            format!(
                "Từ nay tiền bán hàng được chuyển vào tài khoản {number}. Nếu không phải gian hàng đổi, hãy báo ngay cho chúng tôi."
            ),
        ),
        (
            "The bank account was changed",
            format!("From now on the shop is paid to account {number}. If this was not you, tell us at once."),
        ),
    )
}

pub fn payout(amount: &str) -> Mail {
    bilingual(
        Language::Vi,
        (
            "Tiền bán hàng đang được chuyển",
            format!("{amount} đang được chuyển vào tài khoản của gian hàng. Sao kê từng đơn có trong mục Thu nhập."),
        ),
        (
            "Your money is on its way",
            format!("{amount} is on its way to your shop's bank account. The statement tells every order line."),
        ),
    )
}

pub fn payout_returned() -> Mail {
    bilingual(
        Language::Vi,
        (
            "Chuyển tiền không thành công",
            "Ngân hàng không chuyển được tiền vào tài khoản của gian hàng. Hãy kiểm tra số tài khoản; tiền sẽ được chuyển lại trong đợt sau.".to_owned(),
        ),
        (
            "A transfer did not arrive",
            "The bank could not transfer money to your shop's account. Check its number; the next run pays it again.".to_owned(),
        ),
    )
}

pub fn webhook_failing(url: &str) -> Mail {
    bilingual(
        Language::Vi,
        (
            "Webhook đã bị tắt",
            format!("Webhook {url} không nhận được tin trong ba ngày và đã bị tắt. Hãy sửa rồi bật lại."),
        ),
        (
            "A webhook was switched off",
            format!(
                "The webhook {url} took nothing for three days and was switched off. Mend it and switch it on again."
            ),
        ),
    )
}

pub fn partner_approved(link: &str) -> Mail {
    bilingual(
        Language::Vi,
        ("Đã duyệt đối tác", format!("Đối tác của bạn đã được duyệt. Tạo nguồn sản phẩm và lấy đoạn nhúng tại {link}")),
        ("Your partnership is approved", format!("You are a partner now. Make a feed and take the snippet at {link}")),
    )
}

pub fn partner_refused(note: &str, link: &str) -> Mail {
    bilingual(
        Language::Vi,
        (
            "Đối tác chưa được duyệt hoặc tạm ngưng",
            format!("Đối tác của bạn chưa được duyệt hoặc đang tạm ngưng. {note}\n{link}"),
        ),
        (
            "Your partnership is not approved, or suspended",
            format!("Your partnership is not approved, or suspended. {note}\n{link}"),
        ),
    )
}

pub fn partner_site_withdrawn(origin: &str, note: &str, link: &str) -> Mail {
    bilingual(
        Language::Vi,
        (
            "Trang web của bạn không còn hiện sản phẩm",
            format!("Chợ OCOP đã gỡ trang {origin}: không còn khung sản phẩm nào hiện ở đó. Lý do: {note}\n{link}"),
        ),
        (
            "Your web site shows our products no longer",
            format!(
                "Chợ OCOP took away the site {origin}: no widget is shown there any more. The reason: {note}\n{link}"
            ),
        ),
    )
}

pub fn partner_bank_changed() -> Mail {
    bilingual(
        Language::Vi,
        (
            "Tài khoản nhận hoa hồng đã đổi",
            "Tài khoản nhận hoa hồng của đối tác vừa đổi. Nếu không phải bạn đổi, hãy báo ngay cho chúng tôi."
                .to_owned(),
        ),
        (
            "The account for commission was changed",
            "The account your commission is paid to was changed. If this was not you, tell us at once.".to_owned(),
        ),
    )
}

/// Mails about an order beside those of its steps: whether it goes to the seller, and what it says.
pub fn about_order(about: &OrderForMail, topic: &str, payload: &serde_json::Value, link: &str) -> Option<(bool, Mail)> {
    let number = &about.order.number;
    let (to_seller, (vi, en)) = match to_seller(number, topic, payload) {
        Some(words) => (true, words),
        None => (false, to_buyer(about, topic, payload, link)?),
    };
    let subject = (format!("Đơn {number}"), format!("Order {number}"));
    let language = if to_seller { Language::Vi } else { about.buyer_language };
    Some((to_seller, bilingual(language, (&subject.0, vi), (&subject.1, en))))
}

/// Vietnamese and English.
type Words = (String, String);

fn written(payload: &serde_json::Value) -> (&str, bool) {
    let word = |key: &str| payload.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    (word("text"), word("by") == "seller")
}

fn to_seller(number: &str, topic: &str, payload: &serde_json::Value) -> Option<Words> {
    let (text, by_seller) = written(payload);
    Some(match topic {
        "message.written" if !by_seller => {
            (format!("Khách viết về đơn {number}:\n{text}"), format!("The buyer writes about order {number}:\n{text}"))
        }
        "return.requested" => (
            format!("Khách muốn trả hàng của đơn {number}. Xem và trả lời trong mục Hôm nay."),
            format!("The buyer of order {number} wants to return goods. See it under Today."),
        ),
        "dispute.opened" => (
            format!(
                "Khách khiếu nại về đơn {number}. Tiền của đơn được giữ lại đến khi có quyết định. Hãy gửi bằng chứng của bạn."
            ),
            format!(
                "The buyer disputes order {number}. Its money is held until it is decided. Send what you have to show."
            ),
        ),
        _ => return None,
    })
}

fn to_buyer(about: &OrderForMail, topic: &str, payload: &serde_json::Value, link: &str) -> Option<Words> {
    let number = &about.order.number;
    let figure = |key: &str| payload.get(key).and_then(serde_json::Value::as_i64).unwrap_or(0);
    Some(match topic {
        "order.arrived" => {
            let code = about.order.collection_code.clone().unwrap_or_default();
            (
                format!("Đơn {number} đã đến nơi nhận. Mã nhận hàng: {code}. {link}"),
                format!("Order {number} is at the place of collection. Your code: {code}. {link}"),
            )
        }
        "message.written" => {
            let (text, _) = written(payload);
            (
                format!("{} viết về đơn {number}:\n{text}\nTrả lời tại {link}", about.cooperative_vi),
                format!("{} writes about order {number}:\n{text}\nAnswer at {link}", about.cooperative_en),
            )
        }
        "return.approved" | "return.refused" | "return.received" => {
            let (vi, en) = match topic {
                "return.approved" => ("đã được chấp nhận", "was approved"),
                "return.refused" => ("đã bị từ chối", "was refused"),
                _ => ("đã nhận được hàng", "has arrived"),
            };
            (
                format!("Yêu cầu trả hàng của đơn {number} {vi}. Chi tiết: {link}"),
                format!("The return of order {number} {en}. Details: {link}"),
            )
        }
        "preorder.short" => {
            let offered = figure("offered");
            (
                format!(
                    "Vụ thu hoạch không đủ cho đơn đặt trước {number}. Có thể giao {offered}. Hãy chọn: chờ, nhận một phần, hoặc hủy tại {link}"
                ),
                format!(
                    "The harvest is too small for pre-order {number}. {offered} can be delivered. Choose to wait, take a part, or cancel at {link}"
                ),
            )
        }
        "preorder.allocated" => (
            format!("Vụ thu hoạch đã có hàng cho đơn đặt trước {number}; người bán sẽ đóng gói."),
            format!("The harvest has your pre-order {number}; the seller will pack it."),
        ),
        "refund.owed" => {
            let amount = entity::value::Vnd(figure("amount"));
            (
                format!("Chúng tôi hoàn lại {amount} cho đơn {number}, về nơi bạn đã thanh toán. Chi tiết: {link}"),
                format!("{amount} of order {number} goes back to where you paid from. Details: {link}"),
            )
        }
        "dispute.decided" => (
            format!("Khiếu nại về đơn {number} đã có quyết định. Xem tại {link}"),
            format!("The dispute about order {number} is decided. See {link}"),
        ),
        _ => return None,
    })
}
