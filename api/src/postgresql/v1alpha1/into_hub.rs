//! To v1, what the draft says that v1 can say.

use super::wire;
use crate::postgresql::{
    Database, PostgreSQL, PostgreSQLSpec, PostgreSQLStatus, Replication, ReplicationMode, User, UserAttribute,
};
use crate::shared::{self, InstanceStatus};
use apimachinery::wire::StringList;
use std::collections::BTreeMap;

pub(super) fn common(draft: wire::PostgreSQL) -> PostgreSQL {
    let wire::PostgreSQL { metadata, spec, status } = draft;
    let wire::PostgreSQLStatus { phase: _, secret_name, observed_generation, conditions } = status;
    let binding = (!secret_name.is_empty()).then_some(shared::SecretRef { name: secret_name });
    let instance = InstanceStatus { observed_generation, conditions, binding, ..InstanceStatus::default() };
    let status = PostgreSQLStatus { instance };
    PostgreSQL { metadata, spec: self::spec(spec), status }
}

fn spec(spec: wire::PostgreSQLSpec) -> PostgreSQLSpec {
    let wire::PostgreSQLSpec {
        class_name,
        volume_claim_template,
        network,
        compute,
        observability,
        backups,
        options,
    } = spec;
    let wire::Options {
        version,
        streaming_mode,
        standby_mode: _,
        users,
        databases,
        cache_percent: _,
        max_sql_memory_percent: _,
        updates,
    } = options.unwrap_or_default();
    let wire::Network { secure, network_policy, service } = network.unwrap_or_default();
    let wire::Compute { replicas, resources, node_selector, affinity, tolerations, aws, gcloud, azure } =
        compute.unwrap_or_default();
    let scheduling = scheduling(node_selector, affinity, tolerations);
    let instance = shared::InstanceSpec {
        class_name,
        version,
        instances: replicas,
        storage: storage(volume_claim_template),
        resources,
        machine_types: machine_types(aws, gcloud, azure),
        scheduling,
        tls: secure.map(tls),
        network: self::network(network_policy, service),
        backup: backups.map(backup),
        observability: observability.map(self::observability),
        upgrade_policy: updates.map(upgrade_policy),
        ..shared::InstanceSpec::default()
    };
    PostgreSQLSpec {
        instance,
        replication: replication(&streaming_mode),
        databases: databases.into_iter().map(database).collect(),
        users: users.into_iter().map(user).collect(),
        superuser_access: None,
        pooling: None,
    }
}

fn database((name, owner): (String, String)) -> Database {
    Database { name, owner, extensions: Vec::new() }
}

fn replication(mode: &str) -> Option<Replication> {
    let mode = match mode {
        "" => return None,
        "asynchronous" => ReplicationMode::Asynchronous,
        "synchronous" => ReplicationMode::Synchronous,
        other => ReplicationMode::from(other),
    };
    Some(Replication { mode: Some(mode) })
}

fn user((name, StringList(flags)): (String, StringList)) -> User {
    let attribute = |flag: String| {
        let known = UserAttribute::SUPPORTED.iter().find(|known| known.to_lowercase() == flag);
        UserAttribute::from(known.map_or(flag.as_str(), |known| known))
    };
    User { name, attributes: flags.into_iter().map(attribute).collect(), databases: Vec::new() }
}

fn storage(volumes: Vec<wire::VolumeClaimTemplate>) -> shared::Storage {
    let Some(wire::VolumeClaimTemplate { spec }) = volumes.into_iter().next() else {
        return shared::Storage::default();
    };
    let wire::VolumeClaimSpec { access_modes: _, storage_class_name, resources } = spec;
    let wire::VolumeResources { mut requests } = resources;
    shared::Storage { size: requests.remove("storage"), storage_class_name }
}

