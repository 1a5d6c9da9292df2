//! The command line.

mod backup;
mod doctor;
mod keys;
mod person;
mod recognition;
mod users;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand};
use entity::value::{CooperativeId, MemberRole, OfficeId, OfficeRole, PlatformRole};
use indicatif::{ProgressBar, ProgressStyle};
use time::Date;
use time::macros::format_description;

use crate::app::{self, Services};
use crate::config::{Config, Environment, Flags, new_secret_key};
use crate::demo;
use crate::money::{self, payout};
use crate::ocop::traceability;
use crate::platform::telemetry::Exports;
use crate::platform::{numbers, telemetry};
use crate::shop::inventory;
use crate::supply::storage;

#[derive(Parser)]
#[command(name = "ocop", version, about = "Chợ OCOP: the marketplace of Vietnam's One Commune One Product programme")]
#[command(
    after_help = "Examples:\n  ocop demo                                    try it with the products of Kim Bôi\n  ocop serve --listen 0.0.0.0:8080             serve\n  OCOP_DATABASE_URL=postgres://… ocop migrate  bring a database up to date\n\nEvery setting can also stand in ocop.toml or in the environment as OCOP_<NAME>."
)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API
    Serve,
    /// Load the demo data of Kim Bôi into an empty database, serve, and print what to try
    Demo,
    /// Bring the database schema up to date
    Migrate,
    /// Fill the database with demo data
    #[command(
        after_help = "Examples:\n  ocop seed                    the demo of Kim Bôi\n  ocop seed --products 10000   and ten thousand made-up products\n  ocop seed --products 10000 --orders 50000   and a month of their sales"
    )]
    Seed {
        /// Made-up products to add beside the demo
        #[arg(long, default_value_t = 0, value_parser = how_many)]
        products: usize,
        /// Made-up sales of the last four weeks, of the made-up products
        #[arg(long, default_value_t = 0, value_parser = how_many)]
        orders: usize,
    },
    /// Make the search index anew from the database
    Reindex,
    /// Accounts
    #[command(subcommand)]
    User(User),
    /// What is known of a person, and forgetting one: for guests who write in, and after an old backup came back
    #[command(
        after_help = "Examples:\n  ocop person show --email lan@example.vn      all that is known, as JSON\n  ocop person forget --phone 0912345678       a guest who wrote to us\n  ocop person forgotten --since 2026-11-01    whom to forget again after a restore\n  ocop person forget --account 0192…"
    )]
    #[command(subcommand)]
    Person(person::Person),
    /// Make the file for OCOP_BREACHED_PASSWORDS of a list of passwords that became known
    #[command(
        after_help = "Examples:\n  ocop passwords 10-million-password-list-top-1000000.txt --out breached   a line a password\n  head -n 1000000 pwned-passwords-sha1-ordered-by-count.txt | ocop passwords - --out breached   as Have I Been Pwned has them"
    )]
    Passwords {
        /// A file, or - for standard input
        list: PathBuf,
        /// File to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Keys that sign access tokens, and keys that seal what is stored
    #[command(subcommand)]
    Key(Key),
    /// Prove that stock, movements, reservations and orders agree; fails and names what does not
    Check,
    /// The books
    #[command(subcommand)]
    Ledger(Ledger),
    /// Print the table of who may do what in a cooperative or an office, as Markdown
    Permissions,
    /// Scorecards by which stars are given
    #[command(subcommand)]
    Criteria(recognition::Criteria),
    /// Offices of communes, provinces and the ministry
    #[command(subcommand)]
    Office(recognition::Office),
    /// Print the table of a dossier's steps, as Markdown
    Steps,
    /// Write everything into one sealed file, while the server serves
    Backup(backup::Backup),
    /// Restore a backup into an empty place, and prove that everything is there
    Restore(backup::Restore),
    /// Make a backup, restore it beside, compare, check, and forget both
    Drill,
    /// Look whether everything is as it should be: database, clock, disk, mail, messengers, providers, what waits; changes nothing
    #[command(
        after_help = "Examples:\n  ocop doctor          for people\n  ocop doctor --json   for programs\n\nEnds with 1 where something is wrong; what is only worth a look does not count."
    )]
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Ask a running server whether it is ready; for container health checks
    Health,
}

