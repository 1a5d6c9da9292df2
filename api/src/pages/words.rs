//! What several pages call the same things: key, Vietnamese, English.

use minijinja::State;

pub use crate::ocop::certificates::KINDS as CERTIFICATES;
use crate::platform::templates::is_english;

/// The words of a key in the page's language, or the key.
pub fn word_of(state: &State<'_, '_>, key: &str, words: &[(&str, &str, &str)]) -> String {
    let found = words.iter().find(|(known, ..)| *known == key);
    found.map_or(key, |(_, vi, en)| if is_english(state) { en } else { vi }).to_owned()
}

/// What happens to a lot.
pub const ACTS: &[(&str, &str, &str)] = &[
    ("harvested", "Thu hoạch", "Harvested"),
    ("packed", "Đóng gói", "Packed"),
    ("unpacked", "Gỡ gói, về kho", "Unpacked, back on the shelf"),
    ("returned", "Khách trả, về kho", "Returned, back on the shelf"),
    ("counted", "Kiểm đếm lại", "Counted anew"),
    ("destroyed", "Hủy", "Destroyed"),
    ("transformed", "Chế biến", "Made into something else"),
    ("stored", "Vào kho", "Stored"),
    ("shipped", "Giao đi", "Shipped"),
    ("arrived", "Đến điểm nhận", "Arrived at the reception"),
    ("sold", "Đến tay người mua", "In the buyer's hands"),
    ("came_back", "Quay về", "Came back"),
    ("inspected", "Kiểm tra, đạt", "Inspected, found good"),
    ("declared", "Đính chính", "Declared wrong"),
    ("captured", "Bên khác báo", "Told by somebody else"),
];

/// What is done on a plot.
pub const DIARY: &[(&str, &str, &str)] = &[
    ("fertiliser", "bón phân", "fertiliser"),
    ("plant_protection", "phun thuốc", "plant protection"),
    ("irrigation", "tưới", "irrigation"),
    ("inspection", "kiểm tra", "inspection"),
    ("other", "việc khác", "other work"),
];

/// How goods are kept.
pub const STORAGES: &[(&str, &str, &str)] = &[
    ("ambient", "Nhiệt độ thường", "As the weather is"),
    ("cool", "Mát, trong bóng râm (10–20 °C)", "Cool, in the shade (10–20 °C)"),
    ("chilled", "Lạnh (0–8 °C)", "Chilled (0–8 °C)"),
    ("frozen", "Đông lạnh", "Frozen"),
];

/// How far a certificate is.
pub const PAPERS: &[(&str, &str, &str)] = &[
    ("draft", "Chưa có tệp", "File missing"),
    ("submitted", "Chờ cán bộ xem", "With the officer"),
    ("verified", "Đã duyệt", "Verified"),
    ("refused", "Chưa duyệt", "Refused"),
    ("revoked", "Bị hủy", "Revoked"),
    ("withdrawn", "Đã rút", "Withdrawn"),
];

/// Where a dossier for stars stands.
pub const DOSSIERS: &[(&str, &str, &str)] = &[
    ("draft", "Đang viết", "Being written"),
    ("submitted", "Đã nộp xã", "Sent to the commune"),
    ("commune_review", "Xã thẩm tra", "With the commune"),
    ("commune_sent_back", "Xã trả lại bổ sung", "Sent back by the commune"),
    ("proposed", "Đã đề nghị tỉnh", "Proposed to the province"),
    ("province_review", "Tỉnh xem xét", "With the province"),
    ("province_sent_back", "Tỉnh trả lại bổ sung", "Sent back by the province"),
    ("province_scoring", "Hội đồng tỉnh chấm", "Scored by the province's council"),
    ("province_scored", "Chờ tỉnh quyết định", "To be decided by the province"),
    ("sent_up", "Đã chuyển lên Bộ", "Sent up to the ministry"),
    ("ministry_review", "Bộ xem xét", "With the ministry"),
    ("ministry_sent_back", "Bộ trả lại bổ sung", "Sent back by the ministry"),
    ("ministry_scoring", "Hội đồng trung ương chấm", "Scored by the central council"),
    ("ministry_scored", "Chờ Bộ quyết định", "To be decided by the ministry"),
    ("sent_down", "Bộ chuyển về tỉnh", "Back from the ministry"),
    ("recognised", "Được công nhận", "Recognised"),
    ("not_recognised", "Không được công nhận", "Not recognised"),
    ("complained", "Đang khiếu nại", "Complaint under way"),
    ("withdrawn", "Đã rút", "Withdrawn"),
    ("revoked", "Bị thu hồi", "Revoked"),
];

