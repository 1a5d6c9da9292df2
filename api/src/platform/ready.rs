//! Ready-made answers: bytes serialised once, served many times, with `ETag` and `304`.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use moka::sync::Cache;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A body and the validator that goes with it.
#[derive(Clone)]
pub struct Ready {
    pub bytes: Bytes,
    pub etag: HeaderValue,
    /// `Link` header of a list with a next page.
    pub link: Option<HeaderValue>,
}

impl Ready {
    pub fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::bytes(serde_json::to_vec(value)?))
    }

    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Sha256::digest(&bytes);
        let etag = format!("W/\"{}\"", hex::encode(&digest[..12]));
        Self {
            bytes,
            etag: HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("W/\"0\"")),
            link: None,
        }
    }

    /// 200 with the body, or 304 when the client has it already.
    pub fn respond(&self, request: &HttpRequest, cache_control: &'static str) -> HttpResponse {
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let ours = self.etag.to_str().unwrap_or_default();
        let fresh = known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == ours || tag.trim() == "*"));
        let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::ETAG, self.etag.clone()));
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static(cache_control)));
        if let Some(link) = &self.link {
            response.insert_header((header::LINK, link.clone()));
        }
        if fresh {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
        response.body(self.bytes.clone())
    }
}

/// Public lists and pages: any cache may keep them for a moment and serve them while it asks again.
pub const PUBLIC: &str = "public, max-age=5, stale-while-revalidate=30";

/// What an answer was made of; another one makes it old.
pub type Version = (u64, u64);

/// Answers kept by the request they answer, bounded by their size in bytes. Each request has one, the newest: what is old makes
/// room for it, and does not wait until everything kept is full.
pub struct Kept(Cache<String, (Version, Arc<Ready>)>);

impl Kept {
    pub fn new(max_bytes: u64) -> Self {
        Self(
            Cache::builder()
                .max_capacity(max_bytes)
                .weigher(|key: &String, (_, ready): &(Version, Arc<Ready>)| {
                    u32::try_from(key.len() + ready.bytes.len() + 200).unwrap_or(u32::MAX)
                })
                .build(),
        )
    }

    pub fn get(&self, key: &str, version: Version) -> Option<Arc<Ready>> {
        self.0.get(key).filter(|(made_of, _)| *made_of == version).map(|(_, ready)| ready)
    }

    pub fn put(&self, key: String, version: Version, ready: Arc<Ready>) {
        self.0.insert(key, (version, ready));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_request_only_the_newest_answer_is_kept() {
        let kept = Kept::new(1_000_000);
        for version in 1..=100 {
            kept.put("l?q=buoi".to_owned(), (version, 0), Arc::new(Ready::bytes(vec![b'x'; 5_000])));
        }
        assert!(kept.get("l?q=buoi", (99, 0)).is_none());
        assert_eq!(kept.get("l?q=buoi", (100, 0)).map(|ready| ready.bytes.len()), Some(5_000));
        kept.0.run_pending_tasks();
        assert!(kept.0.weighted_size() < 6_000);
    }
}
