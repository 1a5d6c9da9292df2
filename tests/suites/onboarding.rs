//! From nothing to selling: applying, being reviewed, inviting a team, being suspended.

use serde_json::{Value, json};
use tests::{Client, Server};

pub fn application() -> Value {
    json!({"kind": "household", "name": "Vườn bưởi nhà Nam", "legal_name": "HỘ KINH DOANH BÙI VĂN NAM", "tax_code": "025087001234",
        "representative": "Bùi Văn Nam", "licence_number": "25G8001234", "licence_issuer": "Phòng Kinh tế xã", "street": "Xóm Suối Chuộn",
        "commune_code": "04978", "phone": "0987654321", "bank_bin": "970405", "bank_account": "3005215001234", "bank_holder": "BUI VAN NAM"})
}

async fn handed_in(server: &Server, applicant: &Client) -> String {
    let id = applicant.post("/v1/applications", application()).await.expect(201)["id"].as_str().unwrap().to_owned();
    let submit = format!("/v1/applications/{id}/submit");
    applicant.post(&submit, json!({})).await.expect_problem(409, "papers_missing");
    for kind in ["identity", "licence"] {
        let path = format!("/v1/applications/{id}/documents?kind={kind}");
        applicant.upload(&path, "application/pdf", b"%PDF-1.7 giay to".to_vec()).await.expect(201);
    }
    assert_eq!(applicant.post(&submit, json!({})).await.expect(200)["state"], "submitted");
    server.message_to("nam@example.vn", "received the application").await;
    id
}

