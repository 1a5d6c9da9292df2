//! Whether everything is as it should be, for people and programs. Changes nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use entity::value::PaymentMethod;
use reqwest::Url;
use sea_orm::{DbBackend, FromQueryResult};
use serde::Serialize;
use time::OffsetDateTime;

use crate::app;
use crate::config::Config;
use crate::messaging::notification::Mailer;
use crate::messaging::texting::Texting;
use crate::platform::db::{Db, Target, one};
use crate::platform::{outbox, sealing};

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// Worth a look.
    Look,
    Wrong,
}

#[derive(Serialize)]
struct Finding {
    name: String,
    state: State,
    detail: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, name: &str, state: State, detail: impl Into<String>) {
        self.0.push(Finding { name: name.to_owned(), state, detail: detail.into() });
    }

    fn found(&mut self, name: &str, found: anyhow::Result<(State, String)>) {
        match found {
            Ok((state, detail)) => self.add(name, state, detail),
            Err(error) => self.add(name, State::Wrong, format!("{error:#}")),
        }
    }
}

/// So old may what waits be; so far may two clocks be apart; so much of a disk is to be free.
const OLD: time::Duration = time::Duration::minutes(5);
const APART: i64 = 5;
const FREE_MB: u64 = 1024;
const PATIENCE: Duration = Duration::from_secs(3);

pub async fn look(config: Config, json: bool) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    findings.add("configuration", State::Good, format!("read; {}", config.base_url()));
    config.keyring()?.install();
    findings.found("disk", disk(&config.data_dir));
    findings.found("files", files(&config).await);
    let url = config.database_url();
    let target = Target { url: &url, read_url: config.read_database_url(), connections: 2 };
    let is_there = url.strip_prefix("sqlite://").is_none_or(|path| Path::new(path).exists());
    if is_there {
        match Db::connect(&target).await {
            Ok(db) => with_database(&mut findings, &config, db).await,
            Err(error) => findings.add("database", State::Wrong, format!("{error:#}")),
        }
    } else {
        findings.add("database", State::Wrong, format!("there is none yet: {url}"));
    }
    for (name, address) in providers(&config) {
        findings.found(name, reach(&address).await);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&findings.0)?);
    } else {
        for Finding { name, state, detail } in &findings.0 {
            let mark = match state {
                State::Good => "ok   ",
                State::Look => "look ",
                State::Wrong => "WRONG",
            };
            println!("{mark}  {name:<16} {detail}");
        }
    }
    let wrong = findings.0.iter().filter(|finding| finding.state == State::Wrong).count();
    ensure!(wrong == 0, "{wrong} of {} are wrong", findings.0.len());
    Ok(())
}

async fn with_database(findings: &mut Findings, config: &Config, db: Db) {
    findings.found("database", database(&db).await);
    let pending = db.pending_migrations().await;
    let is_current = pending.as_ref().is_ok_and(|pending| *pending == 0);
    findings.found(
        "schema",
        pending.context("unknown").map(|pending| match pending {
            0 => (State::Good, "up to date".to_owned()),
            _ => {
                (State::Wrong, format!("{pending} changes are still to come: `ocop migrate`, or a start of the server"))
            }
        }),
    );
    if !is_current {
        return;
    }
    findings.found("clock", clock(&db).await);
    findings.found("keys", keys(&db).await);
    findings.found("outbox", waiting(&db).await);
    let texting = Texting::new(config, db.clone());
    let texts = texting.as_ref().map(|_| match config.messengers.trim() {
        "" if config.phone_sign_in => (State::Look, "none: codes to phones lie in a folder".to_owned()),
        "" => (State::Good, "none, and nobody signs up by phone".to_owned()),
        named => (State::Good, named.to_owned()),
    });
    findings.found("messengers", texts.map_err(|error| anyhow::anyhow!("{error:#}")));
    findings.found("mail", mail(config, texting).await);
}

async fn database(db: &Db) -> anyhow::Result<(State, String)> {
    let began = Instant::now();
    one::<Answer>(db.fresh(), "SELECT 1 AS answer", []).await?;
    let kind = if db.write().get_database_backend() == DbBackend::Postgres { "PostgreSQL" } else { "SQLite" };
    Ok((State::Good, format!("{kind} answers in {:.1} ms", began.elapsed().as_secs_f64() * 1000.0)))
}

#[derive(FromQueryResult)]
struct Answer {
    #[allow(dead_code, reason = "that there is an answer is what counts")]
    answer: i32,
}

#[derive(FromQueryResult)]
struct Now {
    now: OffsetDateTime,
}

