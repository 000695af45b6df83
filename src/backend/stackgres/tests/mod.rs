//! The dialect by itself, and StackGres as it is played for the tests of all dialects.

mod backups;
mod copies;
mod player;
mod translation;

pub(in crate::backend) use player::Played;

use super::*;
use crate::backend::Phase;
