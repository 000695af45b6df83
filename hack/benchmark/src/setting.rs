//! Where peers are measured, one setting after the other, so that the programs of one do not disturb the other.

use crate::error::Error;
use crate::options::Options;
use crate::peer::Peer;
use crate::sample::{Results, Sample};
use crate::workload::{ALL, Workload};

/// Where peers are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// This server without a cluster, beside the limits.
    Alone,
    /// A control plane, with this server and sample-apiserver behind its kube-apiserver.
    ControlPlane,
}

impl Setting {
    /// As the command line names it.
    pub fn title(self) -> &'static str {
        match self {
            Setting::Alone => "alone",
            Setting::ControlPlane => "control plane",
        }
    }

    /// The workloads that the options ask for here.
    pub fn chosen(self, options: &Options) -> Vec<Workload> {
        let only = options.only.as_deref().unwrap_or_default();
        let chosen = |workload: &Workload| {
            let here = workload.peers().iter().any(|peer| peer.setting() == self);
            here && (self.title().contains(only) || workload.title().contains(only))
        };
        ALL.iter().copied().filter(chosen).collect()
    }

    /// Measures every chosen workload on every peer, round after round; a peer that gives no sample is absent.
    pub async fn measure(
        self,
        options: &Options,
        results: &mut Results,
        measure: impl AsyncFn(Workload, Peer) -> Result<Option<Sample>, Error>,
    ) -> Result<(), Error> {
        for round in 1..=options.rounds {
            for workload in self.chosen(options) {
                for peer in workload.peers().iter().copied().filter(|peer| peer.setting() == self) {
                    eprintln!("round {round} of {}: {}, {}", options.rounds, workload.title(), peer.title());
                    if let Some(sample) = measure(workload, peer).await? {
                        results.add(workload, peer, sample);
                    }
                }
            }
        }
        Ok(())
    }
}
