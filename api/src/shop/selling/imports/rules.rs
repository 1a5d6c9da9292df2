//! What a row of a product sheet means, and what is wrong with it: pure.

use std::collections::HashMap;

use entity::value::{OffSeason, ProductStatus, Unit};
use serde::{Deserialize, Serialize};

use super::columns::{Field, OFF_SEASONS, STATUSES, UNITS};
use crate::platform::fold::fold;
use crate::platform::i18n::Text;
use crate::platform::numbers::{amount, count, days, month, weight};
use crate::shop::selling::doubts::price_doubt;
use crate::shop::selling::offers::Tier;

/// What a sheet's row says. `None`: the cell was empty, and what is there stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub sku: String,
    pub name: Option<String>,
    /// Slug.
    pub category: Option<String>,
    pub summary: Option<String>,
    pub story: Option<String>,
    pub pack: Option<String>,
    pub unit: Option<Unit>,
    pub weight_g: Option<i64>,
    pub price: Option<i64>,
    pub tiers: Option<Vec<Tier>>,
    pub wholesale_from: Option<i64>,
    pub minimum: Option<i64>,
    pub step: Option<i64>,
    pub season_from: Option<i32>,
    pub season_to: Option<i32>,
    pub off_season: Option<OffSeason>,
    pub shelf_life_days: Option<i32>,
    pub storage: Option<String>,
    pub stock: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    pub status: Option<ProductStatus>,
    pub name_en: Option<String>,
    pub summary_en: Option<String>,
    pub pack_en: Option<String>,
}

/// What is wrong with one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// As the spreadsheet names it: `I5`.
    pub cell: String,
    pub column: String,
    pub vi: String,
    pub en: String,
}

/// Which column of the sheet holds which field, by heading: in any order, accents and case apart.
pub struct Layout(HashMap<Field, usize>);

impl Layout {
    /// `Err` names the headings that are missing.
    pub fn of(
        headings: &[String],
        fields: &[(Field, &'static str, f64)],
        needed: &[Field],
    ) -> Result<Self, Vec<String>> {
        let folded: Vec<String> = headings.iter().map(|heading| fold(heading)).collect();
        let mut places = HashMap::new();
        for &(field, heading, _) in fields {
            let wanted = fold(heading);
            if let Some(place) = folded.iter().position(|heading| *heading == wanted) {
                places.insert(field, place);
            }
        }
        let missing: Vec<String> = fields
            .iter()
            .filter(|(field, ..)| needed.contains(field) && !places.contains_key(field))
            .map(|(_, heading, _)| (*heading).to_owned())
            .collect();
        if missing.is_empty() { Ok(Self(places)) } else { Err(missing) }
    }
}

/// What rows are judged by.
pub struct Known<'a> {
    /// Folded name or slug of a category to its slug.
    pub categories: &'a HashMap<String, String>,
    /// SKUs the cooperative has, and what they cost.
    pub prices: &'a HashMap<String, i64>,
    /// Names of pictures in the ZIP, lower case; `None` without one.
    pub pictures: Option<&'a std::collections::HashSet<String>>,
}

/// `A`, …, `Z`, `AA`, …
fn letters(mut column: usize) -> String {
    let mut out = String::new();
    loop {
        let digit = u8::try_from(column % 26).unwrap_or(0);
        out.insert(0, char::from(b'A' + digit));
        if column < 26 {
            return out;
        }
        column = column / 26 - 1;
    }
}

/// How a cell's number is read.
type Number = fn(&str) -> Result<i64, Text>;

struct Reader<'a> {
    layout: &'a Layout,
    cells: &'a [String],
    line: u32,
    errors: Vec<CellError>,
    headings: &'a [String],
}

