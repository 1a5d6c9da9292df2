//! What people really write and save: prices with `k`, weights with `kg`, names with anything in them, files of every Excel,
//! searches from a phone. Understood as it was meant, or refused in words; never taken for something else.

use std::io::{Cursor, Read};

use serde_json::{Value, json};
use tests::{FEED, Seller, Server};

use crate::imports::{category, import, read_in};

const HEADINGS: &str =
    "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Tồn kho,Trạng thái";

/// A sheet of new goods on sale: SKU, name, weight, price.
async fn goods(server: &Server, rows: &[(&str, &str, &str, &str)]) -> String {
    let group = category(server).await;
    rows.iter().fold(HEADINGS.to_owned(), |sheet, (sku, name, weight, price)| {
        let name = name.replace('"', "\"\"");
        sheet + &format!("\n{sku},\"{name}\",{group},Mô tả,Gói,Gói,\"{weight}\",\"{price}\",10,Đang bán")
    })
}

async fn rows(shop: &Seller, job: &Value, state: &str) -> Vec<Value> {
    let path = shop.path(&format!("imports/{}/rows?state={state}&limit=100", job["id"].as_str().unwrap()));
    shop.client.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn figures(server: &Server, sku: &str) -> (i64, i64) {
    let one = async |column: &str| server.count(&format!("SELECT {column} FROM offer WHERE sku = '{sku}'")).await;
    (one("price_amount").await, one("weight_g").await)
}

#[tokio::test]
async fn a_sheets_250k_is_250000_and_its_1_kg_is_1000_grams() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let written = [
        ("N-1", "250k", 250_000, "1 kg", 1_000),
        ("N-2", "250 nghìn", 250_000, "0,5 kg", 500),
        ("N-3", "1,2 triệu", 1_200_000, "500 g", 500),
        ("N-4", "₫250.000", 250_000, "2 lạng", 200),
        ("N-5", "250.000 VND", 250_000, "1 yến", 10_000),
        ("N-6", "250.000,00", 250_000, "1 tạ", 100_000),
        ("N-7", "250,000 đ", 250_000, "1 tấn", 1_000_000),
        ("N-8", "1tr2", 1_200_000, "6500", 6_500),
    ];
    let sheet: Vec<_> = written.iter().map(|(sku, price, _, weight, _)| (*sku, *sku, *weight, *price)).collect();
    let job = import(&shop, "products", goods(&server, &sheet).await.into_bytes()).await;
    assert_eq!((&job["good"], &job["bad"], &job["unsure"]), (&json!(8), &json!(0), &json!(0)), "{job}");
    read_in(&shop, &job).await;
    for (sku, text, price, weight, grams) in written {
        assert_eq!(figures(&server, sku).await, (price, grams), "{text} and {weight}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_in_full_is_refused_cell_by_cell() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let sheet = [
        ("N-1", "Một", "500", "250k/hộp"),
        ("N-2", "Hai", "500", "khoảng 250k"),
        ("N-3", "Ba", "500", "1.250k"),
        ("N-4", "Bốn", "1 lít", "250k"),
        ("N-5", "Năm", "1.500 kg", "250k"),
        ("N-6", "Sáu", "500", "250000?"),
    ];
    let job = import(&shop, "products", goods(&server, &sheet).await.into_bytes()).await;
    assert_eq!((&job["good"], &job["bad"]), (&json!(0), &json!(6)), "{job}");
    let told: Vec<_> = rows(&shop, &job, "bad").await.iter().map(|row| row["errors"][0].clone()).collect();
    let cells: Vec<_> = told.iter().map(|error| error["cell"].as_str().unwrap()).collect();
    assert_eq!(cells, ["H2", "H3", "H4", "G5", "G6", "H7"]);
    assert!(told[0]["vi"].as_str().unwrap().contains("không hiểu “/hộp”"), "{told:?}");
    assert!(told[2]["en"].as_str().unwrap().contains("two ways"), "{told:?}");
    // The stock sheet and a provider's file read the same way.
    let job = import(&shop, "stock", "Mã hàng (SKU),Giá (đ),Tồn kho\nHD-1,250k,10 hộp\n".as_bytes().to_vec()).await;
    assert_eq!((&job["good"], &job["bad"]), (&json!(0), &json!(1)), "{job}");
}

#[tokio::test]
async fn a_price_that_looks_like_a_slip_waits_for_a_persons_word() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let first = [("N-1", "Một", "500", "250k"), ("N-2", "Hai", "500", "250k"), ("N-3", "Ba", "500", "250k")];
    let job = import(&shop, "products", goods(&server, &first).await.into_bytes()).await;
    read_in(&shop, &job).await;
    let sheet = "Mã hàng (SKU),Giá (đ)\nN-1,250\nN-2,1.250.000\nN-3,260000\n";
    let job = import(&shop, "stock", sheet.as_bytes().to_vec()).await;
    assert_eq!((&job["good"], &job["unsure"], &job["bad"]), (&json!(1), &json!(2), &json!(0)), "{job}");
    let unsure = rows(&shop, &job, "unsure").await;
    assert!(unsure[0]["errors"][0]["vi"].as_str().unwrap().contains("khác xa giá cũ 250.000 ₫"), "{unsure:?}");
    // What nobody stands by stays outside.
    let done = read_in(&shop, &job).await;
    assert_eq!((&done["done"], &done["unsure"]), (&json!(1), &json!(2)));
    let prices = [figures(&server, "N-1").await.0, figures(&server, "N-2").await.0, figures(&server, "N-3").await.0];
    assert_eq!(prices, [250_000, 250_000, 260_000]);
    // One row is meant, afterwards too; the other is not.
    let path = shop.path(&format!("imports/{}/confirm", job["id"].as_str().unwrap()));
    let confirmed = shop.client.post(&path, json!({"lines": [3]})).await.expect(200);
    assert_eq!(
        (&confirmed["state"], &confirmed["good"], &confirmed["unsure"]),
        (&json!("judged"), &json!(2), &json!(1))
    );
    read_in(&shop, &job).await;
    assert_eq!(figures(&server, "N-1").await.0, 250_000);
    assert_eq!(figures(&server, "N-2").await.0, 1_250_000);
    let other = server.seller_of("ruou-muong").await;
    let foreign = other.path(&format!("imports/{}/confirm", job["id"].as_str().unwrap()));
    other.client.post(&foreign, json!({})).await.expect_problem(404, "not_found");
    assert_eq!(server.count("SELECT COUNT(*) FROM audit_entry WHERE action = 'import.confirmed'").await, 1);
}

