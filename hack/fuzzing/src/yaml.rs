use crate::kinds::{kinds, text};
use apimachinery::wire::{json, yaml};

pub(crate) fn read(data: &[u8]) {
    let Ok((tree, _)) = yaml::decode(data) else { return };
    let written = yaml::encode(&tree);
    let (again, problems) =
        yaml::decode(written.as_bytes()).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!((&again, problems), (&tree, vec![]), "{written}");
    let mut out = Vec::new();
    json::encode(&tree, &mut out);
    assert_eq!(json::parse(&out).expect("JSON"), tree, "{}", text(&out));
    for kind in kinds() {
        if let Ok((hub, _)) = (kind.version.decode_tree)(&tree) {
            kind.json(&*hub);
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    crate::texts(&[
        "apiVersion: databases.standard.k8s.io/v1\nkind: PostgreSQL\nmetadata:\n  name: shop # of a shop\n  labels: {a: b, 'c': \"d\"}\nspec:\n  version: \"15\"\n  instances: 2\n  storage:\n    size: 1Gi\n",
        "a: &x [1, 0x1F, 0o17, 017, 1e3, .5, -.inf, ~, null, yes, 2026-01-01]\nb: *x\nc: {<<: {d: 1}, e: 2}\n",
        "---\na: |\n  one\n  two\nb: >-\n  three\n  four\n? key\n: value\n--- next\n...\n",
        "{\"a\": [1, 2.50, {\"b\": \"\\u00e9\\n\"}], \"a\": null}",
        "%YAML 1.1\n---\n!!str 1: !!int \"2\"\n",
    ])
}
