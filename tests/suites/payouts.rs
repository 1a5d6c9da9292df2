//! Money on its way to cooperatives: held, in dispute, made by one and approved by another, paid once whatever happens.

use serde_json::{Value, json};
use tests::{Basket, Client, Gateway, PASSWORD, Seller, Server, Settings};

const HOLD_DAYS: i64 = 7;

fn later(settings: Settings) -> Settings {
    settings.set("OCOP_CLOCK_AHEAD_SECONDS", (HOLD_DAYS + 1) * 86_400)
}

pub async fn admins(server: &Server) -> (Client, Client) {
    let output = server
        .ocop(&["user", "create", "sep@example.vn", "--name", "Sếp", "--role", "admin"], &format!("{PASSWORD}\n"));
    assert!(output.status.success() || String::from_utf8_lossy(&output.stderr).contains("already"));
    (server.sign_in("admin@example.vn").await, server.sign_in("sep@example.vn").await)
}

pub async fn bank_accounts(server: &Server) {
    server
        .execute(
            "INSERT INTO bank_account (cooperative_id, bank_bin, number, holder, updated_at)
             SELECT id, '970436', '0071' || tax_code, legal_name, created_at FROM cooperative
             WHERE id NOT IN (SELECT cooperative_id FROM bank_account)",
        )
        .await;
}

/// A paid and delivered order of this product; its purchase and its seller.
pub async fn sold(server: &Server, product: &str) -> (Basket, Value, Seller) {
    let offer = server.offer(product, 0).await;
    let basket = server.basket(&[(&offer, 2)]).await;
    let purchase = basket.buy_by("vnpay").await;
    let payment = basket.pay(&purchase, "vnpay", "a").await.expect(201);
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let ipn = Gateway::ipn(payment["reference"].as_str().unwrap(), total, "00");
    assert_eq!(Gateway::tell(&server.client(), &ipn).await, "00");
    let seller = server.seller_of(product).await;
    seller.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
    (basket, purchase, seller)
}

pub async fn make(admin: &Client, key: &str) -> tests::Answer {
    admin.clone().header("idempotency-key", key).post("/v1/admin/payout-batches", json!({})).await
}

async fn owed(server: &Server, seller: &Seller) -> i64 {
    let id = seller.cooperative.replace('-', "");
    let id = if tests::on_postgres() { format!("'{}'", seller.cooperative) } else { format!("x'{id}'") };
    server
        .count(&format!(
            "SELECT CAST(COALESCE(-SUM(balance), 0) AS bigint) FROM ledger_account WHERE cooperative_id = {id}"
        ))
        .await
}

