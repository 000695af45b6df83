//! The table of suites: all that `hack/test` knows about each.

/// One suite.
pub(super) struct Suite {
    /// The word one types.
    pub(super) name: &'static str,
    /// What it proves.
    pub(super) what: &'static str,
    /// What is run.
    pub(super) work: Work,
}

/// What a suite runs.
pub(super) enum Work {
    /// `xtask verify`.
    Verify,
    /// The tests of every crate that has no suite of its own, and the examples in the documentation.
    Crates,
    /// The tests of one crate.
    Crate(&'static str),
    /// One test target of one crate.
    Target(&'static str, &'static str),
    /// The tests of one module of the server, by the beginning of their names.
    Module(&'static str),
    /// Likewise, where they wait most of the time: more of them at once than there are cores.
    Waiting(&'static str),
    /// One integration test of `hack/suites`.
    Integration,
    /// Likewise, in a cluster of whoever runs it: `KUBECONFIG` counts when the suite is named, and not when all are run.
    Yours,
    /// One of those that starts a control plane: `hack/test --all` runs it with the oldest, too.
    Cluster,
}

/// The crate of the integration tests.
pub(super) const INTEGRATION: &str = "suites";
/// The crate of the server, and its library.
const SERVER: (&str, &str) = ("databases-apiserver", "databases_apiserver");

/// Every suite, in the order they run.
pub(super) const SUITES: &[Suite] = &[
    Suite {
        name: "verify",
        what: "format, lints, scripts, the import table, dependencies",
        work: Work::Verify,
    },
    Suite { name: "unit", what: "the tests beside the code, and its examples", work: Work::Crates },
    Suite {
        name: "machinery",
        what: "patches and their like beside Kubernetes' own libraries: generated cases, the same answers",
        work: Work::Target("databases-api", "machinery"),
    },
    Suite {
        name: "local",
        what: "the backend that runs PostgreSQL as processes of this machine, over a real PostgreSQL",
        work: Work::Waiting("backend::local::"),
    },
    Suite {
        name: "controllers",
        what: "controllers over a backend that fails and lies at every step, without PostgreSQL",
        work: Work::Module("controller::tests::"),
    },
    Suite {
        name: "lies",
        what: "the conformance tests over a class that claims more than it does: every lie is found",
        work: Work::Module("conformance::tests::"),
    },
    Suite {
        name: "dialects",
        what: "backends over operators' own kinds in a real kube-apiserver, the operators being played",
        work: Work::Waiting("backend::operator::tests::"),
    },
    Suite {
        name: "statefulset",
        what: "PostgreSQL in plain pods under a real control plane: real servers, a played kubelet",
        work: Work::Module("backend::statefulset::tests::"),
    },
    Suite {
        name: "storage",
        what: "one conformance suite over every storage engine, with a real etcd",
        work: Work::Crate("databases-storage"),
    },
    Suite {
        name: "kubectl",
        what: "golden transcripts of upstream's kubectl against the server",
        work: Work::Integration,
    },
    Suite {
        name: "postgresql",
        what: "what a PostgreSQL object makes of a real PostgreSQL, seen over SQL",
        work: Work::Integration,
    },
    Suite {
        name: "postgresql_removal",
        what: "how a database on a real PostgreSQL goes, and what becomes of one whose data went",
        work: Work::Integration,
    },
    Suite {
        name: "backends",
        what: "backends that are programs of their own: the examples answer the manifest, die and come back",
        work: Work::Integration,
    },
    Suite {
        name: "conformance",
        what: "the command conformance against local, external and both examples, and their reports",
        work: Work::Integration,
    },
    Suite {
        name: "postgresql_external",
        what: "databases on a PostgreSQL server that is there already",
        work: Work::Integration,
    },
    Suite {
        name: "crash",
        what: "kill -9 during acknowledged writes, over redb and etcd; nothing is lost",
        work: Work::Integration,
    },
    Suite {
        name: "unreadable",
        what: "stored garbage, over redb and etcd: the others are served, and it can be deleted",
        work: Work::Integration,
    },
    Suite {
        name: "encryption",
        what: "encryption at rest, over redb and etcd: nothing is told, keys are changed, lost and found",
        work: Work::Integration,
    },
    Suite {
        name: "bad_input",
        what: "malformed, huge, deep and hostile bodies: the right Status, bounded memory",
        work: Work::Integration,
    },
    Suite {
        name: "bad_days",
        what: "port taken, folder unreadable, PostgreSQL or etcd missing: one sentence",
        work: Work::Integration,
    },
    Suite {
        name: "wardle",
        what: "another API group on the same server, with and without a cluster, in at most 100 lines of its own",
        work: Work::Cluster,
    },
    Suite {
        name: "audit",
        what: "the audit log beside upstream's sample-apiserver: the same requests, the same policy, the same events",
        work: Work::Integration,
    },
    Suite {
        name: "differential",
        what: "generated requests to sample-apiserver and to ours of the same group: the same answers, but for a list",
        work: Work::Integration,
    },
    Suite {
        name: "storage_testing",
        what: "Kubernetes' own tests of its storage, over HTTP, with redb and etcd: they pass, but for a list that fails",
        work: Work::Integration,
    },
    Suite {
        name: "up",
        what: "hack/up from start to proof, again, and two side by side",
        work: Work::Integration,
    },
    Suite {
        name: "control_plane",
        what: "the control plane that suites stand on, with upstream's sample-apiserver behind it",
        work: Work::Cluster,
    },
    Suite {
        name: "delegated",
        what: "users and rights as a real kube-apiserver knows them, on good days and bad; one replica acts",
        work: Work::Cluster,
    },
    Suite {
        name: "admission",
        what: "the cluster's webhooks, policies and quotas hold for ours as for built-in kinds",
        work: Work::Cluster,
    },
    Suite {
        name: "deploy",
        what: "kustomize and Helm say the same, are taken by a real cluster, and grant just the rights that are used",
        work: Work::Cluster,
    },
    Suite {
        name: "cluster",
        what: "the chart in a cluster with a node and pods: restarted, drained, backed up (when its programs are built)",
        work: Work::Integration,
    },
    Suite {
        name: "aggregator",
        what: "upstream's conformance spec of the aggregator, with ours for sample-apiserver (when its programs are built)",
        work: Work::Integration,
    },
    Suite {
        name: "operators",
        what: "the conformance tests against every operator in a cluster of yours: KUBECONFIG or DATABASES_CLUSTER",
        work: Work::Yours,
    },
    Suite {
        name: "e2e",
        what: "behind a real kube-apiserver and directly: what a built-in group does, line by line",
        work: Work::Cluster,
    },
];

impl Suite {
    /// Whether the test binaries must be built first.
    pub(super) fn needs_binaries(&self) -> bool {
        !matches!(self.work, Work::Verify)
    }

    /// What a test binary is told: which of its tests are this suite's, where they are not all.
    pub(super) fn filter(&self) -> Vec<&'static str> {
        let modules = SUITES.iter().filter_map(|suite| match suite.work {
            Work::Module(module) | Work::Waiting(module) => Some(module),
            _ => None,
        });
        match self.work {
            Work::Module(own) => vec![own],
            Work::Waiting(own) => vec![own, "--test-threads=4"],
            Work::Crates => modules.flat_map(|other| ["--skip", other]).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the test target `target` of `package` belongs to this suite.
    pub(super) fn runs(&self, package: &str, target: &str) -> bool {
        let has_own = |name: &str| {
            name == INTEGRATION
                || SUITES.iter().any(|suite| matches!(suite.work, Work::Crate(own) if own == name))
        };
        let has_suite = || {
            SUITES.iter().any(
                |suite| matches!(suite.work, Work::Target(own, name) if (own, name) == (package, target)),
            )
        };
        match self.work {
            Work::Verify => false,
            // The library of the integration tests has tests beside its code, too.
            Work::Crates => (!has_own(package) || target == INTEGRATION) && !has_suite(),
            Work::Crate(own) => package == own,
            Work::Target(own, name) => (package, target) == (own, name),
            Work::Module(_) | Work::Waiting(_) => (package, target) == SERVER,
            Work::Integration | Work::Cluster | Work::Yours => package == INTEGRATION && target == self.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_a_suite_is_run_there_and_nowhere_else() {
        let of = |name: &str| SUITES.iter().find(|suite| suite.name == name).unwrap();
        let (own, rest) = (of("controllers"), of("unit"));
        for suite in [own, rest] {
            assert!(suite.runs(SERVER.0, SERVER.1), "{}", suite.name);
        }
        assert!(!own.runs(SERVER.0, "another") && !own.runs("databases-api", "databases_api"));
        assert_eq!(own.filter(), ["controller::tests::"]);
        assert!(rest.filter().chunks(2).any(|skipped| skipped == ["--skip", "controller::tests::"]));
        assert!(of("kubectl").filter().is_empty());
    }

    #[test]
    fn a_target_that_is_a_suite_is_run_there_and_nowhere_else() {
        let running = |package: &str, target: &str| -> Vec<&str> {
            SUITES.iter().filter(|suite| suite.runs(package, target)).map(|suite| suite.name).collect()
        };
        assert_eq!(running("databases-api", "machinery"), ["machinery"]);
        assert_eq!(running("databases-api", "published"), ["unit"]);
    }
}