fn machine_types(
    aws: Option<wire::Aws>,
    gcloud: Option<wire::Gcloud>,
    azure: Option<wire::Azure>,
) -> Vec<shared::MachineType> {
    let machine = |provider: &str, name| shared::MachineType { provider: provider.to_owned(), name };
    let aws = aws.map(|wire::Aws { instance_class }| machine("AWS", instance_class));
    let gcloud = gcloud.map(|wire::Gcloud { machine_type }| machine("GCP", machine_type));
    let azure = azure.map(|wire::Azure { vm_size }| machine("Azure", vm_size));
    [aws, gcloud, azure].into_iter().flatten().collect()
}

fn scheduling(
    node_selector: BTreeMap<String, String>,
    affinity: Option<apimachinery::core::Affinity>,
    tolerations: Vec<apimachinery::core::Toleration>,
) -> Option<shared::Scheduling> {
    let scheduling =
        shared::Scheduling { node_selector, affinity, tolerations, ..shared::Scheduling::default() };
    (scheduling != shared::Scheduling::default()).then_some(scheduling)
}

fn tls(secure: bool) -> shared::Tls {
    let mode = if secure { shared::TlsMode::Required } else { shared::TlsMode::Disabled };
    shared::Tls { mode: Some(mode), ..shared::Tls::default() }
}

fn network(policy: Option<wire::NetworkPolicy>, service: Option<wire::Service>) -> Option<shared::Network> {
    let ingress_policy =
        policy.map(|wire::NetworkPolicy { enabled, allow_external }| match (enabled, allow_external) {
            (false, _) => shared::IngressPolicy::Unrestricted,
            (true, true) => shared::IngressPolicy::PortOnly,
            (true, false) => shared::IngressPolicy::LabeledClients,
        });
    let wire::Service { kind, annotations, spec } = service.unwrap_or_default();
    let ports = spec.map(|wire::ServiceSpec { ports }| ports).unwrap_or_default();
    let network = shared::Network {
        kind: (!kind.is_empty()).then(|| shared::NetworkType::from(kind.as_str())),
        annotations,
        allowed_source_ranges: Vec::new(),
        port: ports.into_iter().next().map(|wire::ServicePort { name: _, port }| port),
        ingress_policy,
    };
    (network != shared::Network::default()).then_some(network)
}

fn switch(on: Option<bool>) -> Option<shared::Switch> {
    on.map(|on| if on { shared::Switch::Enabled } else { shared::Switch::Disabled })
}

fn observability(observability: wire::Observability) -> shared::Observability {
    let wire::Observability { deploy_exporters, deploy_alerts, deploy_dashboards } = observability;
    shared::Observability {
        metrics: switch(deploy_exporters),
        alerts: switch(deploy_alerts),
        dashboards: switch(deploy_dashboards),
    }
}

fn backup(backups: wire::Backups) -> shared::Backup {
    let wire::Backups { configuration, compute } = backups;
    let wire::BackupCompute { resources, node_selector, affinity, tolerations } = compute.unwrap_or_default();
    shared::Backup {
        configuration_ref: (!configuration.is_empty()).then_some(shared::LocalRef { name: configuration }),
        resources,
        scheduling: scheduling(node_selector, affinity, tolerations),
    }
}

fn upgrade_policy(updates: wire::Updates) -> shared::UpgradePolicy {
    let wire::Updates { update_strategy, allow_major_version_upgrade, allow_minor_version_upgrade } = updates;
    let major =
        |allowed| if allowed { shared::MajorUpgrade::InPlace } else { shared::MajorUpgrade::Forbidden };
    let minor =
        |allowed| if allowed { shared::MinorUpgrade::Automatic } else { shared::MinorUpgrade::WhenRequested };
    let strategy = update_strategy.map(|wire::UpdateStrategy { kind }| kind).filter(|kind| !kind.is_empty());
    shared::UpgradePolicy {
        minor: allow_minor_version_upgrade.map(minor),
        major: allow_major_version_upgrade.map(major),
        strategy: strategy.map(|kind| shared::UpgradeStrategy::from(kind.as_str())),
    }
}
