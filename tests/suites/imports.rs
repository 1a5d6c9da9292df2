//! Sheets: judged row by row, read in once, and the same again when nothing changed.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use tests::{Seller, Server};

const CSV: &str = "text/csv";

pub async fn import(shop: &Seller, kind: &str, sheet: Vec<u8>) -> Value {
    let path = shop.path(&format!("imports?kind={kind}"));
    let job = shop.client.upload(&path, CSV, sheet).await.expect(202);
    until(shop, &job, &["judged", "failed"]).await
}

async fn until(shop: &Seller, job: &Value, states: &[&str]) -> Value {
    let path = shop.path(&format!("imports/{}", job["id"].as_str().unwrap()));
    for _ in 0..600 {
        let now = shop.client.get(&path).await.expect(200);
        if states.contains(&now["state"].as_str().unwrap()) {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("never {states:?}");
}

pub async fn read_in(shop: &Seller, job: &Value) -> Value {
    let path = shop.path(&format!("imports/{}/run", job["id"].as_str().unwrap()));
    shop.client.post(&path, json!({})).await.expect(202);
    until(shop, job, &["done", "failed"]).await
}

pub async fn category(server: &Server) -> String {
    let tree = server.client().get("/v1/categories").await.expect(200);
    let mut node = tree["items"][0].clone();
    while let Some(child) = node["children"].get(0).cloned() {
        node = child;
    }
    node["name"]["vi"].as_str().unwrap().to_owned()
}

async fn sheet(server: &Server) -> String {
    let group = category(server).await;
    format!(
        "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Giá theo số lượng,Tồn kho,Trạng thái\n\
         MAT-1,Mật mía Kim Bôi,{group},Mật mía nấu tay,Chai 500 ml,Chai,700,\"85.000\",10:80000,40,Đang bán\n\
         MAT-2,Mật mía Kim Bôi,{group},Mật mía nấu tay,Chai 1 lít,Chai,1300,150000,,20,Đang bán\n\
         CHE-1,Chè dây,{group},Chè dây phơi khô,Gói 200 g,Gói,230,60000,,5,Đang bán\n\
         MIT-1,Mít sấy,Đồ chơi,Mít sấy giòn,Gói,Gói,200,45000,,5,Đang bán\n\
         MIT-2,Mít tươi,{group},Mít hái sớm,Quả,Cái,9000,hai trăm,,5,Đang bán\n"
    )
}

#[tokio::test]
async fn good_rows_go_in_alone_and_bad_cells_are_named() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let job = import(&shop, "products", sheet(&server).await.into_bytes()).await;
    assert_eq!(
        (&job["state"], &job["good"], &job["bad"], &job["total"]),
        (&json!("judged"), &json!(3), &json!(2), &json!(5))
    );
    assert_eq!(server.count("SELECT COUNT(*) FROM offer WHERE sku LIKE 'MAT-%'").await, 0, "a dry run changes nothing");
    let id = job["id"].as_str().unwrap();
    let rows = shop.client.get(&shop.path(&format!("imports/{id}/rows?state=bad"))).await.expect(200);
    let told: Vec<_> = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["line"].as_i64().unwrap(),
                row["errors"][0]["cell"].as_str().unwrap(),
                row["errors"][0]["vi"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told[0].0, 5);
    assert!(told[0].1 == "C5" && told[0].2.contains("không có nhóm hàng “Đồ chơi”"), "{told:?}");
    assert!((told[1].0, told[1].1) == (6, "H6") && told[1].2.starts_with("“hai trăm” không phải số tiền"), "{told:?}");
    let done = read_in(&shop, &job).await;
    assert_eq!((&done["done"], &done["changed"]), (&json!(3), &json!(3)));
    // The search index learns of it a moment later.
    let mut found = Value::Null;
    for _ in 0..100 {
        found =
            server.client().query("/v1/products", &[("q", "mat mia kim boi")]).await.expect(200)["items"][0].clone();
        if found.is_object() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let slug = found["slug"].as_str().unwrap();
    let page = server.client().get(&format!("/v1/products/{slug}")).await.expect(200);
    assert_eq!(page["offers"].as_array().unwrap().len(), 2, "two rows of one name are two packs of one product");
    assert_eq!(
        page["offers"].as_array().unwrap().iter().find(|o| o["sku"] == "MAT-1").unwrap()["tiers"][0]["price"]["amount"],
        80_000
    );
    shop.client.post(&shop.path(&format!("imports/{id}/run")), json!({})).await.expect_problem(409, "import_state");
    server.assert_books_agree();
    let offer = page["offers"].as_array().unwrap().iter().find(|o| o["sku"] == "MAT-1").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(shop.stock(&offer).await["on_hand"], 40);
    let purchase = server.basket(&[(&offer, 10)]).await.buy().await;
    shop.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
    server.assert_books_agree();
}

#[tokio::test]
async fn what_is_exported_changes_nothing_when_it_is_read_in_again() {
    let server = Server::start().await;
    let shop = server.seller_of("buoi-dien-du-sang").await;
    let job = import(&shop, "products", sheet(&server).await.into_bytes()).await;
    read_in(&shop, &job).await;
    // A name that a spreadsheet would calculate.
    let products = shop.client.query(&shop.path("products"), &[("q", "Chè dây")]).await.expect(200);
    let id = products["items"][0]["id"].as_str().unwrap();
    shop.client
        .patch(&shop.path(&format!("products/{id}")), json!({"name_vi": "=HYPERLINK(\"http://x\")"}))
        .await
        .expect(200);
    for kind in ["products", "stock"] {
        for format in ["xlsx", "csv"] {
            let audits = server.count("SELECT COUNT(*) FROM audit_entry").await;
            let movements = server.count("SELECT COUNT(*) FROM stock_movement").await;
            let (status, _, bytes) =
                shop.client.bytes(&shop.path(&format!("exports?kind={kind}&format={format}"))).await;
            assert_eq!(status, 200);
            if format == "csv" && kind == "products" {
                let text = String::from_utf8(bytes.clone()).unwrap();
                assert!(text.contains("\"'=HYPERLINK"), "{text}");
            }
            let job = import(&shop, kind, bytes).await;
            assert_eq!((&job["state"], &job["bad"]), (&json!("judged"), &json!(0)), "{kind} {format}");
            let done = read_in(&shop, &job).await;
            assert_eq!((&done["changed"], &done["done"]), (&json!(0), &job["good"]), "{kind} {format}");
            assert_eq!(server.count("SELECT COUNT(*) FROM audit_entry").await, audits, "{kind} {format}");
            assert_eq!(server.count("SELECT COUNT(*) FROM stock_movement").await, movements);
        }
    }
    server.assert_books_agree();
}

#[tokio::test]
async fn known_goods_are_changed_by_their_sku_and_stock_is_counted() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let job = import(&shop, "products", sheet(&server).await.into_bytes()).await;
    read_in(&shop, &job).await;
    let stock = "Mã hàng (SKU);Giá (đ);Tồn kho\nMAT-1;90000;35\nMAT-2;;\nKHONG-CO;1;1\n";
    let job = import(&shop, "stock", stock.as_bytes().to_vec()).await;
    assert_eq!((&job["good"], &job["bad"]), (&json!(2), &json!(1)));
    let done = read_in(&shop, &job).await;
    assert_eq!((&done["changed"], &done["done"]), (&json!(1), &json!(2)));
    assert_eq!(server.count("SELECT price_amount FROM offer WHERE sku = 'MAT-1'").await, 90_000);
    assert_eq!(
        server.count("SELECT s.on_hand FROM stock s JOIN offer o ON o.id = s.offer_id WHERE o.sku = 'MAT-1'").await,
        35
    );
    // Buyers have ordered more than was counted: that row is told, the others go in.
    let offer = server.count("SELECT COUNT(*) FROM offer WHERE sku = 'MAT-1'").await;
    assert_eq!(offer, 1);
    let products = shop.client.query(&shop.path("products"), &[("q", "MAT-1")]).await.expect(200);
    let page = shop
        .client
        .get(&shop.path(&format!("products/{}", products["items"][0]["id"].as_str().unwrap())))
        .await
        .expect(200);
    let id = page["offers"].as_array().unwrap().iter().find(|o| o["sku"] == "MAT-1").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    server.basket(&[(&id, 30)]).await.buy().await;
    let stock = "Mã hàng (SKU);Tồn kho\nMAT-1;10\nMAT-2;25\n";
    let job = import(&shop, "stock", stock.as_bytes().to_vec()).await;
    let done = read_in(&shop, &job).await;
    assert_eq!((&done["done"], &done["bad"]), (&json!(1), &json!(1)), "{done}");
    server.assert_books_agree();
}

#[tokio::test]
async fn files_that_are_no_sheets_are_refused_in_words() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    for (bytes, word) in [
        (b"\x89PNG\r\n\x1a\n...".to_vec(), "CSV UTF-8"),
        ("Tên,Giá\nBưởi,1\n".as_bytes().to_vec(), "thiếu cột"),
        (b"PK\x03\x04 this is no workbook".to_vec(), "không phải bảng tính"),
    ] {
        let job = import(&shop, "products", bytes).await;
        assert_eq!(job["state"], "failed");
        assert!(job["error"].as_str().unwrap().contains(word), "{job}");
    }
    shop.client.upload(&shop.path("imports"), CSV, Vec::new()).await.expect_problem(422, "empty_file");
    let (status, _, template) = shop.client.bytes(&shop.path("imports/template")).await;
    assert!(status == 200 && template.starts_with(b"PK"));
    let job = import(&shop, "products", template).await;
    assert_eq!(
        (&job["state"], &job["total"]),
        (&json!("judged"), &json!(0)),
        "the template itself is a sheet without rows"
    );
    let other = server.seller_of("ruou-muong").await;
    let foreign = other.path(&format!("imports/{}", job["id"].as_str().unwrap()));
    other.client.get(&foreign).await.expect_problem(404, "not_found");
}