#[tokio::test]
async fn an_application_is_reviewed_and_becomes_a_shop_that_sells() {
    let server = Server::start().await;
    let (applicant, admin) = (server.new_buyer("nam@example.vn").await, server.sign_in("admin@example.vn").await);
    let id = handed_in(&server, &applicant).await;
    applicant.post("/v1/applications", application()).await.expect_problem(409, "application_open");
    applicant.put(&format!("/v1/applications/{id}"), application()).await.expect_problem(409, "application_state");

    let waiting = admin.get("/v1/admin/applications").await.expect(200);
    assert_eq!(waiting["items"][0]["id"], json!(id));
    let paper = waiting["items"][0]["documents"][0]["id"].as_str().unwrap();
    let (status, headers, bytes) = admin.bytes(&format!("/v1/admin/applications/{id}/documents/{paper}")).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/pdf"));
    assert!(bytes.starts_with(b"%PDF-"));
    let decision = format!("/v1/admin/applications/{id}/decision");
    admin.post(&decision, json!({"decision": "more_needed"})).await.expect_problem(422, "invalid");
    let word = json!({"decision": "more_needed", "message": "Ảnh căn cước bị mờ"});
    assert_eq!(admin.post(&decision, word).await.expect(200)["state"], "more_needed");
    assert!(server.message_to("nam@example.vn", "needs more:").await.contains("Ảnh căn cước bị mờ"));
    applicant.put(&format!("/v1/applications/{id}"), application()).await.expect(200);
    applicant.post(&format!("/v1/applications/{id}/submit"), json!({})).await.expect(200);
    // Two admins decide at once: one of them does.
    let answers =
        futures_util::future::join_all((0..4).map(|_| admin.post(&decision, json!({"decision": "approve"})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    server.message_to("nam@example.vn", "was approved").await;
    assert_eq!(server.count("SELECT COUNT(*) FROM cooperative WHERE name_vi = 'Vườn bưởi nhà Nam'").await, 1);

    let me = applicant.get("/v1/me").await.expect(200);
    let shop = me["cooperatives"][0]["id"].as_str().unwrap().to_owned();
    let path = |rest: &str| format!("/v1/seller/cooperatives/{shop}/{rest}");
    let product = json!({"category": "trai-cay-tuoi", "name_vi": "Bưởi nhà Nam", "summary_vi": "Bưởi hái buổi sáng", "shelf_life_days": 30,
        "offers": [{"pack_vi": "Hộp 4 quả", "unit": "box", "weight_g": 4500, "price": 180_000}]});
    let category = first_leaf(&server).await;
    let product = with(product, "category", json!(category));
    let made = applicant.post(&path("products"), product).await.expect(201);
    let offer = made["offers"][0]["id"].as_str().unwrap().to_owned();
    applicant
        .post(&path(&format!("stock/{offer}/movements")), json!({"kind": "receipt", "quantity": 5}))
        .await
        .expect(201);
    let listing = path(&format!("products/{}", made["id"].as_str().unwrap()));
    assert_eq!(applicant.patch(&listing, json!({"status": "published"})).await.expect(200)["status"], "published");
    server.basket(&[(&offer, 2)]).await.buy().await;
    server.assert_books_agree();
}

pub async fn first_leaf(server: &Server) -> String {
    let tree = server.client().get("/v1/categories").await.expect(200);
    let mut node = tree["items"][0].clone();
    while let Some(child) = node["children"].get(0).cloned() {
        node = child;
    }
    node["slug"].as_str().unwrap().to_owned()
}

pub fn with(mut value: Value, field: &str, content: Value) -> Value {
    value[field] = content;
    value
}

#[tokio::test]
async fn applications_are_refused_with_a_pointer_and_seen_by_their_own_alone() {
    let server = Server::start().await;
    let applicant = server.new_buyer("nam@example.vn").await;
    for (field, value) in [
        ("tax_code", json!("12")),
        ("bank_bin", json!("97A405")),
        ("phone", json!("12")),
        ("commune_code", json!("99999")),
        ("email", json!("nein")),
        ("legal_name", json!("     ")),
    ] {
        let refused =
            applicant.post("/v1/applications", with(application(), field, value)).await.expect_problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], format!("/{field}"), "{refused}");
    }
    let id = applicant.post("/v1/applications", application()).await.expect(201)["id"].as_str().unwrap().to_owned();
    let papers = format!("/v1/applications/{id}/documents?kind=identity");
    applicant.upload(&papers, "application/pdf", b"<html>".to_vec()).await.expect_problem(415, "not_a_paper");
    let stranger = server.new_buyer("khac@example.vn").await;
    stranger.get(&format!("/v1/applications/{id}")).await.expect_problem(404, "not_found");
    stranger.upload(&papers, "application/pdf", b"%PDF-".to_vec()).await.expect_problem(404, "not_found");
    // Papers are never served as pictures are.
    applicant.upload(&papers, "application/pdf", b"%PDF-".to_vec()).await.expect(201);
    assert_eq!(server.client().get(&format!("/media/private/applications/{id}/x.jpg")).await.status, 404);
}

#[tokio::test]
async fn a_team_grows_by_invitation_and_keeps_an_owner() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let team = shop.path("members");
    shop.client.post(&shop.path("invitations"), json!({"contact": "0912000111", "role": "staff"})).await.expect(201);
    let again = json!({"contact": "+84 912 000 111", "role": "staff"});
    shop.client.post(&shop.path("invitations"), again).await.expect_problem(409, "already_invited");
    shop.client
        .post(&shop.path("invitations"), json!({"contact": "moi@example.vn", "role": "owner"}))
        .await
        .expect(201);
    let text = server.message_to("moi@example.vn", "Your code").await;
    let code = text.split("Your code: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let joiner = server.new_buyer("moi@example.vn").await;
    joiner.post("/v1/invitations/accept", json!({"code": "WRONG-CODE"})).await.expect_problem(409, "bad_invitation");
    assert_eq!(joiner.post("/v1/invitations/accept", json!({"code": code})).await.expect(200)["role"], "owner");
    joiner.post("/v1/invitations/accept", json!({"code": code})).await.expect_problem(409, "bad_invitation");
    let members = joiner.get(&team).await.expect(200);
    assert_eq!(
        (members["members"].as_array().unwrap().len(), members["invitations"].as_array().unwrap().len()),
        (2, 1)
    );
    // Both owners remove each other at the same moment: one stays.
    let ids: Vec<String> =
        members["members"].as_array().unwrap().iter().map(|m| m["account_id"].as_str().unwrap().to_owned()).collect();
    let mine = joiner.get("/v1/me").await.expect(200)["id"].as_str().unwrap().to_owned();
    let theirs = ids.iter().find(|id| **id != mine).unwrap();
    let (theirs_path, mine_path) = (format!("{team}/{theirs}"), format!("{team}/{mine}"));
    let (a, b) = futures_util::future::join(joiner.delete(&theirs_path), shop.client.delete(&mine_path)).await;
    assert_eq!([a.status, b.status].iter().filter(|status| **status == 204).count(), 1, "{} {}", a.text, b.text);
    assert_eq!(server.count("SELECT COUNT(*) FROM cooperative_member m JOIN cooperative c ON c.id = m.cooperative_id WHERE c.slug LIKE '%' AND m.role = 'owner' AND m.cooperative_id IN (SELECT cooperative_id FROM invitation)").await, 1);
    let (left, id) = if a.status == 204 { (joiner, mine) } else { (shop.client.clone(), theirs.clone()) };
    left.delete(&format!("{team}/{id}")).await.expect_problem(409, "last_owner");
    left.patch(&format!("{team}/{id}"), json!({"role": "staff"})).await.expect_problem(409, "last_owner");
}

#[tokio::test]
async fn a_suspended_shop_sells_no_more_and_works_its_orders_off() {
    let server = Server::start().await;
    let (shop, admin) = (server.seller_of("hat-doi").await, server.sign_in("admin@example.vn").await);
    let offer = server.offer("hat-doi", 0).await;
    let basket = server.basket(&[(&offer, 1)]).await;
    let quote = basket.quote().await;
    let order = server.basket(&[(&offer, 1)]).await.buy().await["orders"][0]["id"].as_str().unwrap().to_owned();
    let suspend = format!("/v1/admin/cooperatives/{}/suspend", shop.cooperative);
    admin.post(&suspend, json!({"reason": "Giấy chứng nhận hết hạn"})).await.expect(204);
    admin.post(&suspend, json!({"reason": "lần nữa"})).await.expect_problem(409, "shop_state");
    assert_eq!(server.client().get("/v1/products/hat-doi").await.status, 404);
    basket.checkout(&quote, "late").await.expect_problem(409, "changed_since_quote");
    shop.deliver(&order).await;
    admin.post(&format!("/v1/admin/cooperatives/{}/reinstate", shop.cooperative), json!({})).await.expect(204);
    assert_eq!(server.client().get("/v1/products/hat-doi").await.status, 200);
    server.assert_books_agree();
}
