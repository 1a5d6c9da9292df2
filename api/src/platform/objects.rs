//! Pictures and files: a folder by default. Everything else about them is in the database.

use std::path::Path;

use anyhow::Context;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};

/// Keys under this are never served to the public: papers, spreadsheets.
pub const PRIVATE: &str = "private/";

pub struct Objects(Box<dyn ObjectStore>);

impl Objects {
    pub fn folder(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(Box::new(LocalFileSystem::new_with_prefix(path)?)))
    }

    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.0.put(&Key::parse(key)?, bytes.into()).await?;
        Ok(())
    }

    /// Deleting what is not there is no error.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        match self.0.delete(&Key::parse(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// `None` where nothing is stored under the key.
    pub async fn get(&self, key: &str) -> anyhow::Result<Option<Bytes>> {
        let Ok(key) = Key::parse(key) else { return Ok(None) };
        match self.0.get(&key).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
