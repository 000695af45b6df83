use crate::kinds::{choose, of_each};
use apimachinery::json_patch::{Patch, merge};
use apimachinery::strategic_merge;
use apimachinery::wire::json;

/// An object and a patch of it, with a zero byte between them.
pub(crate) fn read(data: &[u8]) {
    let Some((kind, data)) = choose(data) else { return };
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (Some(object), Some(patch)) = (parts.next(), parts.next()) else { return };
    let Ok((hub, _)) = (kind.version.decode_json)(object) else { return };
    let Ok(patch) = json::parse(patch) else { return };
    let object = (kind.version.to_tree)(&*hub);
    let mut merged = object.clone();
    merge(&mut merged, &patch);
    let mut twice = merged.clone();
    merge(&mut twice, &patch);
    assert_eq!(twice, merged, "a merge patch twice");
    let mut strategic = object.clone();
    if strategic_merge::apply(kind.version.schema, &mut strategic, &patch).is_ok()
        && let Ok((hub, _)) = (kind.version.decode_tree)(&strategic)
    {
        kind.is_kept(&*hub);
    }
    if let Ok(patch) = Patch::parse(patch) {
        let _ = patch.apply(&mut object.clone());
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    const PATCHES: &[&str] = &[
        r#"{"metadata":{"labels":{"a":"b","key":null},"finalizers":["x"]},"spec":{"instances":3}}"#,
        r#"{"metadata":{"$patch":"replace","name":"x"},"$retainKeys":["metadata"]}"#,
        r#"{"metadata":{"$setElementOrder/finalizers":["x","text"],"$deleteFromPrimitiveList/finalizers":["text"]}}"#,
        r#"{"spec":{"users":[{"name":"text","$patch":"delete"},{"name":"x"}],"$setElementOrder/users":[{"name":"x"}]}}"#,
        r#"[{"op":"test","path":"/metadata/name","value":"text"},{"op":"add","path":"/metadata/labels/a~1b","value":"c"}]"#,
        r#"[{"op":"move","from":"/metadata/labels","path":"/metadata/annotations"},{"op":"copy","from":"/spec","path":"/x"}]"#,
        r#"[{"op":"replace","path":"/metadata/finalizers/-","value":1},{"op":"remove","path":"/metadata/finalizers/-1"}]"#,
    ];
    let each = PATCHES.iter().map(|patch| of_each(|object| [object, b"\0", patch.as_bytes()].concat()));
    each.flatten().collect()
}
