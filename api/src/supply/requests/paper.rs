//! A contract as a PDF: parties, goods, windows, money, and the terms both agreed to.

use entity::value::{Language, Vnd};
use sea_orm::{ConnectionTrait, FromQueryResult};
use time::Date;

use super::agreed::SupplyContract;
use crate::people::places::{commune, province_of};
use crate::platform::db::{all, one};
use crate::platform::pdf::{A4, Canvas, Pdf, Style, bold, plain, wrap};
use crate::platform::problem::{NOT_FOUND, Problem};
use crate::supply::deliveries::grades::prices;
use crate::supply::deliveries::rules::amount;
use crate::supply::deliveries::words::{day, in_language, kilograms_in, moment, percent};

/// A party as the law knows it.
#[derive(FromQueryResult)]
struct Party {
    legal_name: String,
    tax_code: String,
    representative: String,
    street: String,
    commune_code: String,
    phone: String,
}

#[derive(FromQueryResult)]
struct Line {
    from_on: Date,
    to_on: Date,
    place: String,
    grams: i64,
}

#[derive(FromQueryResult)]
struct Terms {
    grade: String,
    packing: String,
    tolerance_bp: i32,
    conditions: String,
    box_grams: i64,
    buyer: String,
    seller: Option<String>,
}

/// What the paper tells beside the contract itself.
pub struct Facts {
    buyer: Party,
    seller: Party,
    lines: Vec<Line>,
    terms: Terms,
}

pub async fn facts(connection: &impl ConnectionTrait, contract: &SupplyContract) -> Result<Facts, Problem> {
    let gone = || Problem::new(&NOT_FOUND);
    let sql =
        "SELECT legal_name, tax_code, representative, street, commune_code, phone FROM organisation WHERE id = $1";
    let buyer = one::<Party>(connection, sql, [contract.organisation_id.into()]).await?.ok_or_else(gone)?;
    let sql = "SELECT legal_name, tax_code, representative, street, commune_code, phone FROM cooperative WHERE id = $1";
    let seller = one::<Party>(connection, sql, [contract.cooperative_id.into()]).await?.ok_or_else(gone)?;
    let sql = "SELECT w.from_on, w.to_on, p.name AS place, d.grams FROM supply_delivery d
                   JOIN supply_window w ON w.id = d.window_id JOIN organisation_place p ON p.id = w.place_id
               WHERE d.contract_id = $1 ORDER BY w.from_on, w.id";
    let lines = all::<Line>(connection, sql, [contract.id.into()]).await?;
    let sql = "SELECT r.grade, r.packing, r.tolerance_bp, f.conditions, f.box_grams, a.name AS buyer, b.name AS seller
               FROM supply_contract k JOIN supply_request r ON r.id = k.request_id JOIN supply_offer f ON f.id = k.offer_id
                   JOIN account a ON a.id = k.buyer_agreed_by LEFT JOIN account b ON b.id = k.answered_by
               WHERE k.id = $1";
    let terms = one::<Terms>(connection, sql, [contract.id.into()]).await?.ok_or_else(gone)?;
    Ok(Facts { buyer, seller, lines, terms })
}

fn party(title: &str, of: &Party, language: Language) -> Vec<String> {
    let t = |vi, en| in_language(language, vi, en);
    let place = commune(&of.commune_code)
        .map_or_else(String::new, |found| format!(", {}, {}", found.name, province_of(found).name));
    vec![
        format!("{title}: {}", of.legal_name),
        format!(
            "{}: {} · {}: {}",
            t("Mã số thuế", "Tax code"),
            of.tax_code,
            t("Đại diện", "Represented by"),
            of.representative
        ),
        format!("{}: {}{place} · {}: {}", t("Địa chỉ", "Address"), of.street, t("Điện thoại", "Telephone"), of.phone),
    ]
}

