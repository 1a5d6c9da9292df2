//! Plots and their diary by spreadsheet.

use serde_json::json;
use tests::Server;

use crate::media::photo;
use crate::traceability::{day, empty_shop, text};

#[tokio::test]
async fn plots_and_their_diary_come_by_sheet_all_rows_or_none() {
    let server = Server::start().await;
    let (shop, _) = empty_shop(&server).await;
    let send = async |kind: &str, text: &str| {
        shop.client.upload(&shop.path(&format!("farm-sheets/{kind}")), "text/csv", text.as_bytes().to_vec()).await
    };
    for kind in ["plots", "diary"] {
        let (status, _, bytes) = shop.client.bytes(&shop.path(&format!("farm-sheets/{kind}"))).await;
        assert!(status == 200 && bytes.starts_with(b"PK"), "{kind}");
    }
    let plots = "Tên thửa;Diện tích (m²);Xã;Cây trồng;Trồng từ;Hộ thành viên;Hộ đồng ý nêu tên;Vĩ độ;Kinh độ\n\
                 Đồi Vó & Đồi Lim;5.000;Đú Sáng, Kim Bôi;Dổi;1/3/2014;Bùi Thị Hoa;có;20,67;105,53\nVườn nhà;300 m;Nật Sơn;Dổi;;;;;\n";
    let refused = send("plots", plots).await.expect_problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/rows/3/Diện tích (m²)");
    assert_eq!(server.count("SELECT COUNT(*) FROM plot WHERE name LIKE 'Đồi Vó & %'").await, 0);
    assert_eq!(send("plots", &plots.replace("300 m", "300")).await.expect(201)["rows"], 2);
    // Sent again, known plots are changed.
    send("plots", &plots.replace("300 m", "350")).await.expect(201);
    let all = shop.client.get(&shop.path("plots?limit=100")).await.expect(200)["items"].as_array().unwrap().clone();
    let one = |name: &str| all.iter().find(|plot| plot["name"] == name).unwrap().clone();
    assert_eq!((all.len(), &one("Vườn nhà")["area_m2"]), (2, &json!(350)));
    let hill = one("Đồi Vó & Đồi Lim");
    assert_eq!(
        (&hill["commune_code"], &hill["planted_on"], &hill["latitude"], &hill["household_shown"]),
        (&json!("04990"), &json!("2014-03-01"), &json!(20.67), &json!(true))
    );

    let head = "Thửa,Ngày,Việc,\"Loại thuốc, phân\",Hoạt chất,Lượng,Cách ly (ngày),Người làm,Ghi chú\n";
    let day = |ago: i64| {
        let day = day(-ago);
        format!("{}/{}/{}", &day[8..], &day[5..7], &day[..4])
    };
    let wrong = format!(
        "{head}doi vo & doi lim,{},phun thuoc,Actara 25WG,,8 g,7 ngày,Hoa,\nVườn nhà,hôm qua,tưới,,,,,,\nVườn lạ,{},tưới,,,,,,\n",
        day(3),
        day(1)
    );
    let refused = send("diary", &wrong).await.expect_problem(422, "invalid");
    let faults: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(faults, ["/rows/2", "/rows/3/Ngày", "/rows/4/Thửa"], "{refused}");
    assert_eq!(
        server
            .count("SELECT COUNT(*) FROM diary_entry d JOIN plot p ON p.id = d.plot_id WHERE p.name = 'Vườn nhà'")
            .await,
        0
    );
    let right = format!(
        "{head}doi vo & doi lim,{},phun thuoc,Actara 25WG,Thiamethoxam,8 g,7 ngày,Hoa,\nVườn nhà,{},Tưới,,,,,,\n",
        day(3),
        day(1)
    );
    assert_eq!(send("diary", &right).await.expect(201)["rows"], 2);
    let shown = shop.client.get(&shop.path(&format!("plots/{}", text(&hill, "id")))).await.expect(200);
    assert_eq!(shown["waiting"][0]["material"], "Actara 25WG");
    send("diary", "một,hai\n1,2\n").await.expect_problem(422, "invalid");
    send("khac", right.as_str()).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn an_entry_of_the_diary_has_one_photo_for_good() {
    let server = Server::start().await;
    let (shop, _) = empty_shop(&server).await;
    let plot = json!({"name": "Đồi Vó", "area_m2": 5000, "commune_code": "04990", "crop": "Dổi"});
    let plots = shop.path("plots");
    let plot = text(&shop.client.post(&plots, plot).await.expect(201), "id");
    let entry = async || {
        let entry = json!({"kind": "irrigation", "done_on": day(0)});
        text(&shop.client.post(&format!("{plots}/{plot}/diary"), entry).await.expect(201), "id")
    };
    let put = async |plots: &str, entry: &str, bytes: Vec<u8>| {
        let path = format!("{plots}/{plot}/diary/{entry}/photo");
        let request = shop.client.request(reqwest::Method::PUT, &path).header("content-type", "image/jpeg");
        tests::Client::try_send(request.body(bytes)).await.expect("an answer")
    };
    let first = entry().await;
    put(&plots, &first, b"no picture".to_vec()).await.expect_problem(415, "not_a_picture");
    let shown = put(&plots, &first, photo(400, 300, None)).await.expect(200);
    assert_eq!(server.client().bytes(shown["photo_url"].as_str().unwrap()).await.0, 200);
    put(&plots, &first, photo(400, 300, None)).await.expect_problem(409, "diary_photo_there");
    // Many at once: one is kept.
    let second = entry().await;
    let all = futures_util::future::join_all((0..4).map(|_| put(&plots, &second, photo(200, 150, None)))).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1);
    let third = entry().await;
    let withdraw = format!("{plots}/{plot}/diary/{third}/withdraw");
    shop.client.post(&withdraw, json!({"reason": "Ghi nhầm thửa"})).await.expect(200);
    put(&plots, &third, photo(200, 150, None)).await.expect_problem(409, "diary_entry_withdrawn");
    let other = server.seller_of("ruou-muong").await;
    put(&other.path("plots"), &first, photo(200, 150, None)).await.expect_problem(403, "forbidden");
}
