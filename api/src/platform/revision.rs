//! What somebody looked at when they filled in a form: whoever comes second is told, and overwrites nothing.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::{Problem, codes};

codes! {
    CHANGED_MEANWHILE = "changed_meanwhile" 409 "Người khác vừa sửa mục này. Hãy xem lại rồi ghi lần nữa." "Somebody else changed this meanwhile. Look again, then save.";
}

/// A mark made of what can be changed.
pub fn of(content: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(content).unwrap_or_default();
    hex::encode(&Sha256::digest(bytes)[..8])
}

/// Refused if the content is no longer what was seen. The row is locked by who asks.
pub fn check(seen: Option<&str>, content: &impl Serialize) -> Result<(), Problem> {
    match seen {
        Some(seen) if seen != of(content) => Err(Problem::new(&CHANGED_MEANWHILE)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_second_is_told() {
        let seen = of(&("Bưởi", 1));
        assert!(check(Some(&seen), &("Bưởi", 1)).is_ok());
        assert!(check(None, &("Bưởi", 2)).is_ok());
        assert!(check(Some(&seen), &("Bưởi", 2)).is_err());
        assert!(check(Some(""), &("Bưởi", 1)).is_err());
    }
}
