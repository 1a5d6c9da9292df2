//! Rate limits per client address, told in `RateLimit` headers, refused with 429 and `Retry-After`.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use sea_orm::{DbBackend, FromQueryResult};
use time::OffsetDateTime;

use super::db::{Db, one};
use super::problem::{Problem, RATE_LIMITED};
use super::secrets;

pub struct Limit {
    limiter: RateLimiter<u128, DashMapStateStore<u128>, DefaultClock, StateInformationMiddleware>,
    quota: u32,
    window_seconds: u64,
    clock: DefaultClock,
}

/// What is left, for the `RateLimit` header.
pub struct Allowance {
    pub limit: u32,
    pub remaining: u32,
    pub reset_seconds: u64,
}

impl Limit {
    /// `None` switches the limit off.
    pub fn per_second(requests: u32) -> Option<Self> {
        let quota = NonZeroU32::new(requests)?;
        Some(Self::new(Quota::per_second(quota), requests, 1))
    }

    pub fn per_minute(requests: u32) -> Option<Self> {
        let quota = NonZeroU32::new(requests)?;
        Some(Self::new(Quota::per_minute(quota), requests, 60))
    }

    fn new(quota: Quota, requests: u32, window_seconds: u64) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota).with_middleware(),
            quota: requests,
            window_seconds,
            clock: DefaultClock::default(),
        }
    }

    /// How many a window.
    pub fn quota(&self) -> u32 {
        self.quota
    }

    pub fn check(&self, key: u128) -> Result<Allowance, Problem> {
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(Allowance {
                limit: self.quota,
                remaining: state.remaining_burst_capacity(),
                reset_seconds: self.window_seconds,
            }),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now()).as_secs() + 1;
                Err(Problem::new(&RATE_LIMITED).retry_after(wait))
            }
        }
    }

    /// Forgets clients that have been quiet, so that memory stays bounded.
    pub fn sweep(&self) {
        self.limiter.retain_recent();
    }
}

#[derive(FromQueryResult)]
struct Counted {
    requests: i64,
}

/// Counts a request of this minute over all nodes, and refuses it where the limit is passed. SQLite has one node, which counts by
/// itself.
pub async fn count_over_nodes(db: &Db, key: u128, limit: u32, now: OffsetDateTime) -> Result<(), Problem> {
    if db.write().get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let second = now.second();
    let minute = now - time::Duration::seconds(second.into()) - time::Duration::nanoseconds(now.nanosecond().into());
    let sql = "INSERT INTO rate_window AS w (key, minute, requests) VALUES ($1, $2, 1)
               ON CONFLICT (key, minute) DO UPDATE SET requests = w.requests + 1 RETURNING requests";
    let counted = one::<Counted>(db.write(), sql, [secrets::hash(&format!("{key:x}")).into(), minute.into()]).await?;
    if counted.is_some_and(|row| row.requests > i64::from(limit)) {
        return Err(Problem::new(&RATE_LIMITED).retry_after(60 - u64::from(second)));
    }
    Ok(())
}

/// What is left of an API key's rate and quota, for the headers of the answer.
#[derive(Clone, Copy, Debug)]
pub struct KeyAllowance {
    pub per_minute: i64,
    pub minute_left: i64,
    /// Seconds.
    pub minute_reset: i64,
    pub per_day: i64,
    pub day_left: i64,
    pub day_reset: i64,
}

impl KeyAllowance {
    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
    pub fn headers(&self) -> (String, String) {
        (
            format!("\"minute\";q={};w=60, \"day\";q={};w=86400", self.per_minute, self.per_day),
            format!(
                "\"minute\";r={};t={}, \"day\";r={};t={}",
                self.minute_left, self.minute_reset, self.day_left, self.day_reset
            ),
        )
    }
}

/// One key per client: an IPv4 address, or the /64 an IPv6 client can choose its addresses from.
pub fn client_key(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6) & !u128::from(u64::MAX),
    }
}
