//! Errors as clients see them: `application/problem+json` (RFC 9457) with a stable code, in the language asked for.
//!
//! A slice declares its codes as constants and returns `Problem`; the edge renders it once it knows the language.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use entity::value::Language;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::db::{Trouble, trouble};
use super::i18n::Text;

/// One kind of error. The name is part of the public surface and never changes.
#[derive(Debug)]
pub struct Code {
    pub name: &'static str,
    pub status: u16,
    pub vi: &'static str,
    pub en: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal $status:literal $vi:literal $en:literal;)*) => {
        $($(#[$doc])* pub static $constant: $crate::platform::problem::Code =
            $crate::platform::problem::Code { name: $name, status: $status, vi: $vi, en: $en };)*
    };
}
pub(crate) use codes;

codes! {
    INVALID = "invalid" 422 "Dữ liệu gửi lên không hợp lệ." "The data sent is not valid.";
    MALFORMED = "malformed" 400 "Yêu cầu không đọc được." "The request could not be read.";
    MEDIA_TYPE = "unsupported_media_type" 415 "Nội dung phải là JSON (application/json)." "The body must be JSON (application/json).";
    TOO_LARGE = "too_large" 413 "Nội dung gửi lên quá lớn." "The body is too large.";
    NOT_FOUND = "not_found" 404 "Không tìm thấy." "Nothing is here.";
    UNAUTHENTICATED = "unauthenticated" 401 "Cần đăng nhập." "Sign in first.";
    FORBIDDEN = "forbidden" 403 "Bạn không có quyền làm việc này." "You may not do this.";
    CONFLICT = "conflict" 409 "Dữ liệu vừa được thay đổi ở nơi khác. Hãy tải lại rồi thử lại." "This was just changed elsewhere. Reload and try again.";
    RATE_LIMITED = "rate_limited" 429 "Quá nhiều yêu cầu. Hãy thử lại sau." "Too many requests. Try again later.";
    UNAVAILABLE = "unavailable" 503 "Máy chủ tạm thời không phục vụ được. Hãy thử lại sau ít giây." "The server cannot answer right now. Try again in a few seconds.";
    BUSY = "busy" 503 "Máy chủ đang bận. Hãy thử lại sau." "The server is busy. Try again later.";
    INTERNAL = "internal" 500 "Có lỗi phía máy chủ. Chúng tôi đã ghi nhận." "Something failed on our side. It has been recorded.";
}

/// What is wrong with one field.
#[derive(Clone, Debug)]
pub struct FieldError {
    /// JSON pointer into the body (RFC 6901), or the name of a query parameter.
    pub pointer: String,
    pub code: &'static str,
    pub text: Text,
}

#[derive(Clone, Debug)]
pub struct Problem {
    pub code: &'static Code,
    detail: Option<Text>,
    errors: Vec<FieldError>,
    /// Further members of the answer, such as `changes` of a refused checkout.
    extensions: Map<String, Value>,
    /// Seconds after which a retry makes sense.
    retry_after: Option<u64>,
}

impl Problem {
    pub fn new(code: &'static Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), extensions: Map::new(), retry_after: None }
    }

    /// One field of the body is wrong.
    pub fn field(
        pointer: impl Into<String>,
        code: &'static str,
        vi: impl Into<std::borrow::Cow<'static, str>>,
        en: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        Self::new(&INVALID).with_error(FieldError { pointer: pointer.into(), code, text: Text::new(vi, en) })
    }

    /// Logged with its cause; the client learns nothing of it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(&INTERNAL)
    }

    /// What we stand on does not answer right now: logged with its cause, and to be tried again.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "not available");
        Self::new(&UNAVAILABLE).retry_after(5)
    }

    #[must_use]
    pub fn detail(mut self, text: Text) -> Self {
        self.detail = Some(text);
        self
    }

    #[must_use]
    pub fn with_error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    #[must_use]
    pub fn extension(mut self, name: &str, value: impl Serialize) -> Self {
        self.extensions.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What it says, for pages that show it themselves: the fields at fault, else the whole.
    pub fn words(&self, language: Language) -> String {
        if self.errors.is_empty() {
            let title = match language {
                Language::Vi => self.code.vi,
                Language::En => self.code.en,
            };
            return self.detail.as_ref().map_or(title, |text| text.get(language)).to_owned();
        }
        self.errors.iter().map(|error| error.text.get(language)).collect::<Vec<_>>().join("; ")
    }

    /// The fields at fault: JSON pointer and what is wrong.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub fn seconds_to_retry(&self) -> Option<u64> {
        self.retry_after
    }

    /// The body a client reads.
    pub fn render(&self, language: Language, request_id: &str) -> Vec<u8> {
        let title = match language {
            Language::Vi => self.code.vi,
            Language::En => self.code.en,
        };
        let mut body = Map::new();
        body.insert("type".into(), format!("urn:cho-ocop:problem:{}", self.code.name).into());
        body.insert("title".into(), title.into());
        body.insert("status".into(), self.code.status.into());
        body.insert("code".into(), self.code.name.into());
        body.insert("detail".into(), self.detail.as_ref().map_or(title, |text| text.get(language)).into());
        body.insert("request_id".into(), request_id.into());
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|error| {
                serde_json::json!({"pointer": error.pointer, "code": error.code, "detail": error.text.get(language)})
            });
            body.insert("errors".into(), errors.collect());
        }
        for (name, value) in &self.extensions {
            // What RFC 9457 defines keeps its meaning.
            body.entry(name.clone()).or_insert_with(|| value.clone());
        }
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name, self.detail.as_ref().map_or(self.code.en, |text| text.get(Language::En)))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body stays empty here: the edge fills it in, knowing language and request id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Self {
        match trouble(&error) {
            Some(Trouble::Busy) => {
                tracing::warn!(cause = %error, "the database is busy");
                Self::new(&BUSY).retry_after(1)
            }
            Some(Trouble::Unavailable) => {
                tracing::warn!(cause = %error, "the database does not answer");
                Self::new(&UNAVAILABLE).retry_after(2)
            }
            None => Self::internal(error),
        }
    }
}

/// The shape of every error answer, for the OpenAPI document.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:cho-ocop:problem:invalid", "title": "The data sent is not valid.", "status": 422, "code": "invalid",
    "detail": "The data sent is not valid.", "request_id": "0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11",
    "errors": [{"pointer": "/quantity", "code": "range", "detail": "lower than 1"}]
}))]
pub struct ProblemDocument {
    pub r#type: String,
    pub title: String,
    pub status: u16,
    /// Stable: programs decide by it.
    pub code: String,
    pub detail: String,
    pub request_id: String,
    #[schema(required = false)]
    pub errors: Vec<FieldErrorDocument>,
    /// What differs from the quote, on a refused checkout.
    #[schema(required = false, value_type = Vec<Object>)]
    pub changes: Vec<Value>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorDocument {
    pub pointer: String,
    pub code: String,
    pub detail: String,
}
