//! Kinds of the sample group, and golden files, for tests.

use crate::field::Errors;
use crate::kind::{Definition, Kind, NameRule, Version, WireVersion};
use crate::meta::ObjectMeta;
use std::path::PathBuf;

/// Wire types with every shape a field can have.
pub(crate) mod v1 {
    use crate::api_type;
    use crate::int_or_string::IntOrString;
    use crate::meta::{Condition, LabelSelector, ObjectMeta, PropagationPolicy};
    use crate::quantity::Quantity;
    use crate::time::{Duration, Time};
    use crate::wire::Raw;
    use std::collections::BTreeMap;

    const PACKAGE: &str = "com.example.wardle.v1";

    /// A flunder.
    #[api_type(kind)]
    pub(crate) struct Flunder {
        /// Metadata of the object.
        #[api(1)]
        pub(crate) metadata: ObjectMeta,
        /// What is wanted.
        #[api(2, required)]
        pub(crate) spec: FlunderSpec,
        /// What there is.
        #[api(3)]
        pub(crate) status: Option<FlunderStatus>,
    }

    /// What is wanted of a flunder.
    #[api_type]
    pub(crate) struct FlunderSpec {
        /// The name it refers to.
        #[api(1, name = "reference", required, immutable)]
        pub(crate) target: String,
        /// What happens to dependents.
        ///
        /// A second paragraph.
        #[api(2, default = "\"Background\"")]
        pub(crate) on_deletion: Option<PropagationPolicy>,
        /// How many there shall be.
        #[api(3, default = "1")]
        pub(crate) replicas: Option<i32>,
        /// How much it holds.
        #[api(4, feature = "Capacity")]
        pub(crate) capacity: Option<Quantity>,
        /// How many may be away.
        #[api(5)]
        pub(crate) max_unavailable: Option<IntOrString>,
        /// Its parts.
        #[api(6, keys("name"), merge_key = "name", merge)]
        pub(crate) parts: Vec<Part>,
        /// Words to find it by.
        #[api(7, set, merge)]
        pub(crate) tags: Vec<String>,
        /// Words to leave out.
        #[api(8)]
        pub(crate) without: Vec<String>,
        /// Settings as text.
        #[api(9)]
        pub(crate) settings: BTreeMap<String, String>,
        /// Limits, all or none.
        #[api(10, atomic)]
        pub(crate) limits: BTreeMap<String, Quantity>,
        /// Which objects it is about.
        #[api(11, atomic, retain_keys)]
        pub(crate) selector: Option<LabelSelector>,
        /// How long it may take.
        #[api(12)]
        pub(crate) timeout: Option<Duration>,
        /// What only the implementation knows.
        #[api(13)]
        pub(crate) parameters: Raw,
        /// Where it stands.
        #[api(14, inline)]
        pub(crate) place: Place,
    }

    /// One part.
    #[api_type]
    pub(crate) struct Part {
        /// The part's name.
        #[api(1, required)]
        pub(crate) name: String,
        /// Its weight.
        #[api(2)]
        pub(crate) weight: i64,
    }

    /// Where something stands.
    #[api_type]
    pub(crate) struct Place {
        /// The zone.
        #[api(1)]
        pub(crate) zone: String,
    }

    /// What there is of a flunder.
    #[api_type]
    pub(crate) struct FlunderStatus {
        /// How many there are.
        #[api(1)]
        pub(crate) replicas: i32,
        /// Since when.
        #[api(2)]
        pub(crate) since: Option<Time>,
        /// Whether all are well.
        #[api(3)]
        pub(crate) healthy: bool,
        /// Aspects of its state.
        #[api(4, keys("type"), merge_key = "type", merge)]
        pub(crate) conditions: Vec<Condition>,
    }
}

/// An older version of the same kind.
pub(crate) mod v1beta1 {
    use crate::api_type;
    use crate::meta::ObjectMeta;

    const PACKAGE: &str = "com.example.wardle.v1beta1";

    /// A flunder as it was.
    #[api_type(kind)]
    pub(crate) struct Flunder {
        /// Metadata of the object.
        #[api(1)]
        pub(crate) metadata: ObjectMeta,
        /// What it refers to.
        #[api(2)]
        pub(crate) reference: String,
    }
}

/// A hub with nothing but what these tests need.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Flunder(v1::Flunder);

impl Kind for Flunder {
    fn definition() -> &'static Definition {
        &FLUNDER
    }
    fn meta(&self) -> &ObjectMeta {
        &self.0.metadata
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.0.metadata
    }
    fn same_desired_state(&self, old: &Self) -> bool {
        self.0.spec == old.0.spec
    }
    fn validate(&self, _: &mut Errors) {}
}

impl WireVersion<Flunder> for v1::Flunder {
    const NAME: &'static str = "v1";
    fn into_hub(self) -> Flunder {
        Flunder(self)
    }
    fn from_hub(hub: &Flunder) -> Self {
        hub.0.clone()
    }
}

impl WireVersion<Flunder> for v1beta1::Flunder {
    const NAME: &'static str = "v1beta1";
    fn into_hub(self) -> Flunder {
        let spec = v1::FlunderSpec { target: self.reference, ..Default::default() };
        Flunder(v1::Flunder { metadata: self.metadata, spec, status: None })
    }
    fn from_hub(hub: &Flunder) -> Self {
        v1beta1::Flunder { metadata: hub.0.metadata.clone(), reference: hub.0.spec.target.clone() }
    }
}

/// A kind in namespaces, with two versions and all subresources.
pub(crate) static FLUNDER: Definition = Definition {
    group: "wardle.example.com",
    kind: "Flunder",
    plural: "flunders",
    short_names: &["fl"],
    categories: &["fish"],
    namespaced: true,
    versions: &[Version::of::<Flunder, v1::Flunder>(), Version::of::<Flunder, v1beta1::Flunder>()],
    storage_version: "v1",
    status: true,
    scale: true,
    finalize: false,
    status_metadata: false,
    columns: &[],
    selectable_fields: &[],
    name_rule: NameRule::Subdomain,
};

/// A kind without namespaces and subresources.
pub(crate) static FISCHER: Definition = Definition {
    kind: "Fischer",
    plural: "fischers",
    short_names: &[],
    categories: &[],
    namespaced: false,
    versions: &[Version::of::<Flunder, v1::Flunder>()],
    status: false,
    scale: false,
    finalize: false,
    ..FLUNDER
};

/// A kind of the core group.
pub(crate) static NOTE: Definition = Definition {
    group: "",
    kind: "Note",
    plural: "notes",
    versions: &[Version::of::<Flunder, v1::Flunder>()],
    scale: false,
    finalize: false,
    ..FLUNDER
};

/// All of them.
pub(crate) static ALL: &[&Definition] = &[&FLUNDER, &FISCHER, &NOTE];

fn golden_path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testdata", name].iter().collect()
}

/// Compares text with a file of `testdata`; `UPDATE_GOLDEN=1` writes the file instead.
pub(crate) fn golden(name: &str, text: &str) {
    let path = golden_path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "testdata/{name} differs; look at it with UPDATE_GOLDEN=1 and git diff");
}

/// The same for JSON, in which the order of keys does not matter.
pub(crate) fn golden_json(name: &str, value: &serde_json::Value) {
    let mut text = serde_json::to_string_pretty(value).unwrap();
    text.push('\n');
    let expected = std::fs::read_to_string(golden_path(name)).unwrap_or_default();
    let same = serde_json::from_str::<serde_json::Value>(&expected).is_ok_and(|expected| expected == *value);
    if !same {
        golden(name, &text);
    }
}
