//! Keys put to use for what is stored.

use anyhow::Context;

use super::progress;
use crate::app::{self, Services};
use crate::config::Config;
use crate::platform::objects::PRIVATE;
use crate::platform::sealing::{What, seal_column};

/// Seals with the newest key whatever an older one has sealed, or nobody.
pub async fn rotate(config: Config) -> anyhow::Result<()> {
    let services = Services::start(config).await?;
    let (mut rows, mut files) = (0, 0);
    for (table, column) in app::sealed_columns() {
        let sealed = seal_column(&services.db, (table, column), What::Older).await?;
        println!("{table}.{column}: {sealed} sealed anew");
        rows += sealed;
    }
    if rows > 0 {
        services.db.scrub().await?;
    }
    let keys = services.objects.keys(PRIVATE).await?;
    let bar = progress(keys.len(), "Files")?;
    for key in keys {
        if services.objects.seal_anew(&key).await.with_context(|| key.clone())? {
            files += 1;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("private files: {files} sealed anew");
    println!("Everything stored is sealed with the first key; older ones may be dropped from OCOP_DATA_KEYS.");
    Ok(())
}
