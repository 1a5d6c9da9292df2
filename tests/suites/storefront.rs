//! The shop's own pages, as a browser without scripts uses them.

use serde_json::Value;
use tests::{Browser, FEED, Gateway, Server, between};

fn json_ld(page: &str) -> Value {
    serde_json::from_str(between(page, "<script type=\"application/ld+json\">", "</script>")).unwrap()
}

#[tokio::test]
async fn a_guest_buys_without_scripts_and_the_partner_is_told_of() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    let path = server.link(FEED, "buoi-dien-du-sang").await;
    let gone = browser.get(&path).await;
    let landing = gone.header("location").to_owned();
    assert!(landing.contains("/p/buoi-dien-du-sang?via="));
    let page = browser.get(&landing[landing.find("/p/").unwrap()..]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Homestay Mường Bi giới thiệu và nhận hoa hồng"), "disclosed on the page");
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").to_owned();
    let added = browser.send("/basket/add", &[("offer", &offer), ("quantity", "2")]).await;
    assert_eq!((added.status, added.header("location")), (303, "/basket"));
    let basket = browser.get("/basket").await;
    assert!(basket.text.contains("500.000 ₫") && basket.text.contains("Homestay Mường Bi"), "{}", basket.text);
    let line = between(&basket.text, "name=\"line\" value=\"", "\"").to_owned();
    browser.send("/basket/line", &[("line", &line), ("quantity", "1")]).await;
    assert!(browser.get("/basket").await.text.contains("250.000 ₫"));
    let wrong = browser.send("/basket/code", &[("code", "NOBODY")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("không có mã giới thiệu này"), "{}", wrong.text);

    let form = browser.get("/checkout").await;
    assert!(form.text.contains("Lễ tân Homestay Mường Bi"), "collected at the reception, if one likes");
    let bad = [
        ("name", "Trần Văn An"),
        ("phone", "12345"),
        ("street", "5 Hàng Gai"),
        ("commune", "Hoàn Kiếm, Hà Nội"),
        ("method", "cash_on_delivery"),
    ];
    let refused = browser.send("/checkout", &bad).await;
    assert!(
        refused.status == 422
            && refused.text.contains("Số điện thoại không hợp lệ")
            && refused.text.contains("Trần Văn An"),
        "what was typed is kept: {}",
        refused.text
    );
    let good = [
        ("name", "Trần Văn An"),
        ("phone", "0987 111 222"),
        ("email", "an@example.vn"),
        ("street", "5 Hàng Gai"),
        ("commune", "Hoàn Kiếm, Hà Nội"),
        ("method", "cash_on_delivery"),
        ("note", "<b>gọi trước</b>"),
    ];
    let review = browser.send("/checkout", &good).await;
    assert_eq!(review.status, 200, "{}", review.text);
    assert!(review.text.contains("&lt;b&gt;gọi trước") && !review.text.contains("<b>gọi"), "escaped");
    let (quote, once) = (
        between(&review.text, "name=\"quote\" value=\"", "\"").to_owned(),
        between(&review.text, "name=\"once\" value=\"", "\"").to_owned(),
    );
    let total = between(&review.text, "<b class=\"big price\">", "</b>").to_owned();
    let mut sent = good.to_vec();
    sent.extend([("quote", quote.as_str()), ("once", once.as_str())]);
    let jar = browser.cookies.clone();
    let bought = browser.send("/checkout/buy", &sent).await;
    assert_eq!(bought.status, 303, "{}", bought.text);
    let order = bought.header("location").to_owned();
    assert!(!browser.cookies.contains_key("ocop_basket"), "the basket is done with");
    // A second click on the same page buys nothing twice.
    browser.cookies = jar;
    assert_eq!(browser.send("/checkout/buy", &sent).await.header("location"), order);
    assert_eq!(server.count("SELECT COUNT(*) FROM orders WHERE partner_id IS NOT NULL").await, 1);
    let page = browser.get(&order).await;
    assert!(
        page.text.contains(&total) && page.text.contains("Homestay Mường Bi") && page.text.contains("noindex"),
        "{}",
        page.text
    );
    assert!(server.message_to("an@example.vn", "DH-").await.contains("/o/"), "mails lead to the page");
    let id = &order["/o/".len()..order.find('?').unwrap()];
    browser.get(&format!("/o/{id}?token=wrong")).await.expect(404);
    let token = between(&order, "token=", "&").to_owned();
    let cancelled = browser.send(&format!("/o/{id}/cancel?token={token}"), &[]).await;
    assert_eq!(cancelled.status, 303);
    assert!(browser.get(&order).await.text.contains("Đã hủy"));
    let foreign =
        browser.sending().header("sec-fetch-site", "cross-site").fields("/basket/add", &[("offer", &offer)]).await;
    assert_eq!(foreign.status, 403, "forms of other sites are refused");
}

#[tokio::test]
async fn pages_can_be_found_and_read_in_two_languages() {
    let server = Server::start().await;
    let client = server.client().header("accept-language", "vi");
    let base = server.url();
    for (path, kind) in [
        ("/p/buoi-dien-du-sang", "Product"),
        ("/c/htx-nong-nghiep-xanh-kim-boi", "Organization"),
        ("/d/suoi-khoang-kim-boi", "TouristAttraction"),
    ] {
        let page = client.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.text.contains(&format!("<link rel=\"canonical\" href=\"{base}{path}\">")),
            "{path}: {}",
            page.text
        );
        assert!(page.text.contains(&format!("hreflang=\"en\" href=\"{base}{path}?lang=en\"")), "{path}");
        assert!(page.text.contains("og:title"), "{path}");
        let data = json_ld(&page.text);
        assert_eq!((&data["@type"], &data["url"]), (&kind.into(), &format!("{base}{path}").into()));
        let english = client.get(&format!("{path}?lang=en")).await;
        assert!(
            english.text.contains("<html lang=\"en\">")
                && english.text.contains(&format!("canonical\" href=\"{base}{path}?lang=en\"")),
            "{path}"
        );
    }
    let product = json_ld(&client.get("/p/buoi-dien-du-sang").await.text);
    assert_eq!(product["offers"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&product["offers"][0]["price"], &product["offers"][0]["priceCurrency"]),
        (&"250000".into(), &"VND".into())
    );
    let map = client.get("/sitemap.xml").await;
    assert_eq!(map.header("content-type"), "application/xml; charset=utf-8");
    for path in ["/p/buoi-dien-du-sang", "/c/htx-nong-nghiep-xanh-kim-boi", "/d/mai-chau"] {
        assert!(map.text.contains(&format!("<loc>{base}{path}</loc>")), "{path}");
    }
    let robots = client.get("/robots.txt").await.text;
    assert!(robots.contains(&format!("Sitemap: {base}/sitemap.xml")) && robots.contains("Disallow: /basket"));
    let found = client.query("/", &[("q", "buoi dien")]).await;
    assert!(found.text.contains("/p/buoi-dien-du-sang"));
    // Of all that can be typed, search engines learn no page but those of categories.
    for (path, canonical) in
        [("/?q=buoi+dien", "/"), ("/?sort=stars&lang=vi", "/"), ("/?category=mat-ong", "/?category=mat-ong")]
    {
        let page = client.get(path).await.text;
        assert!(page.contains(&format!("<link rel=\"canonical\" href=\"{base}{canonical}\">")), "{path}");
    }
    let english = client.get("/?category=mat-ong&lang=en").await.text;
    assert!(english.contains(&format!("<link rel=\"canonical\" href=\"{base}/?category=mat-ong&amp;lang=en\">")));
    assert!(client.get("/?q=xyzzy").await.text.contains("noindex"));
    // Whatever may be found says what it is.
    let mut basket = Browser::new(&server);
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    basket.send("/basket/add", &[("offer", offer.as_str()), ("quantity", "1")]).await;
    for path in
        ["/", "/p/buoi-dien-du-sang", "/c/htx-nong-nghiep-xanh-kim-boi", "/d/mai-chau", "/checkout", "/map", "/t"]
    {
        let page = basket.get(path).await;
        let said = page.text.split("<meta name=\"description\"").nth(1).and_then(|rest| rest.split('"').nth(1));
        assert!(page.status == 200 && said.is_some_and(|said| said.chars().count() > 20), "{path}: {said:?}");
    }
    let missing = client.get("/p/khong-co").await;
    assert!(missing.status == 404 && missing.text.contains("<!doctype html>"));
    for hostile in ["/p/%3Cscript%3E", "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/p/x?via=%22%3E", "/?cursor=zzz"] {
        let answer = client.get(hostile).await;
        assert!(answer.status < 500 && !answer.text.contains("<script>alert"), "{hostile}: {}", answer.status);
    }
}

