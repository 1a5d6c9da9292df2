//! Reading requests: JSON bodies and query strings, refused with a pointer to the field at fault.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, http::header, web};
use futures_util::StreamExt;
use garde::Validate;
use garde::i18n::{DefaultI18n, with_i18n};
use serde::de::DeserializeOwned;

use super::fold::is_forbidden;
use super::i18n::{Text, Vietnamese};
use super::problem::{FieldError, INVALID, MALFORMED, MEDIA_TYPE, Problem, TOO_LARGE};

/// Bodies are small: the largest is a cart.
const MAX_BODY: usize = 64 * 1024;

/// A JSON body of a known shape, validated.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Validate<Context = ()> + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
                value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
            });
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        let mut payload = payload.take();
        Box::pin(async move {
            if announced.is_some_and(|length| length > MAX_BODY) {
                return Err(Problem::new(&TOO_LARGE));
            }
            if !is_json {
                return Err(Problem::new(&MEDIA_TYPE));
            }
            let mut bytes = web::BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_| Problem::new(&MALFORMED))?;
                if bytes.len() + chunk.len() > MAX_BODY {
                    return Err(Problem::new(&TOO_LARGE));
                }
                bytes.extend_from_slice(&chunk);
            }
            parse(&bytes).map(Self)
        })
    }
}

/// A service of the application, for extractors.
pub fn service<T: 'static>(request: &HttpRequest) -> Result<web::Data<T>, Problem> {
    request.app_data::<web::Data<T>>().cloned().ok_or_else(|| Problem::internal(std::any::type_name::<T>()))
}

/// A JSON body that may be left out.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Validate<Context = ()> + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !headers.contains_key(header::TRANSFER_ENCODING);
        if empty {
            return Box::pin(async { Ok(Self(T::default())) });
        }
        let body = Body::<T>::from_request(request, payload);
        Box::pin(async move { body.await.map(|Body(value)| Self(value)) })
    }
}

/// Where a body holds a character that no format can carry, as a JSON pointer.
fn forbidden_at(bytes: &[u8]) -> Option<String> {
    fn walk(value: &serde_json::Value, at: &str) -> Option<String> {
        let step = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value {
            serde_json::Value::String(text) => text.contains(is_forbidden).then(|| at.to_owned()),
            serde_json::Value::Array(items) => {
                items.iter().enumerate().find_map(|(index, item)| walk(item, &step(&index.to_string())))
            }
            serde_json::Value::Object(fields) => fields.iter().find_map(|(key, field)| walk(field, &step(key))),
            _ => None,
        }
    }
    // Most bodies have neither escapes nor such characters, and are read once.
    let suspicious = bytes.contains(&b'\\') || std::str::from_utf8(bytes).is_ok_and(|text| text.contains(is_forbidden));
    if suspicious { walk(&serde_json::from_slice(bytes).ok()?, "") } else { None }
}

pub fn parse<T: DeserializeOwned + Validate<Context = ()>>(bytes: &[u8]) -> Result<T, Problem> {
    if let Some(pointer) = forbidden_at(bytes) {
        let (vi, en) = ("có ký tự điều khiển không hợp lệ", "has a control character, which no text may hold");
        return Err(Problem::field(pointer, "character", vi, en));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(&error.path().to_string());
        let inner = error.inner();
        if inner.is_syntax() || inner.is_eof() {
            return Problem::new(&MALFORMED).detail(Text::new(
                format!("JSON sai cú pháp ở dòng {}, cột {}.", inner.line(), inner.column()),
                format!("The JSON is broken at line {}, column {}.", inner.line(), inner.column()),
            ));
        }
        shape_error(pointer, &inner.to_string())
    })?;
    json.end().map_err(|_| Problem::new(&MALFORMED))?;
    validate(value)
}

/// Checks the rules a type declares, with messages in both languages.
pub fn validate<T: Validate<Context = ()>>(value: T) -> Result<T, Problem> {
    let Err(english) = with_i18n(DefaultI18n, || value.validate()) else { return Ok(value) };
    let vietnamese =
        with_i18n(Vietnamese, || value.validate()).err().map(garde::Report::into_inner).unwrap_or_default();
    let mut problem = Problem::new(&INVALID);
    for (index, (path, error)) in english.into_inner().into_iter().enumerate() {
        let vi = vietnamese.get(index).map_or_else(|| error.message().to_owned(), |(_, e)| e.message().to_owned());
        problem = problem.with_error(FieldError {
            pointer: pointer(&path.to_string()),
            code: "rule",
            text: Text::new(vi, error.message().to_owned()),
        });
    }
    Err(problem)
}

fn shape_error(pointer: String, message: &str) -> Problem {
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    let (code, vi) = if message.starts_with("unknown field") {
        ("unknown_field", "trường này không có trong tài liệu")
    } else if message.starts_with("missing field") {
        ("missing", "thiếu trường bắt buộc")
    } else {
        ("type", "sai kiểu dữ liệu hoặc giá trị không được phép")
    };
    Problem::field(pointer, code, format!("{vi} ({message})"), message)
}

/// `items[0].quantity` → `/items/0/quantity`
fn pointer(path: &str) -> String {
    if path == "." {
        return String::new();
    }
    let mut out = String::with_capacity(path.len() + 1);
    for part in path.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty()) {
        out.push('/');
        out.push_str(&part.replace('~', "~0").replace('/', "~1"));
    }
    out
}

/// Query parameters of a known shape; an unknown one is refused.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Validate<Context = ()>> FromRequest for Params<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(parse_query(request.query_string()).map(Self))
    }
}

pub fn parse_query<T: DeserializeOwned + Validate<Context = ()>>(query: &str) -> Result<T, Problem> {
    if query.contains("%00") {
        return Err(Problem::new(&MALFORMED));
    }
    let pairs = serde_urlencoded::Deserializer::new(form_pairs(query)?);
    let value: T = serde_path_to_error::deserialize(pairs).map_err(|error| {
        let message = error.inner().to_string();
        let named = message.split('`').nth(1).filter(|_| message.contains("field")).map(str::to_owned);
        let name = named.unwrap_or_else(|| error.path().to_string());
        let mut problem = shape_error(name.trim_matches('.').to_owned(), &message);
        problem.code = &MALFORMED;
        problem
    })?;
    validate(value).map_err(|mut problem| {
        problem.code = &MALFORMED;
        problem
    })
}

/// Refuses text that is not UTF-8 instead of replacing it.
fn form_pairs(query: &str) -> Result<form_urlencoded::Parse<'_>, Problem> {
    let decoded = percent_decoded(query.as_bytes());
    if std::str::from_utf8(&decoded).is_err() {
        return Err(Problem::new(&MALFORMED));
    }
    Ok(form_urlencoded::parse(query.as_bytes()))
}

fn percent_decoded(input: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(input).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_nothing_can_carry_are_found_however_they_are_written() {
        let at = |body: &str| forbidden_at(body.as_bytes());
        assert_eq!(at(r#"{"name":"Cam","items":[{"note":"a\u0003b"}]}"#).as_deref(), Some("/items/0/note"));
        assert_eq!(at("{\"name\":\"Cam\u{fffe}\"}").as_deref(), Some("/name"));
        assert_eq!(at(r#"{"name":"hai\ndòng \"và\" \u00e1 \ud83c\udf4a"}"#), None);
        assert_eq!(at(r#"{"name":"#), None);
    }

    #[test]
    fn paths_become_json_pointers() {
        assert_eq!(pointer("items[0].quantity"), "/items/0/quantity");
        assert_eq!(pointer("."), "");
        assert_eq!(pointer("a/b"), "/a~1b");
    }
}