#[derive(Subcommand)]
enum User {
    /// Create an account; the password is read from standard input
    #[command(
        after_help = "Examples:\n  echo 'a long password' | ocop user create lan@example.vn --name 'Nguyễn Thị Lan'\n  echo 'a long password' | ocop user create 0912345678 --name Admin --role admin"
    )]
    Create {
        /// E-mail address or phone number
        contact: String,
        #[arg(long)]
        name: String,
        /// Roles on the platform
        #[arg(long, value_parser = platform_role)]
        role: Vec<PlatformRole>,
        /// A role in a cooperative, as ID:owner, ID:manager or ID:staff
        #[arg(long, value_parser = membership)]
        member: Vec<(CooperativeId, MemberRole)>,
        /// A role in an office, as ID:clerk, ID:assessor or ID:head
        #[arg(long, value_parser = office_seat)]
        office: Vec<(OfficeId, OfficeRole)>,
    },
    /// Switch the second factor off for somebody who lost phone and recovery codes, and end their sessions; they are told
    #[command(
        after_help = "Example:\n  ocop user forget-second-factor lan@example.vn   once you are sure whom you are speaking to"
    )]
    ForgetSecondFactor {
        /// E-mail address or phone number
        contact: String,
    },
}

#[derive(Subcommand)]
enum Ledger {
    /// Write every cooperative's statement of a period, as XLSX and PDF, and their sums as CSV
    #[command(after_help = "Examples:\n  ocop ledger statements --from 2026-11-01 --to 2026-11-30 --out sao-ke")]
    Statements {
        /// First day, in Vietnam
        #[arg(long, value_parser = day)]
        from: Date,
        /// Last day
        #[arg(long, value_parser = day)]
        to: Date,
        /// Folder to write into
        #[arg(long)]
        out: PathBuf,
    },
    /// Prove that journals balance, and that balances, orders, payments, refunds and payouts agree; fails and names what does not
    #[command(
        after_help = "Examples:\n  ocop ledger check\n  OCOP_DATABASE_URL=postgres://… ocop ledger check   of a restored backup"
    )]
    Check,
}

#[derive(Subcommand)]
enum Key {
    /// Print a fresh key for OCOP_SECRET_KEYS or OCOP_DATA_KEYS; put it first to use it, keep the old ones behind it
    #[command(
        after_help = "Examples:\n  OCOP_SECRET_KEYS=$(ocop key new),$OCOP_SECRET_KEYS    sign with a new key; drop the old one after a day\n  OCOP_DATA_KEYS=$(ocop key new),$OCOP_DATA_KEYS        seal with a new key; drop the old one after `ocop key rotate`"
    )]
    New,
    /// Seal everything stored with the first of OCOP_DATA_KEYS; the server may go on serving, with the same keys
    Rotate,
}

/// `10000`, `10.000` or `10k`.
fn how_many(text: &str) -> Result<usize, String> {
    let count = numbers::count(text).map_err(|fault| fault.en.into_owned())?;
    usize::try_from(count).map_err(|_| "too many".to_owned())
}

fn platform_role(text: &str) -> Result<PlatformRole, String> {
    text.parse().map_err(|()| "one of partner, officer, admin".to_owned())
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|_| "a day as 2026-11-30".to_owned())
}

fn office_seat(text: &str) -> Result<(OfficeId, OfficeRole), String> {
    let wrong = || "such as 0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11:head".to_owned();
    let (id, role) = text.split_once(':').ok_or_else(wrong)?;
    Ok((id.parse().map_err(|_| wrong())?, role.parse().map_err(|()| wrong())?))
}

fn membership(text: &str) -> Result<(CooperativeId, MemberRole), String> {
    let wrong = || "such as 0192f0c4-8a3e-7b43-9d55-2f3c1f0e7a11:owner".to_owned();
    let (id, role) = text.split_once(':').ok_or_else(wrong)?;
    Ok((id.parse().map_err(|_| wrong())?, role.parse().map_err(|()| wrong())?))
}

