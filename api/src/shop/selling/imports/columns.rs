//! The columns of the sheets, and the words that stand in them.

use crate::platform::sheets::Column;
use entity::value::{OffSeason, ProductStatus, Unit};

/// A column of a sheet by its place in [`PRODUCT_COLUMNS`] or [`STOCK_COLUMNS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Sku,
    Name,
    Category,
    Summary,
    Story,
    Pack,
    Unit,
    Weight,
    Price,
    Tiers,
    WholesaleFrom,
    Minimum,
    Step,
    SeasonFrom,
    SeasonTo,
    OffSeason,
    ShelfLife,
    Storage,
    Stock,
    Images,
    Status,
    NameEn,
    SummaryEn,
    PackEn,
}

/// Field, heading, width of the column.
pub const PRODUCT_COLUMNS: &[(Field, &str, f64)] = &[
    (Field::Sku, "Mã hàng (SKU)", 14.0),
    (Field::Name, "Tên sản phẩm", 28.0),
    (Field::Category, "Nhóm hàng", 20.0),
    (Field::Summary, "Mô tả ngắn", 36.0),
    (Field::Story, "Câu chuyện", 36.0),
    (Field::Pack, "Quy cách", 18.0),
    (Field::Unit, "Đơn vị", 10.0),
    (Field::Weight, "Khối lượng (g)", 12.0),
    (Field::Price, "Giá (đ)", 12.0),
    (Field::Tiers, "Giá theo số lượng", 22.0),
    (Field::WholesaleFrom, "Bán sỉ từ", 10.0),
    (Field::Minimum, "Mua tối thiểu", 10.0),
    (Field::Step, "Bội số", 8.0),
    (Field::SeasonFrom, "Vụ từ tháng", 10.0),
    (Field::SeasonTo, "Vụ đến tháng", 10.0),
    (Field::OffSeason, "Trái vụ", 14.0),
    (Field::ShelfLife, "Hạn dùng (ngày)", 12.0),
    (Field::Storage, "Bảo quản", 24.0),
    (Field::Stock, "Tồn kho", 10.0),
    (Field::Images, "Ảnh", 20.0),
    (Field::Status, "Trạng thái", 12.0),
    (Field::NameEn, "Tên tiếng Anh", 28.0),
    (Field::SummaryEn, "Mô tả tiếng Anh", 36.0),
    (Field::PackEn, "Quy cách tiếng Anh", 18.0),
];

pub const STOCK_COLUMNS: &[(Field, &str, f64)] = &[
    (Field::Sku, "Mã hàng (SKU)", 14.0),
    (Field::Name, "Tên sản phẩm", 28.0),
    (Field::Pack, "Quy cách", 18.0),
    (Field::Price, "Giá (đ)", 12.0),
    (Field::Stock, "Tồn kho", 10.0),
];

pub const UNITS: &[(Unit, &str)] = &[
    (Unit::Box, "Hộp"),
    (Unit::Kilogram, "Kg"),
    (Unit::Bottle, "Chai"),
    (Unit::Jar, "Lọ"),
    (Unit::Pack, "Gói"),
    (Unit::Basket, "Giỏ"),
    (Unit::Case, "Thùng"),
    (Unit::Piece, "Cái"),
];

pub const STATUSES: &[(ProductStatus, &str)] = &[
    (ProductStatus::Draft, "Nháp"),
    (ProductStatus::Published, "Đang bán"),
    (ProductStatus::Paused, "Tạm ngưng"),
    (ProductStatus::Archived, "Lưu trữ"),
];

pub const OFF_SEASONS: &[(OffSeason, &str)] =
    &[(OffSeason::Sell, "Vẫn bán"), (OffSeason::Preorder, "Nhận đặt trước"), (OffSeason::Closed, "Ngừng bán")];

pub const INSTRUCTIONS: &[&str] = &[
    "Mỗi dòng là một quy cách bán (hộp, kg, chai…). Hai dòng cùng tên sản phẩm là hai quy cách của một sản phẩm.",
    "Mã hàng (SKU) do bạn đặt, không trùng nhau. Dòng có mã đã có trên chợ sẽ sửa hàng đó; ô để trống thì giữ nguyên.",
    "Bắt buộc với hàng mới: mã hàng, tên sản phẩm, nhóm hàng, quy cách, đơn vị, khối lượng, giá. Muốn bán ngay cần thêm mô tả ngắn.",
    "Giá viết như 250000, 250.000, 250k hoặc 1,2 triệu. Khối lượng cả bao bì: số không đơn vị là gam, hoặc viết 500 g, 0,5 kg, 2 lạng.",
    "Giá theo số lượng: từ số lượng bao nhiêu thì giá bao nhiêu, như 10:230000; 50:210000.",
    "Tồn kho là số đếm được lúc này; để trống nếu không muốn đổi.",
    "Ảnh: tên tệp trong tệp ZIP gửi kèm, nhiều ảnh cách nhau bằng dấu chấm phẩy.",
    "Gửi lên, máy sẽ kiểm tra từng dòng trước và chưa đổi gì. Bạn xem lỗi theo từng ô, rồi bấm “Nhập các dòng đúng”.",
];

pub fn columns(fields: &[(Field, &'static str, f64)], categories: &[String]) -> Vec<Column> {
    let words = |field: Field| -> Vec<String> {
        match field {
            Field::Category => categories.to_vec(),
            Field::Unit => UNITS.iter().map(|(_, word)| (*word).to_owned()).collect(),
            Field::Status => STATUSES.iter().map(|(_, word)| (*word).to_owned()).collect(),
            Field::OffSeason => OFF_SEASONS.iter().map(|(_, word)| (*word).to_owned()).collect(),
            _ => Vec::new(),
        }
    };
    fields.iter().map(|&(field, heading, width)| Column::new(heading, width).of(words(field))).collect()
}