impl Reader<'_> {
    fn cell(&self, field: Field) -> Option<&str> {
        let text = self.cells.get(*self.layout.0.get(&field)?)?.trim();
        if text.is_empty() { None } else { Some(text) }
    }

    fn fault(&mut self, field: Field, text: &Text) {
        let place = self.layout.0.get(&field).copied().unwrap_or(0);
        self.errors.push(CellError {
            cell: format!("{}{}", letters(place), self.line),
            column: self.headings.get(place).cloned().unwrap_or_default(),
            vi: text.vi.to_string(),
            en: text.en.to_string(),
        });
    }

    fn text(&mut self, field: Field, most: usize) -> Option<String> {
        let text = crate::platform::fold::stored(self.cell(field)?);
        if text.chars().count() > most {
            self.fault(field, &Text::new(format!("dài quá {most} ký tự"), format!("longer than {most} characters")));
        }
        Some(text)
    }

    fn number(&mut self, field: Field, read: Number, (least, most): (i64, i64)) -> Option<i64> {
        let text = self.cell(field)?.to_owned();
        match read(&text) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            Ok(_) => {
                let vi = format!("“{text}” phải từ {least} đến {most}");
                self.fault(field, &Text::new(vi, format!("“{text}” must be from {least} to {most}")));
                None
            }
            Err(fault) => {
                self.fault(field, &fault);
                None
            }
        }
    }

    fn small(&mut self, field: Field, read: Number, range: (i64, i64)) -> Option<i32> {
        self.number(field, read, range).and_then(|number| i32::try_from(number).ok())
    }

    fn price(&mut self) -> Option<i64> {
        self.number(Field::Price, amount, (1, 1_000_000_000))
    }

    fn stock(&mut self) -> Option<i64> {
        self.number(Field::Stock, count, (0, 1_000_000))
    }

    fn word<T: Copy>(&mut self, field: Field, words: &[(T, &str)], code: impl Fn(T) -> &'static str) -> Option<T> {
        let text = self.cell(field)?.to_owned();
        let wanted = fold(&text);
        let found = words.iter().find(|(value, word)| fold(word) == wanted || code(*value) == wanted);
        if found.is_none() {
            let all = words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ");
            let vi = format!("“{text}” không có trong danh sách: {all}");
            self.fault(field, &Text::new(vi, format!("“{text}” is not one of {all}")));
        }
        found.map(|(value, _)| *value)
    }

    fn tiers(&mut self) -> Option<Vec<Tier>> {
        let text = self.cell(Field::Tiers)?.to_owned();
        let tier = |part: &str| -> Result<Tier, Option<Text>> {
            let (from, price) = part.split_once(':').ok_or(None)?;
            Ok(Tier { from_quantity: count(from).map_err(Some)?, price: amount(price).map_err(Some)? })
        };
        let tiers: Result<Vec<Tier>, Option<Text>> =
            text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(tier).collect();
        let rising = |tiers: &[Tier]| {
            tiers.first().is_some_and(|tier| tier.from_quantity > 1 && tier.price > 0)
                && tiers.windows(2).all(|pair| {
                    pair[0].from_quantity < pair[1].from_quantity && pair[0].price > pair[1].price && pair[1].price > 0
                })
        };
        match tiers {
            Ok(tiers) if tiers.len() <= 10 && rising(&tiers) => Some(tiers),
            Err(Some(fault)) => {
                self.fault(Field::Tiers, &fault);
                None
            }
            _ => {
                let (vi, en) = (
                    "viết như 10:230000; 50:210000, số lượng tăng dần, giá giảm dần",
                    "written like 10:230000; 50:210000, quantities rising, prices falling",
                );
                self.fault(Field::Tiers, &Text::new(vi, en));
                None
            }
        }
    }
}