/// Texts in which every format has stumbled somewhere.
const HOSTILE: &str = "Cam\u{3} sành\u{b}Cao Phong\u{fffe} ]]> & <b>quýt</b> \"=1+1\"";

/// Reads an XML document to its end.
fn assert_well_formed(text: &str, what: &str) {
    let forbidden =
        |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(!text.contains(forbidden), "{what} holds a character that XML forbids");
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    while reader.read_event().unwrap_or_else(|error| panic!("{what}: {error}")) != quick_xml::events::Event::Eof {}
}

#[tokio::test]
async fn names_with_control_characters_break_no_format() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    // A program is told which field it is.
    let leaf = server.client().get("/v1/categories").await.expect(200);
    let mut leaf = leaf["items"][0].clone();
    while let Some(child) = leaf["children"].get(0).cloned() {
        leaf = child;
    }
    let group = leaf["slug"].as_str().unwrap();
    for name in ["Cam\u{3}", "Cam\u{b}", "Cam\u{fffe}", "Cam\u{7f}"] {
        let input = json!({"category": group, "name_vi": name, "summary_vi": "Ngọt", "offers": []});
        let refused = shop.client.post(&shop.path("products"), input).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/name_vi", "{name:?}");
    }
    // A person's sheet is cleaned of what nobody sees.
    let job = import(&shop, "products", goods(&server, &[("N-1", HOSTILE, "500", "250k")]).await.into_bytes()).await;
    assert_eq!(job["good"], 1, "{job}");
    read_in(&shop, &job).await;
    let found = shop.client.query(&shop.path("products"), &[("q", "N-1")]).await.expect(200);
    let (name, slug) = (found["items"][0]["name_vi"].as_str().unwrap(), found["items"][0]["slug"].as_str().unwrap());
    assert_eq!(name, "Cam sành Cao Phong  & <b>quýt</b> \"=1+1\"");
    assert!(slug.starts_with("cam-sanh-cao-phong-quyt-1-1-"), "{slug}");
    let partner = server.partner().await;
    let feed = partner.feed(json!({"products": [slug], "in_stock": false})).await;
    let client = server.client();
    for ending in ["rss", "atom"] {
        assert_well_formed(&client.get(&format!("/feeds/{feed}.{ending}")).await.text, ending);
    }
    assert_well_formed(&client.get("/sitemap.xml").await.text, "sitemap");
    for ending in ["json", "jsonfeed", "jsonld"] {
        let answer = client.get(&format!("/feeds/{feed}.{ending}")).await;
        assert!(answer.body.is_object() && answer.text.contains("Cam sành"), "{ending}: {}", answer.text);
    }
    for ending in ["csv", "tsv", "meta.csv"] {
        let answer = client.get(&format!("/feeds/{feed}.{ending}")).await;
        let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        assert!(answer.status == 200 && !answer.text.contains(forbidden), "{ending}: {}", answer.text);
    }
    let page = client.get(&format!("/p/{slug}")).await.text;
    let json_ld =
        page.split("<script type=\"application/ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(json_ld).unwrap_or_else(|error| panic!("{error}: {json_ld}"));
    assert!(data.to_string().contains("Cam sành"), "{data}");
    for format in ["xlsx", "csv"] {
        let (status, _, bytes) = shop.client.bytes(&shop.path(&format!("exports?format={format}"))).await;
        assert_eq!(status, 200);
        if format == "xlsx" {
            let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
            for index in 0..archive.len() {
                let mut part = archive.by_index(index).unwrap();
                let mut text = String::new();
                part.read_to_string(&mut text).unwrap();
                assert_well_formed(&text, "a part of the workbook");
            }
        }
        let again = import(&shop, "products", bytes).await;
        let done = read_in(&shop, &again).await;
        assert_eq!((&again["bad"], &done["changed"]), (&json!(0), &json!(0)), "{format}");
    }
    let label = server.basket(&[(&server.offer(slug, 0).await, 1)]).await.buy().await;
    let order = label["orders"][0]["id"].as_str().unwrap();
    shop.step(order, "confirm").await.expect(200);
    let (status, _, pdf) = shop.client.bytes(&shop.path(&format!("orders/{order}/delivery-note"))).await;
    assert!(status == 200 && pdf.starts_with(b"%PDF"), "{status}");
}

