//! The document says what the server does. Outside linters run from `tests/run`.

use std::collections::HashSet;

use tests::Server;

#[tokio::test]
async fn every_operation_has_a_name_an_answer_and_says_who_may_call_it() {
    let server = Server::start().await;
    let document = server.client().get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "{name} stands twice");
            assert!(operation["security"].is_array(), "{method} {path} does not say who may call it");
            assert!(operation["responses"]["4XX"].is_object(), "{method} {path}");
            let guarded =
                ["/v1/seller", "/v1/me/", "/v1/partner/", "/v1/admin/"].iter().any(|start| path.starts_with(start));
            let guarded = guarded || path == "/v1/me";
            if guarded {
                assert!(operation["security"][0]["access_token"].is_array(), "{method} {path} must need a token");
            }
        }
    }
    assert!(names.len() >= 45, "{}", names.len());
}

#[tokio::test]
async fn guarded_operations_refuse_who_is_not_signed_in() {
    let server = Server::start().await;
    let document = server.client().get("/openapi.json").await.expect(200);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needs_token = operation["security"].as_array().unwrap().iter().all(|way| way != &serde_json::json!({}));
            if !needs_token || operation["security"].as_array().unwrap().is_empty() {
                continue;
            }
            let mut concrete = path.clone();
            while let (Some(open), Some(close)) = (concrete.find('{'), concrete.find('}')) {
                concrete.replace_range(open..=close, &uuid::Uuid::nil().to_string());
            }
            let method = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = tests::Client::try_send(server.client().request(method.clone(), &concrete)).await.unwrap();
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_documentation_page_works_without_the_internet() {
    let server = Server::start().await;
    let page = server.client().get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui") && !page.text.contains("https://"), "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
    for (file, kind) in [("swagger-ui-bundle.js", "javascript"), ("swagger-ui.css", "css"), ("start.js", "javascript")]
    {
        let file = server.client().get(&format!("/docs/{file}")).await;
        assert!(file.status == 200 && file.header("content-type").contains(kind), "{}", file.status);
    }
    for file in ["package.json", "..%2FCargo.toml", "dist%2Fswagger-ui.css"] {
        server.client().get(&format!("/docs/{file}")).await.expect_problem(404, "not_found");
    }
    let output = server.ocop(&["openapi"], "");
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, server.client().get("/openapi.json").await.expect(200));
}
