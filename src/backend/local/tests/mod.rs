//! Tests against real PostgreSQL servers; without the packages they say so and count as skipped.

mod adoption;
mod ambush;
mod conformance;
mod contents;
mod discard;
mod gauge;
mod hold;
mod lifecycle;
mod manager;
mod missing;
mod ownership;
mod parameters;
mod promotion;
mod reach;
mod refusal;
mod replicas;
mod rights;
mod settings;
mod standby;
mod states;
mod stray;
mod supervision;
mod tls;
mod trial;

use super::*;
use crate::backend::{LocalPostgreSQL, Phase, Request};
use databases_api::postgresql::PostgreSQL;
use databases_api::postgresql::parameters as policy;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const MAJOR: u32 = 15;
const UID: &str = "4d5bd3a8-66e2-4b55-8d8b-0c9f6a3b1f11";
const DEADLINE: Duration = Duration::from_secs(60);

/// Data roots share no ports, as a stopped server's port may be taken by whoever comes first.
static NEXT_PORT: AtomicU16 = AtomicU16::new(17000);
const PORTS_EACH: u16 = 20;

/// A data root of its own. Its servers are stopped, and it is deleted, at the end of the test.
struct Fixture {
    /// The uid of its first instance.
    uid: String,
    folder: tempfile::TempDir,
    options: Options,
    local: Option<Arc<LocalPostgres>>,
}

impl Fixture {
    /// None, said loudly, when there is no PostgreSQL to test with.
    async fn new() -> Option<Self> {
        Self::below(&std::env::temp_dir()).await
    }

    /// The same in a folder of a folder.
    async fn below(parent: &Path) -> Option<Self> {
        let folder = tempfile::tempdir_in(parent).expect("a temporary folder");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("its rights");
        let first = NEXT_PORT.fetch_add(PORTS_EACH, Ordering::Relaxed);
        let ports = first..=first + PORTS_EACH - 1;
        let options = Options { ports, copying: DEADLINE, ..Options::default() };
        let mut fixture = Self { uid: UID.to_owned(), folder, options, local: None };
        match fixture.open().await {
            Err(Error::NoUser(user)) => return skip(&format!("there is no user {user}")),
            opened => opened.expect("the data root opens"),
        }
        if fixture.local().available_extensions(MAJOR).is_empty() {
            return skip("postgresql-15 is not installed");
        }
        Some(fixture)
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// The data root as a backend, and an object of it; [`Fixture::reopen`] opens it for the fixture again.
    async fn as_backend(&mut self) -> (LocalPostgreSQL, Request<PostgreSQL>) {
        self.local = None;
        let opened = LocalPostgreSQL::open(self.root(), self.options.clone(), true).await;
        let mut object = PostgreSQL::default();
        object.metadata.uid = UID.to_owned();
        object.metadata.name = "shop".to_owned();
        (opened.expect("the data root opens"), Request::new(object))
    }

    fn local(&self) -> &LocalPostgres {
        self.local.as_ref().expect("an open data root")
    }

    async fn open(&mut self) -> Result<(), Error> {
        self.local = Some(LocalPostgres::open(self.root(), self.options.clone()).await?);
        Ok(())
    }

    /// As when our process ends and another one begins.
    async fn reopen(&mut self) {
        self.local = None;
        let deadline = Instant::now() + DEADLINE;
        // Whoever of the old one still works has the lock until he notices; the end of a process gives it back at once.
        while let Err(error) = self.open().await {
            let is_held = matches!(error, Error::Locked(_)) && Instant::now() < deadline;
            assert!(is_held, "the data root opens again: {error}");
            tokio::task::yield_now().await;
        }
    }

    async fn ensure(&self, desired: &Desired) -> Observed {
        let ensure = async || self.local().ensure(desired).await.expect("the instance is brought up");
        let mut observed = ensure().await;
        while observed.pending.is_some() {
            observed = ensure().await;
        }
        observed
    }

    fn data(&self, index: u32) -> PathBuf {
        self.local().host.layout.instance(&self.uid).server(index).data()
    }

    fn pid(&self, index: u32) -> i32 {
        process::running(&self.data(index)).expect("a running server").pid.as_raw()
    }

    /// Kills a server, and is back when it has ended: the signal alone may be a while ahead of that.
    async fn kill(&self, index: u32) {
        kill(Pid::from_raw(self.pid(index)), Signal::SIGKILL).expect("killed");
        eventually("the end of it", async || process::running(&self.data(index)).is_none()).await;
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let Some(local) = &self.local else { return };
        for uid in local.host.layout.uids().unwrap_or_default() {
            for index in 0..4 {
                let data = local.host.layout.instance(&uid).server(index).data();
                if process::running(&data).is_some() {
                    let program = Path::new("/usr/lib/postgresql/15/bin/pg_ctl");
                    let mut command = local.host.account.command(program, &data).into_std();
                    let _ = command.args(["stop", "-s", "-w", "-m", "immediate", "-D"]).arg(&data).status();
                }
            }
            local.host.groups.forget(&uid, 0..4);
        }
    }
}

fn skip(why: &str) -> Option<Fixture> {
    eprintln!("SKIPPED: {why}");
    None
}

fn desired() -> Desired {
    let database = Database { name: "shop".to_owned(), owner: "shop".to_owned(), extensions: Vec::new() };
    Desired {
        uid: UID.to_owned(),
        namespace: "team-a".to_owned(),
        name: "shop".to_owned(),
        version: MAJOR.to_string(),
        instances: 1,
        size: None,
        resources: Resources::default(),
        synchronous: false,
        parameters: BTreeMap::new(),
        databases: vec![database],
        users: Vec::new(),
        superuser_access: false,
        tls: Tls::default(),
        port: None,
        stopped: false,
        restarted_at: None,
    }
}

fn with_parameter(name: &str, value: &str) -> Desired {
    with_parameters(&[(name, value)])
}

pub(super) fn with_parameters(parameters: &[(&str, &str)]) -> Desired {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Desired { parameters: parameters.collect(), ..desired() }
}

fn login<'a>(observed: &'a Observed, username: &str) -> &'a Credentials {
    observed.credentials.iter().find(|login| login.username == username).expect("the role's login")
}

