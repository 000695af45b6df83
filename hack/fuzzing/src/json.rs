use crate::kinds::{choose, of_each};
use apimachinery::wire::json;

pub(crate) fn read(data: &[u8]) {
    let Some((kind, body)) = choose(data) else { return };
    let duplicates = json::duplicate_fields(body);
    if let Ok((hub, _)) = (kind.version.decode_json)(body) {
        kind.is_kept(&*hub);
        // What stands twice is joined in an object, and the last one counts in a tree, as in Go.
        if !duplicates.is_empty() {
            return;
        }
        let tree = json::parse(body).expect("what is an object is JSON");
        let (again, _) = (kind.version.decode_tree)(&tree).expect("an object is one as a tree, too");
        assert_eq!(kind.json(&*again), kind.json(&*hub), "as a tree");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    of_each(<[u8]>::to_vec)
}
