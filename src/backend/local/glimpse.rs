//! What can be seen of an instance whose state is missing or cannot be read: what is in its folder, and what runs there.

use super::desired::Desired;
use super::layout::{InstanceFolder, ServerFolder};
use super::observed::{Endpoint, Observed};
use super::{LocalPostgres, process, supervisor};
use crate::backend::Phase;

const LOOPBACK: &str = "127.0.0.1";

impl LocalPostgres {
    /// Looks at an instance without its state. What only the state knows, such as logins, is left out.
    pub async fn glimpse(&self, desired: &Desired) -> Observed {
        let folder = self.host.layout.instance(&desired.uid);
        let mut ports = Vec::new();
        let primary = primary_of(&folder);
        let mut servers = folder.servers(1);
        servers.sort_by_key(|server| server.path != primary.path);
        for server in servers {
            let running = process::running(&server.data());
            let serves = match running {
                Some(server) => supervisor::answers(self.host.layout.sockets(), server.port).await,
                None => false,
            };
            ports.push(running.filter(|_| serves).map(|server| server.port));
        }
        let primary = ports.first().copied().flatten();
        let endpoint = |port| Endpoint { host: LOOPBACK.to_owned(), port };
        let name = format!("{}-1", desired.name);
        let (reason, message) = match self.taken_up(&desired.uid) {
            Some(taken_up) => (Phase::Failing, format!("No server runs: {taken_up}.")),
            None => judge(&folder, desired, &name, primary.is_some()),
        };
        let ready = reason == Phase::Available;
        Observed {
            ready,
            reason,
            message,
            primary: name,
            version: self.written_by(&folder).await,
            instances: desired.instances,
            ready_instances: if ready { ports.iter().flatten().count() as u32 } else { 0 },
            read_write: endpoint(primary.unwrap_or_default()),
            read_only: ports.iter().skip(1).flatten().next().map(|port| endpoint(*port)),
            credentials: Vec::new(),
            superuser: None,
            ca: None,
            tls_required: false,
            pending: None,
            restarted_at: desired.restarted_at.clone(),
            storage_bytes: 0,
            shortage: None,
        }
    }

    /// The installed version of those that wrote the data; empty where there is none.
    async fn written_by(&self, folder: &InstanceFolder) -> String {
        let written = process::read_small(&primary_of(folder).data().join("PG_VERSION")).unwrap_or_default();
        match written.trim().parse() {
            Ok(major) => self.host.installs.of(major, &self.host.account).await.version,
            Err(_) => String::new(),
        }
    }
}

/// The folder of the primary, as far as that can be seen: of the one that starts as no standby.
fn primary_of(folder: &InstanceFolder) -> ServerFolder {
    let mut servers = folder.servers(1).into_iter();
    servers.find(|server| server.is_initialised() && !server.is_frozen()).unwrap_or_else(|| folder.server(0))
}

fn judge(folder: &InstanceFolder, desired: &Desired, primary: &str, serves: bool) -> (Phase, String) {
    let server = primary_of(folder);
    let data = server.data();
    let runs = !process::started_below(&folder.path).is_empty();
    match () {
        () if !server.is_initialised() => {
            (Phase::Failing, format!("The data directory {} is missing; put it back.", data.display()))
        }
        () if serves => (Phase::Available, format!("Server {primary} accepts connections.")),
        () if desired.stopped && !runs => (Phase::Stopped, "All servers are stopped.".to_owned()),
        () => (Phase::NoPrimary, format!("Server {primary} does not accept connections.")),
    }
}
