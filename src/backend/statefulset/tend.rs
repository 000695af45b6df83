//! One look at the servers of an object: what they say, who of them is the primary, and what is done about it.

use super::choice::{self, Choice, Scene, Server};
use super::lease::{self, Record};
use super::pods::Pod;
use super::server::Facts;
use super::{ALONE, INSTANCE, PODS, PRIMARY, REPLICA, ROLE, dialect, failed, server};
use crate::backend::operator::at;
use crate::backend::postgresql::was_made;
use crate::backend::{Code, Error, Phase};
use crate::cluster::{Cluster, Place};
use databases_api::postgresql::{PostgreSQL, ReplicationMode};
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};

/// An object's servers.
pub(super) struct Set<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) object: &'a PostgreSQL,
    /// Its StatefulSet.
    pub(super) live: &'a Value,
    pub(super) record: Record,
    pub(super) servers: Vec<Server>,
    /// Whether the first primary was recorded just now: the next look says so to the pods.
    pub(super) is_new: bool,
    password: String,
}

/// How a set stands.
pub(super) struct Standing {
    pub(super) phase: Phase,
    pub(super) message: String,
}

/// Whether something has lasted for so long that it will not end by itself.
fn is_long_ago(since: Timestamp) -> bool {
    Timestamp::now().duration_since(since) >= choice::PATIENCE
}

impl<'a> Set<'a> {
    /// Looks at all pods and asks their servers.
    pub(super) async fn look(
        cluster: &'a Cluster,
        object: &'a PostgreSQL,
        live: &'a Value,
        password: &str,
    ) -> Result<Self, Error> {
        let (namespace, name) = (&object.metadata.namespace, at(live, "metadata.name"));
        let lease = cluster.look(lease::place(namespace, name)).await.map_err(|error| failed(&error))?;
        let pods =
            cluster.labelled(&PODS, namespace, INSTANCE, name).await.map_err(|error| failed(&error))?;
        let asked = pods.iter().filter_map(Pod::read).map(async |pod| {
            let facts = match server::of(&pod, password) {
                Some(server) => server::ask(&server, &pod).await.inspect_err(|error| {
                    tracing::debug!(pod = pod.name, %error, "a server does not answer");
                }),
                None => return Server { pod, facts: None },
            };
            Server { pod, facts: facts.ok() }
        });
        let mut servers = join_all(asked).await;
        servers.sort_unstable_by_key(|server| server.pod.ordinal);
        let record = Record::read(&lease.unwrap_or_default());
        Ok(Set { cluster, object, live, record, servers, is_new: false, password: password.to_owned() })
    }

    /// The server that takes writes, and is the one to do so.
    pub(super) fn primary(&self) -> Option<&Server> {
        self.servers.iter().find(|server| server.pod.uid == self.record.uid && server.primary().is_some())
    }

    /// Where a pod's server is managed.
    pub(super) fn managed(&self, pod: &Pod) -> Option<crate::backend::tenant::Server> {
        server::of(pod, &self.password)
    }

    pub(super) fn wanted(&self) -> usize {
        dialect::replicas(self.live)
    }

    /// Whether a commit waits for a standby.
    fn is_synchronous(&self) -> bool {
        let replication = self.object.spec.replication.as_ref();
        replication.is_some_and(|replication| replication.mode == Some(ReplicationMode::Synchronous))
    }

    pub(super) fn place<'b>(&'b self, pod: &'b str) -> Place<'b> {
        Place { resource: &PODS, namespace: &self.object.metadata.namespace, name: pod }
    }