#[tokio::test]
async fn what_is_held_long_enough_is_paid_once() {
    let gateway = Gateway::new().await;
    let mut server = Server::with(gateway.settings()).await;
    bank_accounts(&server).await;
    let (basket, purchase, seller) = sold(&server, "mat-ong-rung-hop-tien").await;
    let total = purchase["total"]["amount"].as_i64().unwrap();
    assert_eq!(owed(&server, &seller).await, total);
    let (admin, _) = admins(&server).await;
    let line = async |admin: &Client| {
        let preview = admin.get("/v1/admin/payout-batches/preview").await.expect(200);
        preview["lines"]
            .as_array()
            .unwrap()
            .iter()
            .find(|line| line["cooperative_id"] == seller.cooperative.as_str())
            .cloned()
    };
    // The demo's own past may be due; this is not yet.
    assert!(line(&admin).await.is_none_or(|line| line["amount"]["amount"].as_i64().unwrap() < total));

    server.restart_with(later).await;
    let (admin, second) = admins(&server).await;
    let due = line(&admin).await.unwrap()["amount"]["amount"].as_i64().unwrap();
    assert!(due >= total);
    let dispute = Basket::link(&purchase["orders"][0]).replace("?token", "/disputes?token");
    let opened =
        basket.client.post(&dispute, json!({"reason": "damaged", "text": "Lọ mật ong bị nứt, chảy hết"})).await;
    let opened = opened.expect(201);
    assert!(
        line(&admin).await.is_none_or(|line| line["amount"]["amount"].as_i64().unwrap() <= due - total),
        "in dispute"
    );
    let decide = format!("/v1/admin/disputes/{}", opened["id"].as_str().unwrap());
    let part = json!({"decision": "part", "amount": 20_000, "text": "Một lọ bị nứt"});
    admin.post(&decide, part.clone()).await.expect_problem(409, "evidence_still_open");
    let mut early = part;
    early["early"] = true.into();
    let decided = admin.post(&decide, early.clone()).await.expect(200);
    assert!(decided["refund_id"].is_string());
    admin.post(&decide, early).await.expect_problem(409, "dispute_over");

    // Two start the run at once: there is one.
    let answers = futures_util::future::join_all([make(&admin, "a"), make(&second, "b"), make(&admin, "a")]).await;
    let ids: Vec<_> = answers.iter().map(|answer| answer.body["id"].as_str().unwrap_or(&answer.text)).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(server.count("SELECT COUNT(*) FROM payout_batch").await, 1);
    let batch = &answers[0].body;
    let ours = |batch: &Value| {
        batch["payouts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|payout| payout["cooperative_id"] == seller.cooperative.as_str())
            .cloned()
            .unwrap()
    };
    assert_eq!(ours(batch)["amount"]["amount"], due - 20_000);
    let path = format!("/v1/admin/payout-batches/{}", batch["id"].as_str().unwrap());
    admin.get(&format!("{path}/bank-file")).await.expect_problem(409, "batch_state");
    let maker_is_admin = batch["created_by"] == admin.get("/v1/me").await.expect(200)["id"];
    let (maker, other) = if maker_is_admin { (&admin, &second) } else { (&second, &admin) };
    maker.post(&path, json!({"step": "approve"})).await.expect_problem(409, "own_batch");
    other.post(&path, json!({"step": "approve"})).await.expect(200);
    other.post(&path, json!({"step": "approve"})).await.expect_problem(409, "batch_state");
    server.assert_books_agree();
    let (status, _, file) = admin.bytes(&format!("{path}/bank-file")).await;
    let file = String::from_utf8(file).unwrap();
    let payout = ours(batch);
    assert!(status == 200 && file.contains(payout["reference"].as_str().unwrap()), "{file}");
    assert_eq!(owed(&server, &seller).await, 0);

    // It comes back: it is owed again, and in the next run.
    let mark = format!("/v1/admin/payouts/{}", payout["id"].as_str().unwrap());
    admin.post(&mark, json!({"outcome": "paid"})).await.expect_problem(422, "invalid");
    admin.post(&mark, json!({"outcome": "paid", "bank_reference": "FT1"})).await.expect(200);
    admin.post(&mark, json!({"outcome": "paid", "bank_reference": "FT1"})).await.expect_problem(409, "payout_state");
    admin.post(&mark, json!({"outcome": "returned", "reason": "Sai số tài khoản"})).await.expect(200);
    assert_eq!(owed(&server, &seller).await, due - 20_000);
    assert_eq!(line(&admin).await.unwrap()["amount"]["amount"], due - 20_000);
    server.assert_books_agree();

    // Every đồng of it is told to the cooperative.
    let owner = server.sign_in_again(&seller).await;
    let today = time::OffsetDateTime::now_utc().date();
    let period = format!("from={}&to={}", today - time::Duration::days(60), today + time::Duration::days(60));
    let statement = owner.get(&seller.path(&format!("statements?{period}"))).await.expect(200);
    let lines: i64 = statement["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()).sum();
    assert_eq!(statement["closing"].as_i64().unwrap(), statement["opening"].as_i64().unwrap() + lines);
    assert_eq!(statement["closing"], due - 20_000);
    for (format, magic) in [("pdf", &b"%PDF"[..]), ("xlsx", b"PK")] {
        let (status, _, bytes) = owner.bytes(&seller.path(&format!("statements?{period}&format={format}"))).await;
        assert!(status == 200 && bytes.starts_with(magic), "{format}");
    }
    let payouts = owner.get(&seller.path("payouts")).await.expect(200);
    assert_eq!(payouts["items"][0]["state"], "returned");
    let stranger = server.seller_of("ruou-muong").await.client;
    for rest in ["payouts", "statements", "tax?period=2026-11", "invoices"] {
        stranger.get(&seller.path(rest)).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn killed_at_every_step_each_payout_is_paid_once() {
    let gateway = Gateway::new().await;
    let mut server = Server::with(gateway.settings()).await;
    bank_accounts(&server).await;
    let mut expected = 0;
    for product in ["mat-ong-rung-hop-tien", "tinh-dau-sa", "ruou-muong"] {
        sold(&server, product).await;
    }
    server.restart_with(later).await;
    let (admin, _) = admins(&server).await;
    expected += admin.get("/v1/admin/payout-batches/preview").await.expect(200)["total"]["amount"].as_i64().unwrap();
    let count = async |server: &Server, sql: &str| server.count(sql).await;

    for fault in ["payout_batch.row", "payout_batch.items", "payout_batch.before_commit", "payout_batch.after_commit"] {
        server.restart_with(|settings| settings.set("OCOP_FAULT", fault)).await;
        let (admin, _) = admins(&server).await;
        let request =
            admin.request(reqwest::Method::POST, "/v1/admin/payout-batches").header("idempotency-key", "the run");
        assert!(Client::try_send(request.json(&json!({}))).await.is_none(), "{fault}: the server was to end here");
        server.wait_end();
        let made = i64::from(fault == "payout_batch.after_commit");
        assert_eq!(count(&server, "SELECT COUNT(*) FROM payout_batch").await, made, "{fault}");
        assert_eq!(count(&server, "SELECT COUNT(*) FROM payout_item").await > 0, made == 1, "{fault}");
    }
    let without = |settings: Settings| settings.set("OCOP_FAULT", "nowhere");
    server.restart_with(without).await;
    let (admin, _) = admins(&server).await;
    let batch = make(&admin, "the run").await.expect(201);
    assert_eq!(batch["total"]["amount"], expected);
    let path = format!("/v1/admin/payout-batches/{}", batch["id"].as_str().unwrap());

    for fault in [
        "payout_batch.decided",
        "payout_batch.posted",
        "payout_batch.decision_before_commit",
        "payout_batch.decision_after_commit",
    ] {
        server.restart_with(|settings| settings.set("OCOP_FAULT", fault)).await;
        let (_, second) = admins(&server).await;
        let request = second.request(reqwest::Method::POST, &path).json(&json!({"step": "approve"}));
        assert!(Client::try_send(request).await.is_none(), "{fault}");
        server.wait_end();
        let approved = i64::from(fault == "payout_batch.decision_after_commit");
        assert_eq!(
            count(&server, "SELECT COUNT(*) FROM payout_batch WHERE state = 'approved'").await,
            approved,
            "{fault}"
        );
    }
    server.restart_with(without).await;
    let (admin, second) = admins(&server).await;
    second.post(&path, json!({"step": "approve"})).await.expect_problem(409, "batch_state");
    let sent = "SELECT CAST(-SUM(p.amount) AS bigint) FROM posting p JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'payouts_in_transit' AND p.amount < 0";
    assert_eq!(server.count(sent).await, expected);
    server.assert_books_agree();

    let batch = admin.get(&path).await.expect(200);
    for (payout, fault) in batch["payouts"].as_array().unwrap().iter().zip([
        "payout.marked",
        "payout.mark_before_commit",
        "payout.mark_after_commit",
    ]) {
        server.restart_with(|settings| settings.set("OCOP_FAULT", fault)).await;
        let (admin, _) = admins(&server).await;
        let mark = format!("/v1/admin/payouts/{}", payout["id"].as_str().unwrap());
        let paid = json!({"outcome": "paid", "bank_reference": "FT"});
        let request = admin.request(reqwest::Method::POST, &mark).json(&paid);
        assert!(Client::try_send(request).await.is_none(), "{fault}");
        server.wait_end();
        server.restart_with(without).await;
        let (admin, _) = admins(&server).await;
        let again = admin.post(&mark, paid).await;
        assert_eq!(again.status, if fault.ends_with("after_commit") { 409 } else { 200 }, "{fault}: {}", again.text);
    }
    let paid = "SELECT CAST(COALESCE(SUM(amount), 0) AS bigint) FROM payout WHERE state = 'paid'";
    let left =
        "SELECT CAST(COALESCE(-SUM(balance), 0) AS bigint) FROM ledger_account WHERE kind = 'payouts_in_transit'";
    assert_eq!(server.count(paid).await + server.count(left).await, expected);
    // Nothing is due twice.
    make(&admins(&server).await.0, "another").await;
    assert_eq!(server.count("SELECT COUNT(*) FROM payout_batch").await, 1);
    server.assert_books_agree();
}

#[tokio::test]
async fn cash_is_the_cooperatives_own_and_carriers_account_for_theirs() {
    let server = Server::start().await;
    let admin = server.sign_in("admin@example.vn").await;
    let rule = json!({"component": "platform", "rate_bp": 500, "starts_on": time::OffsetDateTime::now_utc().to_offset(time::UtcOffset::from_hms(7, 0, 0).unwrap()).date().to_string()});
    admin.post("/v1/admin/commission-rules", rule).await.expect(201);
    let seller = server.seller_of("mat-ong-rung-hop-tien").await;
    let before = owed(&server, &seller).await;
    let offer = server.offer("mat-ong-rung-hop-tien", 0).await;
    // Its own people took the cash: what it owes is the commission.
    let purchase = server.basket(&[(&offer, 2)]).await.buy().await;
    let id = purchase["orders"][0]["id"].as_str().unwrap();
    seller.deliver(id).await;
    let commission = (purchase["goods"]["amount"].as_i64().unwrap() * 5 + 50) / 100;
    assert_eq!(owed(&server, &seller).await, before - commission);
    server.assert_books_agree();

    // A carrier took it: it counts once the carrier's file says so.
    let purchase = server.basket(&[(&offer, 1)]).await.buy().await;
    let id = purchase["orders"][0]["id"].as_str().unwrap();
    seller.deliver(id).await;
    let before = owed(&server, &seller).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let purchase = basket.buy().await;
    let id = purchase["orders"][0]["id"].as_str().unwrap().to_owned();
    for step in ["confirm", "pack"] {
        seller.step(&id, step).await.expect(200);
    }
    let parcel =
        seller.client.post(&seller.path(&format!("orders/{id}/parcels")), json!({"carrier": "own"})).await.expect(201);
    server
        .execute(&format!(
            "UPDATE parcel SET carrier = 'ghn', tracking_code = 'GHN123', state = 'booked' WHERE number = '{}'",
            parcel["number"].as_str().unwrap()
        ))
        .await;
    for step in ["hand_over", "delivered"] {
        let path = seller.path(&format!("parcels/{}", parcel["id"].as_str().unwrap()));
        seller.client.post(&path, json!({"step": step})).await.expect(200);
    }
    let order = basket.client.get(&Basket::link(&purchase["orders"][0])).await.expect(200);
    assert_eq!((order["state"].as_str(), order["paid"]["amount"].as_i64()), (Some("delivered"), Some(0)));
    let total = purchase["total"]["amount"].as_i64().unwrap();
    let file = format!("Mã vận đơn;Tiền thu hộ;Phí\nGHN123;{total};5.000\nGHN999;70.000;0\n");
    admin.upload("/v1/admin/settlements/ghn", "text/csv", file.clone().into_bytes()).await.expect(201);
    admin
        .upload("/v1/admin/settlements/ghn", "text/csv", file.into_bytes())
        .await
        .expect_problem(409, "settlement_known");
    let twice = format!("Mã vận đơn;Tiền thu hộ;Phí\nGHN123;{total};0\n");
    admin.upload("/v1/admin/settlements/ghn", "text/csv", twice.into_bytes()).await.expect(201);
    admin
        .upload("/v1/admin/settlements/ghn", "text/csv", b"a;b\n1;2\n".to_vec())
        .await
        .expect_problem(422, "settlement_unreadable");
    let order = basket.client.get(&Basket::link(&purchase["orders"][0])).await.expect(200);
    assert_eq!(order["paid"]["amount"], total);
    let kept = (purchase["goods"]["amount"].as_i64().unwrap() * 5 + 50) / 100;
    assert_eq!(owed(&server, &seller).await, before + total - kept);
    let queue = admin.get("/v1/admin/reconciliation").await.expect(200);
    let kinds: Vec<_> = queue["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["settled_twice", "unknown_settlement"]);
    server.assert_books_agree();
    let (status, _, receipt) =
        basket.client.bytes(&Basket::link(&purchase["orders"][0]).replace("?token", "/receipt.pdf?token")).await;
    assert!(status == 200 && receipt.starts_with(b"%PDF"));
}

#[tokio::test]
async fn invoices_are_numbered_without_a_gap_and_adjusted_when_money_goes_back() {
    let gateway = Gateway::new().await;
    let server = Server::with(gateway.settings()).await;
    let mut last = None;
    for _ in 0..3 {
        last = Some(sold(&server, "tinh-dau-sa").await);
    }
    let (_, purchase, seller) = last.unwrap();
    let admin = server.sign_in("admin@example.vn").await;
    let order = purchase["orders"][0]["id"].as_str().unwrap();
    let half =
        json!({"lines": [{"offer_id": server.offer("tinh-dau-sa", 0).await, "quantity": 1}], "note": "một lọ vỡ"});
    let asked = admin
        .clone()
        .header("idempotency-key", "x")
        .post(&format!("/v1/admin/orders/{order}/refunds"), half)
        .await
        .expect(201);
    let mut items = Vec::new();
    for _ in 0..150 {
        items = seller.client.get(&seller.path("invoices")).await.expect(200)["items"].as_array().unwrap().clone();
        if items.iter().filter(|invoice| invoice["state"] == "issued").count() == 4 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let mut numbers: Vec<_> = items.iter().map(|invoice| invoice["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4], "{items:?}");
    let adjustment = items.iter().find(|invoice| invoice["kind"] == "adjustment").unwrap();
    assert_eq!(
        adjustment["total"]["amount"].as_i64().unwrap(),
        -asked["items"][0]["amount"]["amount"].as_i64().unwrap()
    );
    let shown =
        seller.client.get(&seller.path(&format!("invoices/{}", adjustment["id"].as_str().unwrap()))).await.expect(200);
    assert_eq!(shown["data"]["seller"]["tax_code"].as_str().map(str::is_empty), Some(false));
    server.assert_books_agree();
}

#[tokio::test]
async fn the_bank_account_is_its_owners_to_change_and_everybody_is_told() {
    let server = Server::start().await;
    let seller = server.seller_of("hat-doi").await;
    let path = seller.path("bank-account");
    let wrong = json!({"bank_bin": "97", "number": "12", "holder": "X"});
    let refused = seller.client.put(&path, wrong).await.expect_problem(422, "invalid");
    let pointers: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/bank_bin", "/holder", "/number"]);
    let right = json!({"bank_bin": "970436", "number": "0071000123456", "holder": "HỘ KINH DOANH HẠT DỔI"});
    let shown = seller.client.put(&path, right).await.expect(200);
    assert_eq!(shown["number"], "…3456", "never shown in full");
    assert_eq!(seller.client.get(&path).await.expect(200), shown);
    server.message_to("ho-kinh-doanh-nuong-dam@example.vn", "…3456").await;
    let other = server.seller_of("ruou-muong").await;
    other.client.get(&path).await.expect_problem(403, "forbidden");
    assert_eq!(server.count("SELECT COUNT(*) FROM audit_entry WHERE action = 'bank_account.changed'").await, 1);
}

#[tokio::test]
async fn what_a_cooperative_owes_is_carried_over_and_taken_off() {
    let gateway = Gateway::new().await;
    let mut server = Server::with(gateway.settings()).await;
    let admin = server.sign_in("admin@example.vn").await;
    let today =
        time::OffsetDateTime::now_utc().to_offset(time::UtcOffset::from_hms(7, 0, 0).unwrap()).date().to_string();
    let rule = json!({"component": "platform", "rate_bp": 1_000, "starts_on": today});
    admin.post("/v1/admin/commission-rules", rule).await.expect(201);
    // Two shops take cash at the door and owe its commission; one of them is paid through VNPAY too.
    let mut commissions = Vec::new();
    for product in ["mat-ong-rung-hop-tien", "tinh-dau-sa"] {
        let offer = server.offer(product, 0).await;
        let purchase = server.basket(&[(&offer, 1)]).await.buy().await;
        server.seller_of(product).await.deliver(purchase["orders"][0]["id"].as_str().unwrap()).await;
        commissions.push((purchase["goods"]["amount"].as_i64().unwrap() + 5) / 10);
    }
    let (_, paid, rich) = sold(&server, "mat-ong-rung-hop-tien").await;
    let poor = server.seller_of("tinh-dau-sa").await;
    server.restart_with(later).await;
    let (admin, second) = admins(&server).await;
    let preview = admin.get("/v1/admin/payout-batches/preview").await.expect(200);
    let line = |seller: &Seller| {
        let lines = preview["lines"].as_array().unwrap();
        lines.iter().find(|line| line["cooperative_id"] == seller.cooperative.as_str()).unwrap().clone()
    };
    let (total, goods) = (paid["total"]["amount"].as_i64().unwrap(), paid["goods"]["amount"].as_i64().unwrap());
    let due = total - (goods + 5) / 10 - commissions[0];
    assert_eq!((line(&rich)["amount"]["amount"].as_i64(), &line(&rich)["left_out"]), (Some(due), &Value::Null));
    assert_eq!(
        (line(&poor)["amount"]["amount"].as_i64(), line(&poor)["left_out"].as_str()),
        (Some(-commissions[1]), Some("below_minimum"))
    );
    let batch = make(&admin, "run").await.expect(201);
    let payouts = batch["payouts"].as_array().unwrap();
    assert!(payouts.iter().all(|payout| payout["cooperative_id"] != poor.cooperative.as_str()));
    second
        .post(&format!("/v1/admin/payout-batches/{}", batch["id"].as_str().unwrap()), json!({"step": "approve"}))
        .await
        .expect(200);
    assert_eq!((owed(&server, &rich).await, owed(&server, &poor).await), (0, -commissions[1]));
    // The bank never sent it: it is owed again.
    let ours = payouts.iter().find(|payout| payout["cooperative_id"] == rich.cooperative.as_str()).unwrap();
    let mark = format!("/v1/admin/payouts/{}", ours["id"].as_str().unwrap());
    admin.post(&mark, json!({"outcome": "failed", "reason": "tài khoản bị khóa"})).await.expect(200);
    admin.post(&mark, json!({"outcome": "paid", "bank_reference": "FT"})).await.expect_problem(409, "payout_state");
    assert_eq!(owed(&server, &rich).await, due);
    server.assert_books_agree();
}
