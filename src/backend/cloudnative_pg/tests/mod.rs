//! The dialect by itself, and CloudNativePG as it is played for the tests of all dialects.

mod backups;
mod network;
mod player;
mod status;
mod translation;

pub(in crate::backend) use player::Played;

use super::*;
