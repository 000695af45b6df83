//! Against real PostgreSQL servers, which the tests have the local backend run; without the packages they say so and count as
//! skipped.

mod conformance;
mod contents;
mod isolation;
mod naming;
mod removal;
mod server;

use super::*;
use crate::backend::local::{self, Desired, LocalPostgres, TlsMode};
use crate::backend::tenant::Found;
use crate::backend::{Code, Endpoint, Login, Phase, Resolved};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use databases_api::postgresql::{Database, User};
use databases_api::shared::{Endpoint as StoredEndpoint, ObjectRef};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

/// Servers share no ports.
static NEXT_PORT: AtomicU16 = AtomicU16::new(21000);

/// How many roles are there of the objects of the tests.
const ROLES: &str = "SELECT count(*)::text FROM pg_roles WHERE rolname LIKE 'app%'";

/// A server of somebody else's. It ends with the test.
struct Host {
    _folder: tempfile::TempDir,
    _local: Arc<LocalPostgres>,
    data: PathBuf,
    port: u16,
    superuser: local::Credentials,
    ca: Option<String>,
}

/// The data directory below a folder.
fn walk(folder: &Path) -> Option<PathBuf> {
    if folder.join("PG_VERSION").exists() {
        return Some(folder.to_owned());
    }
    let mut inside = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    inside.find_map(|path| if path.is_dir() { walk(&path) } else { None })
}

impl Host {
    /// None, said loudly, where there is no PostgreSQL to test with.
    async fn start(tls: TlsMode) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        let options = local::Options { ports: port..=port, ..local::Options::default() };
        let local = match LocalPostgres::open(folder.path().join("root"), options).await {
            Ok(local) if !local.versions().is_empty() => local,
            _ => {
                eprintln!("SKIPPED: postgresql is not installed");
                return None;
            }
        };
        let database =
            local::Database { name: "theirs".into(), owner: "them".into(), extensions: Vec::new() };
        let desired = Desired {
            uid: "server".into(),
            namespace: "theirs".into(),
            name: "server".into(),
            version: "15".into(),
            instances: 1,
            size: None,
            resources: local::Resources::default(),
            synchronous: false,
            parameters: BTreeMap::new(),
            databases: vec![database],
            users: Vec::new(),
            superuser_access: true,
            tls: local::Tls { mode: tls, certificate: None },
            port: None,
            stopped: false,
            restarted_at: None,
        };
        let observed = local.ensure(&desired).await.unwrap();
        let (superuser, port) = (observed.superuser.unwrap(), observed.read_write.port);
        let data = folder.path().join("root");
        let data = walk(&data).expect("a data directory");
        let host = Host { _folder: folder, _local: local, data, port, superuser, ca: observed.ca };
        if tls == TlsMode::Disabled {
            host.run("CREATE ROLE steward LOGIN CREATEROLE CREATEDB PASSWORD 'hunter2'").await;
        }
        Some(host)
    }

    /// The Secret of a login of it, with more keys or other ones.
    fn secret(&self, username: &str, password: &str, more: &[(&str, &str)]) -> String {
        let port = self.port.to_string();
        let mut data: BTreeMap<&str, &str> =
            [("host", "127.0.0.1"), ("port", &port), ("username", username), ("password", password)].into();
        data.extend(more.iter().copied());
        let data: Map<String, Value> =
            data.into_iter().map(|(key, value)| (key.to_owned(), json!(STANDARD.encode(value)))).collect();
        let metadata = json!({"namespace": "db", "name": "server"});
        json!({"metadata": metadata, "type": "servicebinding.io/postgresql", "data": data}).to_string()
    }

    /// Of one who may make roles and databases, and nothing else.
    fn steward(&self) -> String {
        self.secret("steward", "hunter2", &[])
    }

    /// Of a superuser.
    fn root(&self) -> String {
        self.secret(&self.superuser.username, self.superuser.password.expose(), &[])
    }

    async fn session(&self, user: &str, password: &str, database: &str) -> Result<Client, String> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user(user).password(password).dbname(database);
        let answer = |error: tokio_postgres::Error| {
            error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
        };
        let (client, connection) = config.connect(NoTls).await.map_err(answer)?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A session of an object's login.
    async fn as_login(&self, login: &Login) -> Result<Client, String> {
        self.session(&login.username, &login.password, &login.database).await
    }

    /// A superuser's session in a database.
    async fn inside(&self, database: &str) -> Client {
        let Self { superuser, .. } = self;
        self.session(&superuser.username, superuser.password.expose(), database).await.unwrap()
    }

    /// Runs statements as a superuser.
    async fn run(&self, statements: &str) {
        let session = self.inside("postgres").await;
        session.batch_execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    /// The one text that a query gives a superuser.
    async fn value(&self, query: &str) -> String {
        let row = self.inside("postgres").await.query_one(query, &[]).await.unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = pid.lines().next() else { return };
        let _ = std::process::Command::new("kill").args(["-QUIT", pid]).status();
        let (process, began) = (PathBuf::from("/proc").join(pid), Instant::now());
        while process.exists() && began.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
    }
}

fn object(uid: &str) -> PostgreSQL {
    let mut object = PostgreSQL::default();
    let meta = &mut object.metadata;
    (meta.uid, meta.namespace, meta.name) = (uid.into(), "demo".into(), "shop".into());
    object.spec.databases = vec![Database { name: "app".into(), owner: "app".into(), ..Database::default() }];
    object
}

/// A request for an object of a class that names a server.
fn request(secret: String, object: PostgreSQL) -> Request<PostgreSQL> {
    let class = Class { name: "shared".into(), parameters: secret };
    Request { class: Some(class), parameters: Some(String::new()), ..Request::new(object) }
}

/// Brings an object up, and gives the request what the controller would have published.
async fn up(backend: &ExternalPostgreSQL, request: &mut Request<PostgreSQL>) -> Observed {
    let observed = backend.ensure(request).await.unwrap();
    assert_eq!((observed.phase, &observed.refused), (Phase::Available, &None), "{observed:?}");
    request.logins.clone_from(&observed.logins);
    let status = &mut request.object.status.instance;
    status.version.clone_from(&observed.version);
    let endpoint = |there: &Endpoint| StoredEndpoint {
        host: there.host.clone(),
        port: there.port.into(),
        ..StoredEndpoint::default()
    };
    status.endpoints = observed.endpoints.iter().map(endpoint).collect();
    observed
}
