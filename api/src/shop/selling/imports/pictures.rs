//! Pictures that rows name, out of the ZIP beside the sheet.

use std::collections::HashSet;
use std::io::{Cursor, Read};

use entity::{import_job, offer, product};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde_json::json;

use super::LEASE_SECONDS;
use super::rules::Row;
use crate::media::{self, Owner};
use crate::people::desk::Desk;
use crate::platform::db::{all, by_id, run};
use crate::platform::outbox::emit;
use crate::platform::problem::Problem;
use crate::shop::selling::listing_images;

#[derive(FromQueryResult)]
struct Hung {
    sha256: String,
}

/// Pictures named in the rows, out of the ZIP. One that a product has already is left out, so that doing it twice does no
/// harm; one that is no picture is passed over.
pub(super) async fn hang_pictures(
    desk: &Desk,
    job: &import_job::Model,
    zip: &[u8],
    rows: &[(i32, Row)],
) -> Result<(), Problem> {
    use sha2::{Digest, Sha256};
    let cooperative = job.cooperative_id;
    let mut shown = Vec::new();
    for (_, row) in rows.iter().filter(|(_, row)| !row.images.is_empty()) {
        let known = offer::Entity::find()
            .filter(offer::Column::CooperativeId.eq(cooperative))
            .filter(offer::Column::Sku.eq(row.sku.as_str()))
            .one(desk.db.fresh())
            .await?;
        let Some(known) = known else { continue };
        let Some(product) = by_id::<product::Entity>(desk.db.fresh(), known.product_id).await? else { continue };
        // Pictures take their time: the job stays this worker's.
        let sql = "UPDATE import_job SET leased_until = $2 WHERE id = $1 AND state = 'running'";
        let until = desk.now() + time::Duration::seconds(LEASE_SECONDS);
        run(desk.db.write(), sql, [job.id.into(), until.into()]).await?;
        let hung = all::<Hung>(
            desk.db.fresh(),
            "SELECT m.sha256 FROM product_image i JOIN media m ON m.id = i.media_id WHERE i.product_id = $1",
            [product.id.into()],
        )
        .await?;
        for name in &row.images {
            let Some(bytes) = unzip(zip, name) else { continue };
            let sha256 = hex::encode(Sha256::digest(&bytes));
            if hung.iter().any(|hung| hung.sha256 == sha256) {
                continue;
            }
            let owner = Owner::shop(cooperative, desk.who.account);
            let kept = media::keep(desk.db.write(), &desk.objects, owner, bytes, desk.now()).await;
            let picture = match kept {
                Ok(picture) => picture,
                Err(problem) if problem.code.status < 500 => {
                    tracing::info!(name, %problem, "a picture of an import was passed over");
                    continue;
                }
                Err(problem) => return Err(problem),
            };
            let transaction = desk.db.begin().await?;
            match listing_images::hang(&transaction, &product, &picture, (None, None)).await {
                Ok(()) => {
                    emit(&transaction, "product.changed", product.id.0, json!({}), desk.now()).await?;
                    transaction.commit().await?;
                    shown.push(product.id);
                }
                Err(problem) if problem.code.status < 500 => transaction.rollback().await?,
                Err(problem) => return Err(problem),
            }
        }
    }
    shown.dedup();
    desk.products_changed(&shown).await
}

/// A file of the ZIP by its lower-case name; nothing larger than a picture may be is unpacked.
fn unzip(zip: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).ok()?;
    let index = (0..archive.len()).find(|index| {
        archive.by_index_raw(*index).is_ok_and(|file| {
            file.name().is_ok_and(|path| path.rsplit('/').next().is_some_and(|own| own.to_lowercase() == name))
        })
    })?;
    let file = archive.by_index(index).ok()?;
    let most = media::pictures::MAX_BYTES as u64;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

/// Pictures of a ZIP by lower-case name, without folders.
pub(super) fn names_in_zip(bytes: &[u8]) -> anyhow::Result<HashSet<String>> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut names = HashSet::new();
    for path in archive.file_names() {
        names.insert(path?.rsplit('/').next().unwrap_or_default().to_lowercase());
    }
    names.remove("");
    Ok(names)
}