/// A sheet of many rows.
pub fn many(group: &str, rows: usize) -> String {
    let mut sheet = String::from(
        "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Tồn kho,Trạng thái\n",
    );
    for row in 0..rows {
        let _ =
            writeln!(sheet, "N-{row},Hàng số {row},{group},Mô tả {row},Gói {row},Gói,300,{},10,Đang bán", 10_000 + row);
    }
    sheet
}

#[tokio::test]
async fn an_import_survives_kills_and_reads_every_row_in_once() {
    let mut server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let job = import(&shop, "products", many(&category(&server).await, 1_500).into_bytes()).await;
    assert_eq!(job["good"], 1_500);
    let run = shop.path(&format!("imports/{}/run", job["id"].as_str().unwrap()));
    shop.client.post(&run, json!({})).await.expect(202);
    for kill in 1..=3 {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        // The lease of the one that died is over.
        server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", kill * 40)).await;
    }
    let shop = Seller { client: server.sign_in_again(&shop).await, ..shop };
    let done = until(&shop, &job, &["done"]).await;
    assert_eq!((&done["done"], &done["changed"]), (&json!(1_500), &json!(1_500)));
    assert_eq!(server.count("SELECT COUNT(*) FROM offer WHERE sku LIKE 'N-%'").await, 1_500);
    assert_eq!(server.count("SELECT CAST(SUM(s.on_hand) AS bigint) FROM stock s JOIN offer o ON o.id = s.offer_id WHERE o.sku LIKE 'N-%'").await, 15_000);
    server.assert_books_agree();
}

