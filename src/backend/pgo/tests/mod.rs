//! What the operators have in common: played for the tests of all dialects, and what becomes of each field.

mod player;
mod translation;

pub(in crate::backend) use player::{Part, Played};

use super::*;
