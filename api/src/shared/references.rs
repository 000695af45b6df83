//! References to other objects.

use super::{InstanceSpec, PACKAGE};
use crate::GROUP;
use apimachinery::api_type;
use apimachinery::time::Time;

/// An object of a known kind in the same namespace.
#[api_type]
pub struct LocalRef {
    /// Its name.
    #[api(1, required)]
    pub name: String,
}

/// An object of any kind; namespaced kinds are looked up in the same namespace.
#[api_type]
pub struct ObjectRef {
    /// API group, without a version; empty for the core group. The field is called group here, and apiGroup in dataSourceRef alone.
    #[api(1)]
    pub group: String,
    /// Kind.
    #[api(2, required)]
    pub kind: String,
    /// Name.
    #[api(3, required)]
    pub name: String,
    /// Namespace, where the reference may leave its own.
    #[api(4)]
    pub namespace: String,
}

/// Where data comes from.
#[api_type]
pub struct SourceRef {
    /// API group, without a version; empty for the core group. The field is called apiGroup here, as in the dataSourceRef of a
    /// PersistentVolumeClaim, and group in all other references.
    #[api(1)]
    pub api_group: String,
    /// Kind: DatabaseBackup, BackupRepository, Secret, or the database's own kind.
    #[api(2, required)]
    pub kind: String,
    /// Name.
    #[api(3, required)]
    pub name: String,
}

/// A point to recover to.
#[api_type]
pub struct RecoveryTarget {
    /// The last moment that is recovered. When unset, the latest possible.
    #[api(1)]
    pub time: Option<Time>,
}

/// A reference of a spec to an object of its own namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The field, such as [`ADOPT_REF`].
    pub path: &'static str,
    /// API group; empty for the core group.
    pub group: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Name.
    pub name: &'a str,
}

/// The annotation that asks for a restart: another value asks for another one.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// The object that is taken over.
pub const ADOPT_REF: &str = "spec.adoptRef";
/// The serving certificate.
pub const CERTIFICATE_SECRET_REF: &str = "spec.tls.certificateSecretRef";
/// Who issues the serving certificate.
pub const ISSUER_REF: &str = "spec.tls.issuerRef";
/// Where the first data comes from.
pub const DATA_SOURCE_REF: &str = "spec.dataSourceRef";
/// The plan of backups.
pub const BACKUP_CONFIGURATION_REF: &str = "spec.backup.configurationRef";
/// What only the implementation knows.
pub const PARAMETERS_REF: &str = "spec.parametersRef";

impl<'a> Reference<'a> {
    fn of(path: &'static str, named: Option<&'a ObjectRef>) -> Option<Self> {
        named.map(|ObjectRef { group, kind, name, .. }| Reference { path, group, kind, name })
    }

    fn local(path: &'static str, group: &'a str, kind: &'a str, named: Option<&'a LocalRef>) -> Option<Self> {
        named.map(|LocalRef { name }| Reference { path, group, kind, name })
    }

    /// Whether it names a Secret of the core group.
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind == SECRET
    }
}

/// The kind of objects that hold what is secret.
pub const SECRET: &str = "Secret";

impl InstanceSpec {
    /// Everything that it refers to.
    pub fn references(&self) -> impl Iterator<Item = Reference<'_>> {
        let source = self.data_source_ref.as_ref().map(|SourceRef { api_group, kind, name }| Reference {
            path: DATA_SOURCE_REF,
            group: api_group,
            kind,
            name,
        });
        let (tls, backup) = (self.tls.as_ref(), self.backup.as_ref());
        let certificate = tls.and_then(|tls| tls.certificate_secret_ref.as_ref());
        let configuration = backup.and_then(|backup| backup.configuration_ref.as_ref());
        let all = [
            Reference::of(ADOPT_REF, self.adopt_ref.as_ref()),
            Reference::local(CERTIFICATE_SECRET_REF, "", SECRET, certificate),
            Reference::of(ISSUER_REF, tls.and_then(|tls| tls.issuer_ref.as_ref())),
            source,
            Reference::local(BACKUP_CONFIGURATION_REF, GROUP, "BackupConfiguration", configuration),
            Reference::of(PARAMETERS_REF, self.parameters_ref.as_ref()),
        ];
        all.into_iter().flatten()
    }
}
