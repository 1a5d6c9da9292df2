//! Starting, stopping and killing the server under test.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uuid::Uuid;

use crate::Client;
use crate::database::{Wire, postgres};

/// Whether this run is on PostgreSQL.
pub fn on_postgres() -> bool {
    std::env::var("TEST_DATABASE").is_ok_and(|name| name == "postgres")
}

pub fn postgres_url() -> String {
    std::env::var("TEST_POSTGRES")
        .expect("TEST_POSTGRES must be the URL of a throw-away PostgreSQL cluster; `tests/run` starts one")
}

fn binary() -> PathBuf {
    if let Ok(path) = std::env::var("TEST_OCOP") {
        return path.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("target/debug/ocop");
    assert!(path.exists(), "build the server first: cargo build (or set TEST_OCOP)");
    path
}

/// As little as the server takes: tests sign in all the time.
const PASSWORD_MEMORY_KIB: &str = "1024";

/// What a test changes of the server's settings.
#[derive(Clone, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    #[must_use]
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// For races: as many at the database at once as a market's rush brings, asked by two threads. Elsewhere few are enough, for
    /// each connection begins by reading of every table what it is, and each thread by making every route.
    #[must_use]
    pub fn crowded() -> Self {
        Self::default().set("OCOP_DATABASE_CONNECTIONS", 16).set("OCOP_WORKERS", 2)
    }
}

pub struct Server {
    child: Option<Child>,
    pub port: u16,
    /// The data folder: mails, pictures, index, and the database on SQLite.
    pub data: TempDir,
    pub(crate) database_url: String,
    database: Option<String>,
    settings: Settings,
    pub(crate) wire: Wire,
}

