//! slmon: which *production* Lambda functions fail, over many AWS accounts, and nothing else.
//!
//! Data walks one way: configuration → plan → source → observation → fleet → checks → a front. `docs/architecture.md`
//! has the picture; `tests/layering.rs` holds it.

pub mod cache;
pub mod checks;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod notify;
pub mod report;
pub mod source;
pub mod store;
pub mod tui;
