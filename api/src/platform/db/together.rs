//! Group commit: writes that wait for SQLite's one writer share a transaction and its sync to the disk, each in a savepoint of
//! its own. Nobody is answered before the commit, and what fails takes nothing else with it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::{mpsc, oneshot};

use super::Db;
use crate::platform::problem::{BUSY, Problem};

/// So many writes share a commit at most.
const MOST: usize = 64;

/// What a write came to, told once it is known whether it stands.
type Told = Box<dyn FnOnce(Result<(), Problem>) + Send>;
/// Whether its savepoint is kept, and whom to tell.
type Work = Box<dyn for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, (bool, Told)> + Send>;

#[derive(Clone)]
pub(super) struct Group(mpsc::UnboundedSender<Work>);

impl Group {
    pub(super) fn new(write: sea_orm::DatabaseConnection) -> Self {
        let (sender, waiting) = mpsc::unbounded_channel();
        tokio::spawn(work(write, waiting));
        Self(sender)
    }
}

/// What one of the group does: none takes back what it wrote, as an error does.
pub type Write<T> =
    Box<dyn for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<Option<T>, Problem>> + Send>;

impl Db {
    /// Writes in one transaction, on SQLite together with whoever else waits for the writer. None and an error leave nothing
    /// behind.
    pub async fn together<T: Send + 'static>(&self, write: Write<T>) -> Result<Option<T>, Problem> {
        let Some(Group(sender)) = &self.group else {
            let transaction = self.begin().await?;
            let made = write(&transaction).await?;
            if made.is_some() {
                transaction.commit().await?;
            }
            return Ok(made);
        };
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |transaction| {
            Box::pin(async move {
                let made = write(transaction).await;
                let stands = matches!(made, Ok(Some(_)));
                let told: Told = Box::new(move |committed| {
                    // Who asked may have gone away: what was written stands all the same.
                    let _ = answer.send(committed.and(made));
                });
                (stands, told)
            })
        });
        sender.send(work).map_err(|_| Problem::internal("nobody writes any more"))?;
        // Dropped unanswered: somebody else held the database for too long, or it panicked; nothing was written.
        answered.await.map_err(|_| Problem::new(&BUSY).retry_after(1))?
    }
}

async fn work(write: sea_orm::DatabaseConnection, mut waiting: mpsc::UnboundedReceiver<Work>) {
    while let Some(first) = waiting.recv().await {
        let mut told = Vec::new();
        // The same trouble befell all of them, and none of it stands.
        let committed = round(&write, first, &mut waiting, &mut told).await.map_err(Problem::from);
        for tell in told {
            tell(committed.clone());
        }
    }
}

async fn round(
    write: &sea_orm::DatabaseConnection,
    first: Work,
    waiting: &mut mpsc::UnboundedReceiver<Work>,
    told: &mut Vec<Told>,
) -> Result<(), DbErr> {
    let mut next = Some(first);
    let transaction = super::begin(write).await;
    let Ok(transaction) = transaction else {
        // Dropped unanswered: who waits is told that it failed.
        return transaction.map(|_| ());
    };
    let mut count = 0;
    while let Some(work) = next.take() {
        count += 1;
        let savepoint = transaction.begin().await?;
        // A fault in one must not end the writer for all.
        let done = AssertUnwindSafe(work(&savepoint)).catch_unwind().await;
        if let Ok((stands, tell)) = done {
            if stands {
                savepoint.commit().await?;
            } else {
                savepoint.rollback().await?;
            }
            told.push(tell);
        } else {
            tracing::error!("a write panicked, and left nothing behind");
            savepoint.rollback().await?;
        }
        next = if count < MOST { waiting.try_recv().ok() } else { None };
    }
    metrics::histogram!("ocop_writes_per_commit").record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    transaction.commit().await
}
