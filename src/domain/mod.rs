//! What is known, as values. Pure: this module names nothing else of this crate, and no clock, network, terminal or
//! AWS type; `now` is always an argument.

pub mod accept;
pub mod account;
pub mod changed;
pub mod doctor;
pub mod failure;
pub mod finding;
pub mod fleet;
pub mod function;
pub mod life;
pub mod logs;
pub mod moment;
pub mod mute;
pub mod need;
pub mod objects;
pub mod observation;
pub mod roster;
pub mod rules;
pub mod series;
pub mod sink;
pub mod text;
pub mod trace;
pub mod usage;
pub mod why;
pub mod window;
