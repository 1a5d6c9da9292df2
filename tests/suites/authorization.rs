//! Who may call what: every operation of the OpenAPI document stands in one table, and is tried as everybody.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, PASSWORD, Server};

use crate::made_up::{concrete, instance};
use crate::rights::Needs::{
    Admin, Keeper, Manager, Ministry, Nothing, Office, Owner, PartnerMember, PartnerOwner, SignIn, Staff,
};
use crate::rights::{Needs, TABLE};
use crate::rights_programme;

/// Who tries, and what each has.
const CALLERS: &[(&str, &[Needs])] = &[
    ("anonymous", &[Nothing]),
    ("buyer", &[Nothing, SignIn]),
    ("staff", &[Nothing, SignIn, Staff]),
    ("manager", &[Nothing, SignIn, Staff, Manager]),
    ("owner", &[Nothing, SignIn, Staff, Manager, Owner]),
    ("owner of another cooperative", &[Nothing, SignIn]),
    ("partner", &[Nothing, SignIn, PartnerMember, PartnerOwner]),
    ("partner's staff", &[Nothing, SignIn, PartnerMember]),
    ("another partner", &[Nothing, SignIn]),
    ("ministry", &[Ministry]),
    ("officer", &[Nothing, SignIn, Keeper, Office]),
    ("admin", &[Nothing, SignIn, Admin, Keeper]),
];

async fn call(client: &Client, method: Method, path: &str, document: &Value, operation: &Value) -> tests::Answer {
    let mut request = client.request(method, path).header("idempotency-key", "authorization");
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        let (kind, media) = content.iter().next().unwrap();
        request = if kind == "application/json" && operation["operationId"] != "receive_carrier_report" {
            request.json(&instance(document, &media["schema"]))
        } else {
            request.header("content-type", kind).body("x")
        };
    }
    Client::try_send(request).await.expect("an answer")
}

async fn member(server: &Server, email: &str, membership: &str) -> Client {
    let output = server
        .ocop(&["user", "create", email, "--name", "Người thử", "--member", membership], &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    server.sign_in(email).await
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let partner = server.partner().await;
    let staff = server.new_buyer("le-tan@example.vn").await;
    let code = partner.client.post(&partner.path("invitations"), json!({"role": "member"})).await.expect(201);
    staff.post("/v1/partners/join", json!({"code": code["code"]})).await.expect(200);
    let other = server.new_buyer("doi-tac@example.vn").await;
    server.new_partner(&other).await;
    let clients: Vec<(&str, Client, &[Needs])> = {
        let mut clients = Vec::new();
        for (name, has) in CALLERS {
            let client = match *name {
                "anonymous" => server.client(),
                "buyer" => server.sign_in("lan@example.vn").await,
                "staff" => member(&server, "tho@example.vn", &format!("{}:staff", shop.cooperative)).await,
                "manager" => member(&server, "quan-ly@example.vn", &format!("{}:manager", shop.cooperative)).await,
                "owner" => shop.client.clone(),
                "owner of another cooperative" => server.seller_of("ruou-muong").await.client,
                "partner" => partner.client.clone(),
                "partner's staff" => staff.clone(),
                "another partner" => other.clone(),
                "officer" => server.sign_in("can-bo@example.vn").await,
                "ministry" => server.sign_in("bo@example.vn").await,
                _ => server.sign_in("admin@example.vn").await,
            };
            clients.push((*name, client, *has));
        }
        clients
    };
    let table: BTreeMap<&str, Needs> = TABLE
        .iter()
        .chain(rights_programme::TABLE)
        .flat_map(|(needs, ids)| ids.iter().map(move |id| (*id, *needs)))
        .collect();
    let document = server.client().get("/openapi.json").await.expect(200);
    let (mut seen, mut faults) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let Some(needs) = table.get(id).copied() else {
                faults.push(format!("{id} ({method} {path}) stands in no row of the table"));
                continue;
            };
            seen += 1;
            let secured = operation["security"].as_array().unwrap();
            let token_needed =
                !secured.is_empty() && secured.iter().all(|way| way.as_object().is_some_and(|way| !way.is_empty()));
            if token_needed == (needs == Nothing) {
                faults.push(format!("{id}: the document says {secured:?}, the table {needs:?}"));
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = concrete(path, operation, (&shop.cooperative, &partner.id));
            for (name, client, has) in &clients {
                // Offices of other levels share most of what an officer may; `recognition` and `figures` test the rest.
                if *name == "ministry" && needs != Ministry {
                    continue;
                }
                let answer = call(client, method.clone(), &path, &document, operation).await;
                let code = answer.body["code"].as_str().unwrap_or_default();
                let refused = matches!(code, "unauthenticated" | "forbidden");
                let expected = match (has.contains(&needs), *name) {
                    (true, _) => !refused,
                    (false, "anonymous") => code == "unauthenticated",
                    (false, _) => code == "forbidden",
                };
                if !expected || answer.status >= 500 {
                    faults.push(format!(
                        "{id} as {name}: {} {}",
                        answer.status,
                        answer.text.chars().take(200).collect::<String>()
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(seen, table.len(), "rows of the table without an operation");
}
