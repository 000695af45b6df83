//! What holds whatever is applied.

use super::applies::{Stored, VERSION, config};
use super::text;
use proptest::prelude::*;
use serde_json::{Value, json};

fn spec() -> impl Strategy<Value = Value> {
    super::laws::object().prop_map(|object| object["spec"].clone())
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c\"é\\PC]{0,3}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "metadata",
            "spec",
            "parts",
            "tags",
            "name",
            "settings",
            "annotations",
            "labels"
        ])
        .prop_map(str::to_owned),
        "[a-c]"
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_applied_again_changes_nothing(one in spec(), other in spec()) {
        let (one, other) = (config(one), config(other));
        let stored = Stored::default().after("a", false, &one).after("b", true, &other);
        let again = stored.apply("b", VERSION, false, &other).unwrap();
        prop_assert!(again.object.is_none(), "{:?}", again.object);
        prop_assert!(again.entries.is_shared(&stored.entries));
    }

    #[test]
    fn who_applies_nothing_more_leaves_what_others_own(one in spec(), other in spec()) {
        let (one, other) = (config(one), config(other));
        let alone = Stored::default().after("a", false, &one);
        let nothing = json!({"apiVersion": VERSION, "kind": "Flunder", "metadata": {"name": "f"}});
        let stored = alone.after("b", true, &other).after("b", true, &nothing);
        prop_assert!(stored.owned().iter().all(|(name, _)| name != "b"));
        let back = stored.apply("a", VERSION, false, &one);
        prop_assert!(back.is_ok(), "{:?}", back.err());
    }

    #[test]
    fn nothing_panics(config in anything(), live in anything(), annotation in anything()) {
        let stored = Stored { live: Some(live), ..Stored::default() };
        let _ = stored.apply("m", VERSION, false, &config);
        let mut live = self::config(json!({"reference": "a"}));
        live["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": text(&annotation)});
        let stored = Stored { live: Some(live), ..Stored::default() };
        let _ = stored.apply("kubectl", VERSION, false, &config);
    }
}
