//! What is written is read again.

use crate::everything::{Everything, everything};
use apimachinery::wire::{Object, json, merge_fields, protobuf, yaml};
use proptest::prelude::*;

fn to_json(value: &Everything) -> Vec<u8> {
    let mut out = Vec::new();
    json::encode(value, &mut out);
    out
}

proptest! {
    #[test]
    fn json_text(value in everything()) {
        let text = to_json(&value);
        let (read, context) = json::decode::<Everything>(&text).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert!(context.problems().is_empty());
        prop_assert_eq!(to_json(&read), text);
    }

    #[test]
    fn json_tree(value in everything()) {
        let tree = json::to_tree(&value);
        let text: serde_json::Value = serde_json::from_slice(&to_json(&value)).unwrap();
        prop_assert_eq!(&tree, &text);
        prop_assert_eq!(json::decode_tree::<Everything>(&tree).unwrap().0, value);
    }

    #[test]
    fn yaml_text(value in everything()) {
        let tree = json::to_tree(&value);
        let (read, problems) = yaml::decode(yaml::encode(&tree).as_bytes()).unwrap();
        prop_assert!(problems.is_empty());
        prop_assert_eq!(json::decode_tree::<Everything>(&read).unwrap().0, value);
    }

    #[test]
    fn protobuf_message(value in everything()) {
        let mut bytes = Vec::new();
        value.encode_fields(&mut bytes);
        prop_assert_eq!(bytes.len(), value.fields_length());
        let mut read = Everything::default();
        merge_fields(&mut read, &mut &bytes[..]).unwrap();
        prop_assert_eq!(&read, &value);
        // Equal quantities may be written in other formats.
        prop_assert_eq!(to_json(&read), to_json(&value));
    }

    #[test]
    fn damaged_protobuf_is_refused_or_read(value in everything(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Vec::new();
        value.encode_fields(&mut bytes);
        let at = at.index(bytes.len());
        let cut = bytes[..at].to_vec();
        bytes[at] = byte;
        for damaged in [cut, bytes] {
            let _ = merge_fields(&mut Everything::default(), &mut &damaged[..]);
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = merge_fields(&mut Everything::default(), &mut &bytes[..]);
        let _ = json::decode::<Everything>(&bytes);
        let _ = protobuf::decode(&bytes);
        let _ = yaml::decode(&bytes);
    }
}