/// Judges one row of a product sheet: what it says, or what is wrong cell by cell.
pub fn judge_product(
    layout: &Layout,
    headings: &[String],
    (line, cells): (u32, &[String]),
    known: &Known<'_>,
) -> Result<Row, Vec<CellError>> {
    let mut reader = Reader { layout, cells, line, errors: Vec::new(), headings };
    let mut row = Row {
        sku: reader.text(Field::Sku, 60).unwrap_or_default(),
        name: reader.text(Field::Name, 120),
        summary: reader.text(Field::Summary, 300),
        story: reader.text(Field::Story, 10_000),
        pack: reader.text(Field::Pack, 100),
        unit: reader.word(Field::Unit, UNITS, Unit::as_str),
        weight_g: reader.number(Field::Weight, weight, (1, 1_000_000)),
        price: reader.price(),
        tiers: reader.tiers(),
        wholesale_from: reader.number(Field::WholesaleFrom, count, (1, 9_999)),
        minimum: reader.number(Field::Minimum, count, (1, 9_999)),
        step: reader.number(Field::Step, count, (1, 9_999)),
        season_from: reader.small(Field::SeasonFrom, month, (1, 12)),
        season_to: reader.small(Field::SeasonTo, month, (1, 12)),
        off_season: reader.word(Field::OffSeason, OFF_SEASONS, OffSeason::as_str),
        shelf_life_days: reader.small(Field::ShelfLife, days, (1, 3650)),
        storage: reader.text(Field::Storage, 300),
        stock: reader.stock(),
        status: reader.word(Field::Status, STATUSES, ProductStatus::as_str),
        name_en: reader.text(Field::NameEn, 120),
        summary_en: reader.text(Field::SummaryEn, 300),
        pack_en: reader.text(Field::PackEn, 100),
        category: None,
        images: Vec::new(),
    };
    row.category = reader.category(known);
    row.images = reader.images(known);
    reader.agreement(&row);
    if !row.sku.is_empty() && !known.prices.contains_key(&row.sku) {
        reader.needed_when_new(&row);
    }
    if reader.errors.is_empty() { Ok(row) } else { Err(reader.errors) }
}

impl Reader<'_> {
    fn category(&mut self, known: &Known<'_>) -> Option<String> {
        let text = self.cell(Field::Category).map(str::to_owned)?;
        let found = known.categories.get(&fold(&text)).cloned();
        if found.is_none() {
            let vi = format!("không có nhóm hàng “{text}”; hãy chọn trong danh sách");
            let en = format!("there is no category “{text}”; choose from the list");
            self.fault(Field::Category, &Text::new(vi, en));
        }
        found
    }

    /// Names of pictures, which must be in the ZIP.
    fn images(&mut self, known: &Known<'_>) -> Vec<String> {
        let mut images = Vec::new();
        let text = self.cell(Field::Images).unwrap_or_default().to_owned();
        for name in text.split(';').map(str::trim).filter(|name| !name.is_empty()) {
            match known.pictures {
                Some(pictures) if pictures.contains(&name.to_lowercase()) => images.push(name.to_lowercase()),
                Some(_) => {
                    let vi = format!("không có ảnh “{name}” trong tệp ZIP");
                    self.fault(Field::Images, &Text::new(vi, format!("there is no picture “{name}” in the ZIP")));
                }
                None => {
                    let (vi, en) = ("cần gửi kèm tệp ZIP chứa ảnh", "a ZIP with the pictures is needed");
                    self.fault(Field::Images, &Text::new(vi, en));
                }
            }
        }
        images
    }

    /// What the cells of a row must be to each other.
    fn agreement(&mut self, row: &Row) {
        if row.sku.is_empty() {
            self.fault(Field::Sku, &Text::new("thiếu mã hàng", "the SKU is missing"));
        }
        if row.name.as_ref().is_some_and(|name| name.chars().count() < 2) {
            self.fault(Field::Name, &Text::new("tên quá ngắn", "the name is too short"));
        }
        if row.season_from.is_some() != row.season_to.is_some() {
            let field = if row.season_from.is_some() { Field::SeasonTo } else { Field::SeasonFrom };
            self.fault(field, &Text::new("cần cả tháng đầu và tháng cuối vụ", "a season needs both months"));
        }
        if let (Some(price), Some(first)) = (row.price, row.tiers.as_ref().and_then(|tiers| tiers.first()))
            && first.price >= price
        {
            let (vi, en) = ("giá theo số lượng phải thấp hơn giá lẻ", "must be lower than the single price");
            self.fault(Field::Tiers, &Text::new(vi, en));
        }
    }

    fn needed_when_new(&mut self, row: &Row) {
        for (field, there) in [
            (Field::Name, row.name.is_some()),
            (Field::Category, row.category.is_some() || self.cell(Field::Category).is_some()),
            (Field::Pack, row.pack.is_some()),
            (Field::Unit, row.unit.is_some() || self.cell(Field::Unit).is_some()),
            (Field::Weight, row.weight_g.is_some() || self.cell(Field::Weight).is_some()),
            (Field::Price, row.price.is_some() || self.cell(Field::Price).is_some()),
        ] {
            if !there {
                self.fault(field, &Text::new("bắt buộc với hàng mới", "needed for new goods"));
            }
        }
        if row.status == Some(ProductStatus::Published) && row.summary.is_none() {
            let (vi, en) = ("cần mô tả ngắn để bán ngay", "a summary is needed to be on sale at once");
            self.fault(Field::Summary, &Text::new(vi, en));
        }
        if matches!(row.status, Some(ProductStatus::Paused | ProductStatus::Archived)) {
            let (vi, en) = ("hàng mới chỉ có thể là Nháp hoặc Đang bán", "new goods are drafts or on sale");
            self.fault(Field::Status, &Text::new(vi, en));
        }
    }
}