#[tokio::test]
async fn clicks_go_to_another_front_end_when_one_is_set() {
    let server = Server::with(tests::Settings::default().set("OCOP_STOREFRONT_URL", "https://cho.example/")).await;
    let path = server.link(FEED, "buoi-dien-du-sang").await;
    let answer = server.guest().staying().get(&path).await;
    assert!(
        answer.header("location").starts_with("https://cho.example/p/buoi-dien-du-sang?via="),
        "{}",
        answer.header("location")
    );
    let feed = server.client().get(&format!("/feeds/{FEED}.json")).await.expect(200);
    assert!(feed["items"][0]["url"].as_str().unwrap().starts_with("https://cho.example/p/"));
}

/// From the product's page to the order's: four requests, as a browser without scripts sends them.
async fn buys(browser: &mut Browser, method: &str) -> String {
    buys_with(browser, method, &[]).await
}

async fn buys_with(browser: &mut Browser, method: &str, more: &[(&str, &str)]) -> String {
    let page = browser.get("/p/buoi-dien-du-sang").await;
    let offer = between(&page.text, "name=\"offer\" value=\"", "\"").to_owned();
    browser.send("/basket/add", &[("offer", &offer), ("quantity", "1")]).await;
    let mut fields = vec![
        ("name", "Trần Văn An"),
        ("phone", "0987 111 222"),
        ("street", "5 Hàng Gai"),
        ("commune", "Hoàn Kiếm, Hà Nội"),
        ("method", method),
    ];
    fields.extend(more);
    let review = browser.send("/checkout", &fields).await;
    let quote = between(&review.text, "name=\"quote\" value=\"", "\"").to_owned();
    let once = between(&review.text, "name=\"once\" value=\"", "\"").to_owned();
    fields.extend([("quote", quote.as_str()), ("once", once.as_str())]);
    let before = browser.cookies.clone();
    let bought = browser.send("/checkout/buy", &fields).await;
    assert_eq!(bought.status, 303, "{}", bought.text);
    browser.cookies = before;
    let again = browser.send("/checkout/buy", &fields).await;
    assert_eq!(again.header("location"), bought.header("location"), "a second click is the same order");
    bought.header("location").to_owned()
}

