//! A kind made of what the macros write alone.

use super::{Definition, Hub, Kind, Version, parts, version};
use crate::api_type;
use crate::meta::ObjectMeta;
use serde_json::json;

const PACKAGE: &str = "com.example.wardle.v1";

/// What is wanted of a flunder.
#[api_type]
struct FlunderSpec {
    /// A number.
    #[api(1)]
    pub count: i32,
}

/// What a flunder is.
#[api_type]
struct FlunderStatus {
    /// A word.
    #[api(1)]
    pub phase: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Flunder {
    metadata: ObjectMeta,
    spec: FlunderSpec,
    status: FlunderStatus,
}

mod v1 {
    use super::*;

    version! {
        /// A flunder.
        V1 of Flunder is "v1" {
            /// Metadata.
            #[api(1, required)]
            metadata: ObjectMeta,
            /// What is wanted.
            #[api(2, required)]
            spec: FlunderSpec,
            /// What is.
            #[api(3)]
            status: FlunderStatus,
        }
    }
}

mod v1beta1 {
    use super::*;

    version! {
        /// A flunder.
        V1beta1 of Flunder is "v1beta1", deprecated "use v1" {
            /// Metadata.
            #[api(1, required)]
            metadata: ObjectMeta,
            /// What is wanted.
            #[api(3)]
            spec: FlunderSpec,
            /// What is.
            #[api(2)]
            status: FlunderStatus,
        }
    }
}

const VERSIONS: &[Version] = &[Version::of::<Flunder, v1::V1>(), Version::of::<Flunder, v1beta1::V1beta1>()];
static DEFINITION: Definition =
    Definition::new("wardle.example.com", "Flunder", "flunders", VERSIONS).with_status();

impl Kind for Flunder {
    parts!(DEFINITION, spec: spec, status: status);
}

fn flunder(name: &str, count: i32, phase: &str) -> Flunder {
    let metadata = ObjectMeta { name: name.into(), ..Default::default() };
    Flunder { metadata, spec: FlunderSpec { count }, status: FlunderStatus { phase: phase.into() } }
}

#[test]
fn a_version_of_the_hubs_fields_says_all_of_them() {
    let hub: &dyn Hub = &flunder("n", 3, "Up");
    for version in hub.definition().versions {
        assert_eq!(version.schema.name, "Flunder");
        let tree = (version.to_tree)(hub);
        assert_eq!(
            tree,
            json!({"metadata": {"name": "n"}, "spec": {"count": 3}, "status": {"phase": "Up"}}),
            "{}",
            version.name
        );
        assert!(hub.same(&*(version.decode_tree)(&tree).unwrap().0), "{}", version.name);
        let mut message = Vec::new();
        (version.encode_protobuf)(hub, &mut message);
        assert!(hub.same(&*(version.decode_protobuf)(&message).unwrap()), "{}", version.name);
    }
    let deprecated: Vec<_> = DEFINITION.versions.iter().map(|version| version.deprecated).collect();
    assert_eq!(deprecated, [None, Some("use v1")]);
}

#[test]
fn an_update_keeps_the_status_and_a_status_update_the_spec() {
    let old = flunder("n", 1, "Up");
    let mut updated = flunder("n", 2, "Down");
    Kind::prepare_update(&mut updated, &old);
    assert_eq!(updated, flunder("n", 2, "Up"));
    assert!(!Kind::same_desired_state(&updated, &old));
    let mut updated = flunder("n", 2, "Down");
    Kind::prepare_status_update(&mut updated, &old);
    assert_eq!(updated, flunder("n", 1, "Down"));
    assert!(Kind::same_desired_state(&updated, &old));
}
