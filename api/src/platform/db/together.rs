//! Group commit: writes that wait for SQLite's one writer share a transaction and its sync to the disk, each in a savepoint of
//! its own. Nobody is answered before the commit, and what fails takes nothing else with it.
//!
//! A write is a script, sent at once: a trip to the writer's thread and back costs as much as an insert, while everybody waits.
//! What becomes of its savepoint is sent with the next one's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use tokio::sync::{mpsc, oneshot};

use super::{Db, sql};
use crate::platform::problem::{BUSY, Problem};

/// So many writes share a commit at most.
const MOST: usize = 64;
const OPEN: &str = "SAVEPOINT one;\n";
const KEEP: &str = "RELEASE one;\n";
const TAKE_BACK: &str = "ROLLBACK TO one;\nRELEASE one;\n";

/// What a write came to, told once it is known whether it stands.
type Told = Box<dyn FnOnce(Result<(), Problem>) + Send>;
/// Judges by the rows of a script: whether it stands, and whom to tell.
type Verdict = Box<dyn FnOnce(Result<Vec<QueryResult>, DbErr>) -> (bool, Told) + Send>;

/// Statements that stand or fall together, each but the last followed by `;` and a new line. Their values are numbered through.
pub struct Script {
    pub text: String,
    pub values: Vec<Value>,
}

struct Work {
    script: Script,
    verdict: Verdict,
}

#[derive(Clone)]
pub(super) struct Group(mpsc::UnboundedSender<Work>);

impl Group {
    pub(super) fn new(write: sea_orm::DatabaseConnection) -> Self {
        let (sender, waiting) = mpsc::unbounded_channel();
        tokio::spawn(work(write, waiting));
        Self(sender)
    }
}

impl Db {
    /// Writes together with whoever else waits for SQLite's writer. By the rows that the statements of the script returned, one
    /// after the other, it is judged: none and an error leave nothing behind.
    pub async fn together<T: Send + 'static>(
        &self,
        script: Script,
        judge: impl FnOnce(Result<Vec<QueryResult>, DbErr>) -> Result<Option<T>, Problem> + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let Some(Group(sender)) = &self.group else {
            return Err(Problem::internal("only SQLite has one writer"));
        };
        let (answer, answered) = oneshot::channel();
        let verdict: Verdict = Box::new(move |rows| {
            let made = judge(rows);
            let stands = matches!(made, Ok(Some(_)));
            let told: Told = Box::new(move |committed| {
                // Who asked may have gone away: what was written stands all the same.
                let _ = answer.send(committed.and(made));
            });
            (stands, told)
        });
        sender.send(Work { script, verdict }).map_err(|_| Problem::internal("nobody writes any more"))?;
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
    // What becomes of the savepoint before.
    let mut settle = "";
    while let Some(Work { script, verdict }) = next.take() {
        count += 1;
        let text = [settle, OPEN, &script.text].concat();
        let rows = transaction.query_all_raw(sql(&transaction, text, script.values)).await;
        // A fault in one must not end the writer for all.
        settle = if let Ok((stands, tell)) = catch_unwind(AssertUnwindSafe(|| verdict(rows))) {
            told.push(tell);
            if stands { KEEP } else { TAKE_BACK }
        } else {
            tracing::error!("a write panicked, and left nothing behind");
            TAKE_BACK
        };
        next = if count < MOST { waiting.try_recv().ok() } else { None };
    }
    metrics::histogram!("ocop_writes_per_commit").record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    // Savepoints end with the commit; what is not to stand goes before.
    if settle == TAKE_BACK {
        transaction.execute_unprepared(TAKE_BACK).await?;
    }
    transaction.commit().await
}
