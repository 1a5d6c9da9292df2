//! Values of columns, from outside: as whoever writes a slice meets them. Not beside the code, for then everything here would be
//! compiled twice in every run of the tests.

use entity::sealed::{Fault, Keyring, Sealed};
use entity::value::{Currency, Vnd};

/// What a sealed file begins with.
const MARK: &[u8] = b"sealed\0";

fn ring(keys: &[(&str, u8)]) -> Keyring {
    let pairs: Vec<_> = keys.iter().map(|(id, byte)| ((*id).to_owned(), vec![*byte; 32])).collect();
    Keyring::new(&pairs).expect("keys")
}

#[test]
fn what_is_sealed_is_opened_by_its_key_alone() {
    let old = ring(&[("a", 1)]);
    let text = old.seal_text("3005215001234");
    assert!(text.starts_with("sealed:a:") && !text.contains("3005215001234"));
    assert_ne!(text, old.seal_text("3005215001234"), "the same twice looks different");
    let both = ring(&[("b", 2), ("a", 1)]);
    assert_eq!(both.open_text(&text).as_deref(), Ok("3005215001234"));
    assert!(both.seal_text("x").starts_with("sealed:b:"));
    assert_eq!(ring(&[("b", 2)]).open_text(&text), Err(Fault::UnknownKey("a".to_owned())));
    assert_eq!(ring(&[("a", 3)]).open_text(&text), Err(Fault::Broken));
    assert_eq!(old.open_text("of before there were keys").as_deref(), Ok("of before there were keys"));
}

#[test]
fn what_was_changed_is_not_opened() {
    let keys = ring(&[("a", 1)]);
    let file = keys.seal_file(b"%PDF-1.7".to_vec()).concat();
    assert_eq!(keys.open_file(file.clone()).as_deref(), Ok(b"%PDF-1.7".as_slice()));
    assert_eq!(keys.open_file(b"%PDF-1.7".to_vec()).as_deref(), Ok(b"%PDF-1.7".as_slice()));
    for place in MARK.len() + 2..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert_eq!(keys.open_file(changed), Err(Fault::Broken), "byte {place}");
    }
    for wrong in ["sealed:", "sealed:a:", "sealed:a:AAAA", "sealed:a:****"] {
        assert_eq!(keys.open_text(wrong), Err(Fault::Broken), "{wrong}");
    }
}

#[test]
fn a_key_has_an_id_and_256_bits() {
    assert!(Keyring::new(&[]).is_none());
    assert!(Keyring::new(&[("a".to_owned(), vec![1; 31])]).is_none());
    assert!(Keyring::new(&[("a:b".to_owned(), vec![1; 32])]).is_none());
}

#[test]
fn it_is_not_printed() {
    assert_eq!(format!("{:?}", Sealed::from("secret".to_owned())), "Sealed(…)");
}

#[test]
fn papers_write_amounts_with_their_currency() {
    let written = [(Currency::Usd, 123_450), (Currency::Jpy, 1_234_567), (Currency::Eur, -5), (Currency::Cny, 100)];
    let texts = ["USD 1,234.50", "JPY 1,234,567", "EUR -0.05", "CNY 1.00"];
    for ((currency, amount), text) in written.into_iter().zip(texts) {
        assert_eq!(currency.text(amount), text);
    }
}

#[test]
fn amounts_read_as_people_write_them() {
    for (amount, text) in
        [(0, "0 ₫"), (999, "999 ₫"), (250_000, "250.000 ₫"), (1_250_000, "1.250.000 ₫"), (-5_000, "-5.000 ₫")]
    {
        assert_eq!(Vnd(amount).to_string(), text);
    }
}
