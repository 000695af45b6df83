//! The fake backend as a program of its own, and programs that do as backends should not.

mod bad_days;
mod conformance;
mod objects;
mod proto;
mod reverse;
mod server;
mod tls;
mod warnings;

use super::*;
use crate::backend::Code;
use crate::backend::fake::{CONTROLLER_NAME, Fake};
use databases_api::postgresql::PostgreSQL;
use messages as wire;
use server::{Manner, Server};
use std::time::Duration;

/// The backend as it is reached at a socket.
fn remote(server: &Server) -> Arc<Remote> {
    let (name, address) = (CONTROLLER_NAME.to_owned(), Address::Unix(server.socket()));
    Remote::open(Options { name, address, tls: None })
}

/// Tells something over and over, with whatever comes between: who begins to listen hears it then.
fn over_and_over(tell: impl Fn(usize) + Send + 'static) -> AbortHandle {
    let told = tokio::spawn(async move {
        let mut beat = tokio::time::interval(Duration::from_millis(1));
        for number in 0.. {
            beat.tick().await;
            tell(number);
        }
    });
    told.abort_handle()
}

/// A request for an object of that name and uid.
fn request(name: &str) -> Request<PostgreSQL> {
    let mut object = PostgreSQL::default();
    (object.metadata.uid, object.metadata.name) = (format!("uid-{name}"), name.to_owned());
    let class = Class { name: "gold".into(), ..Class::default() };
    Request { class: Some(class), parameters: Some(String::new()), ..Request::new(object) }
}
