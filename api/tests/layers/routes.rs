//! Where operations stand. Not beside the code: what reaches every handler would have all of them compiled into the unit tests, too.

use api::app::document;
use api::platform::routing::place;

#[test]
fn operations_are_grouped_by_words() {
    for path in document().paths.paths.keys() {
        let (first, part) = place(path).unwrap_or_default();
        assert!(![Some(first), part].into_iter().flatten().any(|name| name.starts_with('{')), "{path}");
    }
}
