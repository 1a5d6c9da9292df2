//! Backups made while people buy, and what is left of a shop whose machine burnt down.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tests::{Server, Settings};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// An empty machine with the same keys.
async fn bare(keys: &str) -> Server {
    Server::empty_machine(Settings::default().set("OCOP_DATA_KEYS", keys)).await
}

#[tokio::test]
async fn a_backup_made_while_people_buy_comes_back_whole() {
    let server = Server::start().await;
    let shop = server.seller_of("hat-doi").await;
    let account = json!({"bank_bin": "970405", "number": "3005217776665", "holder": "HTX"});
    shop.client.put(&shop.path("bank-account"), account).await.expect(200);
    let offer = server.offer("hat-doi", 0).await;
    shop.set_available(&offer, 10_000).await;
    let before = server.basket(&[(&offer, 1)]).await.buy().await["orders"][0]["number"].as_str().unwrap().to_owned();

    let place = tempfile::tempdir().unwrap();
    let to = place.path().to_str().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let (bought, made) = tokio::join!(
        async {
            let mut bought = 0;
            while !done.load(Ordering::SeqCst) {
                server.basket(&[(&offer, 1)]).await.buy().await;
                bought += 1;
            }
            bought
        },
        async {
            let (command, done) = (server.ocop_later(&["backup", "--to", to]), done.clone());
            tokio::task::spawn_blocking(move || {
                let output = command();
                done.store(true, Ordering::SeqCst);
                output
            })
            .await
            .unwrap()
        }
    );
    assert!(made.status.success() && bought > 0, "{bought}: {}", said(&made));
    let file = backups(place.path()).remove(0);
    let sealed = std::fs::read(&file).unwrap();
    for open in ["3005217776665", "hat-doi", "admin@example.vn", &before] {
        assert!(!sealed.windows(open.len()).any(|window| window == open.as_bytes()), "{open} can be read in it");
    }

    let from = file.to_str().unwrap();
    let mut new = bare(&server.data_keys()).await;
    let restored = new.ocop(&["restore", from], "");
    let words = said(&restored);
    assert!(restored.status.success(), "{words}");
    for part in ["files are as they were", "traced events and cold rooms agree", "balance, and agree with orders"] {
        assert!(words.contains(part), "{words}");
    }
    assert_eq!(new.count(&format!("SELECT COUNT(*) FROM orders WHERE number = '{before}'")).await, 1);
    new.run().await;
    let owner = new.sign_in_again(&shop).await;
    assert_eq!(owner.get(&shop.path("bank-account")).await.expect(200)["number"], "…6665", "sealed, and opened");
    let picture = server.client().get("/v1/products/hat-doi").await.expect(200)["images"][0]["url"].clone();
    let picture = picture.as_str().unwrap().rsplit_once("/media/").unwrap().1.to_owned();
    assert_eq!(new.client().get(&format!("/media/{picture}")).await.status, 200, "{picture}");
    // Into a place where there is something nothing is restored.
    let again = new.ocop(&["restore", from], "");
    assert!(!again.status.success() && said(&again).contains("empty"), "{}", said(&again));
    new.assert_books_agree();

    // Cut, changed, or of other keys: refused, and nothing is left behind.
    let mut changed = sealed.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for (content, word) in
        [(&sealed[..sealed.len() - 1], "cut or changed"), (&changed, "cut or changed"), (&[7; 300], "not a backup")]
    {
        let broken = place.path().join("broken");
        std::fs::write(&broken, content).unwrap();
        let empty = bare(&server.data_keys()).await;
        let refused = empty.ocop(&["restore", broken.to_str().unwrap()], "");
        assert!(!refused.status.success() && said(&refused).contains(word), "{}", said(&refused));
        assert!(empty.is_bare().await, "nothing is left behind");
    }
    let key = String::from_utf8(server.ocop(&["key", "new"], "").stdout).unwrap();
    let stranger = bare(key.trim()).await;
    let refused = stranger.ocop(&["restore", from], "");
    assert!(!refused.status.success() && said(&refused).contains("OCOP_DATA_KEYS does not hold"), "{}", said(&refused));
    assert!(stranger.is_bare().await);
}

#[tokio::test]
async fn the_newest_backups_stay_and_a_drill_proves_them() {
    let server = Server::start().await;
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("somebody's.txt"), "mine").unwrap();
    let to = place.path().to_str().unwrap();
    let mut made = Vec::new();
    for _ in 0..3 {
        let output = server.ocop(&["backup", "--to", to, "--keep", "2"], "");
        assert!(output.status.success(), "{}", said(&output));
        made.push(said(&output).lines().next().unwrap().to_owned());
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    }
    let names: Vec<_> = backups(place.path()).iter().map(|path| path.display().to_string()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains(&made[1]) && names.contains(&made[2]) && !names.contains(&made[0]), "{names:?}");
    assert!(place.path().join("somebody's.txt").exists(), "what is not ours stays");

    let databases = "SELECT CAST(COUNT(*) AS bigint) FROM pg_database WHERE datname LIKE 'ocop_drill_%'";
    let drill = server.ocop(&["drill"], "");
    let words = said(&drill);
    assert!(drill.status.success() && words.contains("the backup is worth something"), "{words}");
    if tests::on_postgres() {
        assert_eq!(server.count(databases).await, 0, "nothing of it stays");
    }
    let left: Vec<_> = std::fs::read_dir(server.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".backup")), "{left:?}");
}
