//! The server of databases.standard.k8s.io.

use databases_apiserver::server;
use databases_apiserver::standard::Databases;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::main::<Databases>()
}
