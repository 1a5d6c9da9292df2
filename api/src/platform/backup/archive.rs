//! What a backup is made of: a tar of the database, the files and a manifest, compressed, then sealed (`stream`).

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use super::database::Counts;
use super::stream::{Opener, Sealer};

/// The last thing in a backup: what it holds.
#[derive(Serialize, Deserialize)]
pub struct Manifest {
    /// Of the server that made it.
    pub version: String,
    pub made_at: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub counts: Counts,
    /// Files and their digests; with their bytes, unless `media_apart`.
    pub media: Vec<Medium>,
    /// The files stay where they are, in a store that is kept safe by itself.
    pub media_apart: bool,
}

#[derive(Serialize, Deserialize)]
pub struct Medium {
    pub key: String,
    pub size: u64,
    pub sha256: String,
}

impl Medium {
    pub fn of(key: &str, bytes: &[u8]) -> Self {
        Self { key: key.to_owned(), size: bytes.len() as u64, sha256: hex::encode(Sha256::digest(bytes)) }
    }
}

const DATABASE: &str = "database";
const MEDIA: &str = "media/";
const MANIFEST: &str = "manifest.json";

type Packed = GzEncoder<Sealer<BufWriter<File>>>;

pub struct Packer(Builder<Packed>);

impl Packer {
    pub fn new(file: &Path) -> anyhow::Result<Self> {
        let file = File::create_new(file).with_context(|| format!("cannot create {}", file.display()))?;
        let packed = GzEncoder::new(Sealer::new(BufWriter::new(file))?, Compression::fast());
        Ok(Self(Builder::new(packed)))
    }

    pub fn database(&mut self, file: &Path) -> anyhow::Result<()> {
        self.0.append_path_with_name(file, DATABASE)?;
        Ok(())
    }

    pub fn medium(&mut self, key: &str, bytes: &[u8]) -> anyhow::Result<()> {
        self.entry(&format!("{MEDIA}{key}"), bytes)
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_size(bytes.len() as u64);
        self.0.append_data(&mut header, name, bytes)?;
        Ok(())
    }

    /// Ends it; it is on the disk when this returns.
    pub fn finish(mut self, manifest: &Manifest) -> anyhow::Result<()> {
        self.entry(MANIFEST, &serde_json::to_vec(manifest)?)?;
        let file = self.0.into_inner()?.finish()?.finish()?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        Ok(())
    }
}

/// A backup that was unpacked and found whole.
pub struct Unpacked {
    pub manifest: Manifest,
    pub database: PathBuf,
    folder: PathBuf,
}

impl Unpacked {
    pub fn medium(&self, index: usize) -> PathBuf {
        self.folder.join(format!("medium-{index}"))
    }
}

/// Unpacks into a folder of our own, and proves that nothing is missing or changed.
pub fn unpack(file: &Path, folder: &Path) -> anyhow::Result<Unpacked> {
    let file = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut archive = Archive::new(GzDecoder::new(Opener::new(BufReader::new(file))?));
    let (mut manifest, mut media) = (None, Vec::new());
    let database = folder.join(DATABASE);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_str().context("a name of another's")?.to_owned();
        if name == DATABASE {
            std::io::copy(&mut entry, &mut File::create_new(&database)?)?;
        } else if name == MANIFEST {
            manifest = Some(serde_json::from_reader::<_, Manifest>(&mut entry)?);
        } else if let Some(key) = name.strip_prefix(MEDIA) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            File::create_new(folder.join(format!("medium-{}", media.len())))?.write_all(&bytes)?;
            media.push(Medium::of(key, &bytes));
        } else {
            bail!("the backup holds {name}, which this version does not know");
        }
    }
    // To the very end: only there it shows whether it was cut.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink())?;
    let manifest = manifest.context("the backup has no manifest")?;
    ensure!(database.exists(), "the backup has no database");
    let same = |(held, found): (&Medium, &Medium)| held.key == found.key && held.sha256 == found.sha256;
    let whole = manifest.media.len() == media.len() && manifest.media.iter().zip(&media).all(same);
    ensure!(manifest.media_apart || whole, "files of the backup are not those of its manifest");
    Ok(Unpacked { manifest, database, folder: folder.to_owned() })
}