    /// Decides who is the primary, and has it be so; why nobody is, where nobody is.
    pub(super) async fn elect(&mut self) -> Result<Option<String>, Error> {
        let scene = Scene {
            record: &self.record,
            servers: &self.servers,
            is_first: self.record.system.is_empty() && !was_made(self.object),
            wanted: self.wanted(),
            synchronous: self.is_synchronous(),
            now: Timestamp::now(),
        };
        let uid = match choice::choose(&scene) {
            Choice::Nobody(why) => return Ok(Some(why)),
            Choice::Stays(uid) | Choice::Takes(uid) => uid.to_owned(),
        };
        let Some(index) = self.servers.iter().position(|server| server.pod.uid == uid) else {
            return Ok(None);
        };
        let chosen = &self.servers[index];
        let Some(facts) = chosen.facts.clone() else {
            let trouble = &chosen.pod.trouble;
            let said = if trouble.is_empty() { "it does not answer" } else { trouble };
            return Ok(Some(format!("pod {} is the primary: {said}", chosen.pod.name)));
        };
        if self.record.uid != uid || self.record.system.is_empty() {
            self.record(index).await?;
        }
        let chosen = &self.servers[index];
        if !self.record.is_of(&facts.system) {
            return Ok(Some(format!("the data of pod {} is not that of this database", chosen.pod.name)));
        }
        if facts.in_recovery
            && let Some(managed) = self.managed(&chosen.pod)
        {
            tracing::info!(pod = chosen.pod.name, "a server becomes the primary");
            // Its commits wait for nobody in particular from now on.
            self.announce(None).await?;
            let chosen = &self.servers[index];
            server::promote(&managed, &chosen.pod).await?;
            let asked = server::ask(&managed, &chosen.pod).await.ok();
            if asked.as_ref().is_some_and(|facts| facts.in_recovery) {
                return Ok(Some(format!(
                    "pod {} was told to take writes, and does not yet",
                    chosen.pod.name
                )));
            }
            self.servers[index].facts = asked;
        }
        Ok(None)
    }

    /// Writes down who is the primary, where whoever was it is gone.
    async fn record(&mut self, index: usize) -> Result<(), Error> {
        let (pod, facts) = (&self.servers[index].pod, &self.servers[index].facts);
        let system = facts.as_ref().map_or("", |facts| &facts.system);
        let takeover = self.takeover(pod, facts.as_ref());
        let before = &self.record.pod;
        if !before.is_empty() && self.record.uid != pod.uid {
            // Whatever its labels say.
            let there = self.cluster.look(self.place(before)).await.map_err(|error| failed(&error))?;
            if there.is_some_and(|there| at(&there, "metadata.uid") == self.record.uid) {
                return Err(Error::retried(Code::Unavailable, format!("pod {before} is still there")));
            }
        }
        let (namespace, name) = (&self.object.metadata.namespace, at(self.live, "metadata.name"));
        let lease = lease::place(namespace, name);
        let written =
            self.record.give(self.cluster, lease, (&pod.name, &pod.uid), (system, &takeover)).await?;
        if written.uid != pod.uid {
            return Err(Error::retried(Code::Unavailable, "another server of ours decides, too"));
        }
        self.is_new = self.record.system.is_empty();
        self.record = written;
        Ok(())
    }

    /// How a pod's server comes to be the primary. A pod that comes back has the data that it had.
    fn takeover(&self, pod: &Pod, facts: Option<&Facts>) -> String {
        let Record { pod: before, takeover, .. } = &self.record;
        if before.is_empty() || *before == pod.name {
            return takeover.clone();
        }
        let position = facts.map_or(0, |facts| facts.position);
        let lacks = match self.is_synchronous() || self.record.successor == pod.name {
            true => "it has every commit that was acknowledged",
            false => "commits that no standby had received by then, if there were any, are lost",
        };
        let (high, low) = (position >> 32, position & u128::from(u32::MAX));
        format!("it took over from {before} at {high:X}/{low:X} of its log: {lacks}")
    }

