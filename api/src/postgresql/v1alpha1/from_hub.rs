//! From v1, what the draft can say.

use super::wire::{self, V1alpha1Parts as _};
use crate::postgresql::{Database, PostgreSQL, PostgreSQLSpec, ReplicationMode, User, UserAttribute};
use crate::shared;
use apimachinery::meta::{ConditionStatus, condition, is_true};
use apimachinery::wire::StringList;
use std::collections::BTreeMap;

pub(super) fn common(hub: &PostgreSQL) -> wire::PostgreSQL {
    let PostgreSQL { metadata, spec, status } = hub.clone();
    wire::PostgreSQL {
        metadata,
        spec: self::spec(spec),
        status: wire::PostgreSQLStatus {
            phase: phase(hub).to_owned(),
            secret_name: status.instance.binding.map(|binding| binding.name).unwrap_or_default(),
            observed_generation: status.instance.observed_generation,
            conditions: status.instance.conditions,
        },
    }
}

fn phase(hub: &PostgreSQL) -> &'static str {
    let conditions = &hub.status.instance.conditions;
    match condition(conditions, "Ready") {
        None if is_true(conditions, "Stopped") => "Stopped",
        None => "Pending",
        Some(ready) if ready.status == ConditionStatus::True => "Running",
        Some(ready)
            if matches!(ready.reason.as_str(), "Creating" | "Pending" | "Restoring" | "Importing") =>
        {
            "Pending"
        }
        Some(_) => "Failed",
    }
}

fn spec(spec: PostgreSQLSpec) -> wire::PostgreSQLSpec {
    let PostgreSQLSpec { instance, replication, databases, users, superuser_access: _, pooling: _ } = spec;
    let shared::InstanceSpec {
        class_name,
        version,
        flavor: _,
        instances,
        storage,
        resources,
        machine_types,
        scheduling,
        parameters: _,
        tls,
        network,
        backup,
        data_source_ref: _,
        recovery_target: _,
        adopt_ref: _,
        observability,
        maintenance: _,
        upgrade_policy,
        state: _,
        allowed_access: _,
        deletion_policy: _,
        parameters_ref: _,
        data_source_path: _,
    } = instance;
    let options = wire::Options {
        version,
        streaming_mode: streaming_mode(replication.and_then(|replication| replication.mode)),
        standby_mode: String::new(),
        users: users.into_iter().map(user).collect(),
        databases: databases
            .into_iter()
            .map(|Database { name, owner, extensions: _ }| (name, owner))
            .collect(),
        cache_percent: None,
        max_sql_memory_percent: None,
        updates: upgrade_policy.map(updates),
    };
    wire::PostgreSQLSpec {
        class_name,
        volume_claim_template: volumes(storage),
        network: self::network(tls, network),
        compute: compute(instances, resources, machine_types, scheduling).some(),
        observability: observability.map(self::observability),
        backups: backup.map(backups),
        options: options.some(),
    }
}

fn streaming_mode(mode: Option<ReplicationMode>) -> String {
    mode.map(|mode| mode.as_str().to_lowercase()).unwrap_or_default()
}

fn user(user: User) -> (String, StringList) {
    let User { name, attributes, databases: _ } = user;
    let flag = |attribute: UserAttribute| match attribute {
        UserAttribute::Other(text) => text.into_string(),
        known => known.as_str().to_lowercase(),
    };
    (name, StringList(attributes.into_iter().map(flag).collect()))
}

fn volumes(storage: shared::Storage) -> Vec<wire::VolumeClaimTemplate> {
    let shared::Storage { size, storage_class_name } = storage;
    if size.is_none() && storage_class_name.is_none() {
        return Vec::new();
    }
    let requests: BTreeMap<_, _> = size.map(|size| ("storage".to_owned(), size)).into_iter().collect();
    let resources = wire::VolumeResources { requests };
    let spec = wire::VolumeClaimSpec { access_modes: Vec::new(), storage_class_name, resources };
    vec![wire::VolumeClaimTemplate { spec }]
}

fn network(tls: Option<shared::Tls>, network: Option<shared::Network>) -> Option<wire::Network> {
    let secure = tls.and_then(|shared::Tls { mode, certificate_secret_ref: _, issuer_ref: _ }| {
        mode.map(|mode| matches!(mode, shared::TlsMode::Required | shared::TlsMode::Optional))
    });
    let shared::Network { kind, annotations, allowed_source_ranges: _, port, ingress_policy } =
        network.unwrap_or_default();
    let network_policy = ingress_policy.map(|policy| wire::NetworkPolicy {
        enabled: matches!(policy, shared::IngressPolicy::PortOnly | shared::IngressPolicy::LabeledClients),
        allow_external: policy == shared::IngressPolicy::PortOnly,
    });
    let ports = port.map(|port| wire::ServicePort { name: String::new(), port });
    let service = wire::Service {
        kind: kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        annotations,
        spec: ports.map(|port| wire::ServiceSpec { ports: vec![port] }),
    };
    wire::Network { secure, network_policy, service: service.some() }.some()
}

fn compute(
    replicas: Option<i32>,
    resources: Option<shared::Resources>,
    machine_types: Vec<shared::MachineType>,
    scheduling: Option<shared::Scheduling>,
) -> wire::Compute {
    let machine = |cloud: &str| {
        let found = machine_types.iter().find(|machine| machine.provider == cloud);
        found.map(|shared::MachineType { provider: _, name }| name.clone())
    };
    let shared::Scheduling {
        node_selector,
        affinity,
        tolerations,
        topology_spread_constraints: _,
        priority_class_name: _,
    } = scheduling.unwrap_or_default();
    wire::Compute {
        replicas,
        resources,
        node_selector,
        affinity,
        tolerations,
        aws: machine("AWS").map(|instance_class| wire::Aws { instance_class }),
        gcloud: machine("GCP").map(|machine_type| wire::Gcloud { machine_type }),
        azure: machine("Azure").map(|vm_size| wire::Azure { vm_size }),
    }
}

fn on(switch: Option<shared::Switch>) -> Option<bool> {
    switch.map(|switch| switch == shared::Switch::Enabled)
}

fn observability(observability: shared::Observability) -> wire::Observability {
    let shared::Observability { metrics, alerts, dashboards } = observability;
    wire::Observability {
        deploy_exporters: on(metrics),
        deploy_alerts: on(alerts),
        deploy_dashboards: on(dashboards),
    }
}

fn backups(backup: shared::Backup) -> wire::Backups {
    let shared::Backup { configuration_ref, resources, scheduling } = backup;
    let shared::Scheduling {
        node_selector,
        affinity,
        tolerations,
        topology_spread_constraints: _,
        priority_class_name: _,
    } = scheduling.unwrap_or_default();
    wire::Backups {
        configuration: configuration_ref.map(|reference| reference.name).unwrap_or_default(),
        compute: wire::BackupCompute { resources, node_selector, affinity, tolerations }.some(),
    }
}

fn updates(policy: shared::UpgradePolicy) -> wire::Updates {
    let shared::UpgradePolicy { minor, major, strategy } = policy;
    wire::Updates {
        update_strategy: strategy.map(|strategy| wire::UpdateStrategy { kind: strategy.as_str().to_owned() }),
        allow_major_version_upgrade: major.map(|major| major == shared::MajorUpgrade::InPlace),
        allow_minor_version_upgrade: minor.map(|minor| minor == shared::MinorUpgrade::Automatic),
    }
}
