//! Small drawings of what people do on a page: a line each, in the colour of the text around it.

use serde::Serialize;

/// A drawing's name, and what is done, in Vietnamese and English.
pub type Steps = &'static [(&'static str, &'static str, &'static str)];

/// Name and path, on a ground of 24 by 24.
const DRAWINGS: &[(&str, &str)] = &[
    ("bell", "M6 17V10a6 6 0 0 1 12 0v7l2 2H4zM10 22h4"),
    ("box", "M3 8l9-5 9 5v9l-9 5-9-5zM3 8l9 5 9-5M12 13v9"),
    ("calendar", "M3 5h18v16H3zM3 10h18M8 2v5M16 2v5"),
    ("camera", "M3 7h4l2-3h6l2 3h4v13H3zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8"),
    ("chart", "M4 20V4M4 20h17M8 20v-6M13 20V9M18 20V6"),
    ("check", "M4 13l5 5L20 6"),
    ("code", "M3 3h7v7H3zM14 3h7v7h-7zM3 14h7v7H3zM14 14h3v3h-3zM20 20h1M20 14h1M14 20h1"),
    ("drop", "M12 3c4 6 6 8 6 12a6 6 0 0 1-12 0c0-4 2-6 6-12z"),
    ("eye", "M2 12c4-7 16-7 20 0-4 7-16 7-20 0zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6"),
    ("field", "M2 20h20M4 20c0-6 2-9 2-9s2 3 2 9M10 20c0-8 2-12 2-12s2 4 2 12M16 20c0-6 2-9 2-9s2 3 2 9"),
    ("fruit", "M12 7c-5-3-9 1-8 6s5 9 8 7c3 2 7-2 8-7s-3-9-8-6zM12 7V3M12 5c2-3 4-3 6-3"),
    ("house", "M3 11l9-8 9 8M5 9v12h14V9M10 21v-6h4v6"),
    ("key", "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 12h10M18 12v4M22 12v3"),
    ("list", "M9 6h11M9 12h11M9 18h11M4 6h1M4 12h1M4 18h1"),
    ("minus", "M12 22a10 10 0 1 0 0-20 10 10 0 0 0 0 20M7 12h10"),
    ("money", "M2 6h20v12H2zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6M5 9h1M18 15h1"),
    ("paper", "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7"),
    ("pause", "M8 5v14M16 5v14"),
    ("pen", "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4"),
    ("people", "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21c0-9 14-9 14 0M16 11a3 3 0 1 0 0-6M18 15c3 1 4 3 4 6"),
    ("press", "M9 11V5a2 2 0 0 1 4 0v6l5 1a2 2 0 0 1 2 2l-1 7h-8l-5-6a1.6 1.6 0 0 1 3-2z"),
    ("print", "M7 8V3h10v5M4 8h16v9h-3M4 17h3M7 14h10v7H7z"),
    ("scale", "M12 3v18M7 21h10M4 7h16M4 7l-3 7h6zM20 7l-3 7h6z"),
    ("send", "M3 11l18-8-7 18-3-8zM11 13l10-10"),
    ("ship", "M3 16h18l-3 5H6zM6 16V9h12v7M12 9V3M9 5h6"),
    ("snow", "M12 2v20M3 7l18 10M3 17L21 7"),
    ("star", "M12 3l3 6 6 1-4.500 4.500 1 6.500-5.500-3-5.500 3 1-6.500L3 10l6-1z"),
    ("stop", "M8 2h8l6 6v8l-6 6H8l-6-6V8zM8 12h8"),
    ("table", "M3 4h18v16H3zM3 9h18M3 15h18M9 4v16"),
    ("tag", "M3 3h9l9 9-9 9-9-9zM8 8h.5"),
    ("truck", "M2 6h12v10H2zM14 9h4l4 4v3h-8M6 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4M18 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4"),
];

/// A step as a template shows it.
#[derive(Serialize)]
pub struct Step {
    pub drawing: &'static str,
    pub words: &'static str,
}

impl Step {
    pub fn of((name, vi, en): &(&'static str, &'static str, &'static str), english: bool) -> Self {
        let drawing = DRAWINGS.iter().find(|(known, _)| known == name).map_or("", |(_, path)| *path);
        Self { drawing, words: if english { en } else { vi } }
    }
}
