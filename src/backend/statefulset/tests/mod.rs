//! The backend over a real kube-apiserver with Kubernetes' own controllers, and real servers started by the script that pods
//! run. Only the kubelet is played.

mod choice;
mod configuration;
mod conformance;
mod encryption;
mod failover;
mod handover;
mod kubelet;
mod mounts;
mod process;
mod translation;
mod users;

use super::pods::Pod;
use super::*;
use crate::backend::operator::tests::{Playground, object};
use crate::backend::{Login, Refusal};
use kubelet::Kubelet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls};

const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(100);
/// What is installed on this machine.
const VERSION: &str = "15";

/// A cluster of one node.
struct World {
    kubelet: Arc<Kubelet>,
    playground: Playground,
}

impl World {
    /// None, said loudly, where something is missing that it takes.
    async fn start() -> Option<Self> {
        if !std::path::Path::new("/usr/lib/postgresql").join(VERSION).is_dir() {
            eprintln!("SKIPPED: postgresql-{VERSION} is not installed");
            return None;
        }
        let playground = Playground::plain("statefulset").await?;
        Some(World { kubelet: Kubelet::start(&playground), playground })
    }

    fn backend(&self) -> Arc<StatefulSetPostgreSQL> {
        Arc::new(StatefulSetPostgreSQL::new(self.playground.cluster.clone(), "cluster.local"))
    }

    /// A connection as an object's first login, by its Service.
    async fn connect(&self, name: &str, seen: &Observed) -> Client {
        let host = self.kubelet.service(name).expect("a Service");
        let login = seen.logins.first().expect("a login");
        let mut config = tokio_postgres::Config::new();
        config.host(host).port(PORT).user(&login.username).password(&login.password).dbname(&login.database);
        let deadline = Instant::now() + DEADLINE;
        loop {
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// A request for an object of so many servers.
fn request(number: u32, instances: i32) -> Request<PostgreSQL> {
    let mut object = object("shop", number);
    object.spec.instance.version = VERSION.into();
    object.spec.instance.instances = Some(instances);
    let class = Class { name: "gold".into(), ..Class::default() };
    Request { class: Some(class), parameters: Some(String::new()), ..Request::new(object) }
}

/// Whether everything that was asked for is there.
fn is_up(seen: &Observed) -> bool {
    seen.phase == Phase::Available && seen.pending.is_none()
}

fn named(object: &PostgreSQL) -> String {
    format!("{}-{}", object.metadata.name, &object.metadata.uid[..8])
}