/// Orders expire and codes end by the clock of whoever looks: nodes and database must agree.
async fn clock(db: &Db) -> anyhow::Result<(State, String)> {
    if db.write().get_database_backend() == DbBackend::Sqlite {
        return Ok((State::Good, "the database has none of its own".to_owned()));
    }
    let theirs = one::<Now>(db.fresh(), "SELECT CURRENT_TIMESTAMP AS now", []).await?.context("no answer")?.now;
    let apart = (OffsetDateTime::now_utc() - theirs).whole_seconds().abs();
    let state = if apart > APART { State::Wrong } else { State::Good };
    Ok((state, format!("{apart} s from the database's")))
}

async fn keys(db: &Db) -> anyhow::Result<(State, String)> {
    let columns = app::sealed_columns();
    sealing::check_keys(db, &columns).await?;
    Ok(match sealing::not_newest(db, &columns).await? {
        0 => (State::Good, "everything is sealed with the first".to_owned()),
        rows => (State::Look, format!("{rows} rows are sealed with an older one: `ocop key rotate`")),
    })
}

async fn waiting(db: &Db) -> anyhow::Result<(State, String)> {
    let backlog = outbox::backlog(db).await?.context("no answer")?;
    let age = backlog.oldest.map_or(time::Duration::ZERO, |oldest| OffsetDateTime::now_utc() - oldest);
    let state = match () {
        () if backlog.failing > 0 => State::Look,
        () if age > OLD => State::Wrong,
        () => State::Good,
    };
    let seconds = age.whole_seconds().max(0);
    let detail =
        format!("{} wait, {} of them failed before; the oldest for {seconds} s", backlog.waiting, backlog.failing);
    Ok((state, detail))
}

async fn mail(config: &Config, texting: anyhow::Result<Texting>) -> anyhow::Result<(State, String)> {
    let mailer = Mailer::new(config, texting?)?;
    let answers = tokio::time::timeout(PATIENCE, mailer.answers()).await;
    ensure!(answers.context("the server does not answer")??, "the server does not take mails");
    Ok(match config.smtp_url() {
        Some(_) => (State::Good, "the server takes mails".to_owned()),
        None => (State::Look, "none: mails lie in a folder, or in the log".to_owned()),
    })
}

fn disk(folder: &Path) -> anyhow::Result<(State, String)> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let disk = rustix::fs::statvfs(folder)?;
    let mb = |blocks: u64| blocks.saturating_mul(disk.f_frsize) / (1024 * 1024);
    let (free, whole) = (mb(disk.f_bavail), mb(disk.f_blocks));
    let state = if free < FREE_MB {
        State::Wrong
    } else if free * 10 < whole {
        State::Look
    } else {
        State::Good
    };
    Ok((state, format!("{free} MB of {whole} MB are free in {}", folder.display())))
}

/// A file goes in and comes out.
async fn files(config: &Config) -> anyhow::Result<(State, String)> {
    let objects = config.objects()?;
    let key = format!("private/doctor/{}", crate::platform::secrets::code(12));
    objects.put(&key, b"is anybody there?".to_vec()).await?;
    let read = objects.get(&key).await?;
    objects.delete(&key).await?;
    ensure!(read.as_deref() == Some(b"is anybody there?"), "what went in did not come out");
    Ok((State::Good, config.objects_url.clone().unwrap_or_else(|| "a folder".to_owned())))
}

/// Whom we speak to, as far as they are switched on.
fn providers(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for method in config.payment_methods() {
        match method {
            PaymentMethod::Vnpay => found.push(("VNPAY", config.vnpay_api_url.clone())),
            PaymentMethod::Momo => found.push(("MoMo", config.momo_url.clone())),
            PaymentMethod::Zalopay => found.push(("ZaloPay", config.zalopay_url.clone())),
            PaymentMethod::CashOnDelivery | PaymentMethod::BankTransfer => {}
        }
    }
    for name in config.messengers.split(',').map(str::trim) {
        match name {
            "zalo" => found.push(("Zalo", config.zalo_url.clone())),
            "esms" => found.push(("eSMS", config.esms_url.clone())),
            "speedsms" => found.push(("SpeedSMS", config.speedsms_url.clone())),
            "http" => found.extend(config.sms_http_url.clone().map(|url| ("SMS gateway", url))),
            _ => {}
        }
    }
    found
}

/// A connection is made, and nothing is said.
async fn reach(address: &str) -> anyhow::Result<(State, String)> {
    let url = Url::parse(address).context("no address")?;
    let (host, port) = (url.host_str().context("no host")?.to_owned(), url.port_or_known_default().context("no port")?);
    let began = Instant::now();
    let connected = tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect((host.as_str(), port))).await;
    connected.with_context(|| format!("{host}:{port} does not answer"))?.with_context(|| format!("{host}:{port}"))?;
    Ok((State::Good, format!("{host}:{port} answers in {:.0} ms", began.elapsed().as_secs_f64() * 1000.0)))
}
