//! Values as JSON and as the protobuf bytes that Kubernetes' own encoder writes for them.

use apimachinery::core;
use apimachinery::meta::{Condition, DeleteOptions};
use apimachinery::status::Status;
use apimachinery::wire::{Object, json, merge_fields};

/// Both forms are the same value, and what is written is read again.
#[track_caller]
fn check<T: Object>(text: &str, hex: &str) {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits");
    let golden: Vec<u8> = (0..hex.len()).step_by(2).map(digit).collect();
    let (value, context) = json::decode::<T>(text.as_bytes()).expect(text);
    assert!(context.problems().is_empty(), "{:?}", context.problems());
    let mut read = T::default();
    merge_fields(&mut read, &mut &golden[..]).expect(hex);
    assert_eq!(read, value);
    let mut written = Vec::new();
    json::encode(&value, &mut written);
    assert_eq!(String::from_utf8_lossy(&written), text);
    let (mut bytes, mut again) = (Vec::new(), T::default());
    value.encode_fields(&mut bytes);
    merge_fields(&mut again, &mut &bytes[..]).expect("a message just written");
    assert_eq!(again, value);
    // Kubernetes also writes empty scalars.
    assert!(bytes.len() <= golden.len());
}

#[test]
fn affinity() {
    check::<core::Affinity>(
        concat!(
            r#"{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchE"#,
            r#"xpressions":[{"key":"a","operator":"In","values":["b"]}],"matchFields":[{"key":"c","#,
            r#""operator":"Gt","values":["1"]}]}]},"#,
            r#""preferredDuringSchedulingIgnoredDuringExecution":[{"weight":5,"#,
            r#""preference":{"matchFields":[{"key":"d","operator":"Exists"}]}}]},"#,
            r#""podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels""#,
            r#":{"e":"f"}},"namespaces":["g"],"topologyKey":"h","namespaceSelector":{},"matchLabelKeys":["i"],"#,
            r#""mismatchLabelKeys":["j"]}]},"#,
            r#""podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"#,
            r#""podAffinityTerm":{"topologyKey":"k"}}]}}"#,
        ),
        concat!(
            "0a2f0a1a0a180a0a0a01611202496e1a0162120a0a0163120247741a013112110805120d120b0a016412064578697374",
            "73121a0a180a080a060a01651201661201671a016822002a016932016a1a091207086412031a016b",
        ),
    );
}

#[test]
fn toleration() {
    check::<core::Toleration>(
        r#"{"key":"a","operator":"Equal","value":"b","effect":"NoExecute","tolerationSeconds":9}"#,
        "0a01611205457175616c1a016222094e6f457865637574652809",
    );
}

#[test]
fn topology_spread_constraint() {
    check::<core::TopologySpreadConstraint>(
        concat!(
            r#"{"maxSkew":1,"topologyKey":"a","whenUnsatisfiable":"DoNotSchedule","labelSelector":{},"#,
            r#""minDomains":2,"nodeAffinityPolicy":"Honor","nodeTaintsPolicy":"Ignore","matchLabelKeys":["b"]}"#,
        ),
        "08011201611a0d446f4e6f745363686564756c65220028023205486f6e6f723a0649676e6f7265420162",
    );
}

#[test]
fn object_reference() {
    check::<core::ObjectReference>(
        concat!(
            r#"{"kind":"a","namespace":"b","name":"c","uid":"d","apiVersion":"e","resourceVersion":"f","#,
            r#""fieldPath":"g"}"#,
        ),
        "0a01611201621a01632201642a01653201663a0167",
    );
}

#[test]
fn local_object_reference() {
    check::<core::LocalObjectReference>(r#"{"name":"a"}"#, "0a0161");
}

#[test]
fn event_source() {
    check::<core::EventSource>(r#"{"component":"a","host":"b"}"#, "0a0161120162");
}

#[test]
fn event_series() {
    check::<core::EventSeries>(
        r#"{"count":3,"lastObservedTime":"2026-07-01T12:00:00.000001Z"}"#,
        "0803120908c08294d20610e807",
    );
}

#[test]
fn resource_requirements() {
    check::<core::ResourceRequirements>(
        concat!(
            r#"{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"1"},"claims":[{"name":"a","#,
            r#""request":"b"}]}"#,
        ),
        concat!(
            "0a0d0a0363707512060a043530306d0a0f0a066d656d6f727912050a03314769120a0a0363707512030a01311a060a01",
            "61120162",
        ),
    );
}

#[test]
fn status() {
    check::<Status>(
        concat!(
            r#"{"metadata":{"resourceVersion":"1","continue":"c","remainingItemCount":4},"status":"Failure","#,
            r#""message":"m","reason":"r","details":{"name":"n","group":"g","kind":"k","uid":"u","#,
            r#""causes":[{"reason":"a","message":"b","field":"c"}],"retryAfterSeconds":7},"code":500}"#,
        ),
        concat!(
            "0a0a0a001201311a0163200412074661696c7572651a016d2201722a190a016e1201671a016b22090a01611201621a01",
            "63280732017530f403",
        ),
    );
}

#[test]
fn delete_options() {
    check::<DeleteOptions>(
        concat!(
            r#"{"gracePeriodSeconds":1,"preconditions":{"uid":"a","resourceVersion":"b"},"#,
            r#""orphanDependents":true,"propagationPolicy":"Orphan","dryRun":["All"]}"#,
        ),
        "080112060a0161120162180122064f727068616e2a03416c6c",
    );
}

#[test]
fn condition() {
    check::<Condition>(
        concat!(
            r#"{"type":"a","status":"True","observedGeneration":3,"lastTransitionTime":"2026-07-01T12:00:00Z","#,
            r#""reason":"b","message":"c"}"#,
        ),
        "0a01611204547275651803220808c08294d20610002a0162320163",
    );
}