/// Judges one row of a sheet of prices and stock.
pub fn judge_stock(
    layout: &Layout,
    headings: &[String],
    (line, cells): (u32, &[String]),
    known: &Known<'_>,
) -> Result<Row, Vec<CellError>> {
    let mut reader = Reader { layout, cells, line, errors: Vec::new(), headings };
    let row = Row {
        sku: reader.text(Field::Sku, 60).unwrap_or_default(),
        price: reader.price(),
        stock: reader.stock(),
        ..Row::default()
    };
    if !known.prices.contains_key(&row.sku) {
        let vi = format!("không có mã hàng “{}”", row.sku);
        reader.fault(Field::Sku, &Text::new(vi, format!("there is no SKU “{}”", row.sku)));
    }
    if reader.errors.is_empty() { Ok(row) } else { Err(reader.errors) }
}

/// What of a good row looks like a slip: it is read in once a person says that it is meant so.
pub fn doubts(layout: &Layout, headings: &[String], line: u32, row: &Row, known: &Known<'_>) -> Vec<CellError> {
    let mut reader = Reader { layout, cells: &[], line, errors: Vec::new(), headings };
    if let Some(doubt) = row.price.and_then(|price| price_doubt(price, known.prices.get(&row.sku).copied())) {
        reader.fault(Field::Price, &doubt);
    }
    let lowest = row.tiers.as_ref().and_then(|tiers| tiers.last()).map(|tier| tier.price);
    if let Some(doubt) = lowest.and_then(|price| price_doubt(price, row.price)) {
        reader.fault(Field::Tiers, &doubt);
    }
    reader.errors
}

