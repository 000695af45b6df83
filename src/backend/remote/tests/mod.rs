//! The fake backend as a program of its own, and programs that do as backends should not.

mod bad_days;
mod conformance;
mod objects;
mod proto;
mod reverse;
mod server;
mod tls;

use super::*;
use crate::backend::Code;
use crate::backend::fake::{CONTROLLER_NAME, Fake};
use databases_api::postgresql::PostgreSQL;
use messages as wire;
use server::{Manner, Server};

/// The backend as it is reached at a socket.
fn remote(server: &Server) -> Arc<Remote> {
    let (name, address) = (CONTROLLER_NAME.to_owned(), Address::Unix(server.socket()));
    Remote::open(Options { name, address, tls: None })
}

/// A request for an object of that name and uid.
fn request(name: &str) -> Request<PostgreSQL> {
    let mut object = PostgreSQL::default();
    (object.metadata.uid, object.metadata.name) = (format!("uid-{name}"), name.to_owned());
    let class = Class { name: "gold".into(), ..Class::default() };
    Request { class: Some(class), parameters: Some(String::new()), ..Request::new(object) }
}
