//! Cookies that let somebody in: where the site is reached by HTTPS their names begin with `__Host-`, which browsers take from this
//! host alone, by HTTPS alone, and for all its paths (RFC 6265bis, 4.1.3.2). Nobody on a neighbouring host or an open line can slip
//! one in.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::web::Data;

use super::edge::Edge;

fn name_of(name: &'static str, https: bool) -> Cow<'static, str> {
    if https { format!("__Host-{name}").into() } else { name.into() }
}

/// What a browser shows, if it may be believed.
pub fn shown(request: &HttpRequest, name: &'static str) -> Option<String> {
    let https = request.app_data::<Data<Edge>>().is_some_and(|edge| edge.https);
    request.cookie(&name_of(name, https)).map(|cookie| cookie.value().to_owned())
}

/// A cookie that scripts do not see.
pub fn kept(name: &'static str, value: String, https: bool, time: Duration) -> Cookie<'static> {
    let cookie = Cookie::build(name_of(name, https), value).path("/").http_only(true).secure(https);
    cookie.same_site(SameSite::Lax).max_age(time).finish()
}

pub fn gone(name: &'static str, https: bool) -> Cookie<'static> {
    kept(name, String::new(), https, Duration::ZERO)
}
