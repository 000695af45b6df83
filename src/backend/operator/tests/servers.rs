//! Real servers, one for each main object that there is, for operators whose databases are made over SQL.

use super::password;
use crate::backend::Login;
use crate::backend::local::{self, Desired, LocalPostgres, RemovePolicy, Tls};
use crate::backend::operator::{Reached, at};
use crate::backend::postgresql::{identifier, literal};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The password of every superuser.
pub(in crate::backend) const PASSWORD: &str = "made by the operator";

/// Worlds share no ports.
static NEXT_PORT: AtomicU16 = AtomicU16::new(31000);
const PORTS: u16 = 200;

/// The uid of a main object, and where its server listens.
type Places = Arc<Mutex<BTreeMap<String, (String, u16)>>>;

pub(in crate::backend) struct Servers {
    folder: tempfile::TempDir,
    local: Arc<LocalPostgres>,
    places: Places,
}

impl Servers {
    /// None, said loudly, where there is no PostgreSQL to test with.
    pub(super) async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("it is ours");
        let first = NEXT_PORT.fetch_add(PORTS, Ordering::Relaxed);
        let options = local::Options { ports: first..=first + PORTS - 1, ..local::Options::default() };
        match LocalPostgres::open(folder.path().join("root"), options).await {
            Ok(local) if !local.versions().is_empty() => {
                Some(Servers { folder, local, places: Places::default() })
            }
            _ => {
                eprintln!("SKIPPED: postgresql is not installed");
                None
            }
        }
    }

    /// Whoever connects to a Service finds the server of the main object of that name.
    pub(super) fn reached(&self) -> Reached {
        let places = self.places.clone();
        Box::new(move |host, _| {
            let service = host.split('.').next().unwrap_or_default();
            let places = places.lock().unwrap_or_else(PoisonError::into_inner);
            let is_its = |name: &str| {
                service.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|next: char| next != '-'))
            };
            let found = places.iter().find(|(name, _)| is_its(name));
            // Nobody listens there.
            ("127.0.0.1".to_owned(), found.map_or(1, |(_, (_, port))| *port))
        })
    }

    /// Runs a server for each of these main objects, and none for others.
    pub(super) async fn run(&self, all: &[Value]) {
        let names =
            |main: &Value| (at(main, "metadata.name").to_owned(), at(main, "metadata.uid").to_owned());
        let wanted: BTreeMap<String, String> = all.iter().map(names).collect();
        let known = self.places.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, (uid, _)) in &known {
            if wanted.get(name) != Some(uid) {
                self.local.remove(uid, RemovePolicy::Delete).await.expect("it can be removed");
                self.places.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
            }
        }
        for (name, uid) in wanted {
            if known.get(&name).is_none_or(|(known, _)| *known != uid) {
                let port = self.make(&name, &uid).await;
                self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (uid, port));
            }
        }
    }

    fn port(&self, name: &str) -> u16 {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(name).expect("a server").1
    }

    /// The last text that statements give the superuser of a main object's server.
    pub(super) async fn value(&self, name: &str, statements: &str) -> String {
        let client = connect(self.port(name), "postgres", PASSWORD, "postgres").await.expect("a connection");
        let answers = client.simple_query(statements).await.expect("an answer");
        let rows = answers.iter().rev().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        rows.unwrap_or_default().to_owned()
    }

    /// Makes a database and its owner, as an operator does, unless they are there.
    pub(super) async fn give(&self, name: &str, database: &str, owner: &str, is_given: bool) {
        let (role, password) = (identifier(owner), literal(&password(owner)));
        let owners = format!(
            "DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN \
             CREATE ROLE {role} LOGIN PASSWORD {password}; END IF; END $do$; \
             SELECT count(*)::text FROM pg_database WHERE datname = {}",
            literal(owner),
            literal(database)
        );
        if self.value(name, &owners).await == "0" {
            let to = if is_given { format!(" OWNER {role}") } else { String::new() };
            self.value(name, &format!("CREATE DATABASE {}{to}", identifier(database))).await;
        }
    }

    /// A session of a login in its database on a main object's server; none where it is refused.
    pub(super) async fn session(&self, name: &str, login: &Login) -> Option<Client> {
        connect(self.port(name), &login.username, &login.password, &login.database).await.ok()
    }

    /// Whether a login opens its database on a main object's server.
    pub(super) async fn opens(&self, name: &str, login: &Login) -> bool {
        self.session(name, login).await.is_some()
    }

    async fn make(&self, name: &str, uid: &str) -> u16 {
        let (database, owner) = ("operators".to_owned(), "operator".to_owned());
        let desired = Desired {
            uid: uid.to_owned(),
            namespace: "default".into(),
            name: name.to_owned(),
            version: self.local.versions().remove(0),
            instances: 1,
            size: None,
            resources: local::Resources::default(),
            synchronous: false,
            parameters: BTreeMap::new(),
            databases: vec![local::Database { name: database, owner, extensions: Vec::new() }],
            users: Vec::new(),
            superuser_access: true,
            tls: Tls::default(),
            port: None,
            stopped: false,
            restarted_at: None,
        };
        let made = self.local.ensure(&desired).await.expect("a server");
        let (superuser, port) = (made.superuser.expect("a superuser"), made.read_write.port);
        let password = superuser.password.expose();
        let client = connect(port, &superuser.username, password, "postgres").await.expect("a connection");
        let statement = format!("ALTER ROLE {} PASSWORD '{PASSWORD}'", superuser.username);
        client.batch_execute(&statement).await.expect("a password");
        port
    }
}

async fn connect(
    port: u16,
    user: &str,
    password: &str,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port).user(user).password(password).dbname(database);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Drop for Servers {
    fn drop(&mut self) {
        for pid in pids(self.folder.path()) {
            let _ = std::process::Command::new("kill").args(["-QUIT", &pid]).status();
            let (process, began) = (PathBuf::from("/proc").join(pid), Instant::now());
            while process.exists() && began.elapsed() < Duration::from_secs(10) {
                std::thread::yield_now();
            }
        }
    }
}

/// The processes of the servers below a folder.
fn pids(folder: &Path) -> Vec<String> {
    if let Ok(pid) = std::fs::read_to_string(folder.join("postmaster.pid")) {
        return pid.lines().next().map(str::to_owned).into_iter().collect();
    }
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    inside.filter(|path| path.is_dir()).flat_map(|path| pids(&path)).collect()
}
