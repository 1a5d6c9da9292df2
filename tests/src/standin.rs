//! A small HTTP server that stands in for somebody else's: what it was asked is kept, what it answers is the test's to say.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// What to do with a request.
pub enum Manner {
    Answer(u16, Value),
    /// A text of this media type.
    Text(u16, &'static str, String),
    /// Take the request and hang up without a word.
    HangUp,
}

type Rule = dyn Fn(&Asked) -> Manner + Send + Sync;

/// Stops when it is dropped.
pub struct StandIn {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: tokio::task::JoinHandle<()>,
}

impl StandIn {
    pub async fn new(rule: impl Fn(&Asked) -> Manner + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, rule): (_, Arc<Rule>) = (asked.clone(), Arc::new(rule));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), rule.clone()));
            }
        });
        Self { url, asked, task }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until so many requests came in.
    pub async fn asked_times(&self, count: usize) -> Vec<Asked> {
        for _ in 0..300 {
            if self.asked().len() >= count {
                return self.asked();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("asked {} times, not {count}: {:?}", self.asked().len(), self.asked());
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Asked>>>, rule: Arc<Rule>) {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8192];
    loop {
        let Ok(read) = stream.read(&mut chunk).await else { return };
        bytes.extend_from_slice(&chunk[..read]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            if read == 0 {
                return;
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        if bytes.len() < end + 4 + length {
            continue;
        }
        let body = bytes[end + 4..end + 4 + length].to_vec();
        let text = String::from_utf8_lossy(&body).into_owned();
        let mut words = first.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let asked = Asked { method: word(), path: word(), headers, text, bytes: body };
        let manner = rule(&asked);
        kept.lock().unwrap().push(asked);
        let said = match manner {
            Manner::Answer(status, body) => Some((status, "application/json", body.to_string())),
            Manner::Text(status, kind, body) => Some((status, kind, body)),
            Manner::HangUp => None,
        };
        if let Some((status, kind, body)) = said {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
        let _ = stream.shutdown().await;
        return;
    }
}
