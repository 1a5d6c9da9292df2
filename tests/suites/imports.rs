//! Sheets: judged row by row, read in once, and the same again when nothing changed.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tests::{Seller, Server};

const CSV: &str = "text/csv";

pub async fn import(shop: &Seller, kind: &str, sheet: Vec<u8>) -> Value {
    let path = shop.path(&format!("imports?kind={kind}"));
    let job = shop.client.upload(&path, CSV, sheet).await.expect(202);
    until(shop, &job, &["judged", "failed"]).await
}

pub async fn until(shop: &Seller, job: &Value, states: &[&str]) -> Value {
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

pub async fn sheet(server: &Server) -> String {
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
pub fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
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