#[tokio::test]
async fn a_transfer_shows_its_code_at_once_and_the_page_learns_of_the_money() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings()).await;
    let mut browser = Browser::new(&server);
    let order = buys(&mut browser, "bank_transfer").await;
    assert!(order.ends_with("&thanks=1&paying=1"), "{order}");
    let page = browser.get(&order).await.text;
    assert!(page.contains("class=\"qr\"") && page.contains("0071000888888") && page.contains("CONG TY CHO OCOP"));
    assert!(!page.contains("http-equiv=\"refresh\""), "nothing opens by itself");
    let text = between(&page, "<dd><b>", "</b>").to_owned();
    let again = browser.get(&order.replace("&thanks=1&paying=1", "")).await.text;
    assert!(again.contains(&text), "the same attempt, whenever the page is looked at");
    assert_eq!(server.count("SELECT COUNT(*) FROM payment WHERE method = 'bank_transfer'").await, 1);

    let own = |what: &str| order.replacen('?', &format!("/{what}?"), 1);
    let picture = browser.get(&own("qr.png")).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    assert!(picture.header("content-disposition").contains(&format!("vietqr-{text}.png")));
    for what in ["qr.png", "state"] {
        let forged = own(what).split("token=").next().unwrap().to_owned() + "token=forged";
        assert_eq!(browser.get(&forged).await.status, 404, "{what} is for who holds the link");
    }
    assert_eq!(browser.get(&own("state")).await.text, "awaiting_payment");
    let amount: i64 = between(&page, "data-copy=\"", "\"").parse().unwrap_or_default();
    assert_ne!(amount, 0, "the account is what is copied first");
    let total = server.count("SELECT total_amount FROM orders ORDER BY id DESC LIMIT 1").await;
    assert!(page.contains(&format!("data-copy=\"{total}\"")), "the amount is copied as a number");
    Gateway::transfer(&server.client(), "FT1", total, &text).await.expect(200);
    assert_eq!(browser.get(&own("state")).await.text, "placed");
    assert_eq!(browser.get(&own("qr.png")).await.status, 404, "nothing is to be paid any more");
    assert!(!browser.get(&order).await.text.contains("data-watch"), "and nothing is waited for");
}

#[tokio::test]
async fn a_recipient_is_remembered_by_who_wants_it_and_forgotten_by_who_does_not() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    buys(&mut browser, "cash_on_delivery").await;
    assert!(!browser.cookies.contains_key("ocop_recipient"), "never unasked");
    let again = async |browser: &mut Browser| {
        let page = browser.get("/p/buoi-dien-du-sang").await;
        let offer = between(&page.text, "name=\"offer\" value=\"", "\"").to_owned();
        browser.send("/basket/add", &[("offer", &offer), ("quantity", "1")]).await;
        browser.get("/checkout").await.text
    };
    assert!(!again(&mut browser).await.contains("5 Hàng Gai"));
    buys_with(&mut browser, "cash_on_delivery", &[("remember", "1")]).await;
    let form = again(&mut browser).await;
    for text in ["Trần Văn An", "0987 111 222", "5 Hàng Gai", "Hoàn Kiếm, Hà Nội", "value=\"1\" checked"] {
        assert!(form.contains(text), "{text}: {form}");
    }
    browser.cookies.insert("ocop_recipient".into(), "name=%3Cscript%3Ealert(1)&how-x=1&quote=2&name=B".into());
    let form = again(&mut browser).await;
    assert!(!form.contains("<script>alert") && !form.contains("how-x"), "what a cookie says is text");
    buys(&mut browser, "cash_on_delivery").await;
    assert!(!browser.cookies.contains_key("ocop_recipient"), "and not asked for again is forgotten");
}

