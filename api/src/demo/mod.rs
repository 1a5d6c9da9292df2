//! Something to try: the products, producers and destinations of Kim Bôi, and as many made-up ones as a benchmark wants.
//!
//! Names of products and producers are real (from the province's newspaper); prices, stock, coordinates, legal numbers and
//! certificate numbers are made up.

mod abroad;
mod bulk;
mod data;
mod dossiers;
mod generate;
mod load;
mod month;
mod offices;
mod partner;
mod past;
mod pictures;
mod plots;
mod programme;
mod supply;
mod tour;

pub use generate::generate;
pub use load::load;
pub use month::month;
pub use tour::tour;

/// Everybody in the demo has this password.
pub const PASSWORD: &str = "buoi-dien-kim-boi";