/// The terms both agree to. General ones, which the parties may agree to change in writing.
fn terms(contract: &SupplyContract, facts: &Facts, language: Language) -> Vec<String> {
    let (of, vi) = (&facts.terms, language == Language::Vi);
    let percent = |bp| percent(bp, language);
    let weight = kilograms_in(of.box_grams, language);
    let (product, grade, packing) = (&contract.product_name, &of.grade, &of.packing);
    let (tolerance, deposit) = (percent(of.tolerance_bp), percent(contract.deposit_bp));
    let (penalty, late) = (percent(contract.penalty_bp), percent(contract.late_bp));
    let pay = match (contract.credit_days, vi) {
        (0, true) => "ngay khi nhận hàng".to_owned(),
        (0, false) => "on receipt".to_owned(),
        (days, true) => format!("trong {days} ngày sau mỗi đợt giao"),
        (days, false) => format!("within {days} days of each delivery"),
    };
    let lesser: Vec<String> =
        prices(&contract.grades).iter().map(|one| format!("{} {}/kg", one.grade, Vnd(one.price))).collect();
    let lesser = match (lesser.is_empty(), vi) {
        (true, _) => String::new(),
        (false, true) => format!(" Loại thấp hơn: {}.", lesser.join("; ")),
        (false, false) => format!(" Lesser grades: {}.", lesser.join("; ")),
    };
    let mut terms = if vi {
        vec![
            format!("Hàng: {product}, {grade}; đóng {weight} mỗi thùng. {packing}"),
            format!("Sai lệch khối lượng mỗi đợt được chấp nhận: ±{tolerance}."),
            format!("Tiền tính theo khối lượng và loại hai bên cùng ký nhận khi giao; trả {pay}.{lesser}"),
            format!("Đặt cọc {deposit} tổng giá trị khi hai bên đã ký, trừ dần vào từng đợt; phần thừa trả lại sau đợt cuối."),
            format!("Giao thiếu ngoài sai lệch chịu phạt {penalty} giá trị phần thiếu; giao chậm chịu {late} mỗi ngày; tổng không quá 8% giá trị đợt (Điều 301 Luật Thương mại 2005). Thiếu do mất mùa đã báo trên hệ thống và được bên mua đồng ý thì không phạt."),
            "Bên mua cân, phân loại trong 3 ngày từ khi nhận; bên bán trả lời trong 3 ngày; quá hạn coi là đồng ý. Lịch chỉ đổi khi cả hai bên đồng ý.".to_owned(),
            "Thiên tai, dịch bệnh, lệnh của cơ quan nhà nước là bất khả kháng: bên gặp phải báo trong 48 giờ, hai bên thỏa thuận lại lịch giao.".to_owned(),
            "Tranh chấp được thương lượng trước, rồi đưa ra tòa án nơi bên bán đặt trụ sở.".to_owned(),
            "Điều khoản mẫu của sàn; hai bên có thể thỏa thuận khác bằng văn bản.".to_owned(),
        ]
    } else {
        vec![
            format!("Goods: {product}, {grade}; {weight} a box. {packing}"),
            format!("Tolerance of weight for each delivery: ±{tolerance}."),
            format!("Paid by the weight and grade both sides agree to on delivery; payable {pay}.{lesser}"),
            format!("A deposit of {deposit} of the total once both have signed, set off against each delivery; the rest is returned after the last."),
            format!("For what is missing beyond the tolerance {penalty} of its value, for delay {late} a day; together no more than 8% of the delivery (Commercial Law 2005, article 301). A harvest that failed, told in the system and agreed to by the buyer, costs nothing."),
            "The buyer weighs and grades within 3 days of receipt; the seller answers within 3 days; silence is agreement. The schedule changes by agreement only.".to_owned(),
            "Natural disaster, disease and orders of authorities are force majeure: who meets it says so within 48 hours, and both agree on a new schedule.".to_owned(),
            "Disputes are negotiated first, then brought before the court at the seller's seat.".to_owned(),
            "Terms of the market's model; the parties may agree otherwise in writing. The Vietnamese text prevails.".to_owned(),
        ]
    };
    if !of.conditions.is_empty() {
        let title = in_language(language, "Điều kiện của bên bán", "The seller's conditions");
        terms.push(format!("{title}: {}", of.conditions));
    }
    terms
}

/// What stands on the paper, in its order; cells are a window's.
enum Row {
    Heading(String),
    Text(String),
    Cells([String; 4], bool),
}

