//! An event of `audit.k8s.io/v1`, as JSON.

use std::collections::BTreeMap;
use std::net::IpAddr;

use apimachinery::time::MicroTime;
use http::HeaderMap;
use http::header::USER_AGENT;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::request_info::RequestInfo;
use super::super::user::UserInfo;
use super::policy::{Level, Stage};

/// Of a client's name so many bytes are recorded.
const LONGEST_AGENT: usize = 1024;

/// An event; its fields in the order in which they are written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) kind: &'static str,
    pub(super) api_version: &'static str,
    pub(super) level: Level,
    #[serde(rename = "auditID")]
    pub(super) audit_id: String,
    pub(super) stage: Stage,
    #[serde(rename = "requestURI")]
    pub(super) request_uri: String,
    pub(super) verb: &'static str,
    pub(super) user: User,
    #[serde(rename = "sourceIPs", skip_serializing_if = "Vec::is_empty")]
    pub(super) source_ips: Vec<IpAddr>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) user_agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_ref: Option<ObjectReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_status: Option<ResponseStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_object: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_object: Option<Box<RawValue>>,
    #[serde(serialize_with = "time")]
    pub(super) request_received_timestamp: MicroTime,
    #[serde(serialize_with = "time")]
    pub(super) stage_timestamp: MicroTime,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// Who asks.
#[derive(Debug, Default, Serialize)]
pub(super) struct User {
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    uid: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<String, Vec<String>>,
}

/// What the request is about.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ObjectReference {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) api_group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) api_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) resource_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) subresource: String,
}

/// The outcome: what a Status says, or no more than the code.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ResponseStatus {
    #[serde(skip_deserializing)]
    metadata: Nothing,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Box<RawValue>>,
    pub(super) code: u16,
}

/// `{}`.
#[derive(Debug, Default, Serialize)]
struct Nothing {}

fn time<S: serde::Serializer>(time: &MicroTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

impl Event {
    /// The line of a log.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

impl From<&UserInfo> for User {
    fn from(user: &UserInfo) -> Self {
        let UserInfo { name, uid, groups, extra } = user.clone();
        Self { username: name, uid, groups, extra: extra.into_iter().collect() }
    }
}

impl ResponseStatus {
    pub(super) fn panicked(said: &str) -> Self {
        Self {
            status: "Failure".to_owned(),
            message: format!("APIServer panic'd: {said}"),
            reason: "InternalError".to_owned(),
            code: 500,
            ..Self::default()
        }
    }

    pub(super) fn closed() -> Self {
        let message = "Connection closed early".to_owned();
        Self { status: "Success".to_owned(), message, code: 200, ..Self::default() }
    }
}

impl ObjectReference {
    /// As far as the request line tells; nothing where it is about no resource.
    pub(super) fn of(info: &RequestInfo) -> Option<Self> {
        info.is_resource_request().then(|| Self {
            resource: info.resource().to_owned(),
            namespace: info.namespace().to_owned(),
            name: info.name().to_owned(),
            api_group: info.group().to_owned(),
            api_version: info.version().to_owned(),
            subresource: info.subresource().to_owned(),
            ..Self::default()
        })
    }
}

/// From where a request comes: the proxies that it says, which may be made up, and who sent it here.
pub(super) fn source_ips(headers: &HeaderMap, peer: Option<IpAddr>) -> Vec<IpAddr> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let address = |text: &str| text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let mut all: Vec<IpAddr> = header("x-forwarded-for").split(',').filter_map(address).collect();
    all.extend(address(header("x-real-ip")).filter(|real| !all.contains(real)));
    all.extend(peer.map(|peer| peer.to_canonical()).filter(|peer| all.last() != Some(peer)));
    all
}

/// What the client calls itself, cut where it is too long.
pub(super) fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).map_or(&b""[..], |value| value.as_bytes());
    match agent.get(..LONGEST_AGENT) {
        Some(beginning) if agent.len() > LONGEST_AGENT => {
            format!("{}...TRUNCATED", String::from_utf8_lossy(beginning))
        }
        _ => String::from_utf8_lossy(agent).into_owned(),
    }
}

/// JSON as it stands in a line; nothing if it is none.
pub(super) fn object(json: &[u8], omit_managed_fields: bool) -> Option<Box<RawValue>> {
    let text = match omit_managed_fields {
        true => {
            let mut tree: Value = serde_json::from_slice(json).ok()?;
            without_managed_fields(&mut tree);
            tree.to_string()
        }
        false => String::from_utf8(compact(json)).ok()?,
    };
    RawValue::from_string(text).ok()
}

/// Of an object, of the items of a list, and of the objects in the rows of a table.
fn without_managed_fields(tree: &mut Value) {
    if let Some(metadata) = tree.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    for (list, inner) in [("items", None), ("rows", Some("object"))] {
        for item in tree.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            match inner {
                None => without_managed_fields(item),
                Some(inner) => item.get_mut(inner).into_iter().for_each(without_managed_fields),
            }
        }
    }
}

/// JSON without white space between its words.
fn compact(json: &[u8]) -> Vec<u8> {
    let (mut within, mut escaped) = (false, false);
    let mut out = Vec::with_capacity(json.len());
    for byte in json {
        if within || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            out.push(*byte);
        }
        match (within, byte) {
            (true, b'"') => within = escaped,
            (false, b'"') => within = true,
            _ => {}
        }
        escaped = within && *byte == b'\\' && !escaped;
    }
    out
}
