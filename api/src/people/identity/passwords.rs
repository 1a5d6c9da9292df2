//! Password hashing: argon2id at OWASP's parameters (19 MiB unless more is asked for, 2 passes, 1 lane), off the request threads,
//! bounded.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
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
    params: Params,
    /// A hash of no password, compared against when there is no account: the answer takes as long either way.
    decoy: Arc<str>,
}

/// What a password is to a hash.
pub enum Fit {
    No,
    Yes,
    /// It fits, and the hash was made when less was asked of one: this is how it is to be kept from now on.
    Renewed(String),
}

impl Passwords {
    /// `memory_kib`: what one hash takes, and who guesses pays for.
    pub fn new(breached: Option<Breached>, memory_kib: u32) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let params = Params::new(memory_kib, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST, None)
            .map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
        let decoy = decoy(&params).into();
        Ok(Self { slots: Arc::new(Semaphore::new(cores)), breached: breached.map(Arc::new), params, decoy })
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
        let (password, params) = (password.to_owned(), self.params.clone());
        self.work(move || hash_now(&password, params)).await?.map_err(Problem::internal)
    }

    /// Whether the password fits the hash; without a hash the same work is done and the answer is no.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<Fit, Problem> {
        let known = hash.is_some();
        let (password, hash) = (password.to_owned(), hash.unwrap_or(&self.decoy).to_owned());
        let params = self.params.clone();
        self.work(move || {
            let Ok(parsed) = PasswordHash::new(&hash) else { return Ok(Fit::No) };
            if Argon2::default().verify_password(password.as_bytes(), &parsed).is_err() || !known {
                return Ok(Fit::No);
            }
            let as_asked = Params::try_from(&parsed).is_ok_and(|made| cost(&made) == cost(&params));
            if as_asked { Ok(Fit::Yes) } else { hash_now(&password, params).map(Fit::Renewed) }
        })
        .await?
        .map_err(Problem::internal)
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
fn decoy(params: &Params) -> String {
    let (salt, hash) = (rand::random::<[u8; 16]>(), rand::random::<[u8; 32]>());
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash)
    )
}

fn cost(params: &Params) -> (u32, u32, u32) {
    (params.m_cost(), params.t_cost(), params.p_cost())
}

fn hash_now(password: &str, params: Params) -> anyhow::Result<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_hash_takes_as_long_as_anybodys() {
        let params = Params::default();
        let (nobodys, anybodys) = (decoy(&params), hash_now("bưởi ngọt đầu mùa", params).expect("a hash"));
        let read = |hash: &str| {
            let parsed = PasswordHash::new(hash).expect("a hash");
            let (salt, bytes) = (parsed.salt.expect("a salt"), parsed.hash.expect("bytes"));
            (parsed.algorithm.to_string(), parsed.version, parsed.params.to_string(), salt.len(), bytes.len())
        };
        assert_eq!(read(&nobodys), read(&anybodys));
    }

    #[actix_web::test]
    async fn a_hash_made_when_less_was_asked_is_made_anew() {
        let (cheap, dear) = (Passwords::new(None, 1_024).expect("small"), Passwords::new(None, 2_048).expect("larger"));
        let hash = cheap.hash("bưởi ngọt đầu mùa").await.expect("a hash");
        assert!(matches!(cheap.verify("bưởi ngọt đầu mùa", Some(&hash)).await, Ok(Fit::Yes)));
        assert!(matches!(dear.verify("bưởi chua đầu mùa", Some(&hash)).await, Ok(Fit::No)));
        let Ok(Fit::Renewed(renewed)) = dear.verify("bưởi ngọt đầu mùa", Some(&hash)).await else {
            panic!("a hash that cost less is kept as it was")
        };
        assert!(renewed.contains("m=2048,"), "{renewed}");
        assert!(matches!(dear.verify("bưởi ngọt đầu mùa", Some(&renewed)).await, Ok(Fit::Yes)));
        assert!(matches!(dear.verify("bưởi ngọt đầu mùa", None).await, Ok(Fit::No)));
    }
}
