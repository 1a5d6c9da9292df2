//! A buyer's own pages, as a browser without scripts uses them: in by a code, buying, buying again, and what may follow.

use serde_json::json;
use tests::{Browser, PASSWORD, Server, between};

const MAIL: &str = "hoa@example.vn";

/// The code of a mail: two halves of letters and digits.
fn code_in(mail: &str) -> String {
    let is_code = |word: &&str| {
        word.len() >= 9
            && word.contains('-')
            && word.chars().all(|c| c == '-' || c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    mail.split_whitespace().find(is_code).unwrap_or_else(|| panic!("no code in {mail}")).to_owned()
}

async fn signed_up(server: &Server, browser: &mut Browser, next: &str) -> String {
    let fields = [
        ("name", "Trần Thị Hoa"),
        ("contact", MAIL),
        ("password", "mùa bưởi chín vàng"),
        ("consent", "yes"),
        ("next", next),
    ];
    let asked = browser.send("/sign-up", &fields).await;
    assert!(asked.status == 303 && asked.header("location").starts_with("/sign-up/code?next="), "{}", asked.text);
    let code = code_in(&server.message_to(MAIL, "Mã xác nhận").await);
    let wrong = browser.send("/sign-up/code", &[("code", "AAAAA-AAAAA"), ("next", next)]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let entered = browser.send("/sign-up/code", &[("code", &code), ("next", next)]).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    entered.header("location").to_owned()
}

/// Buys what is in the basket with what the checkout knows already; the order's path.
async fn bought(browser: &mut Browser, typed: &[(&str, &str)]) -> String {
    let review = browser.send("/checkout", typed).await;
    assert_eq!(review.status, 200, "{}", review.text);
    let mut sent = typed.to_vec();
    let hidden = |name: &str| between(&review.text, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    let (cart, quote, once) = (hidden("cart"), hidden("quote"), hidden("once"));
    sent.extend([("cart", cart.as_str()), ("quote", quote.as_str()), ("once", once.as_str())]);
    let first = browser.send("/checkout/buy", &sent).await;
    assert_eq!(first.status, 303, "{}", first.text);
    // A second click buys nothing twice.
    let second = browser.send("/checkout/buy", &sent).await;
    assert_eq!(second.header("location"), first.header("location"), "{}", second.text);
    first.header("location").to_owned()
}

fn csrf_of(page: &str) -> String {
    between(page, "name=\"csrf\" value=\"", "\"").to_owned()
}

#[tokio::test]
async fn a_buyer_signs_up_buys_and_buys_the_same_again() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    let away = browser.get("/account").await;
    assert_eq!((away.status, away.header("location")), (303, "/sign-in?next=%2Faccount"));
    // A guest fills a basket, and then signs up: it comes along.
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    browser.send("/basket/add", &[("offer", &offer), ("quantity", "2")]).await;
    assert_eq!(signed_up(&server, &mut browser, "/basket").await, "/basket");
    assert!(!browser.cookies.contains_key("ocop_basket"), "the basket is the account's now");
    assert!(browser.get("/basket").await.text.contains("500.000 ₫"));

    // The checkout knows who it is.
    let form = browser.get("/checkout").await;
    assert!(form.text.contains("Trần Thị Hoa") && form.text.contains(MAIL), "{}", form.text);
    let typed = [
        ("name", "Trần Thị Hoa"),
        ("phone", "0987 111 222"),
        ("email", MAIL),
        ("street", "5 Hàng Gai"),
        ("commune", "Hoàn Kiếm, Hà Nội"),
        ("method", "cash_on_delivery"),
    ];
    let order = bought(&mut browser, &typed).await;
    let sql = "SELECT COUNT(*) FROM orders WHERE account_id IS NOT NULL AND account_id = (SELECT id FROM account WHERE email = 'hoa@example.vn')";
    assert_eq!(server.count(sql).await, 1, "the order is the account's");

    // It is listed, its page opens, and the same goes into a new basket.
    let listed = browser.get("/account/orders").await;
    let id = order["/o/".len()..order.find('?').unwrap()].to_owned();
    assert!(listed.text.contains(&format!("/account/orders/{id}")), "{}", listed.text);
    let opened = browser.get(&format!("/account/orders/{id}")).await;
    assert!(opened.header("location").starts_with(&format!("/o/{id}?token=")));
    let csrf = csrf_of(&listed.text);
    let forged = browser.send(&format!("/account/orders/{id}/again"), &[("csrf", "forged")]).await;
    assert_eq!(forged.status, 403);
    let again = browser.send(&format!("/account/orders/{id}/again"), &[("csrf", &csrf)]).await;
    assert_eq!(again.header("location"), "/basket");
    assert!(browser.get("/basket").await.text.contains("500.000 ₫"));
    // On another device the basket is the same.
    let mut other = Browser::new(&server);
    let entered = other
        .send("/sign-in", &[("login", MAIL), ("password", "mùa bưởi chín vàng"), ("next", "//elsewhere.example")])
        .await;
    assert_eq!((entered.status, entered.header("location")), (303, "/account"), "only to paths of ours");
    assert!(other.get("/basket").await.text.contains("500.000 ₫"));

    // Somebody else's order is nobody's.
    let mut stranger = Browser::new(&server);
    server.new_buyer("la@example.vn").await;
    stranger.send("/sign-in", &[("login", "la@example.vn"), ("password", PASSWORD)]).await;
    assert_eq!(stranger.get(&format!("/account/orders/{id}")).await.status, 404);
    let csrf = csrf_of(&stranger.get("/account").await.text);
    let taken = stranger.send(&format!("/account/orders/{id}/again"), &[("csrf", &csrf)]).await;
    assert_eq!(taken.header("location"), "/account/orders");
    assert!(stranger.get("/account/orders").await.text.contains("Không tìm thấy"));

    // Out, and out it is.
    let csrf = csrf_of(&browser.get("/account").await.text);
    assert_eq!(browser.send("/account/sign-out", &[("csrf", &csrf)]).await.header("location"), "/");
    assert_eq!(browser.get("/account").await.status, 303);
    assert!(!browser.get("/basket").await.text.contains("500.000 ₫"), "the basket went with its owner");
}

#[tokio::test]
async fn addresses_details_and_a_forgotten_password() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    signed_up(&server, &mut browser, "").await;
    let csrf = csrf_of(&browser.get("/account/addresses").await.text);
    let unknown =
        [("csrf", csrf.as_str()), ("name", "Hoa"), ("phone", "0987111222"), ("street", "1"), ("commune", "Atlantis")];
    browser.send("/account/addresses", &unknown).await;
    assert!(browser.get("/account/addresses").await.text.contains("Không tìm thấy xã này"));
    // A name of before July 2025 is understood.
    let old = [
        ("csrf", csrf.as_str()),
        ("name", "Mẹ Hoa"),
        ("phone", "0987 111 222"),
        ("street", "Xóm Sáng"),
        ("commune", "Đú Sáng, Kim Bôi, Hòa Bình"),
    ];
    let mut twice = old.to_vec();
    twice.push(("once", "nhấn-hai-lần"));
    for _ in 0..2 {
        assert_eq!(browser.send("/account/addresses", &twice).await.status, 303);
    }
    let book = browser.get("/account/addresses").await.text;
    assert_eq!(book.matches("<b>Mẹ Hoa</b>").count(), 1, "{book}");
    assert!(book.contains("Mẹ Hoa") && book.contains("Nật Sơn, Phú Thọ"), "{book}");
    let id = between(&book, "action=\"/account/addresses/", "\"").to_owned();
    // The checkout offers it.
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    browser.send("/basket/add", &[("offer", &offer), ("quantity", "1")]).await;
    let form = browser.get(&format!("/checkout?address={id}")).await.text;
    assert!(form.contains("value=\"Xóm Sáng\"") && form.contains("value=\"Xã Nật Sơn, Phú Thọ\""), "{form}");
    // Of somebody else's book nothing can be changed.
    let mut stranger = Browser::new(&server);
    server.new_buyer("la@example.vn").await;
    stranger.send("/sign-in", &[("login", "la@example.vn"), ("password", PASSWORD)]).await;
    let theirs = csrf_of(&stranger.get("/account").await.text);
    stranger.send(&format!("/account/addresses/{id}"), &[("csrf", &theirs), ("act", "strike")]).await;
    assert!(browser.get("/account/addresses").await.text.contains("Mẹ Hoa"), "still there");
    browser.send(&format!("/account/addresses/{id}"), &[("csrf", &csrf), ("act", "strike")]).await;
    browser.get("/account/addresses").await;
    assert!(!browser.get("/account/addresses").await.text.contains("Mẹ Hoa"));

    browser.send("/account/details", &[("csrf", &csrf), ("name", "Hoa Trần"), ("language", "en")]).await;
    assert!(browser.get("/account").await.text.contains("Hoa Trần"));
    let short = [("csrf", csrf.as_str()), ("current", "mùa bưởi chín vàng"), ("new", "ngắn")];
    browser.send("/account/password", &short).await;
    assert!(browser.get("/account/details").await.text.contains("class=\"told bad\""));

    // Forgotten: the answer is the same for who has no account, and the old sessions end.
    let nobody = browser.send("/forgot", &[("contact", "khong-co@example.vn")]).await;
    let somebody = browser.send("/forgot", &[("contact", MAIL)]).await;
    assert_eq!((nobody.status, nobody.header("location")), (somebody.status, somebody.header("location")));
    let code = code_in(&server.message_to(MAIL, "Mã đặt lại mật khẩu").await);
    let set = browser.send("/forgot/code", &[("code", &code), ("password", "cam cao phong ngọt")]).await;
    assert_eq!((set.status, set.header("location")), (303, "/sign-in"), "{}", set.text);
    assert_eq!(browser.get("/account").await.status, 303, "the session is over");
    let entered = browser.send("/sign-in", &[("login", MAIL), ("password", "cam cao phong ngọt")]).await;
    assert_eq!(entered.status, 303);
    let old = Browser::new(&server).send("/sign-in", &[("login", MAIL), ("password", "mùa bưởi chín vàng")]).await;
    assert_eq!(old.status, 422);
}

#[tokio::test]
async fn what_is_liked_is_told_of_when_it_can_be_had_again() {
    let server = Server::start().await;
    let seller = server.seller_of("buoi-dien-du-sang").await;
    let page = server.client().get("/v1/products/buoi-dien-du-sang").await.expect(200);
    let offers: Vec<String> =
        page["offers"].as_array().unwrap().iter().map(|offer| offer["id"].as_str().unwrap().to_owned()).collect();
    let buyer = server.new_buyer("thich@example.vn").await;
    let path = format!("/v1/me/favourites/{}", seller.product);
    buyer.put("/v1/me/favourites/0192f0c4-9b1f-7c02-8a44-1f2b3c4d5e6f", json!({"notify": true})).await.expect(404);
    server.client().put(&path, json!({"notify": true})).await.expect_problem(401, "unauthenticated");
    for offer in &offers {
        seller.set_available(offer, 0).await;
    }
    let kept = buyer.put(&path, json!({"notify": true})).await.expect(200);
    assert_eq!(kept["product"]["availability"], "out_of_stock");
    let list = buyer.get("/v1/me/favourites").await.expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["notify"]), (1, &json!(true)));
    // One who does not want to be told, and one who looks at the page.
    let quiet = server.new_buyer("lang@example.vn").await;
    quiet.put(&path, json!({"notify": false})).await.expect(200);
    seller.set_available(&offers[0], 5).await;
    let mail = server.message_to("thich@example.vn", "đã có hàng trở lại").await;
    assert!(mail.contains("/p/buoi-dien-du-sang") && mail.contains("/account/favourites"), "{mail}");
    assert!(!server.messages().iter().any(|(_, text)| text.contains("lang@example.vn")), "who did not ask is not told");
    // It comes and goes: told once a day at the most.
    let told = "SELECT COUNT(*) FROM outbox WHERE topic = 'favourite.back'";
    for quantity in [0, 7] {
        seller.set_available(&offers[0], quantity).await;
        let seen =
            format!("SELECT COUNT(*) FROM favourite WHERE there = {}", if quantity > 0 { "TRUE" } else { "FALSE" });
        for _ in 0..300 {
            if server.count(&seen).await == 2 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(server.count(&seen).await, 2, "seen by the watcher");
    }
    assert_eq!(server.count(told).await, 1);
    buyer.delete(&path).await.expect(204);
    buyer.delete(&path).await.expect(404);

    // By the heart on the page.
    let mut browser = Browser::new(&server);
    assert!(browser.get("/p/buoi-dien-du-sang").await.text.contains("/sign-in?next=/p/buoi-dien-du-sang"));
    browser.send("/sign-in", &[("login", "thich@example.vn"), ("password", PASSWORD)]).await;
    assert!(browser.get("/p/buoi-dien-du-sang").await.text.contains("Theo dõi, báo khi có hàng"));
    let form = [("act", "keep"), ("notify", "yes"), ("from", "/p/buoi-dien-du-sang")];
    let liked = browser.send(&format!("/account/favourites/{}", seller.product), &form).await;
    assert_eq!(liked.header("location"), "/p/buoi-dien-du-sang");
    assert!(browser.get("/p/buoi-dien-du-sang").await.text.contains("Đang theo dõi"));
    assert!(browser.get("/account/favourites").await.text.contains("Thôi báo"));
}

#[tokio::test]
async fn after_a_purchase_there_is_a_talk_a_return_a_review_and_a_dispute() {
    let server = Server::start().await;
    let seller = server.seller_of("buoi-dien-du-sang").await;
    let mut browser = Browser::new(&server);
    server.new_buyer(MAIL).await;
    browser.send("/sign-in", &[("login", MAIL), ("password", PASSWORD)]).await;
    let offer = server.offer("buoi-dien-du-sang", 0).await;
    browser.send("/basket/add", &[("offer", &offer), ("quantity", "2")]).await;
    let typed = [
        ("name", "Trần Thị Hoa"),
        ("phone", "0987 111 222"),
        ("street", "5 Hàng Gai"),
        ("commune", "Hoàn Kiếm, Hà Nội"),
        ("method", "cash_on_delivery"),
    ];
    let order = bought(&mut browser, &typed).await;
    let (path, token) = (order[..order.find('?').unwrap()].to_owned(), between(&order, "token=", "&").to_owned());
    let here = |part: &str| format!("{path}{part}?token={token}");
    let before = browser.get(&here("")).await.text;
    assert!(
        before.contains("receipt.pdf") && !before.contains("/returns?") && !before.contains("/account/reviews/"),
        "{before}"
    );
    let once = between(&before, "name=\"once\" value=\"", "\"");
    let empty = browser.send(&here("/messages"), &[("text", " "), ("once", once)]).await;
    assert_eq!(empty.status, 422);
    // What was wrong may be sent again, and what is written is written once.
    for _ in 0..2 {
        let written = browser.send(&here("/messages"), &[("text", "Giao sau 5 giờ chiều nhé"), ("once", once)]).await;
        assert_eq!(written.status, 303, "{}", written.text);
    }
    let messages = "SELECT COUNT(*) FROM order_message";
    assert_eq!(server.count(messages).await, 1, "a second click writes nothing twice");
    let id = &path["/o/".len()..];
    seller.client.post(&seller.path(&format!("orders/{id}/messages")), json!({"text": "Vâng ạ"})).await.expect(201);
    let talk = browser.get(&here("")).await.text;
    assert!(talk.contains("Giao sau 5 giờ chiều nhé") && talk.contains("Vâng ạ"), "{talk}");

    seller.deliver(id).await;
    let after = browser.get(&here("")).await.text;
    assert!(after.contains("/account/reviews/") && after.contains("Trả hàng trước"), "{after}");
    let quantity = format!("quantity-{offer}");
    let nothing = [(quantity.as_str(), "0"), ("reason", "damaged"), ("text", "Một quả bị dập")];
    let refused = browser.send(&here("/returns"), &nothing).await;
    assert!(refused.status == 422 && refused.text.contains("số lượng muốn trả"), "{}", refused.text);
    let some = [(quantity.as_str(), "1"), ("reason", "damaged"), ("text", "Một quả bị dập")];
    assert_eq!(browser.send(&here("/returns"), &some).await.status, 303);
    let twice = browser.send(&here("/returns"), &some).await;
    assert!(twice.status == 422 || twice.status == 409, "{}", twice.text);
    let asked = browser.get(&here("")).await.text;
    assert!(asked.contains("Đã gửi yêu cầu") && asked.contains("Thôi không trả nữa"), "{asked}");
    let back = between(&asked, &format!("{path}/returns/"), "/withdraw").to_owned();
    assert_eq!(browser.send(&here(&format!("/returns/{back}/withdraw")), &[]).await.status, 303);

    let wrong = browser.send(&here("/disputes"), &[("reason", "damaged"), ("text", "ngắn")]).await;
    assert_eq!(wrong.status, 422);
    let told = [("reason", "damaged"), ("text", "Người bán không trả lời tin nhắn của tôi")];
    assert_eq!(browser.send(&here("/disputes"), &told).await.status, 303);
    let open = browser.get(&here("")).await.text;
    let dispute = between(&open, &format!("{path}/disputes/"), "/evidence").to_owned();
    let evidence = here(&format!("/disputes/{dispute}/evidence"));
    for _ in 0..2 {
        let said = browser.send(&evidence, &[("text", "Ảnh chụp lúc nhận hàng"), ("once", "lần-này")]).await;
        assert_eq!(said.status, 303, "{}", said.text);
    }
    assert_eq!(browser.get(&here("")).await.text.matches("Ảnh chụp lúc nhận hàng").count(), 1);

    // By the link of another order nothing of this one is reached.
    browser.send("/basket/add", &[("offer", &offer), ("quantity", "1")]).await;
    let another = bought(&mut browser, &typed).await;
    let there = |part: &str| another.replacen('?', &format!("{part}?"), 1);
    let said = browser.send(&there(&format!("/disputes/{dispute}/evidence")), &[("text", "Nói chen vào")]).await;
    assert_eq!(said.status, 422, "{}", said.text);
    let withdrawn = browser.send(&there(&format!("/returns/{back}/withdraw")), &[]).await;
    assert_eq!(withdrawn.status, 422, "{}", withdrawn.text);
    assert!(!browser.get(&here("")).await.text.contains("Nói chen vào"));

    let review = format!("/account/reviews/{}", seller.product);
    let csrf = csrf_of(&browser.get(&review).await.text);
    let bad = browser.send(&review, &[("csrf", &csrf), ("rating", "9"), ("text", "Ngọt")]).await;
    assert!(bad.status == 422 && bad.text.contains("Ngọt"), "what was typed is kept: {}", bad.text);
    let said = browser.send(&review, &[("csrf", &csrf), ("rating", "4"), ("text", "Ngọt, vỏ hơi dập")]).await;
    assert_eq!(said.status, 303, "{}", said.text);
    assert!(browser.get("/p/buoi-dien-du-sang").await.text.contains("Ngọt, vỏ hơi dập"));
    // Who bought nothing has nothing to say.
    let mut stranger = Browser::new(&server);
    server.new_buyer("la@example.vn").await;
    stranger.send("/sign-in", &[("login", "la@example.vn"), ("password", PASSWORD)]).await;
    let csrf = csrf_of(&stranger.get(&review).await.text);
    let refused = stranger.send(&review, &[("csrf", &csrf), ("rating", "1"), ("text", "Tệ")]).await;
    assert!(refused.status == 422 && refused.text.contains("Chỉ người đã mua"), "{}", refused.text);
}

#[tokio::test]
async fn the_house_has_many_doors_and_one_key() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    let seller = server.seller_of("buoi-dien-du-sang").await.client.get("/v1/me").await.expect(200);
    let login = seller["email"].as_str().unwrap();
    browser.send("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
    let account = browser.get("/account").await.text;
    assert!(account.contains("href=\"/console/today\"") && !account.contains("href=\"/admin\""), "{account}");
    assert!(browser.get("/console/today").await.text.contains("href=\"/account\""), "and back again");
    let mut admin = Browser::new(&server);
    admin.send("/console/login", &[("login", "admin@example.vn"), ("password", PASSWORD)]).await;
    assert!(admin.get("/account").await.text.contains("href=\"/admin\""));
}
