//! A client that keeps what it needs to show: a token, a language.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A plain HTTP client. Nothing here speaks TLS, and reading the machine's certificates for each client took a third of a suite's
/// time. The whole workspace is built with one set of features, so that nothing is built twice, and with the
/// server's comes a TLS library without a default.
pub fn http() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only(Vec::<reqwest::Certificate>::new())
}

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

/// A status and a body; most tests look at nothing else.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `null` when the body is not JSON.
    pub body: Value,
}

impl Answer {
    /// The body, if the status is as expected; else tells what came instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "answered {}: {}", self.status, self.text);
        self.body
    }

    /// Refused with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    pub fn new(base: &str) -> Self {
        let http = http().timeout(Duration::from_mins(1)).build().unwrap();
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("accept-language"), HeaderValue::from_static("en"))]);
        Self { http, base: base.to_owned(), headers }
    }

    /// The same client, which shows redirects instead of following them.
    #[must_use]
    pub fn staying(mut self) -> Self {
        let policy = reqwest::redirect::Policy::none();
        self.http = http().timeout(Duration::from_mins(1)).redirect(policy).build().unwrap();
        self
    }

    /// A form as a page without scripts sends it.
    pub async fn fields(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body =
            reqwest::Url::parse_with_params("http://form/", fields).unwrap().query().unwrap_or_default().to_owned();
        self.upload(path, "application/x-www-form-urlencoded", body.into_bytes()).await
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).headers(self.headers.clone())
    }

    /// Sends; `None` when there was no answer, as when the server was killed.
    pub async fn try_send(request: RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer { status, headers, text, body })
    }

    async fn send(request: RequestBuilder) -> Answer {
        Self::try_send(request).await.expect("the server answers")
    }

    pub async fn try_get(&self, path: &str) -> Option<u16> {
        Some(Self::try_send(self.request(Method::GET, path)).await?.status)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(Method::GET, path)).await
    }

    /// A GET with query parameters that need escaping.
    pub async fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let url = reqwest::Url::parse_with_params(&format!("{}{path}", self.base), parameters).unwrap();
        Self::send(self.http.get(url).headers(self.headers.clone())).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Self::send(self.request(Method::POST, path).json(&body)).await
    }

    /// A file as the body itself.
    pub async fn upload(&self, path: &str, kind: &str, bytes: Vec<u8>) -> Answer {
        Self::send(self.request(Method::POST, path).header("content-type", kind).body(bytes)).await
    }

    /// The bytes of an answer that is no text.
    pub async fn bytes(&self, path: &str) -> (u16, HeaderMap, Vec<u8>) {
        let response = self.request(Method::GET, path).send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap().to_vec())
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Self::send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Self::send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Self::send(self.request(Method::DELETE, path)).await
    }
}

/// A part of a form: its name, a file's name if it is one, the content.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

impl Client {
    /// A form with files, as a browser sends it.
    pub async fn form(&self, path: &str, parts: &[Part<'_>]) -> Answer {
        const EDGE: &str = "----------------------------cho-ocop";
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = file
                .map(|file| format!("; filename=\"{file}\"\r\ncontent-type: application/octet-stream"))
                .unwrap_or_default();
            body.extend(format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{EDGE}--\r\n").bytes());
        self.upload(path, &format!("multipart/form-data; boundary={EDGE}"), body).await
    }
}
