//! A browser without scripts: cookies, forms, and no following by itself.

use std::collections::BTreeMap;

use crate::{Answer, Client, Server};

/// A browser that keeps cookies, and does not follow by itself.
pub struct Browser {
    pub client: Client,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(server: &Server) -> Self {
        Self { client: server.guest().staying(), cookies: BTreeMap::new() }
    }

    pub fn sending(&self) -> Client {
        let jar: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let client = self.client.clone().header("accept-language", "vi");
        if jar.is_empty() { client } else { client.header("cookie", &jar.join("; ")) }
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") || text.contains("Max-Age=0"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name)
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned())
            };
        }
        answer
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.sending().get(path).await;
        self.keep(answer)
    }

    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.sending().fields(path, fields).await;
        self.keep(answer)
    }
}

/// What stands between two texts.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    &text[start..start + text[start..].find(after).unwrap()]
}
