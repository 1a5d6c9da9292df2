//! A file sealed piece by piece, so that what is larger than memory can be sealed, and a cut one is told from a whole one.
//!
//! The STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015) over ChaCha20-Poly1305, as `age` has it: a key of
//! the file's own, itself sealed with the newest data key; pieces of 64 KiB, each with its number and whether it is the last
//! in its nonce.

use std::io::{self, Read, Write};

use entity::sealed::{open_file, seal_file};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

const MAGIC: &[u8] = b"ocop backup 1\n";
const PIECE: usize = 64 * 1024;
const TAG: usize = 16;

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the backup was cut or changed")
}

fn key(bytes: &[u8]) -> io::Result<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, bytes).map(LessSafeKey::new).map_err(|_| broken())
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}

pub struct Sealer<W: Write> {
    into: W,
    key: LessSafeKey,
    piece: Vec<u8>,
    number: u64,
}

impl<W: Write> Sealer<W> {
    pub fn new(mut into: W) -> io::Result<Self> {
        let secret = rand::random::<[u8; 32]>();
        let sealed = seal_file(secret.to_vec()).concat();
        let length = u16::try_from(sealed.len()).map_err(io::Error::other)?;
        into.write_all(MAGIC)?;
        into.write_all(&length.to_be_bytes())?;
        into.write_all(&sealed)?;
        Ok(Self { into, key: key(&secret)?, piece: Vec::with_capacity(PIECE + TAG), number: 0 })
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        self.key
            .seal_in_place_append_tag(nonce(self.number, last), Aad::empty(), &mut self.piece)
            .map_err(|_| broken())?;
        self.into.write_all(&self.piece)?;
        self.piece.clear();
        self.number += 1;
        Ok(())
    }

    /// Without this the file counts as cut.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.into.flush()?;
        Ok(self.into)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            self.seal(false)?;
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

pub struct Opener<R: Read> {
    from: R,
    key: LessSafeKey,
    /// The next piece, still sealed.
    next: Vec<u8>,
    open: Vec<u8>,
    taken: usize,
    number: u64,
    ended: bool,
}

impl<R: Read> Opener<R> {
    /// Refused where it is no backup, or sealed with a key that is not held.
    pub fn new(mut from: R) -> anyhow::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        from.read_exact(&mut magic).ok().filter(|()| magic == MAGIC).ok_or_else(|| anyhow::anyhow!("not a backup"))?;
        let mut length = [0; 2];
        from.read_exact(&mut length).map_err(|_| broken())?;
        let mut sealed = vec![0; u16::from_be_bytes(length).into()];
        from.read_exact(&mut sealed).map_err(|_| broken())?;
        let secret = open_file(sealed)?;
        let mut opener =
            Self { from, key: key(&secret)?, next: Vec::new(), open: Vec::new(), taken: 0, number: 0, ended: false };
        opener.next = opener.piece()?;
        Ok(opener)
    }

    fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE + TAG);
        self.from.by_ref().take((PIECE + TAG) as u64).read_to_end(&mut piece)?;
        Ok(piece)
    }

    fn turn(&mut self) -> io::Result<()> {
        let after = self.piece()?;
        let mut piece = std::mem::replace(&mut self.next, after);
        let last = self.next.is_empty();
        let open = self.key.open_in_place(nonce(self.number, last), Aad::empty(), &mut piece).map_err(|_| broken())?;
        let length = open.len();
        piece.truncate(length);
        (self.open, self.taken, self.ended) = (piece, 0, last);
        self.number += 1;
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.open.len() {
            if self.ended {
                return Ok(0);
            }
            self.turn()?;
        }
        let given = into.len().min(self.open.len() - self.taken);
        into[..given].copy_from_slice(&self.open[self.taken..self.taken + given]);
        self.taken += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use entity::sealed::Keyring;

    use super::*;

    fn sealed(content: &[u8]) -> Vec<u8> {
        Keyring::new(&[("test".to_owned(), vec![7; 32])]).expect("a key").install();
        let mut sealer = Sealer::new(Vec::new()).expect("a sealer");
        sealer.write_all(content).expect("memory");
        sealer.finish().expect("memory")
    }

    fn opened(sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut open = Vec::new();
        Opener::new(sealed)?.read_to_end(&mut open)?;
        Ok(open)
    }

    #[test]
    fn what_goes_in_comes_out() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17] {
            let content: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
            assert_eq!(opened(&sealed(&content)).expect("whole"), content, "{length}");
        }
    }

    #[test]
    fn a_cut_or_changed_one_is_refused() {
        let whole = sealed(&vec![b'x'; 2 * PIECE + 100]);
        for end in [0, 5, MAGIC.len() + 3, whole.len() - 1, whole.len() - 100 - TAG, whole.len() - 100 - TAG - 1] {
            assert!(opened(&whole[..end]).is_err(), "cut at {end}");
        }
        for at in [0, MAGIC.len() + 20, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed).is_err(), "changed at {at}");
        }
        // Two pieces in another order.
        let start = whole.len() - (100 + TAG) - 2 * (PIECE + TAG);
        let mut swapped = whole[..start].to_vec();
        swapped.extend_from_slice(&whole[start + PIECE + TAG..start + 2 * (PIECE + TAG)]);
        swapped.extend_from_slice(&whole[start..start + PIECE + TAG]);
        swapped.extend_from_slice(&whole[start + 2 * (PIECE + TAG)..]);
        assert!(opened(&swapped).is_err());
    }
}