/// Runs what the command line asks for.
/// Reads the command line and does what it says. In the library, so that the binary is a link and no second compilation of
/// everything that waits.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ocop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    crate::platform::outgoing::prepare_tls();
    if let Command::Key(Key::New) = cli.command {
        println!("{}", new_secret_key());
        return Ok(());
    }
    if let Command::Passwords { list, out } = &cli.command {
        return users::passwords(list, out);
    }
    if let Command::Openapi = cli.command {
        println!("{}", app::document().to_pretty_json()?);
        return Ok(());
    }
    if let Command::Steps = cli.command {
        print!("{}", crate::ocop::certification::steps_as_markdown());
        return Ok(());
    }
    if let Command::Permissions = cli.command {
        print!("{}", crate::people::permissions_as_markdown());
        return Ok(());
    }
    let config = Config::load(&cli.flags)?;
    let serves = matches!(cli.command, Command::Serve | Command::Demo);
    let collector = config.collector().filter(|_| serves);
    let exports = telemetry::start_logging(&config.log, config.env == Environment::Production, collector.as_ref())?;
    match cli.command {
        Command::Serve => serve(config, exports, false).await,
        Command::Demo => serve(config, exports, true).await,
        Command::Migrate => Services::start(config).await.map(|_| eprintln!("The schema is up to date.")),
        Command::Seed { products, orders } => seed(config, products, orders).await,
        Command::Reindex => reindex(config).await,
        Command::User(User::Create { contact, name, role, member, office }) => {
            users::create_user(config, &contact, name, (&role, &member, &office)).await
        }
        Command::User(User::ForgetSecondFactor { contact }) => users::forget_factor(config, &contact).await,
        Command::Person(command) => person::run(config, command).await,
        Command::Criteria(command) => recognition::criteria(config, command).await,
        Command::Office(command) => recognition::office(config, command).await,
        Command::Check => check(config).await,
        Command::Ledger(Ledger::Statements { from, to, out }) => statements(config, (from, to), &out).await,
        Command::Ledger(Ledger::Check) => check_ledger(config).await,
        Command::Backup(asked) => backup::backup(config, &asked).await,
        Command::Restore(asked) => backup::restore(config, &asked).await,
        Command::Drill => backup::drill(config).await,
        Command::Doctor { json } => doctor::look(config, json).await,
        Command::Health => health(&config).await,
        Command::Key(Key::Rotate) => keys::rotate(config).await,
        Command::Passwords { .. }
        | Command::Key(Key::New)
        | Command::Openapi
        | Command::Permissions
        | Command::Steps => Ok(()),
    }
}

async fn serve(config: Config, exports: Exports, with_demo: bool) -> anyhow::Result<()> {
    let metrics = telemetry::start_metrics(&exports)?;
    ensure!(
        !with_demo || config.env == Environment::Development,
        "the demo has known passwords: it is not for production"
    );
    let services = Services::start(config).await?;
    let mut tour = None;
    if with_demo {
        demo::load(&services.db, services.clock, &services.objects, &services.passwords).await?;
        tour = Some(demo::tour(&services.db, &services.config.base_url()).await?);
    }
    let (background, db) = (services.background.clone(), services.db.clone());
    let server = app::serve(services, metrics).await?;
    if let Some(tour) = tour {
        println!("{tour}");
    }
    let handle = server.handle();
    let mut server = tokio::spawn(server);
    tokio::select! {
        ended = &mut server => return Ok(ended??),
        signal = asked_to_stop() => signal?,
    }
    tracing::info!("stopping: no new connections; what is under way is finished");
    handle.pause().await;
    // Before the server, in whose threads its connections live. What is left stands in the outbox, and goes on at the next
    // start or on another node.
    background.end(Duration::from_secs(20)).await;
    db.settle(Duration::from_secs(2)).await;
    tokio::select! {
        () = handle.stop(true) => {}
        again = asked_to_stop() => {
            again?;
            handle.stop(false).await;
        }
    }
    server.await??;
    tracing::info!("drained");
    exports.end().await;
    Ok(())
}