fn rows(contract: &SupplyContract, facts: &Facts, language: Language) -> anyhow::Result<Vec<Row>> {
    let t = |vi, en| in_language(language, vi, en);
    let kilograms = |grams| kilograms_in(grams, language);
    let mut rows = vec![Row::Text(format!(
        "{} {}: {}",
        t("Theo yêu cầu", "For request"),
        contract.request_number,
        contract.title
    ))];
    let texts = party(t("Bên mua", "Buyer"), &facts.buyer, language).into_iter().chain(party(
        t("Bên bán", "Seller"),
        &facts.seller,
        language,
    ));
    for text in texts {
        rows.extend(wrap(&text, plain(10.5), 520.0)?.into_iter().map(Row::Text));
    }
    rows.push(Row::Heading(t("Lịch giao và giá trị", "Schedule and value").to_owned()));
    let heading =
        [t("Ngày giao", "Days"), t("Nơi nhận", "Place"), t("Khối lượng", "Weight"), t("Thành tiền", "Amount")]
            .map(str::to_owned);
    rows.push(Row::Cells(heading, true));
    for line in &facts.lines {
        let days = if line.from_on == line.to_on {
            day(line.from_on)
        } else {
            format!("{} – {}", day(line.from_on), day(line.to_on))
        };
        let money = Vnd(amount(line.grams, contract.price)).to_string();
        rows.push(Row::Cells([days, line.place.chars().take(36).collect(), kilograms(line.grams), money], false));
    }
    let total = [
        format!("{} {}/kg", t("Đơn giá", "Price"), Vnd(contract.price)),
        String::new(),
        kilograms(contract.grams),
        Vnd(contract.total).to_string(),
    ];
    rows.push(Row::Cells(total, true));
    rows.push(Row::Heading(t("Điều khoản", "Terms").to_owned()));
    for (number, text) in terms(contract, facts, language).into_iter().enumerate() {
        rows.extend(wrap(&format!("{}. {text}", number + 1), plain(10.5), 520.0)?.into_iter().map(Row::Text));
    }
    rows.push(Row::Heading(t("Xác nhận trên hệ thống", "Agreed to in the system").to_owned()));
    rows.push(Row::Text(format!(
        "{}: {}, {}",
        t("Bên mua", "Buyer"),
        facts.terms.buyer,
        moment(contract.buyer_agreed_at)
    )));
    let seller = match (&facts.terms.seller, contract.answered_at, &contract.reason) {
        (Some(name), Some(at), None) => format!("{}: {name}, {}", t("Bên bán", "Seller"), moment(at)),
        (Some(name), Some(at), Some(reason)) => {
            format!("{}: {name}, {}: {reason}", t("Bên bán từ chối", "The seller declined"), moment(at))
        }
        _ => t("Bên bán: chưa ký", "Seller: not signed yet").to_owned(),
    };
    rows.extend(wrap(&seller, plain(10.5), 520.0)?.into_iter().map(Row::Text));
    Ok(rows)
}

const ON_A_PAGE: usize = 46;

fn put(page: &mut Canvas<'_, '_>, y: f32, row: &Row) -> anyhow::Result<()> {
    match row {
        Row::Heading(text) => page.text(36.0, y, text, bold(12.0)),
        Row::Text(text) => page.text(36.0, y, text, plain(10.5)),
        Row::Cells([days, place, weight, money], strong) => {
            let style = || -> Style { if *strong { bold(10.0) } else { plain(10.0) } };
            page.text(36.0, y, days, style())?;
            page.text(190.0, y, place, style())?;
            page.text_right(450.0, y, weight, style())?;
            page.text_right(558.0, y, money, style())
        }
    }
}

pub fn draw(contract: &SupplyContract, facts: &Facts, language: Language) -> anyhow::Result<Vec<u8>> {
    let heading = in_language(language, "HỢP ĐỒNG MUA BÁN HÀNG HÓA SỐ", "CONTRACT OF SALE OF GOODS NO.");
    let title = format!("{heading} {}", contract.number);
    let mut pdf = Pdf::new(&title);
    let rows = rows(contract, facts, language)?;
    for (number, part) in rows.chunks(ON_A_PAGE).enumerate() {
        pdf.page(A4, |page| {
            page.text(36.0, 48.0, &title, bold(15.0))?;
            let mut y = 74.0;
            for row in part {
                put(page, y, row)?;
                y += 15.6;
            }
            page.text_right(558.0, 825.0, &format!("Chợ OCOP · {} · {}", contract.number, number + 1), plain(8.0))
        })?;
    }
    pdf.finish()
}