/// Kinds and states of plans, measures, funds, difficulties, help and income.
pub const PROGRAMME: &[(&str, &str, &str)] = &[
    ("new_products", "Sản phẩm OCOP mới", "New OCOP products"),
    ("upgrades", "Sản phẩm nâng hạng", "Products upgraded"),
    ("renewals_kept", "Sản phẩm giữ được sao", "Stars kept"),
    ("selling_cooperatives", "Cơ sở có hàng đang bán", "Producers with goods on sale"),
    ("revenue", "Doanh thu qua sàn", "Sales here"),
    ("course", "Khóa học", "Course"),
    ("trade_promotion", "Xúc tiến thương mại", "Trade promotion"),
    ("branding", "Thương hiệu", "Branding"),
    ("equipment", "Thiết bị", "Equipment"),
    ("planned", "Dự kiến", "Planned"),
    ("done", "Đã xong", "Done"),
    ("cancelled", "Đã hủy", "Cancelled"),
    ("cooperative_alliance", "Liên minh Hợp tác xã", "Cooperative Alliance"),
    ("industrial_promotion", "Quỹ khuyến công", "Industrial promotion fund"),
    ("farmer_support", "Quỹ hỗ trợ nông dân", "Farmer support fund"),
    ("own", "Vốn đối ứng", "Own funds"),
    ("other", "Khác", "Other"),
    ("invited", "Được mời", "Invited"),
    ("came", "Đã dự", "Came"),
    ("absent", "Vắng", "Absent"),
    ("processing", "Chế biến", "Processing"),
    ("preservation", "Bảo quản", "Preservation"),
    ("quantity", "Số lượng lớn", "Quantity"),
    ("digital_skills", "Kỹ năng số", "Digital skills"),
    ("destinations", "Liên kết điểm du lịch", "Links with destinations"),
    ("capital", "Vốn", "Capital"),
    ("open", "Đang cần giúp", "Help is needed"),
    ("helped", "Đang được giúp", "Being helped"),
    ("solved", "Đã tháo gỡ", "Solved"),
    ("withdrawn", "Đã rút", "Withdrawn"),
    ("offered", "Chờ trả lời", "To be answered"),
    ("accepted", "Đã nhận", "Accepted"),
    ("declined", "Đã từ chối", "Declined"),
    ("failed", "Không thành", "Came to nothing"),
    ("wages", "Tiền công", "Wages"),
    ("share", "Chia lãi", "Share of profit"),
    ("goods", "Mua hàng của hộ", "Goods bought"),
];

/// Supply in quantity: organisations, requests, rules of sharing, contracts.
pub const SUPPLY: &[(&str, &str, &str)] = &[
    ("submitted", "Chờ xác minh", "To be verified"),
    ("approved", "Đã xác minh", "Verified"),
    ("rejected", "Bị từ chối", "Rejected"),
    ("suspended", "Tạm ngưng", "Suspended"),
    ("draft", "Nháp", "Draft"),
    ("open", "Đang nhận chào hàng", "Open for offers"),
    ("closed", "Hết nhận chào hàng", "Closed for offers"),
    ("accepted", "Đã đồng ý", "Agreed to"),
    ("cancelled", "Đã hủy", "Cancelled"),
    ("proposed", "Chờ hợp tác xã ký", "To be signed by the cooperative"),
    ("agreed", "Hai bên đã ký", "Signed by both"),
    ("declined", "Hợp tác xã từ chối", "Declined by the cooperative"),
    ("cheapest", "Giá thấp trước", "The lowest price first"),
    ("fair_by_forecast", "Theo sản lượng dự báo", "By what is forecast"),
    ("equal", "Chia đều", "Equal shares"),
    ("by_hand", "Tự chọn", "Chosen by hand"),
    ("awaiting_payment", "Chờ thanh toán", "To be paid"),
    ("placed", "Đã đặt", "Placed"),
    ("confirmed", "Đã nhận đơn", "Confirmed"),
    ("packed", "Đã đóng gói", "Packed"),
    ("shipped", "Đang giao", "On its way"),
    ("delivered", "Đã giao", "Delivered"),
    ("completed", "Đã tất toán", "Settled"),
    ("expired", "Hết hạn", "Expired"),
    ("cold_booked", "Đã đặt", "Booked"),
    ("cold_cancelled", "Đã hủy", "Cancelled"),
    ("cold_ended", "Đã xong", "Over"),
    ("made_asked", "Chờ báo giá", "To be priced"),
    ("made_priced", "Chờ đồng ý giá", "To be agreed to"),
    ("made_agreed", "Đang chế biến", "Being made"),
    ("made_done", "Đã xong", "Done"),
    ("made_declined", "Đã từ chối", "Declined"),
    ("export_draft", "Nháp", "Draft"),
    ("export_quoted", "Đã báo giá", "Quoted"),
    ("export_confirmed", "Người mua đồng ý", "Confirmed"),
    ("export_shipped", "Đã giao", "Shipped"),
    ("export_closed", "Đã trả đủ", "Paid in full"),
    ("export_cancelled", "Đã hủy", "Cancelled"),
    ("paper_commercial_invoice", "Hóa đơn thương mại", "Commercial invoice"),
    ("paper_packing_list", "Phiếu đóng gói", "Packing list"),
    ("paper_phytosanitary", "Giấy kiểm dịch thực vật", "Phytosanitary certificate"),
    ("paper_origin", "Chứng nhận xuất xứ (C/O)", "Certificate of origin"),
    ("paper_growing_area", "Mã số vùng trồng", "Growing-area code"),
    ("paper_packing_house", "Mã số cơ sở đóng gói", "Packing-house code"),
    ("paper_residue_test", "Kiểm dư lượng", "Residue test"),
    ("paper_fumigation", "Khử trùng, chiếu xạ", "Fumigation"),
    ("paper_food_safety", "An toàn thực phẩm", "Food safety"),
    ("record_written", "Chờ hợp tác xã trả lời", "To be answered by the cooperative"),
    ("record_agreed", "Hai bên đồng ý", "Agreed by both"),
    ("record_contested", "Bên bán phản đối", "Objected to"),
    ("bill_pending", "Chưa trả", "To be paid"),
    ("bill_captured", "Đã trả", "Paid"),
    ("bill_partly_refunded", "Đã trả, hoàn một phần", "Paid, partly returned"),
    ("bill_refunded", "Đã hoàn lại", "Returned"),
];