#[tokio::test]
async fn a_gateway_opens_by_itself_and_leads_back_to_the_order() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings().set("OCOP_MOMO_URL", "http://127.0.0.1:9")).await;
    let mut browser = Browser::new(&server);
    let order = buys(&mut browser, "vnpay").await;
    let page = browser.get(&order).await.text;
    let address = between(&page, "http-equiv=\"refresh\" content=\"0;url=", "\"").replace("&amp;", "&");
    assert!(Gateway::is_signed_for_vnpay(&address), "{address}");
    let later = order.replace("&thanks=1&paying=1", "");
    let page = browser.get(&later).await.text;
    assert!(
        !page.contains("http-equiv=\"refresh\"") && page.contains("Đến trang thanh toán"),
        "who comes back decides"
    );
    let back = browser.get("/v1/payments/vnpay/return?vnp_ResponseCode=24").await;
    assert_eq!((back.status, back.header("location")), (303, later.as_str()));
    browser.cookies.insert("ocop_paying".into(), "https://evil.example/o/".into());
    assert_eq!(browser.get("/v1/payments/vnpay/return").await.status, 200, "nobody is led elsewhere");

    // Rather at the door after all.
    let path = later.replacen('?', "/pay?", 1);
    let placed = browser.send(&path, &[("method", "cash_on_delivery"), ("once", "x")]).await;
    assert_eq!(placed.status, 303, "{}", placed.text);
    assert!(browser.get(&later).await.text.contains("Chờ hợp tác xã xác nhận"));

    // A gateway that cannot be reached loses no order: its page offers to try again, or another way.
    let order = buys(&mut browser, "momo").await;
    let page = browser.get(&order).await.text;
    assert!(page.contains("Chờ thanh toán") && page.contains("name=\"method\"") && !page.contains("refresh"), "{page}");
}

#[tokio::test]
async fn the_shop_is_searched_in_the_words_of_people() {
    let server = Server::start().await;
    let client = server.client().header("accept-language", "vi");
    let front = client.get("/").await.text;
    let first = between(&front, "<h2>Đang bán</h2>", "</ul>").to_owned();
    assert!(
        first.find("Chưa đến mùa").is_none_or(|late| first.find("class=\"price\"").is_some_and(|ripe| ripe < late))
    );
    for part in ["/?category=", "/c/htx-nong-nghiep-xanh-kim-boi", "/d/suoi-khoang-kim-boi"] {
        assert!(front.contains(part), "the front page leads to {part}");
    }
    let cheap = client.query("/", &[("max_price", "100k"), ("sort", "price_asc")]).await;
    let asked = client.get("/v1/products?max_price=100000&limit=1").await.expect(200)["total"].clone();
    assert!(cheap.status == 200 && cheap.text.contains(&format!("{asked} sản phẩm")), "{asked}: {}", cheap.text);
    assert!(cheap.text.contains("value=\"100k\""), "what was typed is kept");
    let wrong = client.query("/", &[("max_price", "rẻ thôi")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    for (name, value) in [("star", "9"), ("sort", "cheapest"), ("near", "here"), ("material", "gold")] {
        assert_eq!(client.query("/", &[(name, value)]).await.status, 422, "{name}={value}");
    }
    let starred = client.query("/", &[("q", "buoi"), ("star", "3"), ("category", "")]).await;
    assert!(starred.text.contains("/p/buoi-dien-du-sang") && starred.text.contains("Bỏ lọc"), "{}", starred.text);
    let nothing = client.query("/", &[("q", "xe máy điện"), ("in_stock", "1")]).await;
    assert!(
        nothing.status == 200 && nothing.text.contains("Thử bỏ hết bộ lọc") && nothing.text.contains("/?category=")
    );

    let fee = client.query("/p/buoi-dien-du-sang", &[("to", "hoan kiem ha noi")]).await.text;
    assert!(fee.contains("Giao tới") && fee.contains("Hoàn Kiếm"), "{fee}");
    let unknown = client.query("/p/buoi-dien-du-sang", &[("to", "Atlantis")]).await.text;
    assert!(unknown.contains("Không tìm thấy xã này") && unknown.contains("Atlantis"), "{unknown}");
}
