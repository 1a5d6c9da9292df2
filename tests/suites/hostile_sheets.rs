//! Sheets and ZIPs that mean harm, or are only odd.

use std::io::{Cursor, Write as _};

use serde_json::json;
use tests::Server;

use crate::imports::{category, import, read_in, until};

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
    assert!(peak.saturating_sub(idle) < 200, "from {idle} to {peak} MB");
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
    assert!(peak.saturating_sub(idle) < 200, "from {idle} to {peak} MB");
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
