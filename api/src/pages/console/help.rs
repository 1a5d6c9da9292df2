//! What each page is for, in two sentences and a picture of its steps, where it is used.

use super::drawings::{Step, Steps};

/// Page, Vietnamese, English, the way things go.
type Help = (&'static str, &'static str, &'static str, Steps);

const HELP: &[Help] = &[
    (
        "today.html",
        "Trang này gom việc cần làm trước và tiền bán được. Bấm vào từng việc để mở nó.",
        "This page gathers what to do first and what was earned. Press a task to open it.",
        &[("list", "Việc", "Tasks"), ("press", "Bấm", "Press"), ("check", "Xong", "Done")],
    ),
    (
        "orders.html",
        "Đơn khách đặt, mới nhất ở trên. Xác nhận sớm để khách yên tâm và tiền về nhanh.",
        "What buyers ordered, the newest on top. Confirm soon: buyers wait for it, and so does your money.",
        &[
            ("paper", "Khách đặt", "Ordered"),
            ("check", "Xác nhận", "Confirm"),
            ("box", "Đóng gói", "Pack"),
            ("truck", "Giao", "Send"),
        ],
    ),
    (
        "order.html",
        "Mọi bước của một đơn: xác nhận, đóng gói, giao. In phiếu và nhắn khách ngay tại đây.",
        "Every step of one order: confirm, pack, send. Print the note and write to the buyer right here.",
        &[
            ("check", "Xác nhận", "Confirm"),
            ("box", "Đóng gói", "Pack"),
            ("truck", "Giao", "Send"),
            ("money", "Tiền về", "Paid"),
        ],
    ),
    (
        "pack.html",
        "Danh sách phải đóng hôm nay, gộp từ nhiều đơn. In ra rồi đánh dấu dần.",
        "What is to be packed today, of all orders together. Print it and tick it off.",
        &[("print", "In ra", "Print"), ("box", "Đóng", "Pack"), ("check", "Đánh dấu", "Tick off")],
    ),
    (
        "stock.html",
        "Còn bao nhiêu thùng để bán. Sửa số ở đây khi kiểm kho; mỗi lần sửa đều được ghi lại.",
        "How many boxes there are to sell. Correct the number when you count; every change is written down.",
        &[("box", "Đếm thùng", "Count"), ("pen", "Sửa số", "Correct"), ("list", "Được ghi lại", "Kept")],
    ),
    (
        "products.html",
        "Các sản phẩm của gian hàng và tình trạng từng món. Thêm món mới hoặc tạm ngưng món hết mùa.",
        "The shop’s products and how each stands. Add a new one, or pause what is out of season.",
        &[("camera", "Thêm món", "Add"), ("tag", "Đang bán", "On sale"), ("pause", "Tạm ngưng", "Pause")],
    ),
    (
        "product.html",
        "Tên, ảnh, giá và quy cách khách nhìn thấy. Sửa xong bấm ghi; thay đổi lớn sẽ có người xem lại.",
        "Name, pictures, prices and packs as buyers see them. Save when done; larger changes are looked at first.",
        &[("pen", "Sửa", "Change"), ("check", "Ghi", "Save"), ("eye", "Được xem lại", "Looked at")],
    ),
    (
        "imports.html",
        "Nhập nhiều sản phẩm một lần bằng bảng tính. Tải mẫu về, điền, rồi gửi lên: lỗi được chỉ từng dòng.",
        "Bring in many products by a spreadsheet. Take the template, fill it in and send it: faults are told line by line.",
        &[
            ("table", "Tải mẫu", "Template"),
            ("pen", "Điền", "Fill in"),
            ("send", "Gửi lên", "Send"),
            ("check", "Lên kệ", "On sale"),
        ],
    ),
    (
        "lots.html",
        "Mỗi lần thu hoạch là một lô, có ngày và hạn dùng. Lô hết hạn trước được bán trước.",
        "Each harvest is a lot with its day and how long it keeps. What ends first is sold first.",
        &[("fruit", "Hái", "Pick"), ("calendar", "Ngày, hạn", "Day, date"), ("tag", "Bán trước", "Sold first")],
    ),
    (
        "lot.html",
        "Chuyện của một lô: ai hái, ở đâu, còn bao nhiêu. In tem có mã để khách tra được.",
        "The story of one lot: who picked it, where, what is left. Print labels with a code that buyers can look up.",
        &[("fruit", "Ai hái, ở đâu", "Who, where"), ("print", "In tem", "Labels"), ("code", "Khách quét", "Scanned")],
    ),
    (
        "recalls.html",
        "Dùng khi một lô có vấn đề: dừng bán và báo mọi người đã mua. Hoàn tiền bằng một nút.",
        "For when something is wrong with a lot: it is stopped, and everybody who bought it is told. One press gives the money back.",
        &[("stop", "Dừng bán", "Stop"), ("bell", "Báo người mua", "Tell buyers"), ("money", "Hoàn tiền", "Refund")],
    ),
    (
        "recall.html",
        "Đợt thu hồi này đã báo cho ai, ai đã đọc, hàng ra sao. Ghi kết quả từng lô để đóng lại.",
        "Whom this recall told, who has read it, what became of the goods. Write down each lot’s outcome to close it.",
        &[
            ("bell", "Đã báo", "Told"),
            ("eye", "Đã đọc", "Read"),
            ("pen", "Ghi kết quả", "Outcome"),
            ("check", "Đóng lại", "Close"),
        ],
    ),
    (
        "plots.html",
        "Các thửa ruộng, vườn của hợp tác xã. Nhật ký mỗi thửa là bằng chứng cho nguồn gốc.",
        "The cooperative’s fields and gardens. The diary of each proves where things come from.",
        &[("field", "Thửa ruộng", "Plot"), ("pen", "Nhật ký", "Diary"), ("code", "Nguồn gốc", "Origin")],
    ),
    (
        "plot.html",
        "Nhật ký một thửa: tưới, bón, phun, hái. Ghi ngay trên điện thoại, mỗi việc một nút.",
        "The diary of a plot: watering, feeding, spraying, picking. Write it on the phone, one button each.",
        &[("drop", "Tưới, bón", "Water, feed"), ("fruit", "Hái", "Pick"), ("pen", "Ghi ngay", "Write down")],
    ),
    (
        "certificates.html",
        "Giấy chứng nhận VietGAP, an toàn thực phẩm… của bạn. Cán bộ xem xong thì khách mới thấy.",
        "Your certificates, such as VietGAP or food safety. Buyers see them once an officer has looked.",
        &[("camera", "Chụp giấy", "Picture"), ("eye", "Cán bộ xem", "Officer looks"), ("check", "Khách thấy", "Shown")],
    ),
    (
        "dossiers.html",
        "Hồ sơ xin công nhận sao OCOP. Tự chấm trước, nộp lên xã, rồi theo dõi tới giấy chứng nhận.",
        "Dossiers for OCOP stars. Score yourself, hand it in to the commune, and follow it to the certificate.",
        &[
            ("star", "Tự chấm", "Score"),
            ("send", "Nộp lên", "Hand in"),
            ("people", "Hội đồng", "Council"),
            ("paper", "Chứng nhận", "Certificate"),
        ],
    ),
    (
        "dossier.html",
        "Điểm và minh chứng của một hồ sơ. Thiếu gì trang sẽ nói; đủ rồi mới nộp được.",
        "Scores and proofs of one dossier. The page tells what is missing; it can be handed in once nothing is.",
        &[("star", "Chấm điểm", "Score"), ("camera", "Minh chứng", "Proofs"), ("send", "Nộp", "Hand in")],
    ),
    (
        "people.html",
        "Các hộ thành viên và việc làm họ có nhờ sản phẩm. Số liệu này vào báo cáo của chương trình.",
        "The member households and the work they have by your products. The programme’s reports are made of it.",
        &[("people", "Hộ, việc làm", "Households"), ("pen", "Ghi", "Write down"), ("chart", "Báo cáo", "Reports")],
    ),
    (
        "programme.html",
        "Lớp học, hỗ trợ và khó khăn bạn muốn nhờ giúp. Cán bộ trả lời tại đây.",
        "Courses, support, and what you want help with. Officers answer here.",
        &[("bell", "Nhờ giúp", "Ask"), ("people", "Cán bộ", "Officer"), ("check", "Trả lời", "Answer")],
    ),
    (
        "team.html",
        "Ai làm gì trong gian hàng. Mời người mới bằng mã và cho đúng quyền họ cần.",
        "Who does what in the shop. Invite somebody by a code, with the rights they need.",
        &[("code", "Mã mời", "Code"), ("people", "Vào đội", "Join"), ("key", "Đúng quyền", "Rights")],
    ),
    (
        "income.html",
        "Tiền bán được, phí và thuế từng đơn, và bao giờ tiền về. Mỗi số đều mở ra được tới từng đồng.",
        "What was earned, fees and taxes of each order, and when the money comes. Each figure opens down to the last đồng.",
        &[("box", "Đã giao", "Delivered"), ("minus", "Phí, thuế", "Fees, taxes"), ("money", "Tiền về", "Paid out")],
    ),
    (
        "receptions.html",
        "Nơi khách du lịch nhận hàng giúp bạn: khách sạn, homestay, suối khoáng. Chọn nơi bạn giao tới được.",
        "Where visitors collect your goods: hotels, homestays, springs. Choose those you can bring to.",
        &[("box", "Gói hàng", "Pack"), ("house", "Điểm nhận", "Reception"), ("people", "Khách lấy", "Collected")],
    ),
    (
        "storage.html",
        "Kho lạnh gần bạn và chỗ đã thuê. Giữ quả tươi lâu hơn khi thu hoạch rộ.",
        "Cold rooms near you and what you rented. Keeps fruit fresh when the harvest comes all at once.",
        &[("fruit", "Thu rộ", "Harvest"), ("snow", "Kho lạnh", "Cold room"), ("tag", "Bán dần", "Sell later")],
    ),
    (
        "exports.html",
        "Đơn xuất khẩu và giấy tờ từng nước đòi. Trang nhắc việc nào trước, việc nào sau.",
        "Export orders and the papers each country asks for. The page tells what comes first.",
        &[("paper", "Giấy tờ", "Papers"), ("check", "Đủ điều kiện", "Cleared"), ("ship", "Lên đường", "Shipped")],
    ),
    (
        "requests.html",
        "Người mua cần số lượng lớn: bếp ăn, siêu thị, nhà máy. Chào giá một mình hoặc góp chung.",
        "Buyers of large quantities: kitchens, shops, factories. Offer alone, or together with others.",
        &[("list", "Cần mua", "Wanted"), ("send", "Chào giá", "Offer"), ("people", "Góp chung", "Together")],
    ),
    (
        "deliveries.html",
        "Các chuyến giao theo hợp đồng. Cân, giao, rồi xem người mua nhận thế nào.",
        "Deliveries of your contracts. Weigh, bring, and see how the buyer took it in.",
        &[("scale", "Cân", "Weigh"), ("truck", "Giao", "Bring"), ("check", "Nhận", "Taken in")],
    ),
];

fn find(page: &str) -> Option<&'static Help> {
    HELP.iter().find(|(name, ..)| *name == page)
}

/// What a page is for, if that is told.
pub fn of(page: &str, english: bool) -> Option<&'static str> {
    find(page).map(|(_, vi, en, _)| if english { *en } else { *vi })
}

/// The steps that a page is for, each with its drawing.
pub fn steps_of(page: &str, english: bool) -> Vec<Step> {
    find(page).map_or_else(Vec::new, |(.., steps)| steps.iter().map(|step| Step::of(step, english)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_picture_of_three_or_four_steps() {
        for (page, vi, en, steps) in HELP {
            assert!((3..=4).contains(&steps.len()), "{page}");
            assert_ne!(vi, en);
            for step in steps_of(page, true) {
                assert!(!step.drawing.is_empty() && step.words.chars().count() <= 16, "{page}: {}", step.words);
            }
        }
    }
}
