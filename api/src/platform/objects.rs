//! Pictures and files: in a folder by default, or in an S3-compatible store. Everything else about them is in the database.

use std::path::Path;

use anyhow::{Context, bail};
use bytes::Bytes;
use entity::sealed;
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Keys under this are never served to the public: papers, spreadsheets.
pub const PRIVATE: &str = "private/";

pub struct Objects(Box<dyn ObjectStore>);

/// Where an S3-compatible store is, and what opens it.
pub struct S3<'a> {
    /// `s3://bucket` or `s3://bucket/prefix`.
    pub url: &'a str,
    /// Of a store that is not Amazon's, such as `https://s3.example.vn`.
    pub endpoint: Option<&'a str>,
    pub region: &'a str,
    pub access_key: &'a str,
    pub secret_key: &'a str,
}

impl Objects {
    pub fn folder(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(Box::new(LocalFileSystem::new_with_prefix(path)?)))
    }

    pub fn s3(settings: &S3<'_>) -> anyhow::Result<Self> {
        let Some(place) = settings.url.strip_prefix("s3://").filter(|place| !place.is_empty()) else {
            bail!("OCOP_OBJECTS_URL must be s3://bucket or s3://bucket/prefix");
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        Self::bucket(settings, bucket, prefix)
    }

    #[cfg(not(feature = "s3"))]
    fn bucket(_: &S3<'_>, _: &str, _: &str) -> anyhow::Result<Self> {
        bail!("OCOP_OBJECTS_URL: this build cannot speak to S3; build with --features s3, as the container image is")
    }

    #[cfg(feature = "s3")]
    fn bucket(settings: &S3<'_>, bucket: &str, prefix: &str) -> anyhow::Result<Self> {
        use object_store::aws::AmazonS3Builder;
        use object_store::prefix::PrefixStore;
        use object_store::{ClientOptions, RetryConfig};
        use std::time::Duration;

        super::outgoing::prepare_tls();
        // Somebody waits: a store that does not answer is told of in seconds, and tried again by who asked.
        let retry = RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(5), ..RetryConfig::default() };
        let client = ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(3))
            .with_timeout(Duration::from_secs(30))
            .with_allow_http(settings.endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")));
        let mut builder = AmazonS3Builder::new()
            .with_client_options(client)
            .with_retry(retry)
            .with_bucket_name(bucket)
            .with_region(settings.region)
            .with_access_key_id(settings.access_key)
            .with_secret_access_key(settings.secret_key);
        if let Some(endpoint) = settings.endpoint {
            // Stores that are not Amazon's want the bucket in the path.
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        let store = builder.build().context("OCOP_OBJECTS_URL")?;
        if prefix.is_empty() {
            return Ok(Self(Box::new(store)));
        }
        Ok(Self(Box::new(PrefixStore::new(store, prefix))))
    }

    /// What is private is sealed.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let pieces = if key.starts_with(PRIVATE) { Vec::from(sealed::seal_file(bytes)) } else { vec![bytes] };
        let payload: PutPayload = pieces.into_iter().map(Bytes::from).collect();
        self.0.put(&Key::parse(key)?, payload).await?;
        Ok(())
    }

    /// `None` where nothing is stored under the key.
    pub async fn get(&self, key: &str) -> anyhow::Result<Option<Bytes>> {
        let Some(bytes) = self.kept(key).await? else { return Ok(None) };
        Ok(Some(if key.starts_with(PRIVATE) { sealed::open_file(bytes.into())?.into() } else { bytes }))
    }

    /// As it lies there.
    pub async fn kept(&self, key: &str) -> anyhow::Result<Option<Bytes>> {
        let Ok(key) = Key::parse(key) else { return Ok(None) };
        match self.0.get(&key).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What [`Self::kept`] gave, somewhere else.
    pub async fn put_kept(&self, key: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.0.put(&Key::parse(key)?, bytes.into()).await?;
        Ok(())
    }

    /// Everything that lies under a folder, in order; under `""` everything.
    pub async fn keys(&self, under: &str) -> anyhow::Result<Vec<String>> {
        let under = Key::parse(under.trim_end_matches('/'))?;
        let found: Vec<_> = self.0.list(Some(&under)).try_collect().await?;
        let mut keys: Vec<_> = found.into_iter().map(|object| object.location.to_string()).collect();
        keys.sort();
        Ok(keys)
    }

    /// What is gone already is gone.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        match self.0.delete(&Key::parse(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies a file of any size into the store, piece by piece.
    pub async fn upload(&self, key: &str, file: &Path) -> anyhow::Result<()> {
        let mut from = tokio::fs::File::open(file).await?;
        let mut into = WriteMultipart::new(self.0.put_multipart(&Key::parse(key)?).await?);
        let mut piece = vec![0; 1 << 20];
        loop {
            let length = from.read(&mut piece).await?;
            if length == 0 {
                break;
            }
            into.wait_for_capacity(4).await?;
            into.write(&piece[..length]);
        }
        into.finish().await?;
        Ok(())
    }

    /// Copies what is stored under a key into a file.
    pub async fn download(&self, key: &str, file: &Path) -> anyhow::Result<()> {
        let mut from = self.0.get(&Key::parse(key)?).await.with_context(|| format!("cannot read {key}"))?.into_stream();
        let mut into = tokio::fs::File::create(file).await?;
        while let Some(piece) = from.try_next().await? {
            into.write_all(&piece).await?;
        }
        into.sync_all().await?;
        Ok(())
    }

    /// Seals a private file with the newest key; whether it had to be.
    pub async fn seal_anew(&self, key: &str) -> anyhow::Result<bool> {
        let Some(kept) = self.kept(key).await? else { return Ok(false) };
        if sealed::is_newest(&kept) {
            return Ok(false);
        }
        self.put(key, sealed::open_file(kept.into())?).await?;
        Ok(true)
    }
}
