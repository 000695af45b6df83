//! The service `v2.KeyManagementService`, as every plugin of a KMS speaks it (E-0E).

use prost::Message;
use std::collections::BTreeMap;

/// A call: its path, what is sent and what is answered.
pub(super) trait Call: Message + Default + 'static {
    const PATH: &'static str;
    type Answer: Message + Default + 'static;
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusResponse {
    #[prost(string, tag = "1")]
    pub(super) version: String,
    #[prost(string, tag = "2")]
    pub(super) healthz: String,
    #[prost(string, tag = "3")]
    pub(super) key_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DecryptRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) ciphertext: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) uid: String,
    #[prost(string, tag = "3")]
    pub(super) key_id: String,
    #[prost(btree_map = "string, bytes", tag = "4")]
    pub(super) annotations: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DecryptResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) plaintext: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EncryptRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) plaintext: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) uid: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EncryptResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) ciphertext: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) key_id: String,
    #[prost(btree_map = "string, bytes", tag = "3")]
    pub(super) annotations: BTreeMap<String, Vec<u8>>,
}

impl Call for StatusRequest {
    const PATH: &'static str = "/v2.KeyManagementService/Status";
    type Answer = StatusResponse;
}

impl Call for DecryptRequest {
    const PATH: &'static str = "/v2.KeyManagementService/Decrypt";
    type Answer = DecryptResponse;
}

impl Call for EncryptRequest {
    const PATH: &'static str = "/v2.KeyManagementService/Encrypt";
    type Answer = EncryptResponse;
}
