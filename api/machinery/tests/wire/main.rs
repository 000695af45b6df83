//! Every form a field can have, on every wire.

mod cases;
mod decoding;
mod everything;
mod golden;
mod kubernetes;
mod round_trip;
