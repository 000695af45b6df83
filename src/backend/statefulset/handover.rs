//! A primary that is one of the servers to go: another one takes over first.
//!
//! A StatefulSet takes away its last pods. Where the primary is one of them it keeps it (`objects::replicas`), and meanwhile:
//!
//! 1. Every commit of the primary waits for one server that stays. That ends when the primary is started anew, or nothing is
//!    handed over any more.
//! 2. Once that server has all there is, the Lease names it the successor: from then on it has every commit that was acknowledged.
//! 3. The primary's pod is ended, and `choice` takes the successor.

use super::choice::Server;
use super::tend::Set;
use super::{failed, lease, server};
use crate::backend::Error;
use crate::backend::operator::at;
use databases_api::shared::State;

/// What commits wait for, as long as something is handed over.
const AWAITS: &str = "FIRST 1 (";

fn awaits(pod: &str) -> String {
    format!("{AWAITS}\"{pod}\")")
}

impl Set<'_> {
    /// How many servers stay, as far as the object is heeded now.
    fn staying(&self, brings: bool) -> usize {
        let instance = &self.object.spec.instance;
        let stops = instance.state == Some(State::Stopped);
        let wished = instance.instances.and_then(|wished| usize::try_from(wished).ok());
        wished.filter(|wished| brings && !stops && *wished > 0).unwrap_or(self.wanted()).min(self.wanted())
    }

    /// Has a server that stays take over from a primary that does not; what is still to come of that.
    pub(super) async fn hand_over(&mut self, brings: bool) -> Result<Option<String>, Error> {
        let stays = self.staying(brings);
        let Some((primary, facts)) = self.primary().and_then(|server| Some((&server.pod, server.primary()?)))
        else {
            return Ok(None);
        };
        let (primary, facts) = (primary.clone(), facts.clone());
        let Some(managed) = self.managed(&primary) else { return Ok(None) };
        let successor = if primary.ordinal < stays { None } else { self.successor(stays, &facts.followers) };
        let awaited = successor.as_deref().map(awaits);
        if awaited.as_ref() != Some(&facts.awaits) {
            // In this order: whoever is named has every commit.
            self.announce(None).await?;
            if awaited.is_some() || facts.awaits.starts_with(AWAITS) {
                server::await_commits(&managed, awaited.as_deref()).await?;
            }
        }
        let (name, set) = (&primary.name, at(self.live, "metadata.name"));
        if primary.ordinal < stays {
            return Ok(None);
        }
        let Some(successor) = successor else {
            return Ok(Some(format!(
                "pod {name} is the primary and stays until one of the first {stays} of {set} follows it and can take over"
            )));
        };
        if !facts.complete.contains(&successor) {
            return Ok(Some(format!("pod {successor} takes over from pod {name} once it has every commit")));
        }
        self.announce(Some(&successor)).await?;
        tracing::info!(pod = name, successor, "a primary that is one too many is ended");
        self.cluster.delete(self.place(name), &primary.uid).await.map_err(|error| failed(&error))?;
        Ok(Some(format!("pod {successor} takes over from pod {name}")))
    }

    /// The first of the servers that stay and follow.
    fn successor(&self, stays: usize, followers: &[String]) -> Option<String> {
        let fits = |Server { pod, .. }: &&Server| {
            pod.ordinal < stays && !pod.is_ending && followers.contains(&pod.name)
        };
        self.servers.iter().find(fits).map(|server| server.pod.name.clone())
    }

    /// Has the Lease say who takes over, where it says otherwise.
    pub(super) async fn announce(&mut self, successor: Option<&str>) -> Result<(), Error> {
        if self.record.successor == successor.unwrap_or_default() {
            return Ok(());
        }
        let (namespace, name) = (&self.object.metadata.namespace, at(self.live, "metadata.name"));
        self.record = self.record.announce(self.cluster, lease::place(namespace, name), successor).await?;
        Ok(())
    }
}