#[tokio::test]
async fn slugs_come_from_letters_and_digits_else_from_the_category() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let group = category(&server).await;
    let sheet = [
        ("N-1", "🍊🍊🍊", "500", "250k"),
        ("N-2", "<b>Cam & quýt</b>", "500", "250k"),
        ("N-3", "!!!???", "500", "250k"),
    ];
    let job = import(&shop, "products", goods(&server, &sheet).await.into_bytes()).await;
    read_in(&shop, &job).await;
    let slug = async |sku: &str| {
        let found = shop.client.query(&shop.path("products"), &[("q", sku)]).await.expect(200);
        found["items"][0]["slug"].as_str().unwrap().to_owned()
    };
    let tree = server.client().get("/v1/categories").await.expect(200).to_string();
    let category_slug = tree.split(&format!("\"vi\":\"{group}\"")).nth(1).unwrap();
    let category_slug = category_slug.split("\"slug\":\"").nth(1).unwrap().split('"').next().unwrap();
    for (sku, start) in [("N-1", category_slug), ("N-2", "cam-quyt"), ("N-3", category_slug)] {
        let slug = slug(sku).await;
        assert!(slug.starts_with(&format!("{start}-")), "{sku}: {slug} begins with {start}");
    }
}

#[tokio::test]
async fn a_csv_is_read_however_excel_saved_it() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let text = goods(&server, &[("N-1", "Bưởi Diễn", "500", "250k"), ("N-2", "Mật ong đặc sản", "500", "250k")]).await;
    let utf_16: Vec<u8> =
        format!("\u{feff}{}", text.replace(',', "\t")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    // windows-1258 keeps letters and adds tones behind them.
    let halves: String = text.chars().flat_map(half_composed).collect();
    let (windows, _, lossy) = encoding_rs::WINDOWS_1258.encode(&halves);
    assert!(!lossy);
    for (bytes, how) in
        [(text.clone().into_bytes(), "UTF-8"), (utf_16, "UTF-16"), (windows.into_owned(), "windows-1258")]
    {
        let job = import(&shop, "products", bytes).await;
        assert_eq!(
            (&job["state"], &job["good"], &job["bad"]),
            (&json!("judged"), &json!(2), &json!(0)),
            "{how}: {job}"
        );
        let names: Vec<_> = rows(&shop, &job, "good").await.iter().map(|row| row["name"].clone()).collect();
        assert_eq!(names, ["Bưởi Diễn", "Mật ong đặc sản"], "{how}");
    }
    for (bytes, word) in [
        (b"M\xe3 h\xe0ng (SKU),T\xean s?n ph?m\nN-1,B??i Di?n\n".to_vec(), "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook".to_vec(), ".xlsx"),
    ] {
        let job = import(&shop, "products", bytes).await;
        let error = job["error"].as_str().unwrap();
        assert!(job["state"] == "failed" && error.contains(word) && error.contains("Save As"), "{job}");
        assert!(!error.contains("utf-8 sequence"), "{job}");
    }
}

/// As windows-1258 writes a letter: with its hat, the tone behind it.
fn half_composed(c: char) -> Vec<char> {
    use unicode_normalization::UnicodeNormalization;
    let parts: Vec<char> = std::iter::once(c).nfd().collect();
    let is_tone = |c: &char| matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let letter: String = parts.iter().filter(|part| !is_tone(part)).collect::<String>().nfc().collect();
    letter.chars().chain(parts.iter().copied().filter(is_tone)).collect()
}

