use crate::kinds::{choose, kinds};
use apimachinery::wire::protobuf;

pub(crate) fn read(data: &[u8]) {
    let Some((kind, body)) = choose(data) else { return };
    let message = match protobuf::decode(body) {
        Ok(envelope) => {
            let again = protobuf::encode(&envelope.type_meta, envelope.raw);
            let again = protobuf::decode(&again).expect("an envelope that is written can be opened");
            assert_eq!((&again.type_meta, again.raw), (&envelope.type_meta, envelope.raw));
            envelope.raw
        }
        Err(_) => body,
    };
    if let Ok(hub) = (kind.version.decode_protobuf)(message) {
        kind.is_kept(&*hub);
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let objects = crate::json::seeds().into_iter().zip(kinds());
    objects
        .map(|(json, kind)| {
            let (hub, _) = (kind.version.decode_json)(&json[1..]).expect("a seed is an object");
            [&json[..1], &kind.protobuf(&*hub)].concat()
        })
        .collect()
}
