//! The dialect by itself, and Zalando's operator as it is played for the tests of all dialects.

mod copies;
mod player;
mod translation;

pub(in crate::backend) use player::Played;

use super::*;
