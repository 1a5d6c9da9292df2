//! The figures: their names, words and units, and how shares come from sums.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Vnd,
    /// Basis points: 10,000 is everything.
    Share,
}

macro_rules! figures {
    (
        sums { $($(#[$doc:meta])* $name:ident $field:ident $unit:ident $vi:literal $en:literal;)* }
        shares { $($(#[$share_doc:meta])* $share:ident $share_field:ident = $part:ident / $whole:ident $share_vi:literal $share_en:literal;)* }
    ) => {
        /// A figure of a commune and a period.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Figure {
            $($(#[$doc])* $name,)*
            $($(#[$share_doc])* $share,)*
        }

        impl Figure {
            pub const ALL: &[Self] = &[$(Self::$name,)* $(Self::$share,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($field),)* $(Self::$share => stringify!($share_field),)* }
            }

            /// In Vietnamese and English.
            pub fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($vi, $en),)* $(Self::$share => ($share_vi, $share_en),)* }
            }

            pub fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)* $(Self::$share => Unit::Share,)* }
            }
        }

        /// Everything counted of a commune, a place or a country in a period.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
        pub struct Figures {
            $($(#[$doc])* pub $field: i64,)*
            $($(#[$share_doc])* pub $share_field: i64,)*
        }

        impl Figures {
            pub fn get(&self, figure: Figure) -> i64 {
                match figure { $(Figure::$name => self.$field,)* $(Figure::$share => self.$share_field,)* }
            }

            /// Sums add up; shares are made of sums.
            pub fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
                self.share();
            }

            pub fn share(&mut self) {
                $(self.$share_field = share(self.$part, self.$whole);)*
            }
        }
    };
}

/// In basis points, rounded half up; 0 of nothing.
fn share(part: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { (part * 10_000 + whole / 2) / whole }
}

figures! {
    sums {
    /// Products whose recognition counts on the last day.
    Recognised recognised Count "Sản phẩm OCOP còn hiệu lực" "Recognised products, valid";
    /// Products recognised in the period for the first time.
    NewProducts new_products Count "Sản phẩm được công nhận mới" "Products newly recognised";
    /// Products recognised in the period with more stars than ever before.
    Upgrades upgrades Count "Sản phẩm nâng hạng" "Products upgraded";
    /// Products of which a recognition ended in the period.
    RenewalsDue renewals_due Count "Sản phẩm đến hạn công nhận lại" "Products whose stars ended";
    /// Of those, products that count on the last day nevertheless.
    RenewalsKept renewals_kept Count "Sản phẩm giữ được sao" "Of these, kept";
    /// Cooperatives and others who may sell, at the end.
    Cooperatives cooperatives Count "Chủ thể đang hoạt động" "Active producers";
    /// Of those, with a product on sale.
    SellingCooperatives selling_cooperatives Count "Chủ thể có sản phẩm đang bán" "Producers with a product on sale";
    /// Of those, with a lot harvested in the period.
    LotCooperatives lot_cooperatives Count "Chủ thể ghi lô thu hoạch trong kỳ" "Producers who recorded a lot";
    /// Of those, who confirmed an order of the period within a day.
    PromptCooperatives prompt_cooperatives Count "Chủ thể trả lời đơn trong một ngày" "Producers who answered an order within a day";
    /// Of those, who did at least one: a lot, a sheet, a signing in during the period.
    DigitalCooperatives digital_cooperatives Count "Chủ thể dùng công cụ số trong kỳ" "Producers who used digital tools";
    /// Orders handed over in the period.
    Orders orders Count "Đơn đã giao" "Orders handed over";
    /// Đồng of their goods, after discounts, before returns.
    Revenue revenue Vnd "Doanh thu qua sàn" "Sales here";
    /// Đồng through all channels, of the seasons that ended in the period and whose producers told it.
    DeclaredTurnover declared_turnover Vnd "Doanh thu mọi kênh (tự khai)" "Sales through all channels (as told)";
    /// Đồng of goods handed over from here in those seasons.
    DeclaredOnline declared_online Vnd "Trong đó bán qua sàn" "Of these, sold here";
    /// Lots harvested in the period.
    Lots lots Count "Lô thu hoạch" "Lots harvested";
    /// Of those, of a plot with a diary.
    TraceableLots traceable_lots Count "Lô truy xuất được đến thửa" "Lots traceable to a plot with a diary";
    /// Products and producers shown at a destination.
    DestinationLinks destination_links Count "Liên kết với điểm đến" "Links with destinations";
    /// Active plots with a growing-area code.
    GrowingAreas growing_areas Count "Thửa có mã số vùng trồng" "Plots with a growing-area code";
    /// Member households, by each producer's last season in the period.
    Households households Count "Hộ thành viên" "Member households";
    /// Workers, regular and seasonal, of the same seasons.
    Workers workers Count "Lao động" "Workers";
    /// Of the same seasons.
    WorkingDays working_days Count "Ngày công" "Working days";
    /// Đồng of support granted in the period.
    Support support Vnd "Hỗ trợ đã cấp" "Support granted";
    }
    shares {
    /// Of active producers, those who used digital tools.
    DigitalShare digital_share = digital_cooperatives / cooperatives "Tỷ lệ chủ thể dùng công cụ số" "Share of producers using digital tools";
    /// Of what producers told, what was sold here.
    OnlineShare online_share = declared_online / declared_turnover "Tỷ lệ bán qua sàn" "Share sold online";
    /// Of lots, the traceable ones.
    TraceableShare traceable_share = traceable_lots / lots "Tỷ lệ lô truy xuất được" "Share of traceable lots";
    /// Of those whose stars ended, those kept.
    KeptShare kept_share = renewals_kept / renewals_due "Tỷ lệ giữ sao" "Share of stars kept";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_written_and_shares_come_from_sums() {
        for figure in Figure::ALL {
            assert_eq!(serde_json::json!(figure), figure.as_str());
        }
        let one = Figures { lots: 3, traceable_lots: 1, ..Figures::default() };
        let mut all = Figures::default();
        all.add(&one);
        assert_eq!((all.traceable_share, all.online_share), (3_333, 0));
        all.add(&Figures { lots: 1, traceable_lots: 1, ..Figures::default() });
        assert_eq!(all.get(Figure::TraceableShare), 5_000);
    }
}
