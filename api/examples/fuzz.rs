//! Every parser of foreign bytes, thrown at by libFuzzer (`tests/outside/fuzz`): no panic, no memory without bound, and what each
//! target asserts. `FUZZ=sheet target/…/examples/fuzz corpus/` runs one; without `FUZZ` their names are told.
#![no_main]

use std::sync::OnceLock;

use api::config::{Config, Flags};
use api::media::pictures;
use api::money::payment::fuzz::Callbacks;
use api::ocop::certification::read_criteria;
use api::ocop::traceability;
use api::orders::fulfilment::{self, Carriers};
use api::people::identity::rules::Contact;
use api::people::places::{self, commune_meant};
use api::platform::outgoing::prepare_tls;
use api::platform::{fold, numbers, sheets};
use api::shop::catalogue::{self, search::Search};
use api::shop::selling::imports;
use api::supply::wholesale;
use libfuzzer_sys::fuzz_target;

type Target = Box<dyn Fn(&[u8]) + Send + Sync>;

const TARGETS: [&str; 9] = ["sheet", "callback", "report", "events", "code", "search", "picture", "place", "written"];

fn text(target: impl Fn(&str) + Send + Sync + 'static) -> Target {
    Box::new(move |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            target(text);
        }
    })
}

/// Numbers, dates, names and contacts as people write them.
fn written(text: &str) {
    for read in
        [numbers::amount, numbers::signed_amount, numbers::weight, numbers::count, numbers::days, numbers::month]
    {
        let _ = read(text);
    }
    let _ = (numbers::date(text), numbers::change(text));
    let folded = fold::fold(text);
    assert_eq!(fold::fold(&folded), folded, "folded is folded");
    let slug = fold::slug(text);
    assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{slug}");
    assert!(!fold::stored(text).chars().any(fold::is_forbidden));
    if let Some(contact) = Contact::parse(text) {
        assert_eq!(Contact::parse(contact.as_str()), Some(contact), "a contact is written so that it can be read");
    }
}

fn sheet(bytes: &[u8]) {
    imports::fuzz::sheet(bytes);
    let _ = wholesale::read_sheet(bytes);
    if let Ok(sheet) = sheets::read(bytes, 1_000) {
        let _ = read_criteria(&sheet);
    }
}

fn picture(bytes: &[u8]) {
    if let Ok(made) = pictures::convert(bytes) {
        assert!(made.files.iter().all(|file| !file.bytes.is_empty()));
    }
}

/// The one that `FUZZ` names.
fn named() -> Target {
    let name = std::env::var("FUZZ").unwrap_or_default();
    let config = || {
        prepare_tls();
        Config::load(&Flags::default()).expect("settings")
    };
    match name.as_str() {
        "sheet" => Box::new(sheet),
        "callback" => {
            let callbacks = Callbacks::new(&config()).expect("settings of three gateways");
            Box::new(move |bytes| callbacks.read(bytes))
        }
        "report" => {
            let carriers = Carriers::registry(&config()).expect("three carriers");
            Box::new(move |bytes| fulfilment::fuzz::report(&carriers, bytes))
        }
        "events" => Box::new(traceability::fuzz::events),
        "code" => text(traceability::fuzz::code),
        "search" => {
            let folder = std::env::temp_dir().join(format!("cho-ocop-fuzz-{}", std::process::id()));
            let search = Search::open(&folder).expect("an index");
            text(move |typed| catalogue::fuzz::typed(&search, typed))
        }
        "picture" => Box::new(picture),
        "place" => text(|text| {
            if let Some(code) = commune_meant(text) {
                assert!(places::commune(&code).is_some(), "{code}");
            }
        }),
        "written" => text(written),
        _ => panic!("FUZZ names one of {}", TARGETS.join(", ")),
    }
}

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(init: { drop(TARGET.set(named())) }, |bytes: &[u8]| {
    if let Some(target) = TARGET.get() {
        target(bytes);
    }
});
