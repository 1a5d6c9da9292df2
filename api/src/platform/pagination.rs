//! Keyset cursors: opaque to clients, and no page is further away than any other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::db::all;
use super::problem::Problem;

pub const DEFAULT_LIMIT: u64 = 20;
pub const MAX_LIMIT: u64 = 100;

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next page; `null` on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From up to `limit + 1` rows: the one too many tells that there is a next page.
    pub fn from_rows<C: Serialize>(mut rows: Vec<T>, limit: u64, cursor: impl Fn(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| encode(&cursor(row)));
        Self { items: rows, next_cursor }
    }
}

pub fn encode(position: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

pub fn decode<C: DeserializeOwned>(cursor: &str) -> Result<C, Problem> {
    URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| {
        let mut problem = Problem::field("cursor", "cursor", "con trỏ trang không hợp lệ", "not a cursor of this list");
        problem.code = &super::problem::MALFORMED;
        problem
    })
}

/// A list read newest first, page by page, over its UUIDv7 key: conditions are added to a `SELECT`, then a page is read.
pub struct NewestFirst {
    key: &'static str,
    sql: String,
    values: Vec<Value>,
    limit: u64,
}

impl NewestFirst {
    /// `select` ends before its `WHERE`; `key` is the column of the id. The page is as asked for by a query's `limit` and
    /// `cursor`.
    pub fn of(select: &str, key: &'static str, (limit, cursor): (Option<u64>, Option<&str>)) -> Result<Self, Problem> {
        let before = cursor.map(decode::<uuid::Uuid>).transpose()?.unwrap_or(uuid::Uuid::max());
        let sql = format!("{select} WHERE {key} < $1");
        Ok(Self { key, sql, values: vec![before.into()], limit: limit.unwrap_or(DEFAULT_LIMIT) })
    }

    /// Whole rows of a table whose key is `id`.
    pub fn every<E: EntityTrait>(place: (Option<u64>, Option<&str>)) -> Result<Self, Problem> {
        Self::of(&format!("SELECT * FROM {}", E::default().table_name()), "id", place)
    }

    /// A condition in which `?` stands for the value, as often as it is written.
    #[must_use]
    pub fn and(mut self, condition: &str, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.sql = format!("{} AND {}", self.sql, condition.replace('?', &format!("${}", self.values.len())));
        self
    }

    /// A condition without a value.
    #[must_use]
    pub fn and_that(mut self, condition: &str) -> Self {
        self.sql = format!("{} AND {condition}", self.sql);
        self
    }

    /// Of two values, which stand at `?1` and `?2`.
    #[must_use]
    pub fn and_both(mut self, condition: &str, values: [Value; 2]) -> Self {
        let before = self.values.len();
        let at = |index: usize| format!("${}", before + index);
        self.sql = format!("{} AND {}", self.sql, condition.replace("?1", &at(1)).replace("?2", &at(2)));
        self.values.extend(values);
        self
    }

    /// As [`Self::and`], where the query asks for it.
    #[must_use]
    pub fn and_if(self, condition: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.and(condition, value),
            None => self,
        }
    }

    /// The page; `id` tells each row's key.
    pub async fn page<T: FromQueryResult, C: Serialize>(
        self,
        connection: &impl ConnectionTrait,
        id: impl Fn(&T) -> C,
    ) -> Result<Page<T>, Problem> {
        let sql = format!("{} ORDER BY {} DESC LIMIT {}", self.sql, self.key, self.limit + 1);
        Ok(Page::from_rows(all(connection, sql, self.values).await?, self.limit, id))
    }
}

/// The query of a plain list.
#[derive(Deserialize, garde::Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Items on a page, 20 unless told.
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[garde(inner(length(max = 500)))]
    #[param(max_length = 500)]
    pub cursor: Option<String>,
}

impl Paging {
    /// As [`NewestFirst`] wants it.
    pub fn place(&self) -> (Option<u64>, Option<&str>) {
        (self.limit, self.cursor.as_deref())
    }

    pub fn limit(&self) -> u64 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    pub fn position<C: DeserializeOwned>(&self) -> Result<Option<C>, Problem> {
        self.cursor.as_deref().map(decode).transpose()
    }
}
