//! The basket of somebody who is not signed in: kept in a cookie, and brought along through whichever door they come in.

use actix_web::cookie::time::Duration;
use actix_web::{HttpRequest, HttpResponse};
use entity::value::{AccountId, CartId};

use crate::people::identity::{GuestCart, SignInHook};
use crate::platform::cookies::{self, gone, kept};
use crate::platform::problem::Problem;

const BASKET: &str = "ocop_basket";
const DAYS: i64 = 30;

/// The basket's id and token, as its cookie has them.
pub fn basket_of(request: &HttpRequest) -> Option<(CartId, String)> {
    let cookie = cookies::shown(request, BASKET)?;
    let (id, token) = cookie.split_once('.')?;
    Some((id.parse().ok()?, token.to_owned()))
}

/// Keeps the basket's id and token in the browser, or forgets them.
pub fn keep_basket(response: &mut HttpResponse, basket: Option<(CartId, &str)>, secure: bool) {
    let cookie = match basket {
        Some((id, token)) => kept(BASKET, format!("{id}.{token}"), secure, Duration::days(DAYS)),
        None => gone(BASKET, secure),
    };
    let _ = response.add_cookie(&cookie);
}

/// The guest's basket is from now on that of who signed in.
pub async fn bring_basket(
    request: &HttpRequest,
    hook: &SignInHook,
    account: AccountId,
    (response, secure): (&mut HttpResponse, bool),
) -> Result<(), Problem> {
    if let Some((id, token)) = basket_of(request) {
        hook.signed_in(account, &GuestCart { id, token }).await?;
        keep_basket(response, None, secure);
    }
    Ok(())
}
