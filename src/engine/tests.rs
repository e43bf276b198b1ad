//! The engine over the embedded estate: what is asked, what is folded, and what ends a sweep early.
