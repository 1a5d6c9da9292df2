//! Limits of time on a machine that is slower, or does other things beside.
//!
//! What is promised is promised for a machine of two free cores, and measured there by `tests/bench`. Here each limit is stretched
//! by how much longer than there a known piece of work takes just now.

use std::time::{Duration, Instant};

/// What the piece of work takes on a free core of the machine the limits were set on.
const KNOWN: Duration = Duration::from_millis(20);
const MOST: f64 = 10.0;

fn work() -> Duration {
    let started = Instant::now();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..ROUNDS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    std::hint::black_box(state);
    started.elapsed()
}

const ROUNDS: u32 = 2_000_000;

/// A limit for here and now.
pub fn patience(limit: Duration) -> Duration {
    let slowest = (0..5).map(|_| work()).max().unwrap_or(KNOWN);
    let stretch = (slowest.as_secs_f64() / KNOWN.as_secs_f64()).clamp(1.0, MOST);
    if stretch > 1.5 {
        println!("{slowest:?} for what takes {KNOWN:?} on a free core: {limit:?} becomes {:?}", limit.mul_f64(stretch));
    }
    limit.mul_f64(stretch)
}