impl Server {
    /// A server with the demo's data.
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let mut server = Self::prepared(settings).await;
        server.run().await;
        server
    }

    /// Everything but the process.
    pub async fn prepared(settings: Settings) -> Self {
        let template = template().await;
        let data = tempfile::tempdir().unwrap();
        copy_folder(&template, data.path());
        let (database_url, database) = if on_postgres() {
            let name = format!("t{}", Uuid::new_v4().simple());
            let tag = template.file_name().unwrap().to_string_lossy().into_owned();
            // By its files: written to the log, too, page by page, it takes twice as long.
            postgres(&format!("CREATE DATABASE {name} TEMPLATE {tag} STRATEGY FILE_COPY")).await;
            (format!("{}/{name}", postgres_url()), Some(name))
        } else {
            (format!("sqlite://{}/ocop.db", data.path().display()), None)
        };
        Self { child: None, port: free_port(), data, database_url, database, settings, wire: Wire::default() }
    }

    /// A server on a database of the test's own, which the demo is loaded into.
    pub async fn on(database_url: &str, settings: Settings) -> Self {
        let server = Self::unstarted(database_url, settings);
        let output = server.ocop(&["seed"], "");
        assert!(output.status.success(), "seeding failed: {}", String::from_utf8_lossy(&output.stderr));
        let mut server = server;
        server.run().await;
        server
    }

    /// A server on a database that may not be there.
    pub fn unstarted(database_url: &str, settings: Settings) -> Self {
        let data = tempfile::tempdir().unwrap();
        Self {
            child: None,
            port: free_port(),
            data,
            database_url: database_url.to_owned(),
            database: None,
            settings,
            wire: Wire::default(),
        }
    }

    /// Where its data is.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Another server on the same database, as a second node behind a load balancer would be.
    pub async fn second_node(&self) -> Self {
        self.second_node_with(|settings| settings).await
    }

    pub async fn second_node_with(&self, settings: impl FnOnce(Settings) -> Settings) -> Self {
        let data = tempfile::tempdir().unwrap();
        copy_folder(&template().await, data.path());
        let mut node = Self {
            child: None,
            port: free_port(),
            data,
            database_url: self.database_url.clone(),
            database: None,
            settings: settings(self.settings.clone()),
            wire: Wire::default(),
        };
        node.run().await;
        node
    }

    /// Its pages by name, as browsers know them.
    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OCOP_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.data.path())
            .env("OCOP_DATA_DIR", self.data.path())
            .env("OCOP_DATABASE_URL", &self.database_url)
            .env("OCOP_DATABASE_CONNECTIONS", std::env::var("TEST_CONNECTIONS").as_deref().unwrap_or("4"))
            .env("OCOP_WORKERS", "1")
            // What guessing costs is a test's own business, in `signing_in`.
            .env("OCOP_PASSWORD_MEMORY_KIB", PASSWORD_MEMORY_KIB)
            .env("OCOP_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("OCOP_LOG", "warn")
            .env("OCOP_RATE_LIMIT_PER_SECOND", "0")
            .env("OCOP_AUTH_RATE_LIMIT_PER_MINUTE", "0")
            .envs(self.settings.0.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the process and waits until it is ready.
    pub async fn run(&mut self) {
        self.spawn();
        self.wait_ready().await;
    }

    pub fn spawn(&mut self) {
        let log = File::options().create(true).append(true).open(self.data.path().join("server.log")).unwrap();
        let mut command = self.command();
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the server starts"));
    }

    pub async fn wait_ready(&mut self) {
        let client = self.client();
        let started = Instant::now();
        while started.elapsed() < Duration::from_mins(1) {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().unwrap()) {
                panic!("the server ended with {status} while starting:\n{}", self.log());
            }
            if client.try_get("/readyz").await.is_some_and(|status| status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server was not ready within a minute:\n{}", self.log());
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("server.log")).unwrap_or_default()
    }

    /// The most memory the running process has had at once.
    pub fn peak_memory_mb(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// What it holds now, but for what is a file's.
    pub fn memory_mb(&self) -> u64 {
        self.memory("RssAnon:")
    }

    fn memory(&self, name: &str) -> u64 {
        let id = self.child.as_ref().expect("a running server").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
        let held = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux");
        held.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// The process ends by itself.
    pub fn wait_end(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, as an orchestrator sends it; the exit status.
    pub fn terminate(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().expect("a running server");
        let sent = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
        assert!(sent.success());
        child.wait().unwrap()
    }

    /// Stops the server and starts it with further settings.
    pub async fn restart_with(&mut self, settings: impl FnOnce(Settings) -> Settings) {
        self.kill();
        self.settings = settings(self.settings.clone());
        self.run().await;
    }

    /// Its folder.
    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    /// What its stored secrets are sealed with, made at its first start.
    pub fn data_keys(&self) -> String {
        std::fs::read_to_string(self.data().join("development-data-keys")).unwrap().trim().to_owned()
    }

    /// The same with further settings, for its next start or command.
    pub fn with_settings(&mut self, settings: impl FnOnce(Settings) -> Settings) -> &Self {
        self.settings = settings(self.settings.clone());
        self
    }

    /// Runs another command of the binary on this server's database.
    pub fn ocop(&self, arguments: &[&str], input: &str) -> Output {
        use std::io::Write;
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The same, to be run while others go on.
    pub fn ocop_later(&self, arguments: &[&str]) -> impl FnOnce() -> Output + Send + use<> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        move || command.output().unwrap()
    }

    /// Stock, movements, reservations and orders agree, and so do journals, payments, refunds and payouts.
    pub fn assert_books_agree(&self) {
        for arguments in [&["check"][..], &["ledger", "check"]] {
            let output = self.ocop(arguments, "");
            let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {text}");
        }
    }

    /// Mails and text messages written so far, oldest first, with their names.
    pub fn messages(&self) -> Vec<(String, String)> {
        let folder = self.data.path().join("mail");
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .map(|entries| {
                entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect()
            })
            .unwrap_or_default();
        names.retain(|name: &String| !name.contains(".part"));
        names.sort();
        names
            .into_iter()
            .map(|name| (name.clone(), decoded(&std::fs::read_to_string(folder.join(name)).unwrap())))
            .collect()
    }

    /// The newest message to somebody that contains a text; waits for it.
    pub async fn message_to(&self, to: &str, containing: &str) -> String {
        for _ in 0..200 {
            let found =
                self.messages().into_iter().rev().find(|(_, text)| text.contains(to) && text.contains(containing));
            if let Some((_, text)) = found {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no message to {to} contains “{containing}”; there are {:?}", self.messages());
    }

    /// A backup, restored beside, holds the same and passes both checks.
    pub fn assert_backup_agrees(&self) {
        let output = self.ocop(&["drill"], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("balance, and agree"), "{text}");
    }

    /// A machine with nothing on it, and a database that is empty or not there.
    pub async fn empty_machine(settings: Settings) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (database_url, database) = if on_postgres() {
            let name = format!("t{}", Uuid::new_v4().simple());
            postgres(&format!("CREATE DATABASE {name}")).await;
            (format!("{}/{name}", postgres_url()), Some(name))
        } else {
            (format!("sqlite://{}/ocop.db", data.path().display()), None)
        };
        Self { child: None, port: free_port(), data, database_url, database, settings, wire: Wire::default() }
    }

    /// Whether nothing is on the machine, as before.
    pub async fn is_bare(&self) -> bool {
        let tables = "SELECT CAST(COUNT(*) AS bigint) FROM pg_tables WHERE schemaname = current_schema()";
        let files = |folder: &std::path::Path| std::fs::read_dir(folder).map_or(0, Iterator::count);
        let media = self.data.path().join("media");
        if on_postgres() && self.count(tables).await > 0 {
            return false;
        }
        files(&media) == 0 && !self.data.path().join("ocop.db").exists()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if let Some(name) = self.database.take() {
            // Dropping must not depend on the test's runtime, which may be unwinding.
            let dropping = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(postgres(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
            });
            let _ = dropping.join();
        }
    }
}

/// One that no other test of the run was given: two servers on one would be taken for each other.
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("cho-ocop-tests/ports");
    std::fs::create_dir_all(&folder).unwrap();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let given = folder.join(port.to_string());
        let age = std::fs::metadata(&given).and_then(|facts| facts.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > Duration::from_mins(20)) {
            let _ = std::fs::remove_file(&given);
        }
        if File::create_new(&given).is_ok() {
            return port;
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A data folder with the demo loaded (and on PostgreSQL a database of the folder's name), made once per binary.
async fn template() -> PathBuf {
    let binary = binary();
    let facts = std::fs::metadata(&binary).unwrap();
    let built = facts.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let kind =
        if on_postgres() { format!("pg{}", postgres_url().rsplit(':').next().unwrap()) } else { "sqlite".to_owned() };
    let tag = format!("template_{kind}_{built}_{}", facts.len());
    let folder = std::env::temp_dir().join("cho-ocop-tests");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join(format!("{tag}.lock"))).unwrap();
    lock.lock().unwrap();
    let made = folder.join(&tag);
    if made.exists() {
        return made;
    }
    let making = folder.join(format!("{tag}.making"));
    let _ = std::fs::remove_dir_all(&making);
    std::fs::create_dir_all(&making).unwrap();
    let url = if on_postgres() {
        postgres(&format!("DROP DATABASE IF EXISTS {tag} WITH (FORCE)")).await;
        postgres(&format!("CREATE DATABASE {tag}")).await;
        format!("{}/{tag}", postgres_url())
    } else {
        format!("sqlite://{}/ocop.db", making.display())
    };
    let output = Command::new(binary)
        .arg("seed")
        .current_dir(&making)
        .env("OCOP_DATA_DIR", &making)
        .env("OCOP_DATABASE_URL", url)
        .env("OCOP_PASSWORD_MEMORY_KIB", PASSWORD_MEMORY_KIB)
        .env("OCOP_LOG", "warn")
        .output()
        .unwrap();
    assert!(output.status.success(), "seeding failed: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(&making, &made).unwrap();
    made
}

/// A mail's text with its transfer encoding undone, well enough to look for words.
fn decoded(message: &str) -> String {
    use base64::Engine;
    let Some((head, body)) = message.split_once("\r\n\r\n") else { return message.to_owned() };
    let body = if head.contains("base64") {
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(body.replace(['\r', '\n'], "")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    } else if head.contains("quoted-printable") {
        unquoted(body)
    } else {
        body.to_owned()
    };
    format!("{head}\n\n{body}")
}

fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let bytes = joined.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let code = (bytes[at] == b'=')
            .then(|| joined.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
