//! What every backend does, of real servers.

use super::*;
use crate::backend::conformance::{Driver, Wish, conformance};
use crate::backend::local_postgresql::Apart;
use crate::backend::{self, Answers};
use async_trait::async_trait;
use databases_api::shared::State as Wanted;

struct OverLocal {
    fixture: Fixture,
    backend: Option<Arc<LocalPostgreSQL>>,
}

async fn open() -> Option<OverLocal> {
    let mut fixture = Fixture::new().await?;
    fixture.options.packages = fixture.folder.path().join("packages");
    std::fs::create_dir(&fixture.options.packages).expect("a folder");
    let mut driver = OverLocal { fixture, backend: None };
    driver.offer_version(true).await;
    driver.restart().await;
    Some(driver)
}

conformance!(open);

impl OverLocal {
    fn primary(&self, uid: &str) -> PathBuf {
        self.fixture.local().host.layout.instance(uid).server(0).data()
    }

    async fn session(&self, observed: &backend::Observed) -> tokio_postgres::Client {
        let (login, endpoint) = (&observed.logins[0], &observed.endpoints[0]);
        let mut config = tokio_postgres::Config::new();
        config.host(&endpoint.host).port(endpoint.port).user(&login.username).dbname(&login.database);
        let connected = config.password(&login.password).connect(tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("the owner connects");
        tokio::spawn(connection);
        client
    }
}

/// The files below a folder, but for what servers write.
fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && !["data", "log", "run"].into_iter().any(|other| name == other) {
            files(&path, found);
        } else if path.is_file() {
            found.push(format!("{}: {:?}", path.display(), std::fs::read(&path)));
        }
    }
}

#[async_trait]
impl Driver for OverLocal {
    type Kind = PostgreSQL;

    fn backend(&self) -> Arc<dyn Answers<PostgreSQL>> {
        self.backend.clone().expect("an open backend")
    }

    async fn restart(&mut self) {
        self.backend = None;
        self.fixture.reopen().await;
        let local = self.fixture.local.clone().expect("an open data root");
        self.backend = Some(Arc::new(LocalPostgreSQL::over(local, false, Apart::new().expect("threads"))));
    }

    fn object(&self, number: u32) -> PostgreSQL {
        let mut object = PostgreSQL::default();
        (object.metadata.uid, object.metadata.name) = (format!("uid-{number}"), "shop".into());
        let (name, owner) = ("shop".to_owned(), "shop".to_owned());
        object.spec.databases =
            vec![databases_api::postgresql::Database { name, owner, ..Default::default() }];
        object
    }

    fn wish(&self, object: &mut PostgreSQL, wish: Wish) {
        let spec = &mut object.spec;
        match wish {
            Wish::Stopped => spec.instance.state = Some(Wanted::Stopped),
            Wish::Running => spec.instance.state = Some(Wanted::Running),
            Wish::Restart => drop(spec.instance.parameters.insert("max_connections".into(), "60".into())),
            Wish::Harmless => {
                spec.users.push(databases_api::postgresql::User { name: "etl".into(), ..Default::default() });
            }
            Wish::Refused => drop(spec.instance.parameters.insert("ssl".into(), "on".into())),
            Wish::Accepted => drop(spec.instance.parameters.remove("ssl")),
        }
    }

    async fn offer_version(&mut self, offered: bool) {
        let package = self.fixture.options.packages.join(MAJOR.to_string());
        match offered {
            true => std::os::unix::fs::symlink("/usr/lib/postgresql/15", package).expect("a link"),
            false => std::fs::remove_file(package).expect("removed"),
        }
    }

    async fn write(&self, _: &Request<PostgreSQL>, observed: &backend::Observed, row: &str) {
        let statements =
            format!("CREATE TABLE IF NOT EXISTS kept (name text); INSERT INTO kept VALUES ('{row}')");
        run(&self.session(observed).await, &statements).await;
    }

    async fn reads(&self, _: &Request<PostgreSQL>, observed: &backend::Observed, row: &str) -> bool {
        let session = self.session(observed).await;
        if value(&session, "SELECT coalesce(to_regclass('kept')::text, '')").await.is_empty() {
            return false;
        }
        let found = format!("SELECT (EXISTS (SELECT FROM kept WHERE name = '{row}'))::text");
        value(&session, &found).await == "true"
    }

    async fn runs(&self, uid: &str) -> String {
        let running = process::running(&self.primary(uid));
        running.map_or_else(String::new, |server| format!("process {}", server.pid))
    }

    async fn world(&self) -> String {
        let mut found = Vec::new();
        files(&self.fixture.root(), &mut found);
        for uid in self.fixture.local().host.layout.uids().expect("the instances") {
            found.push(self.runs(&uid).await);
        }
        found.sort();
        found.join("\n")
    }

    fn cuts(&self) -> Vec<usize> {
        vec![1, 2, 4, 7, 12, 20, 35, 60]
    }

    async fn clear(&mut self, requests: &[Request<PostgreSQL>]) {
        for request in requests {
            self.backend().remove(request, backend::Disposal::Delete).await.expect("removed");
        }
    }
}
