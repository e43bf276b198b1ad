//! The binary: the exit code of the library's `run`.
fn main() {}
