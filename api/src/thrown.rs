//! What once broke a parser of foreign bytes, and the examples each is tried with, thrown at it in every run: whole, cut, changed
//! and joined with one another. libFuzzer looks for new ones (`tests/outside/fuzz`).

use std::fs;
use std::path::Path;
use std::thread;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

#[path = "../examples/fuzz/targets.rs"]
mod targets;

/// Bytes that mean something to somebody.
const MARKS: [&str; 16] = [
    "",
    "\0",
    "\"",
    "'",
    "=",
    "&",
    "%",
    "(",
    "\u{1d}",
    "\n",
    "\u{feff}",
    "\u{ffff}",
    "-",
    "9999999999999999999",
    "{}",
    "[[",
];

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/outside/seeds").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder).expect("seeds").map(|entry| entry.expect("a seed").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

fn changed(random: &mut SmallRng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let any = |random: &mut SmallRng| seeds[random.random_range(0..seeds.len())].clone();
    let mut bytes = any(random);
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..5) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] = random.random(),
            2 => drop(bytes.splice(at..at, MARKS[random.random_range(0..MARKS.len())].bytes())),
            3 => drop(bytes.drain(at..(at + 8).min(bytes.len()))),
            _ => {
                let other = any(random);
                let from = random.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
        }
    }
    bytes
}

/// Tells what broke a target, so that it can be kept among its seeds.
struct Thrown<'a>(&'a str, &'a [u8]);

impl Drop for Thrown<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{} broke on b\"{}\"", self.0, self.1.escape_ascii());
        }
    }
}

fn throw(name: &str, times: u32) {
    let target = targets::named(name).expect("a target");
    let target = |bytes: &[u8]| {
        let _told = Thrown(name, bytes);
        target(bytes);
    };
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "tests/outside/seeds/{name} holds nothing");
    for seed in &seeds {
        target(seed);
    }
    // The same ones each time: what fails can be tried again.
    let mut random = SmallRng::seed_from_u64(20);
    for _ in 0..times {
        target(&changed(&mut random, &seeds));
    }
}

#[test]
fn every_target_has_its_seeds_and_stands_what_is_thrown() {
    for name in targets::NAMES {
        throw(name, if name == "picture" { 40 } else { 400 });
    }
}