    /// Says on each pod what it is, which is how Services find it. Whoever takes writes and should not is ended, and so is who
    /// does not follow: the script winds its data back, or copies it, when it starts.
    pub(super) async fn label(&self) -> Result<(), Error> {
        let has_primary = self.primary().is_some();
        for server in &self.servers {
            let Server { pod, facts } = server;
            let Some(facts) = facts else { continue };
            let follows = self.follows(server);
            let is_primary = pod.uid == self.record.uid;
            // As long as the one that should does not, what was read of it may be old.
            if has_primary && !facts.in_recovery && !is_primary {
                tracing::warn!(
                    pod = pod.name,
                    "a server takes writes that is not the primary: its pod is ended"
                );
                self.cluster.delete(self.place(&pod.name), &pod.uid).await.map_err(|error| failed(&error))?;
                continue;
            }
            let is_alone = has_primary && !is_primary && !follows;
            if is_alone && !pod.is_ending && pod.alone_since.is_some_and(is_long_ago) {
                tracing::warn!(pod = pod.name, "a standby does not follow the primary: it is started anew");
                self.cluster.delete(self.place(&pod.name), &pod.uid).await.map_err(|error| failed(&error))?;
                continue;
            }
            let role = match () {
                () if is_primary && !facts.in_recovery => PRIMARY,
                () if !is_primary && follows => REPLICA,
                // What a standby has that loses its primary counts, and so does its label.
                () if !has_primary => continue,
                () => "",
            };
            if role != pod.role || is_alone != pod.alone_since.is_some() {
                let label = if role.is_empty() { Value::Null } else { role.into() };
                let alone = match is_alone {
                    true => pod.alone_since.unwrap_or_else(Timestamp::now).to_string().into(),
                    false => Value::Null,
                };
                let metadata =
                    json!({"uid": pod.uid, "labels": {ROLE: label}, "annotations": {ALONE: alone}});
                let patch = json!({"metadata": metadata});
                self.cluster.merge(self.place(&pod.name), &patch).await.map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }

    /// Whether a standby streams from the primary, as both see it; as it sees it itself where there is no primary.
    fn follows(&self, Server { pod, facts }: &Server) -> bool {
        let is_seen = || {
            self.primary()
                .and_then(Server::primary)
                .is_none_or(|primary| primary.followers.contains(&pod.name))
        };
        facts.as_ref().is_some_and(|facts| facts.is_streaming) && is_seen()
    }

    /// A standby that does not follow yet. Until it does it has no label, and the Service for reading does not lead to it.
    pub(super) fn left_behind(&self) -> Option<String> {
        let primary = self.primary()?;
        let is_alone = |server: &&Server| {
            let (pod, facts) = (&server.pod, server.facts.as_ref());
            let is_wanted = !pod.is_ending && pod.ordinal < self.wanted() && pod.uid != primary.pod.uid;
            is_wanted && facts.is_some_and(|facts| facts.in_recovery) && !self.follows(server)
        };
        let left = self.servers.iter().find(is_alone)?;
        Some(format!("pod {} does not follow the primary yet", left.pod.name))
    }

    /// How it stands.
    pub(super) fn standing(&self, nobody: Option<String>) -> Standing {
        let stands = |phase, message: String| Standing { phase, message };
        if self.wanted() == 0 {
            return match self.servers.len() {
                0 if dialect::is_observed(self.live) => stands(Phase::Stopped, "no server runs".into()),
                _ => stands(Phase::Failing, "the servers are being stopped".into()),
            };
        }
        let trouble =
            self.servers.iter().find(|server| server.facts.is_none() && !server.pod.trouble.is_empty());
        let trouble = trouble.map(|server| format!("; pod {}: {}", server.pod.name, server.pod.trouble));
        match (self.primary(), was_made(self.object)) {
            (Some(primary), _) => {
                let takeover = Some(&self.record.takeover).filter(|takeover| !takeover.is_empty());
                let takeover = takeover.map_or_else(String::new, |takeover| format!("; {takeover}"));
                stands(Phase::Available, format!("pod {} takes writes{takeover}", primary.pod.name))
            }
            (None, made) => {
                let why = nobody.unwrap_or_else(|| "the primary is being made".into());
                let phase = if made { Phase::NoPrimary } else { Phase::Creating };
                stands(phase, format!("{why}{}", trouble.unwrap_or_default()))
            }
        }
    }
}
