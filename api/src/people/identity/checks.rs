//! What is asked of whoever signs up or in, and how they are told.

use super::rules::Contact;
use crate::platform::problem::{Problem, codes};

codes! {
    BAD_CREDENTIALS = "bad_credentials" 401 "Sai tên đăng nhập hoặc mật khẩu. Nếu vừa đăng ký, hãy nhập mã xác nhận trước." "Wrong login or password. If you have just signed up, enter your code first.";
    BAD_CODE = "bad_code" 422 "Mã không đúng hoặc đã hết hạn." "The code is wrong or no longer valid.";
    BAD_REFRESH_TOKEN = "bad_refresh_token" 401 "Phiên đăng nhập đã kết thúc. Hãy đăng nhập lại." "The session has ended. Sign in again.";
}

pub(super) fn contact_at(pointer: &str, text: &str) -> Result<Contact, Problem> {
    Contact::parse(text).ok_or_else(|| {
        Problem::field(
            pointer,
            "contact",
            "không phải e-mail hay số điện thoại hợp lệ",
            "not a valid e-mail address or phone number",
        )
    })
}