/// A later row with the SKU of an earlier one.
pub fn twice(layout: &Layout, headings: &[String], line: u32, first: u32) -> CellError {
    let mut reader = Reader { layout, cells: &[], line, errors: Vec::new(), headings };
    let text =
        Text::new(format!("mã hàng này đã có ở dòng {first}"), format!("this SKU stands on line {first} already"));
    reader.fault(Field::Sku, &text);
    reader.errors.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::super::columns::PRODUCT_COLUMNS;
    use super::*;

    fn judge(cells: &[(&str, &str)], skus: &[&str]) -> Result<Row, Vec<CellError>> {
        let headings: Vec<String> = cells.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        let values: Vec<String> = cells.iter().map(|(_, value)| (*value).to_owned()).collect();
        let layout = Layout::of(&headings, PRODUCT_COLUMNS, &[Field::Sku]).unwrap_or_else(|_| panic!("headings"));
        let categories = HashMap::from([("trai cay".to_owned(), "trai-cay".to_owned())]);
        let prices = skus.iter().map(|sku| ((*sku).to_owned(), 250_000)).collect();
        let known = Known { categories: &categories, prices: &prices, pictures: None };
        judge_product(&layout, &headings, (5, &values), &known)
    }

    const GOOD: [(&str, &str); 7] = [
        ("MÃ HÀNG (sku)", "BD-6"),
        ("Tên sản phẩm", "Bưởi Diễn"),
        ("Nhóm hàng", "Trái cây"),
        ("Quy cách", "Hộp 6 quả"),
        ("Đơn vị", "hộp"),
        ("Khối lượng (g)", "6500"),
        ("Giá (đ)", "250.000 đ"),
    ];

    #[test]
    fn a_row_is_understood_however_it_is_typed() {
        let row = judge(&GOOD, &[]).expect("good");
        assert_eq!((row.price, row.weight_g, row.unit), (Some(250_000), Some(6_500), Some(Unit::Box)));
        assert_eq!(row.category.as_deref(), Some("trai-cay"));
    }

    #[test]
    fn errors_name_the_cell_and_say_what_is_wrong() {
        let mut cells = GOOD.to_vec();
        cells[2].1 = "Đồ chơi";
        cells[6].1 = "hai trăm";
        let errors = judge(&cells, &[]).expect_err("bad");
        let told: Vec<_> = errors.iter().map(|error| (error.cell.as_str(), error.vi.as_str())).collect();
        assert!(told[0].0 == "G5" && told[0].1.contains("“hai trăm” không phải số tiền"), "{told:?}");
        assert!(told[1].0 == "C5" && told[1].1.contains("Đồ chơi"), "{told:?}");
    }

    #[test]
    fn known_goods_need_only_what_changes() {
        let row = judge(&[("Mã hàng (SKU)", "BD-6"), ("Giá (đ)", "260000")], &["BD-6"]).expect("good");
        assert_eq!(row.price, Some(260_000));
        let errors = judge(&[("Mã hàng (SKU)", "NEU"), ("Giá (đ)", "260000")], &["BD-6"]).expect_err("bad");
        assert!(errors.iter().any(|error| error.en == "needed for new goods"));
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!((letters(0), letters(25), letters(26)), ("A".to_owned(), "Z".to_owned(), "AA".to_owned()));
    }

    #[test]
    fn prices_and_weights_are_read_with_their_units_or_refused() {
        let with = |place: usize, text: &'static str| {
            let mut cells = GOOD.to_vec();
            cells[place].1 = text;
            judge(&cells, &[])
        };
        assert_eq!(with(6, "250k").expect("good").price, Some(250_000));
        assert_eq!(with(5, "1 kg").expect("good").weight_g, Some(1_000));
        assert_eq!(with(5, "2 lạng").expect("good").weight_g, Some(200));
        let errors = with(6, "250k/hộp").expect_err("bad");
        assert!(errors[0].cell == "G5" && errors[0].vi.contains("không hiểu “/hộp”"), "{errors:?}");
        assert!(with(5, "1 lít").is_err() && with(6, "200-300k").is_err());
    }

    #[test]
    fn a_price_far_from_the_old_one_is_doubted() {
        let headings: Vec<String> = ["Mã hàng (SKU)", "Giá (đ)"].map(str::to_owned).to_vec();
        let layout = Layout::of(&headings, PRODUCT_COLUMNS, &[Field::Sku]).unwrap_or_else(|_| panic!("headings"));
        let (categories, prices) = (HashMap::new(), HashMap::from([("BD-6".to_owned(), 250_000)]));
        let known = Known { categories: &categories, prices: &prices, pictures: None };
        let doubted = |sku: &str, price: i64| {
            let row = Row { sku: sku.to_owned(), price: Some(price), ..Row::default() };
            doubts(&layout, &headings, 5, &row, &known).first().map(|doubt| doubt.cell.clone())
        };
        assert_eq!(doubted("BD-6", 250), Some("B5".to_owned()));
        assert_eq!(doubted("BD-6", 50_000), Some("B5".to_owned()));
        assert_eq!(doubted("BD-6", 1_250_000), Some("B5".to_owned()));
        assert_eq!((doubted("BD-6", 60_000), doubted("BD-6", 1_000_000), doubted("NEW", 1_000)), (None, None, None));
        assert_eq!(doubted("NEW", 999), Some("B5".to_owned()));
    }

    #[test]
    fn tiers_are_read_and_must_fall() {
        let with = |tiers: &'static str| {
            let mut cells = GOOD.to_vec();
            cells.push(("Giá theo số lượng", tiers));
            judge(&cells, &[])
        };
        let row = with("10:230.000; 50:210000").expect("good");
        assert_eq!(row.tiers.expect("tiers").len(), 2);
        for bad in ["10:260000", "50:1; 10:2", "zehn", "10:0"] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }
}