async fn try_connect(
    endpoint: &Endpoint,
    login: &Credentials,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host(&endpoint.host).port(endpoint.port).user(&login.username).dbname(&login.database);
    config.password(login.password.expose());
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The owner's session on the primary.
async fn connect(observed: &Observed) -> tokio_postgres::Client {
    try_connect(&observed.read_write, &observed.credentials[0]).await.expect("the owner connects")
}

async fn value(client: &tokio_postgres::Client, query: &str) -> String {
    client.query_one(query, &[]).await.expect("the query").get(0)
}

fn database(name: &str, owner: &str) -> Database {
    Database { name: name.to_owned(), owner: owner.to_owned(), extensions: Vec::new() }
}

fn user(name: &str, attributes: &[Attribute], databases: &[&str]) -> User {
    let databases = databases.iter().map(|&name| name.to_owned()).collect();
    User { name: name.to_owned(), attributes: attributes.to_vec(), databases }
}

fn extension(name: &str, schema: Option<&str>) -> Extension {
    Extension { name: name.to_owned(), version: None, schema: schema.map(str::to_owned) }
}

/// A superuser's session on the primary, and the instance as it then is.
async fn superuser(fixture: &Fixture, wanted: &Desired) -> tokio_postgres::Client {
    superuser_in(fixture, "postgres", wanted).await
}

async fn superuser_in(fixture: &Fixture, database: &str, wanted: &Desired) -> tokio_postgres::Client {
    let observed = fixture.ensure(&Desired { superuser_access: true, ..wanted.clone() }).await;
    let login = Credentials { database: database.to_owned(), ..observed.superuser.expect("its login") };
    try_connect(&observed.read_write, &login).await.expect("the superuser connects")
}

/// What a query gives as the superuser, asked in a session of the test's own.
async fn seen(fixture: &Fixture, wanted: &Desired, query: &str) -> String {
    value(&superuser(fixture, wanted).await, query).await
}

async fn run(client: &tokio_postgres::Client, statements: &str) {
    client.batch_execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
}

/// Waits until the condition holds.
async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < deadline, "{what} did not come to pass");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
