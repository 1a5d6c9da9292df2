//! Backups: one sealed file that holds everything, made while everybody goes on working, and restored into an empty place.

mod archive;
mod database;
mod stream;

use std::path::Path;

use anyhow::{Context, ensure};
use sea_orm::DbBackend;

pub use self::archive::{Manifest, Medium, Unpacked};
use self::archive::{Packer, unpack};
pub use self::database::{Counts, counts, ensure_empty, restore_dump};
use super::db::Db;
use super::objects::Objects;

/// What is backed up.
pub struct Source<'a> {
    pub db: &'a Db,
    pub url: &'a str,
    pub objects: &'a Objects,
    /// The files are in a store of their own, which is kept safe by itself: only their list goes along.
    pub media_apart: bool,
    /// What is summed up beside the rows: `name` and `value`.
    pub balances: &'a str,
}

/// Makes a backup into a file that is not there yet. `told` hears how many files are done, and of how many.
pub async fn make(
    source: &Source<'_>,
    file: &Path,
    made_at: String,
    mut told: impl FnMut(usize, usize),
) -> anyhow::Result<Manifest> {
    let folder = file.parent().context("a backup needs a folder")?;
    let work = tempfile::Builder::new().prefix(".backup-").tempdir_in(folder)?;
    let copy = work.path().join("database");
    // The database first: whatever file it knows of is there already.
    let counts = database::copy(source.db, source.url, &copy, source.balances).await?;
    let mut packer = Packer::new(file)?;
    packer.database(&copy)?;
    std::fs::remove_file(&copy)?;
    let keys = source.objects.keys("").await?;
    let mut media = Vec::with_capacity(keys.len());
    for (done, key) in keys.iter().enumerate() {
        // What was given up meanwhile is nobody's.
        let Some(bytes) = source.objects.kept(key).await? else { continue };
        if !source.media_apart {
            packer.medium(key, &bytes)?;
        }
        media.push(Medium::of(key, &bytes));
        told(done + 1, keys.len());
    }
    let is_postgres = source.db.write().get_database_backend() == DbBackend::Postgres;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at,
        database: if is_postgres { "postgres" } else { "sqlite" }.to_owned(),
        counts,
        media,
        media_apart: source.media_apart,
    };
    packer.finish(&manifest)?;
    Ok(manifest)
}

/// Unpacks a backup into a folder and proves that it is whole.
pub fn open(file: &Path, folder: &Path) -> anyhow::Result<Unpacked> {
    unpack(file, folder)
}

/// Puts an opened backup where there is nothing yet: files first, the database last, as it is what makes a place one.
pub async fn put_in_place(
    unpacked: &Unpacked,
    url: &str,
    objects: &Objects,
    mut told: impl FnMut(usize, usize),
) -> anyhow::Result<()> {
    let is_postgres = !url.starts_with("sqlite:");
    let Manifest { database, media, media_apart, .. } = &unpacked.manifest;
    let wanted = if is_postgres { "postgres" } else { "sqlite" };
    ensure!(database == wanted, "this is a backup of a {database} database; OCOP_DATABASE_URL names another");
    if !is_postgres {
        let file = file_of(url);
        ensure!(!Path::new(file).exists(), "{file} is there already: a backup is restored into an empty place");
    }
    if !media_apart {
        ensure!(
            objects.keys("").await?.is_empty(),
            "there are files already: a backup is restored into an empty place"
        );
        for (index, medium) in media.iter().enumerate() {
            objects.put_kept(&medium.key, std::fs::read(unpacked.medium(index))?).await?;
            told(index + 1, media.len());
        }
    }
    let placed = place_database(unpacked, url, is_postgres).await;
    if placed.is_err() && !media_apart {
        // What failed leaves nothing behind.
        for medium in media {
            objects.delete(&medium.key).await?;
        }
    }
    placed
}

/// The path in SQLite's URL.
fn file_of(url: &str) -> &str {
    url.trim_start_matches("sqlite://").split('?').next().unwrap_or_default()
}

async fn place_database(unpacked: &Unpacked, url: &str, is_postgres: bool) -> anyhow::Result<()> {
    if is_postgres {
        return restore_dump(url, &unpacked.database).await;
    }
    let file = file_of(url);
    let beside = format!("{file}.restoring");
    std::fs::copy(&unpacked.database, &beside)?;
    std::fs::File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, file)?;
    Ok(())
}
