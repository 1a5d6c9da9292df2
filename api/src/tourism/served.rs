//! A feed as it is handed out: the format asked for, and the bytes made ready.

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use entity::value::ProductId;
use time::{Date, OffsetDateTime};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Json,
    JsonFeed,
    Rss,
    Atom,
    Csv,
    Tsv,
    Meta,
    JsonLd,
}

impl Format {
    pub const ALL: &[Self] =
        &[Self::Json, Self::JsonFeed, Self::Rss, Self::Atom, Self::Csv, Self::Tsv, Self::Meta, Self::JsonLd];

    pub(super) fn of(ending: &str) -> Option<Self> {
        Some(match ending {
            "json" => Self::Json,
            "jsonfeed" => Self::JsonFeed,
            "rss" | "xml" => Self::Rss,
            "atom" => Self::Atom,
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "meta.csv" => Self::Meta,
            "jsonld" => Self::JsonLd,
            _ => return None,
        })
    }

    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonFeed => "jsonfeed",
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Meta => "meta.csv",
            Self::JsonLd => "jsonld",
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonFeed => "application/feed+json",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Csv | Self::Meta => "text/csv; charset=utf-8",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::JsonLd => "application/ld+json",
        }
    }
}

/// An answer kept ready, and of which state of things.
pub struct Served {
    pub(super) versions: (u64, u64),
    pub(super) today: Date,
    pub(super) bytes: Bytes,
    pub(super) gzip: Bytes,
    pub(super) etag: HeaderValue,
    /// When these bytes were first made.
    pub(super) modified: OffsetDateTime,
    pub(super) last_modified: HeaderValue,
    pub(super) products: Vec<ProductId>,
}
