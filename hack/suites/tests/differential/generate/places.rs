//! What is asked about: kinds, and where their objects lie.

use crate::world::World;

/// A kind.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) world: World,
    pub(super) group: &'static str,
    pub(super) versions: &'static [&'static str],
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) is_namespaced: bool,
    /// Names are few, so that requests meet.
    pub(super) names: &'static [&'static str],
    /// What a list is narrowed to by a field, beside the name.
    pub(super) fields: &'static [&'static str],
}

const CORE: Kind = Kind {
    world: World::Core,
    group: "",
    versions: &["v1"],
    kind: "",
    plural: "",
    is_namespaced: true,
    names: &["a", "a", "a", "b", "b", "c"],
    fields: &["metadata.namespace=one"],
};

pub(super) const FLUNDER: Kind = Kind {
    world: World::Sample,
    group: "wardle.example.com",
    versions: &["v1alpha1", "v1beta1"],
    kind: "Flunder",
    plural: "flunders",
    ..CORE
};
pub(super) const FISCHER: Kind = Kind {
    versions: &["v1alpha1"],
    kind: "Fischer",
    plural: "fischers",
    is_namespaced: false,
    names: &["f", "f", "g"],
    ..FLUNDER
};
pub(super) const CONFIG_MAP: Kind = Kind { kind: "ConfigMap", plural: "configmaps", ..CORE };
pub(super) const SECRET: Kind =
    Kind { kind: "Secret", plural: "secrets", fields: &["type=Opaque", "type!=kubernetes.io/tls"], ..CORE };
pub(super) const EVENT: Kind = Kind {
    kind: "Event",
    plural: "events",
    fields: &[
        "involvedObject.name=x",
        "reason!=Made,type=Normal",
        "involvedObject.kind=ConfigMap",
        "source=",
    ],
    ..CORE
};
pub(super) const NAMESPACE: Kind = Kind {
    kind: "Namespace",
    plural: "namespaces",
    is_namespaced: false,
    names: &["na", "na", "nb", "nb", "nc"],
    fields: &["status.phase=Active", "status.phase!=Active"],
    ..CORE
};

impl Kind {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

/// A collection in one version.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) kind: &'static Kind,
    pub(super) version: &'static str,
    pub(super) namespace: Option<&'static str>,
}

impl Place {
    pub(super) fn collection(&self) -> String {
        let Place { kind, version, namespace } = self;
        match namespace {
            Some(namespace) => {
                format!("{}/{version}/namespaces/{namespace}/{}", kind.world.root(), kind.plural)
            }
            None => self.everywhere(),
        }
    }

    /// The collection over all namespaces.
    pub(super) fn everywhere(&self) -> String {
        format!("{}/{}/{}", self.kind.world.root(), self.version, self.kind.plural)
    }

    pub(super) fn item(&self, name: &str) -> String {
        format!("{}/{name}", self.collection())
    }

    /// By what the replay knows an object.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.version, self.namespace.unwrap_or_default())
    }

    pub(super) fn api_version(&self) -> String {
        match self.kind.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }
}
