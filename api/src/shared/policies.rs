//! How a database is looked after.

use super::*;
use apimachinery::meta::LabelSelector;
use apimachinery::time::Duration;
use apimachinery::{api_enum, api_type};

api_enum! {
    /// Whether a database runs.
    pub enum State { Running, Stopped }
}

api_enum! {
    /// What happens to the data of a deleted object.
    pub enum DeletionPolicy { Retain, Delete, Snapshot, Forbid }
}

api_enum! {
    /// Whether something is on.
    pub enum Switch { Enabled, Disabled }
}

/// Whether a login is given out.
pub type Access = Switch;

api_enum! {
    /// How minor versions are taken on.
    pub enum MinorUpgrade { WhenRequested, Automatic }
}

api_enum! {
    /// How major versions are taken on.
    pub enum MajorUpgrade { Forbidden, InPlace }
}

api_enum! {
    /// How servers are replaced.
    pub enum UpgradeStrategy { RollingUpdate, Recreate }
}

api_enum! {
    /// A day of the week.
    pub enum Weekday { Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday }
}

api_enum! {
    /// Which namespaces may refer to an object.
    pub enum NamespacesFrom { Same, Selector, All }
}

/// Backups of a database.
#[api_type]
pub struct Backup {
    /// The BackupConfiguration in the same namespace. When unset, the class's default.
    #[api(1, feature = "Backup")]
    pub configuration_ref: Option<LocalRef>,
    /// Compute resources of backup pods.
    #[api(2, feature = "BackupPodTemplate")]
    pub resources: Option<Resources>,
    /// Where backup pods may run.
    #[api(3, feature = "BackupPodTemplate")]
    pub scheduling: Option<Scheduling>,
}

/// Metrics, alerts and dashboards. What is unset, the class decides.
#[api_type]
pub struct Observability {
    /// Whether metrics are collected.
    #[api(1, feature = "Metrics")]
    pub metrics: Option<Switch>,
    /// Whether alert rules are installed.
    #[api(2, feature = "Alerts")]
    pub alerts: Option<Switch>,
    /// Whether dashboards are installed.
    #[api(3, feature = "Dashboards")]
    pub dashboards: Option<Switch>,
}

/// When disruptive work may be done.
#[api_type]
pub struct Maintenance {
    /// The windows; any one of them will do.
    #[api(1)]
    pub windows: Vec<MaintenanceWindow>,
}

/// A weekly window.
#[api_type]
pub struct MaintenanceWindow {
    /// Days on which it opens. When empty, every day.
    #[api(1, set)]
    pub days: Vec<Weekday>,
    /// When it opens, as HH:MM.
    #[api(2, required)]
    pub start: String,
    /// How long it stays open: 30m to 24h.
    #[api(3, required)]
    pub duration: Duration,
    /// IANA time zone of start, such as Europe/Paris. Defaults to UTC.
    #[api(4)]
    pub time_zone: String,
}

/// How new versions are taken on.
#[api_type]
pub struct UpgradePolicy {
    /// WhenRequested: only by a change of spec.version. Automatic: within the maintenance windows. Defaults to
    /// WhenRequested.
    #[api(1, feature = "AutomaticMinorUpgrade", default = "\"WhenRequested\"")]
    pub minor: Option<MinorUpgrade>,
    /// Whether spec.version may name a new major version. Defaults to Forbidden.
    #[api(2, feature = "InPlaceMajorUpgrade", default = "\"Forbidden\"")]
    pub major: Option<MajorUpgrade>,
    /// Whether servers are replaced one after the other or all at once. When unset, the class decides.
    #[api(3, feature = "UpgradeStrategy")]
    pub strategy: Option<UpgradeStrategy>,
}

/// Who may refer to a database.
#[api_type]
pub struct AllowedAccess {
    /// Namespaces from which LogicalDatabase and DatabaseAccess may refer to it.
    #[api(1)]
    pub namespaces: Option<AllowedNamespaces>,
}

/// A choice of namespaces.
#[api_type]
pub struct AllowedNamespaces {
    /// Same (the object's own, which a class has not), Selector, or All. Defaults to Same for databases and All for
    /// classes.
    #[api(1)]
    pub from: Option<NamespacesFrom>,
    /// Labels of the namespaces, with from Selector.
    #[api(2)]
    pub selector: Option<LabelSelector>,
}
