//! Work beside the requests: started under a name, told to stop, and waited for.
//!
//! Connections to PostgreSQL live in the runtime that opened them, often a request's. Whoever works beside the requests must
//! be done before those runtimes end, or finds its connection dead in the middle of a statement.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Told when it is time to stop.
#[derive(Clone, Default)]
pub struct Stop(CancellationToken);

impl Stop {
    /// Waits; whether to go on afterwards.
    pub async fn pause(&self, time: Duration) -> bool {
        self.0.run_until_cancelled(tokio::time::sleep(time)).await.is_some()
    }

    /// Waits for something; `None` when it is time to stop.
    pub async fn until<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        self.0.run_until_cancelled(what).await
    }

    pub fn is_asked(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// What a process does beside its requests.
#[derive(Clone, Default)]
pub struct Background {
    stop: Stop,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Background {
    /// Starts something that works until it is told to stop.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(Stop) -> F) {
        let task = task(self.stop.clone());
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    /// Tells everything to stop and waits for it; what is not done in time is cut off.
    pub async fn end(&self, patience: Duration) {
        self.stop.0.cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!(left = tasks.len(), "background work did not end in time and is cut off");
            tasks.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_under_way_is_waited_for_and_what_hangs_is_cut_off() {
        let background = Background::default();
        let done = Arc::new(Mutex::new(0));
        let count = done.clone();
        background.spawn(|stop| async move {
            while stop.pause(Duration::from_millis(5)).await {}
            tokio::time::sleep(Duration::from_millis(50)).await;
            *count.lock().expect("count") += 1;
        });
        background.spawn(|_| std::future::pending());
        background.end(Duration::from_millis(500)).await;
        assert_eq!(*done.lock().expect("count"), 1);
    }
}
