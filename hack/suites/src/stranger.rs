//! Backends that are programs of their own: the examples, started as a person would.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::{User, geteuid};
use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::wait;
use serde_json::json;

use crate::Sandbox;
use crate::instance::{READY, applied, class, namespace, postgresql, ready};
use crate::programs::{self, checkout, skipped};
use crate::sandbox::end_postmasters;

/// The server that instances of the Python example share is an instance of this machine's class.
pub const SHARED: &str = "/apis/databases.standard.k8s.io/v1/namespaces/demo/postgresqls/shared";

/// A program, which ends with the test.
pub struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// Starts it in the checkout.
    pub fn start(command: &mut Command) -> Self {
        let command = command.current_dir(checkout()).stdin(Stdio::null()).stdout(Stdio::null());
        Program(command.spawn().expect("the program starts"))
    }
}

/// A server that knows a backend by a controller name, which nobody started yet; and a folder for the backend.
pub async fn server(controller: &str) -> Option<(Sandbox, Client, PathBuf)> {
    if !programs::has_postgresql() {
        skipped("PostgreSQL is not installed (Debian package postgresql)");
        return None;
    }
    let sandbox = Sandbox::new()?;
    let folder = sandbox.folder().join("backend");
    std::fs::create_dir(&folder).expect("a folder");
    let backend = format!("{controller}=unix://{}", socket(&folder).display());
    let mut sandbox = sandbox.with_flags(["--backend", &backend]);
    let client = sandbox.start().await;
    applied(&client, &namespace()).await;
    Some((sandbox, client, folder))
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("listen.sock")
}

/// A superuser of the server that instances of the Python example share.
pub async fn administrator(client: &Client) -> Credentials {
    let mut local = class();
    local["spec"]["defaultFor"] = json!([]);
    let local = applied(client, &local).await;
    wait::condition(client, &local, "Accepted", READY, |_| {}).await.expect("the class is accepted");
    let own = json!({"className": "local", "superuserAccess": "Enabled"});
    applied(client, &postgresql("shared", &own)).await;
    let shared = ready(client, SHARED).await;
    let secret = shared["status"]["superuserSecretRef"]["name"].as_str().expect("a superuser").to_owned();
    let secret = client.read(&format!("/api/v1/namespaces/demo/secrets/{secret}")).await.expect("its Secret");
    Credentials::from_secret(&secret).expect("its Secret keeps the contract")
}

/// The Python example, with the server that its instances share.
pub fn python(folder: &Path, shared: &Credentials) -> Command {
    let mut command = Command::new(programs::backend_python().expect("looked for before"));
    command.arg("deploy/examples/backends/python/backend.py").arg("--listen");
    command.arg(format!("unix://{}", socket(folder).display()));
    let Credentials { host, port, username, password, .. } = shared;
    command
        .env("DSN", format!("host={host} port={port} user={username} password={password} dbname=postgres"));
    command
}

/// The servers of the Go example, which end with the test.
pub struct Servers(pub PathBuf);

impl Drop for Servers {
    fn drop(&mut self) {
        end_postmasters(&self.0);
    }
}

/// The Go example, with its servers below a folder, as a user that PostgreSQL runs as.
pub fn go(folder: &Path, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-listen").arg(socket(folder)).arg("-dir").arg(folder.join("servers"));
    if geteuid().is_root() {
        let postgres =
            User::from_name("postgres").expect("users are known").expect("Debian's package made it");
        chown(folder, Some(postgres.uid.as_raw()), Some(postgres.gid.as_raw())).expect("the folder is his");
        command.uid(postgres.uid.as_raw()).gid(postgres.gid.as_raw());
    }
    command
}
