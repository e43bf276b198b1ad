//! What `slmon functions`, `slmon accounts` and other listings say: rows as values, which serialise to the documented JSON, and
//! their tables for people.

mod accounts;
mod cost;
mod doctor;
mod functions;
mod grid;
mod mutes;
mod spots;

pub use accounts::{AccountList, AccountSummary, State, TargetRow};
pub use cost::{AddedRow, Cost, CostRow, Day, Load, SpentRow};
pub use doctor::{CallRow, DoctorList, Health, Mending, RoleRow};
pub use functions::{FunctionList, FunctionRow};
pub use mutes::MuteList;
pub use spots::SpotList;

#[cfg(test)]
mod tests;
