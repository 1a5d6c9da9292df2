//! The test's own look into its server's database.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use crate::Server;
use crate::server::{on_postgres, postgres_url};

/// The test's own connection. PostgreSQL starts a process for each, and reads its catalogue anew; a file is opened when it is asked, for
/// tests take it away.
#[derive(Default)]
pub(crate) struct Wire(tokio::sync::Mutex<Option<DatabaseConnection>>);

impl Wire {
    async fn connection(&self, url: &str) -> DatabaseConnection {
        if !on_postgres() {
            return connect(url).await;
        }
        let mut kept = self.0.lock().await;
        match kept.as_ref() {
            Some(connection) if connection.ping().await.is_ok() => connection.clone(),
            _ => kept.insert(connect(url).await).clone(),
        }
    }

    async fn release(connection: DatabaseConnection) {
        if !on_postgres() {
            connection.close().await.unwrap();
        }
    }
}

impl Server {
    /// A statement on the test's own database.
    pub async fn execute(&self, sql: &str) {
        let database = self.wire.connection(&self.database_url).await;
        database.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        Wire::release(database).await;
    }

    /// A statement that may be refused.
    pub async fn try_execute(&self, sql: &str) -> Result<(), String> {
        let database = self.wire.connection(&self.database_url).await;
        let done = database.execute_unprepared(sql).await.map(|_| ()).map_err(|error| error.to_string());
        Wire::release(database).await;
        done
    }

    /// A query on the test's own database; the first column of the first row as a number.
    pub async fn count(&self, sql: &str) -> i64 {
        let database = self.wire.connection(&self.database_url).await;
        let row = database
            .query_one_raw(sea_orm::Statement::from_string(database.get_database_backend(), sql))
            .await
            .unwrap();
        let count = row.map_or(0, |row| row.try_get_by_index::<i64>(0).unwrap());
        Wire::release(database).await;
        count
    }

    /// The same as a text.
    pub async fn text(&self, sql: &str) -> String {
        let database = self.wire.connection(&self.database_url).await;
        let statement = sea_orm::Statement::from_string(database.get_database_backend(), sql);
        let row = database.query_one_raw(statement).await.unwrap();
        let text = row.map(|row| row.try_get_by_index::<String>(0).unwrap()).unwrap_or_default();
        Wire::release(database).await;
        text
    }
}

/// Boxed, for a connection being opened is a large future, and every test would hold it.
async fn connect(url: &str) -> DatabaseConnection {
    Box::pin(Database::connect(url)).await.unwrap_or_else(|error| panic!("the database {url} answers: {error}"))
}

pub(crate) async fn postgres(sql: &str) {
    let database = connect(&format!("{}/postgres", postgres_url())).await;
    database.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    database.close().await.unwrap();
}
