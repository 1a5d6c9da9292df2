//! Backups, what becomes of them, and the drill that proves they are worth something.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use sea_orm::ConnectionTrait;
use time::macros::format_description;

use super::{check, check_ledger, progress};
use crate::app::Services;
use crate::config::Config;
use crate::ledger;
use crate::platform::backup::{Manifest, Source, Unpacked, counts, ensure_empty, make, open, put_in_place};
use crate::platform::db::{Db, Target};
use crate::platform::objects::Objects;
use crate::platform::secrets;

const SUFFIX: &str = ".ocop-backup";

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ocop backup                                   into <data dir>/backups\n  ocop backup --to /mnt/nas/ocop --keep 14      and keep the newest fourteen there\n  ocop backup --to s3://backups/ocop --keep 30  into an S3-compatible store\n\nThe file is sealed with the first of OCOP_DATA_KEYS: keep those somewhere else, or it is lost with them."
)]
pub struct Backup {
    /// Folder or s3://bucket[/prefix] [default: <data dir>/backups]
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    /// How many of the newest stay there; all, unless said
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  OCOP_DATA_DIR=/srv/new ocop restore /mnt/nas/ocop/20261130T010000Z-k7mpxq.ocop-backup\n  OCOP_DATABASE_URL=postgres://…/empty ocop restore s3://backups/ocop/20261130T010000Z-k7mpxq.ocop-backup"
)]
pub struct Restore {
    /// A backup: a file, or s3://bucket[/prefix]/name
    from: String,
}

/// The store a place names, and where it is told to be.
fn place(config: &Config, to: Option<&str>) -> anyhow::Result<(Objects, String)> {
    let shown = to.map_or_else(|| config.data_dir.join("backups").display().to_string(), str::to_owned);
    Ok((config.place(&shown)?, shown))
}

fn scratch(config: &Config) -> anyhow::Result<tempfile::TempDir> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot create {}", config.data_dir.display()))?;
    Ok(tempfile::Builder::new().prefix(".backup-").tempdir_in(&config.data_dir)?)
}

async fn made(services: &Services, file: &Path) -> anyhow::Result<Manifest> {
    let url = services.config.database_url();
    let source = Source {
        db: &services.db,
        url: &url,
        objects: &services.objects,
        media_apart: services.config.objects_url.as_deref().is_some_and(|place| place.starts_with("s3://")),
        balances: ledger::BALANCES,
    };
    let moment = services.clock.now().format(&time::format_description::well_known::Rfc3339)?;
    let bar = progress(0, "Files")?;
    let manifest = make(&source, file, moment, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })
    .await?;
    bar.finish_and_clear();
    Ok(manifest)
}

fn rows(manifest: &Manifest) -> i64 {
    manifest.counts.iter().filter(|(name, _)| !name.starts_with("balance of ")).map(|(_, count)| count).sum()
}

/// Makes a backup, and forgets the oldest of its place.
pub async fn backup(config: Config, asked: &Backup) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let (store, shown) = place(&services.config, asked.to.as_deref())?;
    let scratch = scratch(&services.config)?;
    let stamp = format_description!("[year][month][day]T[hour][minute][second]Z");
    let name = format!("{}-{}{SUFFIX}", services.clock.now().format(stamp)?, secrets::code(6).to_lowercase());
    let file = scratch.path().join(&name);
    let manifest = made(&services, &file).await?;
    let size = std::fs::metadata(&file)?.len();
    store.upload(&name, &file).await.with_context(|| format!("writing into {shown}"))?;
    println!("{}/{name}", shown.trim_end_matches('/'));
    println!("{} rows, {} files, {} KB", rows(&manifest), manifest.media.len(), size.div_ceil(1024));
    if manifest.media_apart {
        println!(
            "Pictures and papers stay in {}; only their list is in the backup.",
            services.config.objects_url.as_deref().unwrap_or_default()
        );
    }
    if let Some(keep) = asked.keep {
        let mut old: Vec<_> = store.keys("").await?.into_iter().filter(|key| is_ours(key)).collect();
        old.truncate(old.len().saturating_sub(keep as usize));
        for key in &old {
            store.delete(key).await?;
        }
        println!("{} older ones were forgotten.", old.len());
    }
    Ok(())
}

