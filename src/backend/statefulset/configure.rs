//! Has servers read what they are configured with, and restarts them where that is not enough.

use super::choice::Server;
use super::pods::Pod;
use super::tend::Set;
use super::{ASKED, CONFIGURATION, dialect, failed, server};
use crate::backend::Error;
use crate::backend::operator::{Dialect, at};
use crate::cluster::Place;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// How long a kubelet may take to look at the files of a pod that changed.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// What servers are to have read.
struct Wanted<'a> {
    configuration: &'a str,
    /// The digest of the certificate, empty for none; no word of it where it is not known.
    certificate: Option<&'a str>,
}

impl Wanted<'_> {
    /// Whether a server has read it.
    fn is_read(&self, Server { pod, facts }: &Server) -> bool {
        let fits = |read: &str| self.certificate.is_none_or(|certificate| certificate == read);
        facts.as_ref().is_some_and(|facts| {
            facts.configuration == self.configuration && (!pod.is_equipped || fits(&facts.certificate))
        })
    }

    /// What a pod's files are asked for by.
    fn digest(&self) -> String {
        format!("{}{}", self.configuration, self.certificate.unwrap_or_default())
    }
}

impl Set<'_> {
    /// Has the primary keep the log for its standbys, and all servers read what they are configured with; what of that is
    /// still to come, and what PostgreSQL does not take. The primary is the first to encrypt, or to cease to: standbys connect to it.
    pub(super) async fn configure(
        &self,
        certificate: Option<&str>,
    ) -> Result<(Option<String>, Option<String>), Error> {
        let Some(primary) = self.primary() else { return Ok((None, None)) };
        if let Some(managed) = self.managed(&primary.pod) {
            let others: Vec<usize> =
                (0..self.wanted()).filter(|other| *other != primary.pod.ordinal).collect();
            server::keep_slots(&managed, &others).await?;
        }
        let wanted = Wanted { configuration: dialect::configuration(self.live), certificate };
        let is_led = wanted.is_read(primary);
        let (mut pending, mut invalid) = (None, None);
        for server in &self.servers {
            let pod = &server.pod;
            let Some((facts, managed)) = server.facts.as_ref().zip(self.managed(pod)) else { continue };
            if !facts.invalid.is_empty() {
                invalid = Some(facts.invalid.clone());
            }
            if !wanted.is_read(server) {
                self.fetch(pod, &wanted.digest()).await?;
                if is_led || pod.uid == primary.pod.uid {
                    server::reload(&managed).await?;
                }
                pending = Some(format!("pod {} has not got its new configuration yet", pod.name));
            } else if pod.uid == primary.pod.uid && !facts.raised.is_empty() {
                let what = &facts.raised;
                pending =
                    Some(format!("{what} stays as it was until the database is stopped and started again"));
            }
        }
        let waits = self
            .servers
            .iter()
            .any(|server| server.facts.as_ref().is_some_and(|facts| facts.pending_restart));
        if waits && invalid.is_none() && pending.is_none() {
            self.restart(wanted.configuration).await?;
            pending = Some("the servers are restarted with their new configuration".to_owned());
        }
        Ok((pending, invalid))
    }

    /// Has the kubelet look at the files of a pod. It does so when the pod changes, and else about once a minute.
    async fn fetch(&self, pod: &Pod, configuration: &str) -> Result<(), Error> {
        let now = Timestamp::now();
        let is_asked = pod
            .asked
            .as_ref()
            .is_some_and(|(asked, since)| asked == configuration && now.duration_since(*since) < LOOK);
        if is_asked {
            return Ok(());
        }
        let asked = format!("{configuration} {now}");
        let patch = json!({"metadata": {"uid": pod.uid, "annotations": {ASKED: asked}}});
        self.cluster.merge(self.place(&pod.name), &patch).await.map_err(|error| failed(&error))
    }

    /// Has the pods be made anew, one after the other.
    async fn restart(&self, configuration: &str) -> Result<(), Error> {
        let name = at(self.live, "metadata.name");
        let patch =
            json!({"spec": {"template": {"metadata": {"annotations": {CONFIGURATION: configuration}}}}});
        let main = &<dialect::StatefulSets as Dialect>::MAIN;
        let place = Place { resource: main, namespace: &self.object.metadata.namespace, name };
        self.cluster.merge(place, &patch).await.map_err(|error| failed(&error))
    }
}
