//! Headers: what is accepted, and what a body is said to be.

use super::Maker;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

/// What clients send.
const ACCEPTED: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/json, */*",
    "*/*",
    TABLE,
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
];

/// What they should not.
const ODD: &[&str] = &[
    "",
    "text/html",
    "text/html, application/json",
    "text/*",
    "application/*",
    "application/json;q=0.1, application/yaml",
    "application/json;q=0",
    "application/json; charset=utf-8",
    "application/json;pretty=1",
    "application/json;stream=watch",
    "application/json;as=Other;v=v1;g=meta.k8s.io",
    "application/json;as=Table;v=v9;g=meta.k8s.io",
    "application/json;as=Table;g=meta.k8s.io",
    "application/json;as=Table;v=v1;g=other",
    "application/yaml;as=Table;v=v1;g=meta.k8s.io",
    METADATA,
    METADATA_LIST,
    "application/yaml;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/vnd.kubernetes.protobuf",
    "application/cbor",
    "application",
    "/",
    "a/b/c",
    "application/json;",
    "application/json;as",
    ";",
    ",",
];

impl Maker<'_> {
    /// What is accepted, if it is said.
    pub(super) fn accept(&mut self, headers: &mut Vec<(&'static str, String)>) {
        if self.is_odd() {
            headers.push(("accept", self.random.of(ODD).to_owned()));
        } else if self.random.chance(30) {
            headers.push(("accept", self.random.of(ACCEPTED).to_owned()));
        }
        if self.random.chance(10) {
            headers.push((
                "user-agent",
                self.random.of(&["kubectl/v1.37.2 (linux/amd64)", "curl/8", "a b/c"]).to_owned(),
            ));
        }
        if self.random.chance(5) {
            headers.push(("accept-encoding", "gzip".to_owned()));
        }
    }

    /// What a body of JSON is said to be.
    pub(super) fn content(&mut self, usual: &'static str, headers: &mut Vec<(&'static str, String)>) {
        let odd = [
            "",
            "text/plain",
            "application/yaml",
            "application/json; charset=utf-8",
            "application/vnd.kubernetes.protobuf",
            "application/cbor",
            "application/json, application/yaml",
            "APPLICATION/JSON",
            "a",
            "application/json;",
            "application/json; a",
            "application/json; a=b; a=c",
            "application/x-www-form-urlencoded",
        ];
        match self.is_odd() {
            true if self.random.chance(10) => {}
            true => headers.push(("content-type", self.random.of(&odd).to_owned())),
            false => headers.push(("content-type", usual.to_owned())),
        }
    }
}