/// `20261130T010000Z-k7mpxq.ocop-backup`: nothing else is ever deleted.
fn is_ours(key: &str) -> bool {
    let Some((stamp, code)) = key.strip_suffix(SUFFIX).and_then(|name| name.split_once('-')) else { return false };
    stamp.len() == 16
        && stamp.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A backup of wherever it is, unpacked and found whole.
async fn opened(config: &Config, from: &str, folder: &Path) -> anyhow::Result<Unpacked> {
    let mut file = PathBuf::from(from);
    if from.starts_with("s3://") {
        let (bucket, name) = from.rsplit_once('/').context("which backup?")?;
        file = folder.join("downloaded");
        config.place(bucket)?.download(name, &file).await?;
    }
    ensure!(file.is_file(), "there is no backup {from}");
    open(&file, folder)
}

/// Puts a backup where `config` says, and proves that everything arrived.
async fn restored(config: &Config, unpacked: &Unpacked) -> anyhow::Result<()> {
    let (url, objects) = (config.database_url(), config.objects()?);
    if !url.starts_with("sqlite:") {
        let db = connect(&url).await?;
        ensure_empty(&db).await?;
        db.close().await?;
    }
    let bar = progress(0, "Files")?;
    put_in_place(unpacked, &url, &objects, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })
    .await?;
    bar.finish_and_clear();
    let db = connect(&url).await?;
    let found = counts(db.write(), ledger::BALANCES).await?;
    db.close().await?;
    let held = &unpacked.manifest.counts;
    if found != *held {
        let differing = held.keys().chain(found.keys()).find(|name| held.get(*name) != found.get(*name));
        bail!("{} differs from what the backup says it holds", differing.map_or("something", String::as_str));
    }
    println!(
        "{} rows in {} tables and {} files are as they were at {}.",
        rows(&unpacked.manifest),
        held.keys().filter(|name| !name.starts_with("balance of ")).count(),
        unpacked.manifest.media.len(),
        unpacked.manifest.made_at
    );
    check(config.clone()).await?;
    check_ledger(config.clone()).await
}

async fn connect(url: &str) -> anyhow::Result<Db> {
    Db::connect(&Target { url, read_url: None, connections: 2 }).await
}

/// Restores into an empty place, and ends with both checks.
pub async fn restore(config: Config, asked: &Restore) -> anyhow::Result<()> {
    config.keyring()?.install();
    let scratch = scratch(&config)?;
    let unpacked = opened(&config, &asked.from, scratch.path()).await?;
    restored(&config, &unpacked).await?;
    if unpacked.manifest.media_apart {
        println!("Its pictures and papers were in a store of their own: OCOP_OBJECTS_URL is to name it.");
    }
    Ok(())
}

/// Makes a backup and restores it beside; nothing of either stays.
pub async fn drill(config: Config) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let config = &services.config;
    let scratch = scratch(config)?;
    let file = scratch.path().join(format!("drill{SUFFIX}"));
    let began = std::time::Instant::now();
    made(&services, &file).await?;
    println!(
        "Backed up in {:.1} s, {} KB.",
        began.elapsed().as_secs_f64(),
        std::fs::metadata(&file)?.len().div_ceil(1024)
    );
    let (began, folder) = (std::time::Instant::now(), scratch.path().join("unpacked"));
    std::fs::create_dir(&folder)?;
    let unpacked = open(&file, &folder)?;
    let place = scratch.path().join("restored");
    let url = config.database_url();
    if url.starts_with("sqlite:") {
        let there = config.elsewhere(&format!("sqlite://{}", place.join("ocop.db").display()), &place);
        std::fs::create_dir(&place)?;
        restored(&there, &unpacked).await?;
    } else {
        let name = format!("ocop_drill_{}", secrets::code(8).to_lowercase());
        services
            .db
            .write()
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .context("the drill restores into a database beside: the user needs CREATEDB")?;
        let mut beside = reqwest::Url::parse(&url)?;
        beside.set_path(&name);
        let done = restored(&config.elsewhere(beside.as_str(), &place), &unpacked).await;
        services.db.write().execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        done?;
    }
    println!("Restored and checked in {:.1} s: the backup is worth something.", began.elapsed().as_secs_f64());
    Ok(())
}
