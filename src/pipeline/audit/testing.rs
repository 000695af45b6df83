//! A log of events for tests, and golden files of what it says.

use std::path::Path;
use std::sync::Arc;

use regex::Regex;
use tempfile::TempDir;

use super::super::Options;
use super::{Audit, Log, Mode, Policy, Rotation, Target};
use crate::telemetry::Metrics;

/// What differs from run to run, and what stands for it.
const RULES: &[(&str, &str)] = &[
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", "MICROTIME"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "TIME"),
    (r#""resourceVersion":"[0-9]+""#, r#""resourceVersion":"REVISION""#),
];

/// A log in a folder of its own.
pub(crate) struct Recorded {
    folder: TempDir,
    pub(crate) metrics: Metrics,
    audit: Arc<Audit>,
}

impl Recorded {
    /// What these rules of a policy record.
    pub(crate) fn by(rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::File(folder.path().join("log"), Rotation { megabytes: 0, days: 0, files: 0 });
        Self::at(folder, target, Mode::Blocking, rules, None)
    }

    pub(crate) fn at(
        folder: TempDir,
        target: Target,
        mode: Mode,
        rules: &str,
        largest: Option<usize>,
    ) -> Self {
        let policy = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rules}");
        let policy = Policy::parse(policy.as_bytes()).unwrap_or_else(|faults| panic!("{rules}: {faults}"));
        let metrics = Metrics::new();
        let log = Log::open(target, mode, metrics.audit().clone()).unwrap();
        let audit = Arc::new(Audit::new(policy, log, largest, metrics.audit().clone()));
        Self { folder, metrics, audit }
    }

    pub(crate) fn options(&self) -> Options {
        Options { audit: Some(Arc::clone(&self.audit)), ..Options::default() }
    }

    /// The events so far, without what differs from run to run.
    pub(crate) fn events(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let replace = |text: String, (from, to): &(&str, &str)| {
            Regex::new(from).unwrap().replace_all(&text, *to).into_owned()
        };
        RULES.iter().fold(text, replace)
    }

    /// Compares the events with a golden file, which UPDATE_GOLDEN=1 writes anew.
    pub(crate) fn check(&self, golden: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden);
        let found = self.events();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let wanted = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == wanted, "{golden} is not current: run this test with UPDATE_GOLDEN=1\n{found}");
    }
}
