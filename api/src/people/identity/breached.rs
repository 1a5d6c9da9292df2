//! Passwords that others' thefts made known: a sorted file of hashes, asked without reading it in.
//!
//! A list of a million is eight megabytes of the first 64 bits of SHA-1 each (as the lists of Have I Been Pwned have them), and
//! a question is twenty short reads: no filter is needed that might be wrong once in a thousand.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, ensure};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const MAGIC: &[u8] = b"ocop passwords 1";
const WIDTH: u64 = 8;

pub struct Breached {
    file: File,
    count: u64,
}

fn hash(password: &str) -> u64 {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    digest.as_ref().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// A password as it is, or a line of Have I Been Pwned's: `SHA-1:how often`.
fn hash_of_line(line: &str) -> u64 {
    let sha1 = line.split_once(':').map_or(line, |(sha1, _)| sha1);
    match u64::from_str_radix(sha1.get(..16).unwrap_or_default(), 16) {
        Ok(hash) if sha1.len() == 40 && sha1.bytes().all(|byte| byte.is_ascii_hexdigit()) => hash,
        _ => hash(line),
    }
}

/// Makes the file of a list, a line a password; how many there are.
pub fn build(list: impl BufRead, into: &Path) -> anyhow::Result<usize> {
    let mut hashes = Vec::new();
    for line in list.split(b'\n') {
        let line = line?;
        // Old lists hold what is no UTF-8: nobody can type that here.
        if let Some(line) =
            std::str::from_utf8(&line).ok().map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty())
        {
            hashes.push(hash_of_line(line));
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    let part = into.with_extension("part");
    let mut file = BufWriter::new(File::create(&part).with_context(|| format!("cannot write {}", part.display()))?);
    file.write_all(MAGIC)?;
    for hash in &hashes {
        file.write_all(&hash.to_be_bytes())?;
    }
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&part, into)?;
    Ok(hashes.len())
}

impl Breached {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut magic = [0; MAGIC.len()];
        let is_ours = file.read_exact_at(&mut magic, 0).is_ok() && magic == MAGIC;
        let size = file.metadata()?.len().saturating_sub(MAGIC.len() as u64);
        ensure!(is_ours && size.is_multiple_of(WIDTH), "{} is no file of `ocop passwords`", path.display());
        Ok(Self { file, count: size / WIDTH })
    }

    fn at(&self, index: u64) -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, MAGIC.len() as u64 + index * WIDTH)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn holds(&self, wanted: u64) -> std::io::Result<bool> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.at(middle)?.cmp(&wanted) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }

    /// As it was typed, or in small letters.
    pub fn contains(&self, password: &str) -> std::io::Result<bool> {
        Ok(self.holds(hash(password))? || self.holds(hash(&password.to_lowercase()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_list_is_found_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("ocop-breached-{}", std::process::id()));
        let many: String = (0..5_000).map(|number| format!("mật khẩu số {number}\r\n")).collect::<Vec<_>>().concat();
        // SHA-1 of "password", as Have I Been Pwned writes it.
        let list = many + "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\nmật khẩu số 7\n";
        assert_eq!(build(list.as_bytes(), &folder).expect("written"), 5_001);
        let breached = Breached::open(&folder).expect("read");
        for known in ["mật khẩu số 0", "mật khẩu số 4999", "MẬT KHẨU SỐ 31", "password", "PASSWORD"] {
            assert!(breached.contains(known).expect("read"), "{known}");
        }
        for number in 5_000..7_000 {
            assert!(!breached.contains(&format!("mật khẩu số {number}")).expect("read"), "{number}");
        }
        std::fs::write(&folder, "something else").expect("written");
        assert!(Breached::open(&folder).is_err());
        std::fs::remove_file(&folder).expect("gone");
    }
}
