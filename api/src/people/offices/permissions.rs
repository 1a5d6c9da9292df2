//! What an officer may do by level of office and role: one table, from which the documentation is made.

use entity::value::{OfficeLevel, OfficeRole};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident [$($level:ident)+] [$($role:ident)+] $vi:literal $en:literal;)*) => {
        /// Something an officer may or may not do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum OfficePermission { $($(#[$doc])* $name,)* }

        impl OfficePermission {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Offices whose work it is.
            pub fn levels(self) -> &'static [OfficeLevel] {
                match self { $(Self::$name => &[$(OfficeLevel::$level,)+],)* }
            }

            /// Roles that have it.
            pub fn roles(self) -> &'static [OfficeRole] {
                match self { $(Self::$name => &[$(OfficeRole::$role,)+],)* }
            }

            /// In Vietnamese and English.
            pub fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($vi, $en),)* }
            }
        }
    };
}

permissions! {
    SeeDossiers [Commune Province Ministry] [Clerk Assessor Head] "Xem hồ sơ OCOP trong địa bàn" "See the dossiers of one's place";
    ReceiveDossiers [Commune Province Ministry] [Clerk Head] "Tiếp nhận hồ sơ, trả lại để bổ sung" "Take dossiers in, send them back for what is missing";
    ProposeDossiers [Commune] [Head] "Ký báo cáo thẩm tra và đề nghị lên tỉnh" "Sign the commune's report and propose to the province";
    KeepCouncils [Province Ministry] [Clerk Head] "Lập hội đồng, kết thúc vòng chấm và ghi biên bản" "Name councils, close a round and write its minutes";
    Score [Province Ministry] [Assessor Head] "Chấm điểm trong hội đồng được mời vào" "Score in a council one is named to";
    Decide [Province Ministry] [Head] "Quyết định công nhận, thu hồi, giải quyết khiếu nại, mở lại hồ sơ" "Decide on recognition, revoke it, settle complaints, re-open dossiers";
    EnterStars [Province Ministry] [Clerk Assessor Head] "Nhập hoặc xác nhận sao theo quyết định đã có (hai người)" "Enter or confirm stars of an earlier decision (two people)";
    KeepCriteria [Province Ministry] [Clerk Head] "Nhập bộ tiêu chí" "Bring in sets of criteria";
    JudgeCertificates [Commune Province] [Clerk Assessor Head] "Xem và xác nhận chứng nhận của cơ sở" "Look at and judge certificates";
    OrderRecalls [Commune Province] [Head] "Ra quyết định thu hồi lô hàng" "Order recalls by decision";
    SeeRecalls [Commune Province Ministry] [Clerk Assessor Head] "Xem các đợt thu hồi trong địa bàn" "See recalls of one's place";
    KeepDestinations [Commune Province] [Clerk Assessor Head] "Ghi điểm đến du lịch" "Keep destinations";
    SeeFigures [Commune Province Ministry] [Clerk Assessor Head] "Xem số liệu, kế hoạch, hỗ trợ, khó khăn trong địa bàn" "See figures, plans, support and difficulties of one's place";
    KeepIndicators [Ministry] [Clerk Head] "Ghi bộ chỉ tiêu của xã" "Write what communes are measured by";
    KeepPlans [Commune Province Ministry] [Clerk Head] "Lập kế hoạch năm, biện pháp, khóa học, mời và điểm danh" "Write the year's plan, measures and courses; invite, and note who came";
    AdoptPlans [Commune Province Ministry] [Head] "Ban hành kế hoạch" "Adopt the plan";
    GrantSupport [Commune Province Ministry] [Head] "Ghi hỗ trợ cho cơ sở" "Write down support granted to a producer";
    OfferHelp [Commune Province] [Clerk Assessor Head] "Nhận giúp cơ sở tháo gỡ khó khăn" "Offer help with a difficulty";
    ManageOffice [Commune Province Ministry] [Head] "Quản lý người của cơ quan" "Manage the people of the office";
}

/// The table as a page of documentation.
pub fn as_markdown() -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "\n# Who may do what in an office\n\nOf a commune, a province or the ministry (level), in its own place only.\n\n\
         | Permission | Commune | Province | Ministry | Clerk | Assessor | Head | Việc |\n| --- | :-: | :-: | :-: | :-: | :-: | :-: | --- |\n",
    );
    for permission in OfficePermission::ALL {
        let (vi, en) = permission.words();
        let level = |level| if permission.levels().contains(&level) { "✓" } else { "" };
        let role = |role| if permission.roles().contains(&role) { "✓" } else { "" };
        let _ = writeln!(
            out,
            "| {en} | {} | {} | {} | {} | {} | {} | {vi} |",
            level(OfficeLevel::Commune),
            level(OfficeLevel::Province),
            level(OfficeLevel::Ministry),
            role(OfficeRole::Clerk),
            role(OfficeRole::Assessor),
            role(OfficeRole::Head),
        );
    }
    out
}
