//! What a member of a cooperative's team may do: one table, from which the documentation is made.

use entity::value::MemberRole;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $least:ident $vi:literal $en:literal;)*) => {
        /// Something a member may or may not do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The least role that has it; every role above has it too.
            pub fn least(self) -> MemberRole {
                match self { $(Self::$name => MemberRole::$least,)* }
            }

            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// In Vietnamese and English.
            pub fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($vi, $en),)* }
            }
        }
    };
}

permissions! {
    SeeShop Staff "Xem gian hàng, sản phẩm, kho, lô và đội ngũ" "See the shop, its products, stock, lots and team";
    SeeOrders Staff "Xem đơn hàng và tin nhắn" "See orders and messages";
    FulfilOrders Staff "Xác nhận, đóng gói, giao, hủy đơn; in phiếu" "Confirm, pack, ship and cancel orders; print labels";
    AnswerBuyers Staff "Trả lời tin nhắn và đánh giá của khách" "Answer buyers' messages and reviews";
    CountStock Staff "Ghi nhập, kiểm kho, lô thu hoạch, thửa và nhật ký; in tem" "Record receipts, counts, harvest lots, plots and their diary; print labels";
    HandleReturns Manager "Duyệt và nhận hàng trả" "Decide on and receive returns";
    CorrectTraces Manager "Cho thu hoạch trong thời gian cách ly (nêu lý do), rút nhật ký, đính chính sự kiện của lô" "Allow a harvest within a waiting period (with a reason), withdraw diary entries, correct events of lots";
    Recall Manager "Thu hồi lô hàng, hoàn tiền và ghi kết quả xử lý" "Recall lots, give money back, and write what becomes of them";
    EditListings Manager "Đăng và sửa sản phẩm, giá, ảnh, chứng nhận, vật liệu, giảm giá cận hạn; nhập bảng tính; dự báo thu hoạch" "Write and change listings, prices, pictures, certificates, materials and reductions; import sheets; forecast harvests";
    KeepPeople Manager "Khai việc làm theo mùa, hộ thành viên và thu nhập; nêu khó khăn, trả lời lời giúp và khóa học" "Tell of a season's jobs, keep member households and their income; say what is lacking, answer help and courses";
    EditShop Manager "Sửa gian hàng, phí giao, điểm lấy hàng, hãng vận chuyển" "Change the shop, delivery prices, pick-up points and carriers";
    SeeReports Manager "Xem báo cáo doanh thu và xuất dữ liệu" "See reports and export data";
    ManageMoney Owner "Xem và đổi tài khoản ngân hàng nhận tiền" "See and change the bank account the shop is paid to";
    ManageTeam Owner "Mời, đổi vai trò và cho thành viên rời đội" "Invite, promote and remove members";
    ManageWebhooks Owner "Quản lý webhook và khóa bí mật" "Manage webhooks and their secrets";
}

/// The table as a page of documentation.
pub fn as_markdown() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "# Who may do what in a cooperative\n\nMade by `ocop permissions` from the table the server decides by. Owners have everything.\n\n\
         | Permission | Staff | Manager | Owner | Việc |\n| --- | :-: | :-: | :-: | --- |\n",
    );
    for permission in Permission::ALL {
        let (vi, en) = permission.words();
        let mark = |role| if role >= permission.least() { "✓" } else { "" };
        let _ = writeln!(
            out,
            "| {en} | {} | {} | {} | {vi} |",
            mark(MemberRole::Staff),
            mark(MemberRole::Manager),
            mark(MemberRole::Owner)
        );
    }
    out
}
