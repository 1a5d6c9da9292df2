//! What every slice stands on: databases, errors, request bodies, events, time, limits. Knows nothing of shops.

pub mod audit;
pub mod background;
pub mod body;
pub mod clock;
pub mod db;
pub mod edge;
pub mod fault;
pub mod fold;
pub mod forms;
pub mod i18n;
pub mod idempotency;
pub mod limits;
pub mod numbers;
pub mod objects;
pub mod openapi;
pub mod outbox;
pub mod outgoing;
pub mod pagination;
pub mod pdf;
pub mod problem;
pub mod ready;
pub mod secrets;
pub mod sheets;
pub mod telemetry;
pub mod templates;
pub mod upload;
