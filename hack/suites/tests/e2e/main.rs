//! Behind a real kube-apiserver: what a built-in group does, line by line, through the aggregator and
//! directly, by upstream's sample-apiserver (which shows that the line is right) and by our server.

mod availability;
mod clients;
mod collected;
mod discovered;
mod flux;
mod helm;
mod listed;
mod matrix;
mod patched;
mod peers;
mod provisioned;
mod python;
mod replayed;
mod replicated;
mod report;
mod rolling;
mod rust;
mod rust_again;
mod rust_controller;
mod rust_types;
mod rust_watched;
mod rust_written;
mod script;
mod shown;
mod shutdown;
mod target;
mod users;
mod watched;
mod written;
