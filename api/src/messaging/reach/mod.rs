//! How people want to be told: which way first (`choice`), and on which devices besides (`devices`).
//!
//! A device is told by its browser's push service (Push API), whatever way a message goes else. What is owed to devices is an event
//! of its own, so that a push service that is away holds up no mail; `push` hands it over, `seal` encrypts it for the one browser
//! (RFC 8291), `vapid` says who sends it (RFC 8292).

mod choice;
mod devices;
mod personal;
mod push;
mod seal;
mod store;
mod vapid;

pub use choice::{Way, choose, ways_of};
pub use devices::{Subscription, devices_of, forget_device, subscribe};
pub use personal::PERSONAL;
pub use push::{Pusher, TOPIC};
pub use store::{Person, public_key};

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use time::OffsetDateTime;

use crate::people::identity::rules::Contact;
use crate::platform::db::Db;
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;
use crate::platform::routing::Routes;
use crate::platform::sealing::SealedColumn;

/// What is sealed where it is stored.
pub const SEALED: &[SealedColumn] = &[("push_subscription", "auth"), ("push_key", "private_key")];

pub fn routes(config: &mut Routes<'_>) {
    config
        .service(choice::show)
        .service(choice::put)
        .service(devices::show_key)
        .service(devices::list)
        .service(devices::create)
        .service(devices::delete);
}

/// What is said on a device.
pub struct Notice<'a> {
    /// The same key replaces what was said before.
    pub key: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    pub url: &'a str,
}

/// Where nobody chose anything, nothing is asked per message.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Knows how people want to be told.
#[derive(Clone)]
pub struct Reach {
    db: Db,
    chosen: Arc<AtomicBool>,
    looked: Arc<Mutex<Option<Instant>>>,
}

impl Reach {
    pub fn new(db: Db) -> Self {
        Self { db, chosen: Arc::default(), looked: Arc::default() }
    }

    /// Somebody chose: from now on it is asked.
    pub fn note(&self) {
        self.chosen.store(true, Ordering::Relaxed);
    }

    async fn anybody(&self) -> Result<bool, Problem> {
        if self.chosen.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let due = {
            let mut looked = self.looked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let due = looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY);
            if due {
                *looked = Some(Instant::now());
            }
            due
        };
        if due && store::anybody(&self.db).await? {
            self.note();
        }
        Ok(self.chosen.load(Ordering::Relaxed))
    }

    /// Whoever has this contact, if they chose how to be told.
    pub async fn person(&self, contact: &Contact) -> Result<Option<Person>, Problem> {
        if self.anybody().await? { store::person(&self.db, contact).await } else { Ok(None) }
    }

    /// Owes a notice to somebody's devices.
    pub async fn owe(&self, person: &Person, notice: &Notice<'_>, now: OffsetDateTime) -> Result<(), Problem> {
        let Notice { key, title, text, url } = notice;
        let payload = json!({"tag": key, "title": title, "body": text, "url": url});
        emit(self.db.write(), TOPIC, person.account_id.0, payload, now).await?;
        Ok(())
    }
}
