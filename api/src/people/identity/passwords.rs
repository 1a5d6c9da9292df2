//! Password hashing: argon2id at OWASP's parameters (19 MiB, 2 passes, 1 lane), off the request threads, bounded.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Argon2, Params};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::sync::Semaphore;

use super::breached::Breached;
use super::rules::password_fault;
use crate::platform::problem::{BUSY, Problem};

#[derive(Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// What others' thefts made known, where there is a list.
    breached: Option<Arc<Breached>>,
    /// A hash of no password, compared against when there is no account: the answer takes as long either way.
    decoy: Arc<str>,
}

impl Passwords {
    pub fn new(breached: Option<Breached>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self { slots: Arc::new(Semaphore::new(cores)), breached: breached.map(Arc::new), decoy: decoy().into() }
    }

    /// Why a password will not do; told at `pointer`.
    pub fn check(&self, pointer: &str, password: &str, contact: &str) -> Result<(), Problem> {
        let known = self.breached.as_ref().map(|list| list.contains(password)).transpose();
        let fault = match known.map_err(Problem::internal)? {
            Some(true) => Some((
                "mật khẩu này đã lộ ở nơi khác: hãy chọn mật khẩu chưa ai dùng".into(),
                "this password became known elsewhere: choose one that nobody used".into(),
            )),
            _ => password_fault(password, contact),
        };
        fault.map_or(Ok(()), |(vi, en)| Err(Problem::field(pointer, "password", vi, en)))
    }

    pub async fn hash(&self, password: &str) -> Result<String, Problem> {
        let password = password.to_owned();
        self.work(move || hash_now(&password)).await?.map_err(Problem::internal)
    }

    /// Whether the password fits the hash; without a hash the same work is done and the answer is no.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Problem> {
        let known = hash.is_some();
        let (password, hash) = (password.to_owned(), hash.unwrap_or(&self.decoy).to_owned());
        let fits = self
            .work(move || {
                let parsed = PasswordHash::new(&hash).ok()?;
                Some(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(known && fits.unwrap_or(false))
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let slot = tokio::time::timeout(Duration::from_secs(10), self.slots.clone().acquire_owned()).await;
        let Ok(Ok(slot)) = slot else { return Err(Problem::new(&BUSY).retry_after(5)) };
        tokio::task::spawn_blocking(move || {
            let result = job();
            drop(slot);
            result
        })
        .await
        .map_err(Problem::internal)
    }
}

/// As a hash is written, and nobody's: its bytes are drawn, not made of a password.
fn decoy() -> String {
    let (salt, hash) = (rand::random::<[u8; 16]>(), rand::random::<[u8; 32]>());
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        Params::DEFAULT_M_COST,
        Params::DEFAULT_T_COST,
        Params::DEFAULT_P_COST,
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash)
    )
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash =
        Argon2::default().hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_takes_as_long_as_anybodys() {
        let (nobodys, anybodys) = (decoy(), hash_now("bưởi ngọt đầu mùa").expect("a hash"));
        let read = |hash: &str| {
            let parsed = PasswordHash::new(hash).expect("a hash");
            let (salt, bytes) = (parsed.salt.expect("a salt"), parsed.hash.expect("bytes"));
            (parsed.algorithm.to_string(), parsed.version, parsed.params.to_string(), salt.len(), bytes.len())
        };
        assert_eq!(read(&nobodys), read(&anybodys));
    }
}
