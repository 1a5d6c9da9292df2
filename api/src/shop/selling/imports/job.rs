//! What a job works on, and what ends it.

use actix_web::web::Bytes;

use crate::people::desk::Desk;
use crate::platform::problem::Problem;

/// What ends a job with a word for its author.
pub(super) enum End {
    /// The file's fault.
    Unreadable(String),
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

pub(super) async fn file(desk: &Desk, key: &str) -> Result<Bytes, End> {
    let found = desk.objects.get(key).await.map_err(|error| End::Problem(Problem::unavailable(error)))?;
    found.ok_or_else(|| End::Unreadable("tệp không còn / the file is gone".to_owned()))
}