#[tokio::test]
async fn an_import_is_stopped_and_what_was_read_in_stays() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let job = import(&shop, "products", many(&category(&server).await, 2_000).into_bytes()).await;
    let path = shop.path(&format!("imports/{}", job["id"].as_str().unwrap()));
    shop.client.post(&format!("{path}/run"), json!({})).await.expect(202);
    shop.client.post(&format!("{path}/cancel"), json!({})).await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let now = shop.client.get(&path).await.expect(200);
    assert_eq!(now["state"], "cancelled");
    let there = server.count("SELECT COUNT(*) FROM offer WHERE sku LIKE 'N-%'").await;
    assert_eq!(json!(there), now["done"]);
    assert!(there < 2_000);
    server.assert_books_agree();
}

/// A ZIP of files, stored as they are.
fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let crc32 = |bytes: &[u8]| {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        !crc
    };
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let (at, size) = (u32::try_from(out.len()).unwrap(), u32::try_from(bytes.len()).unwrap());
        let mut facts = vec![10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        facts.extend(crc32(bytes).to_le_bytes());
        facts.extend(size.to_le_bytes());
        facts.extend(size.to_le_bytes());
        facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        facts.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&facts);
        out.extend(name.bytes());
        out.extend(bytes);
        directory.extend(b"PK\x01\x02\x0a\0");
        directory.extend(&facts);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (at, size) = (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[tokio::test]
async fn pictures_come_in_a_zip_and_are_hung_once() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let group = category(&server).await;
    let sheet = format!(
        "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Ảnh,Trạng thái\n\
         Z-1,Chè dây Kim Bôi,{group},Chè dây,Gói,Gói,200,60000,che.jpg; tui.JPG,Đang bán\n\
         Z-2,Mít sấy,{group},Mít,Gói,Gói,200,60000,khong-co.jpg,Đang bán\n"
    );
    let pictures = zip(&[
        ("anh/che.jpg", crate::media::photo(500, 400, None)),
        ("anh/Tui.jpg", crate::media::photo(640, 480, Some(6))),
        ("anh/ghi-chu.txt", b"khong phai anh".to_vec()),
    ]);
    let parts: [tests::Part<'_>; 2] =
        [("file", Some("hang.csv"), sheet.as_bytes()), ("images", Some("anh.zip"), pictures.as_slice())];
    for round in 0..2 {
        let job = shop.client.form(&shop.path("imports"), &parts).await.expect(202);
        let job = until(&shop, &job, &["judged", "failed"]).await;
        assert_eq!((&job["good"], &job["bad"], &job["file_name"]), (&json!(1), &json!(1), &json!("hang.csv")), "{job}");
        let bad = shop
            .client
            .get(&shop.path(&format!("imports/{}/rows?state=bad", job["id"].as_str().unwrap())))
            .await
            .expect(200);
        assert!(bad["items"][0]["errors"][0]["en"].as_str().unwrap().contains("khong-co.jpg"), "{bad}");
        read_in(&shop, &job).await;
        let hung = server.count("SELECT COUNT(*) FROM product_image WHERE media_id IS NOT NULL").await;
        assert_eq!(hung, 2, "round {round}");
    }
    let without = shop.client.upload(&shop.path("imports"), CSV, sheet.into_bytes()).await.expect(202);
    let job = until(&shop, &without, &["judged"]).await;
    assert_eq!(job["bad"], 2, "named pictures need their ZIP");
}

#[tokio::test]
async fn pictures_of_an_import_survive_a_kill() {
    let mut server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let group = category(&server).await;
    let mut sheet = String::from(
        "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Ảnh,Trạng thái\n",
    );
    let mut pictures = Vec::new();
    for n in 0..40_u32 {
        let _ = writeln!(sheet, "K-{n},Hàng {n},{group},Mô tả,Gói,Gói,200,60000,p{n}.jpg,Đang bán");
        pictures.push((format!("p{n}.jpg"), crate::media::photo(300 + n, 200, None)));
    }
    let named: Vec<(&str, Vec<u8>)> = pictures.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let zipped = zip(&named);
    let parts: [tests::Part<'_>; 2] =
        [("file", Some("hang.csv"), sheet.as_bytes()), ("images", Some("anh.zip"), zipped.as_slice())];
    let job = shop.client.form(&shop.path("imports"), &parts).await.expect(202);
    let job = until(&shop, &job, &["judged", "failed"]).await;
    assert_eq!(job["good"], 40, "{job}");
    let run = shop.path(&format!("imports/{}/run", job["id"].as_str().unwrap()));
    shop.client.post(&run, json!({})).await.expect(202);
    // All rows are read in, and some of their pictures are hung: that is the moment.
    let hung = "SELECT COUNT(*) FROM product_image WHERE media_id IS NOT NULL";
    while server.count(hung).await < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    server.kill();
    assert!(server.count(hung).await < 40, "the kill came too late to tell anything");
    server.restart_with(|settings| settings.set("OCOP_CLOCK_AHEAD_SECONDS", 60)).await;
    let shop = Seller { client: server.sign_in_again(&shop).await, ..shop };
    until(&shop, &job, &["done"]).await;
    assert_eq!(server.count(hung).await, 40);
}

#[tokio::test]
async fn zips_that_are_broken_or_unpack_to_a_gigabyte_take_bounded_memory() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let group = category(&server).await;
    let sheet = format!(
        "Mã hàng (SKU),Tên sản phẩm,Nhóm hàng,Mô tả ngắn,Quy cách,Đơn vị,Khối lượng (g),Giá (đ),Ảnh,Trạng thái\n\
         B-1,Chè dây Kim Bôi,{group},Chè dây,Gói,Gói,200,60000,che.jpg,Đang bán\n"
    );
    let idle = server.peak_memory_mb();
    let mut broken = b"PK\x03\x04".to_vec();
    broken.resize(59 * 1024 * 1024, 7);
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    bomb.start_file("che.jpg", zip::write::SimpleFileOptions::default().compression_level(Some(1))).unwrap();
    let zeros = vec![0; 1024 * 1024];
    (0..1024).for_each(|_| bomb.write_all(&zeros).unwrap());
    for (pictures, state) in [(broken, "failed"), (bomb.finish().unwrap().into_inner(), "judged")] {
        let parts: [tests::Part<'_>; 2] =
            [("file", Some("hang.csv"), sheet.as_bytes()), ("images", Some("anh.zip"), pictures.as_slice())];
        let job = shop.client.form(&shop.path("imports"), &parts).await.expect(202);
        let job = until(&shop, &job, &["judged", "failed"]).await;
        assert_eq!(job["state"], state, "{job}");
        if state == "judged" {
            assert_eq!(read_in(&shop, &job).await["state"], "done");
        }
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM product_image WHERE media_id IS NOT NULL").await, 0);
    let peak = server.peak_memory_mb();
    assert!(peak - idle < 200, "from {idle} to {peak} MB");
    println!("{idle} MB before, {peak} MB at the most");
}

/// A workbook of one sheet, whose rows are written by `sheet`.
fn workbook(sheet: impl FnOnce(&mut dyn std::io::Write), shared: impl FnOnce(&mut dyn std::io::Write)) -> Vec<u8> {
    const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut book = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
    let parts = [
        ("[Content_Types].xml", format!(r#"{HEAD}<Types xmlns="{PACKAGE}/content-types"/>"#)),
        (
            "_rels/.rels",
            format!(
                r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
            ),
        ),
    ];
    for (name, text) in parts {
        book.start_file(name, options).unwrap();
        book.write_all(text.as_bytes()).unwrap();
    }
    book.start_file("xl/sharedStrings.xml", options).unwrap();
    write!(book, r#"{HEAD}<sst xmlns="{MAIN}">"#).unwrap();
    shared(&mut book);
    book.write_all(b"</sst>").unwrap();
    book.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    write!(book, r#"{HEAD}<worksheet xmlns="{MAIN}"><sheetData>"#).unwrap();
    sheet(&mut book);
    book.write_all(b"</sheetData></worksheet>").unwrap();
    book.finish().unwrap().into_inner()
}

fn text_cell(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

#[tokio::test]
async fn hostile_sheets_are_refused_in_bounded_memory_and_change_nothing() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let before = server.count("SELECT COUNT(*) FROM offer").await;
    let idle = server.peak_memory_mb();
    let nothing = |_: &mut dyn std::io::Write| {};
    // A megabyte of rows, again and again.
    let rows = format!("<row>{}</row>", text_cell("A1", "x")).repeat(20_000);
    let gigabyte = workbook(
        |out| (0..1024 * 1024 * 1024 / rows.len()).for_each(|_| out.write_all(rows.as_bytes()).unwrap()),
        nothing,
    );
    let shared = "<si><t>a</t></si>".repeat(60_000);
    let many_texts = workbook(nothing, |out| (0..60).for_each(|_| out.write_all(shared.as_bytes()).unwrap()));
    let as_many_as_allowed = workbook(nothing, |out| (0..16).for_each(|_| out.write_all(shared.as_bytes()).unwrap()));
    let mut liar = gigabyte.clone();
    // Both headers of the last part say that it unpacks to 100 bytes.
    let place = |bytes: &[u8], mark: &[u8]| bytes.windows(4).rposition(|window| window == mark).unwrap();
    let central = place(&liar, b"PK\x01\x02");
    liar[central + 24..central + 28].copy_from_slice(&100_u32.to_le_bytes());
    let local = place(&liar, b"PK\x03\x04");
    liar[local + 22..local + 26].copy_from_slice(&100_u32.to_le_bytes());
    let far_apart = workbook(
        |out| {
            let cells = (text_cell("A1", "Tên sản phẩm"), text_cell("XFD1048576", "x"));
            write!(out, r#"<row r="1">{}</row><row r="1048576">{}</row>"#, cells.0, cells.1).unwrap();
        },
        nothing,
    );
    let mut broken = workbook(|out| out.write_all(rows.as_bytes()).unwrap(), nothing);
    broken.truncate(broken.len() / 2);
    let utf16: Vec<u8> = "\u{feff}Tên,Giá\nBưởi,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes, word) in [
        ("a sheet of a gigabyte", gigabyte, "unpacks to more than 64 MB"),
        ("one that hides its size", liar, "không phải bảng tính"),
        ("a million shared texts", many_texts, "unpacks to more than"),
        ("as many shared texts as are read", as_many_as_allowed, "the sheet is empty"),
        ("two cells a billion cells apart", far_apart, "more than 100 columns"),
        ("half a file", broken, "không phải bảng tính"),
        ("UTF-16 without the columns", utf16, "CSV UTF-8"),
        ("windows-1258 without the columns", b"T\xean,Gi\xe1\nB\xfd\xf2i,1\n".to_vec(), "CSV UTF-8"),
        ("only commas", b",".repeat(15_000_000), "100 columns"),
        ("too many rows", b"a\n".repeat(5_000_000), "more than 20000 rows"),
    ] {
        let job = import(&shop, "products", bytes).await;
        assert_eq!(job["state"], "failed", "{name}: {job}");
        assert!(job["error"].as_str().unwrap().contains(word), "{name}: {job}");
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM offer").await, before);
    let peak = server.peak_memory_mb();
    assert!(peak - idle < 200, "from {idle} to {peak} MB");
    println!("{idle} MB before, {peak} MB at the most");
}

#[tokio::test]
async fn dates_formulas_and_merged_cells_are_read_for_what_they_show() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let group = category(&server).await;
    let headings =
        ["Mã hàng (SKU)", "Tên sản phẩm", "Nhóm hàng", "Mô tả ngắn", "Quy cách", "Đơn vị", "Khối lượng (g)", "Giá (đ)"];
    let letters = ["A", "B", "C", "D", "E", "F", "G", "H"];
    let line = |row: usize, cells: &[&str], price: &str| {
        let cells: String =
            letters.iter().zip(cells).map(|(letter, text)| text_cell(&format!("{letter}{row}"), text)).collect();
        format!(r#"<row r="{row}">{cells}{price}</row>"#)
    };
    let sheet = workbook(
        |out| {
            out.write_all(line(1, &headings, "").as_bytes()).unwrap();
            let good = ["CT-1", "Chè", &group, "Chè khô", "Gói", "Gói", "200"];
            // A formula counts as the value it showed; one that showed an error is named.
            let formula = r#"<c r="H2"><f>50000*2</f><v>100000</v></c>"#;
            out.write_all(line(2, &good, formula).as_bytes()).unwrap();
            let bad = ["CT-2", "Chè", &group, "Chè khô", "Gói to", "Gói", "200"];
            out.write_all(line(3, &bad, r#"<c r="H3" t="e"><f>1/0</f><v>#DIV/0!</v></c>"#).as_bytes()).unwrap();
            // A date where a number of grams belongs; and a merged cell, of which only the first holds text.
            let date = ["CT-3", "Chè", &group, "Chè khô", "Gói nhỏ", "Gói", "01/12/2026"];
            out.write_all(line(4, &date, r#"<c r="H4"><v>90000</v></c>"#).as_bytes()).unwrap();
            out.write_all(line(5, &["CT-4", "Chè gộp"], "").as_bytes()).unwrap();
        },
        |_| {},
    );
    let job = import(&shop, "products", sheet).await;
    assert_eq!((&job["state"], &job["total"], &job["good"]), (&json!("judged"), &json!(4), &json!(1)), "{job}");
    let rows = shop.client.get(&shop.path(&format!("imports/{}/rows", job["id"].as_str().unwrap()))).await.expect(200);
    let errors = rows.to_string();
    for named in ["H3", "G4", "C5"] {
        assert!(errors.contains(named), "{named} is not named: {errors}");
    }
    let done = read_in(&shop, &job).await;
    assert_eq!((&done["state"], &done["changed"]), (&json!("done"), &json!(1)));
    assert_eq!(server.count("SELECT price_amount FROM offer WHERE sku = 'CT-1'").await, 100_000);
}