/// SIGTERM of an orchestrator, or Ctrl-C.
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut quit) = (signal(SignalKind::terminate())?, signal(SignalKind::quit())?);
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = quit.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

fn progress(length: usize, what: &'static str) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(length as u64);
    bar.set_style(ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")?);
    bar.set_message(what);
    Ok(bar)
}

async fn seed(config: Config, products: usize, orders: usize) -> anyhow::Result<()> {
    ensure!(config.env == Environment::Development, "demo data has known passwords: it is not for production");
    let services = Services::start(config).await?;
    if demo::load(&services.db, services.clock, &services.objects, &services.passwords).await? {
        eprintln!("Loaded the demo of Kim Bôi.");
    }
    if products > 0 {
        let bar = progress(products, "Products")?;
        demo::generate(&services.db, services.clock, &services.passwords, products, |done| bar.inc(done as u64))
            .await?;
        bar.finish();
    }
    if orders > 0 {
        let bar = progress(orders, "Orders")?;
        demo::month(&services.db, services.clock, orders, |done| bar.inc(done as u64)).await?;
        bar.finish();
    }
    services.db.analyze().await?;
    eprintln!("Indexing …");
    let catalogue = services.catalogue().await?;
    catalogue.rebuild_index(|_| {}).await?;
    eprintln!("{} products are on sale.", catalogue.product_count());
    Ok(())
}

async fn reindex(config: Config) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let catalogue = services.catalogue().await?;
    let bar = progress(catalogue.product_count(), "Indexing")?;
    catalogue.rebuild_index(|done| bar.inc(done as u64)).await?;
    bar.finish();
    eprintln!("{} products are indexed.", catalogue.product_count());
    Ok(())
}

async fn check(config: Config) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let mut found = inventory::check(services.db.fresh()).await?;
    found.extend(traceability::check(services.db.fresh()).await?);
    found.extend(storage::check(services.db.fresh()).await?);
    for fault in &found {
        println!("{} {}: expected {}, found {}", fault.what, fault.id, fault.expected, fault.found);
    }
    ensure!(found.is_empty(), "{} places do not agree", found.len());
    println!("Stock, movements, reservations, orders, traced events and cold rooms agree.");
    Ok(())
}

async fn check_ledger(config: Config) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let found = money::check::check(services.db.fresh()).await?;
    for fault in &found {
        println!("{} {}: expected {}, found {}", fault.what, fault.id, fault.expected, fault.found);
    }
    ensure!(found.is_empty(), "{} places do not agree", found.len());
    let (journals, postings) = money::check::size(services.db.fresh()).await?;
    println!(
        "{journals} journals with {postings} postings balance, and agree with orders, payments, refunds and payouts."
    );
    Ok(())
}

/// Writes statements, a folder of two files each.
async fn statements(config: Config, period: (Date, Date), out: &Path) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let holders = payout::account_holders(services.db.fresh()).await?;
    let bar = progress(holders.len(), "Statements")?;
    let mut summary = csv::Writer::from_path(out.join("summary.csv"))?;
    summary.write_record(["cooperative", "opening", "gross", "commission", "tax", "paid_out", "closing"])?;
    for id in &holders {
        let found = payout::statement(services.db.fresh(), *id, period)
            .await
            .map_err(|problem| anyhow::anyhow!("{problem}"))?;
        std::fs::write(out.join(format!("{id}.xlsx")), payout::sheet(&found)?)?;
        std::fs::write(out.join(format!("{id}.pdf")), payout::paper(&found)?)?;
        let sums = [found.opening, found.gross, found.commission, found.tax, found.paid_out, found.closing];
        summary.write_record(std::iter::once(id.to_string()).chain(sums.map(|sum| sum.0.to_string())))?;
        bar.inc(1);
    }
    summary.flush()?;
    bar.finish();
    println!("{} statements are in {}.", holders.len(), out.display());
    Ok(())
}

async fn health(config: &Config) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{}/readyz", config.listen.port());
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build()?;
    let status = client.get(&url).send().await.with_context(|| format!("{url} does not answer"))?.status();
    ensure!(status.is_success(), "{url} answers {status}");
    Ok(())
}
