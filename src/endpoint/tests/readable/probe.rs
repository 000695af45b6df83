//! A kind with a field of every form whose values have an edge, in two versions.

use apimachinery::api_type;
use apimachinery::int_or_string::IntOrString;
use apimachinery::kind::{Column, Definition, Kind, NameRule, Version, WireVersion};
use apimachinery::meta::ObjectMeta;
use apimachinery::quantity::Quantity;
use apimachinery::time::{Duration, MicroTime, Time};
use apimachinery::wire::{ByteString, Raw};
use std::collections::BTreeMap;

const PACKAGE: &str = "com.example.probe.v1";

/// What is tried.
#[api_type]
pub(super) struct ProbeSpec {
    /// A time.
    #[api(1)]
    pub when: Option<Time>,
    /// A time to the microsecond.
    #[api(2, required)]
    pub stamp: MicroTime,
    /// A span.
    #[api(3)]
    pub span: Option<Duration>,
    /// An amount.
    #[api(4)]
    pub size: Quantity,
    /// Anything.
    #[api(5)]
    pub extra: Raw,
    /// A number.
    #[api(6)]
    pub ratio: f64,
    /// A number or a word.
    #[api(7)]
    pub port: IntOrString,
    /// Bytes.
    #[api(8)]
    pub data: ByteString,
    /// A word.
    #[api(9)]
    pub word: String,
    /// Words by word.
    #[api(10)]
    pub words: BTreeMap<String, String>,
    /// Anything, many times.
    #[api(11)]
    pub extras: Vec<Raw>,
    /// An integer.
    #[api(12)]
    pub count: i64,
}

macro_rules! probe_version {
    ($name:ident, $text:literal) => {
        /// A probe.
        #[api_type(kind)]
        pub(super) struct $name {
            /// Metadata.
            #[api(1, required)]
            pub metadata: ObjectMeta,
            /// What is tried.
            #[api(2)]
            pub spec: ProbeSpec,
        }

        impl WireVersion<Probe> for $name {
            const NAME: &'static str = $text;
            fn into_hub(self) -> Probe {
                let $name { metadata: meta, spec } = self;
                Probe { meta, spec }
            }
            fn from_hub(hub: &Probe) -> Self {
                let Probe { meta, spec } = hub.clone();
                $name { metadata: meta, spec }
            }
        }
    };
}

probe_version!(ProbeV1, "v1");
probe_version!(ProbeV2, "v2");

/// The hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Probe {
    meta: ObjectMeta,
    spec: ProbeSpec,
}

pub(super) static DEFINITION: Definition = Definition {
    group: "probe.example.com",
    kind: "Probe",
    plural: "probes",
    short_names: &[],
    categories: &[],
    namespaced: true,
    versions: const { &[Version::of::<Probe, ProbeV1>(), Version::of::<Probe, ProbeV2>()] },
    storage_version: "v1",
    status: false,
    scale: false,
    finalize: false,
    status_metadata: false,
    columns: const { &[Column::object_name()] },
    selectable_fields: &[],
    name_rule: NameRule::Subdomain,
};

impl Kind for Probe {
    fn definition() -> &'static Definition {
        &DEFINITION
    }
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
    fn same_desired_state(&self, old: &Self) -> bool {
        self.spec == old.spec
    }
}