#[tokio::test]
async fn blanks_bad_cells_and_signs_in_sheets_are_what_they_are() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let names = ["'Cốm", "=Mật ong", "-10% muối"];
    let sheet: Vec<_> =
        names.iter().zip(["S-1", "S-2", "S-3"]).map(|(name, sku)| (sku, *name, "500", "250k")).collect();
    let job = import(&shop, "products", goods(&server, &sheet).await.into_bytes()).await;
    read_in(&shop, &job).await;
    for format in ["xlsx", "csv"] {
        let (_, _, bytes) = shop.client.bytes(&shop.path(&format!("exports?format={format}"))).await;
        let job = import(&shop, "products", bytes).await;
        let done = read_in(&shop, &job).await;
        assert_eq!((&job["bad"], &job["unsure"], &done["changed"]), (&json!(0), &json!(0), &json!(0)), "{format}");
    }
    for (name, sku) in names.iter().zip(["S-1", "S-2", "S-3"]) {
        let found = shop.client.query(&shop.path("products"), &[("q", sku)]).await.expect(200);
        assert_eq!(found["items"][0]["name_vi"], *name);
    }
    // A blank cell is blank, whatever stands above it; a row with one bad cell changes nothing of its goods.
    let sheet = "Mã hàng (SKU),Tên sản phẩm,Giá (đ),Tồn kho\nS-1,Cốm xanh,300k,\nS-2,,,7\nS-3,Muối ớt,không biết,9\n";
    let job = import(&shop, "products", sheet.as_bytes().to_vec()).await;
    assert_eq!((&job["good"], &job["bad"]), (&json!(2), &json!(1)), "{job}");
    read_in(&shop, &job).await;
    let stock = async |sku: &str| {
        server
            .count(&format!("SELECT s.on_hand FROM stock s JOIN offer o ON o.id = s.offer_id WHERE o.sku = '{sku}'"))
            .await
    };
    assert_eq!((figures(&server, "S-1").await.0, stock("S-1").await), (300_000, 10));
    assert_eq!((figures(&server, "S-2").await.0, stock("S-2").await), (250_000, 7));
    assert_eq!((figures(&server, "S-3").await.0, stock("S-3").await), (250_000, 10));
    let found = shop.client.query(&shop.path("products"), &[("q", "S-2")]).await.expect(200);
    assert_eq!(found["items"][0]["name_vi"], "=Mật ong");
}

async fn found(server: &Server, q: &str) -> Vec<String> {
    let found = server.client().query("/v1/products", &[("q", q), ("limit", "50")]).await.expect(200);
    found["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn swapped_letters_and_missing_blanks_still_find() {
    let server = Server::start().await;
    for typed in ["mật ogn", "mat nog", "amt ong", "matong", "mậtong", "matog"] {
        let found = found(&server, typed).await;
        assert!(found.iter().take(2).any(|slug| slug.starts_with("mat-ong")), "{typed}: {found:?}");
    }
    for typed in ["buoidien", "bưởidiễn", "buoidein", "buoid"] {
        assert_eq!(found(&server, typed).await.first().map(String::as_str), Some("buoi-dien-du-sang"), "{typed}");
    }
    assert!(found(&server, "matongkhongco").await.is_empty());
}

#[tokio::test]
async fn a_query_without_a_word_finds_nothing() {
    let server = Server::start().await;
    for typed in ["🍊", "(", "\"", "\"\"", "...", "-"] {
        assert_eq!(found(&server, typed).await, Vec::<String>::new(), "{typed}");
        let page = server.client().query("/", &[("q", typed)]).await;
        assert_eq!(page.status, 200);
    }
    assert!(!found(&server, "  ").await.is_empty(), "nothing typed is no query");
}

#[tokio::test]
async fn a_landline_is_told_that_it_reads_no_messages() {
    let server = Server::start().await;
    for contact in ["02183 871 234", "024 3826 0001", "1900 1234"] {
        let body = json!({"contact": contact, "name": "Trần Thị Hoa", "password": "mot mat khau dai", "consent": true});
        let refused = server.client().post("/v1/auth/register", body).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], "/contact", "{contact}");
        let code = refused["errors"][0]["code"].as_str().unwrap();
        assert!(["landline", "contact"].contains(&code), "{contact}: {refused}");
    }
    let body =
        json!({"contact": "02183 871 234", "name": "Trần Thị Hoa", "password": "mot mat khau dai", "consent": true});
    let refused = server.client().header("accept-language", "vi").post("/v1/auth/register", body).await;
    assert!(refused.text.contains("không nhận được tin nhắn"), "{}", refused.text);
    assert_eq!(server.count("SELECT COUNT(*) FROM registration").await, 0);
    assert!(server.client().get(&format!("/feeds/{FEED}.json")).await.status == 200);
}
