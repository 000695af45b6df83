//! The part of etcd's v3 API that is used: its messages, by their field numbers, and its methods.

use bytes::Bytes;

/// `/etcdserverpb.KV/Range`
pub(super) const RANGE: &str = "/etcdserverpb.KV/Range";
/// `/etcdserverpb.KV/Txn`
pub(super) const TXN: &str = "/etcdserverpb.KV/Txn";
/// `/etcdserverpb.KV/Compact`
pub(super) const COMPACT: &str = "/etcdserverpb.KV/Compact";
/// `/etcdserverpb.Maintenance/Status`
pub(super) const STATUS: &str = "/etcdserverpb.Maintenance/Status";
/// `/etcdserverpb.Watch/Watch`
pub(super) const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// Declares messages whose fields are all private to the engine.
macro_rules! messages {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, PartialEq, ::prost::Message)]
            pub(super) struct $name {
                $($(#[$field_meta])* pub(super) $field: $type),*
            }
        )+
    };
}

messages! {
    /// What every answer begins with.
    ResponseHeader {
        #[prost(uint64, tag = "1")]
        cluster_id: u64,
        #[prost(int64, tag = "3")]
        revision: i64,
    }

    /// A key with its value.
    KeyValue {
        #[prost(bytes = "bytes", tag = "1")]
        key: Bytes,
        #[prost(int64, tag = "2")]
        create_revision: i64,
        #[prost(int64, tag = "3")]
        mod_revision: i64,
        #[prost(bytes = "bytes", tag = "5")]
        value: Bytes,
    }

    /// A change: 0 a put, 1 a delete.
    Event {
        #[prost(int32, tag = "1")]
        r#type: i32,
        #[prost(message, optional, tag = "2")]
        kv: Option<KeyValue>,
        #[prost(message, optional, tag = "3")]
        prev_kv: Option<KeyValue>,
    }

    /// A read of the keys from `key` up to `range_end`, or of one key.
    RangeRequest {
        #[prost(bytes = "bytes", tag = "1")]
        key: Bytes,
        #[prost(bytes = "bytes", tag = "2")]
        range_end: Bytes,
        #[prost(int64, tag = "3")]
        limit: i64,
        #[prost(int64, tag = "4")]
        revision: i64,
        #[prost(bool, tag = "9")]
        count_only: bool,
    }

    /// The keys read; `count` is how many there are without the limit.
    RangeResponse {
        #[prost(message, optional, tag = "1")]
        header: Option<ResponseHeader>,
        #[prost(message, repeated, tag = "2")]
        kvs: Vec<KeyValue>,
        #[prost(bool, tag = "3")]
        more: bool,
        #[prost(int64, tag = "4")]
        count: i64,
    }

    /// A write.
    PutRequest {
        #[prost(bytes = "bytes", tag = "1")]
        key: Bytes,
        #[prost(bytes = "bytes", tag = "2")]
        value: Bytes,
    }

    /// A removal.
    DeleteRangeRequest {
        #[prost(bytes = "bytes", tag = "1")]
        key: Bytes,
    }

    /// One operation of a transaction.
    RequestOp {
        #[prost(oneof = "request_op::Request", tags = "1, 2, 3")]
        request: Option<request_op::Request>,
    }

    /// The answer to one operation; only that of a range is read.
    ResponseOp {
        #[prost(message, optional, tag = "1")]
        response_range: Option<RangeResponse>,
    }

    /// The condition that a key's `mod_revision` equals a number; 0: there is no such key.
    Compare {
        /// 0: equal.
        #[prost(int32, tag = "1")]
        result: i32,
        /// 2: the modification revision.
        #[prost(int32, tag = "2")]
        target: i32,
        #[prost(bytes = "bytes", tag = "3")]
        key: Bytes,
        /// Optional so that a 0 is sent, as the member of etcd's oneof that it is.
        #[prost(int64, optional, tag = "6")]
        mod_revision: Option<i64>,
    }

    /// `success` if `compare` holds, else `failure`.
    TxnRequest {
        #[prost(message, repeated, tag = "1")]
        compare: Vec<Compare>,
        #[prost(message, repeated, tag = "2")]
        success: Vec<RequestOp>,
        #[prost(message, repeated, tag = "3")]
        failure: Vec<RequestOp>,
    }

    /// Which way a transaction went.
    TxnResponse {
        #[prost(message, optional, tag = "1")]
        header: Option<ResponseHeader>,
        #[prost(bool, tag = "2")]
        succeeded: bool,
        #[prost(message, repeated, tag = "3")]
        responses: Vec<ResponseOp>,
    }

    /// Forgets the history before `revision`.
    CompactionRequest {
        #[prost(int64, tag = "1")]
        revision: i64,
    }

    /// Done.
    CompactionResponse {
        #[prost(message, optional, tag = "1")]
        header: Option<ResponseHeader>,
    }

    /// How is the member?
    StatusRequest {}

    /// The member's state.
    StatusResponse {
        #[prost(message, optional, tag = "1")]
        header: Option<ResponseHeader>,
        #[prost(string, tag = "2")]
        version: String,
        #[prost(int64, tag = "3")]
        db_size: i64,
    }

    /// What a client sends on a watch stream.
    WatchRequest {
        #[prost(oneof = "watch_request::Request", tags = "1, 3")]
        request: Option<watch_request::Request>,
    }

    /// Watch the keys from `key` up to `range_end`, from `start_revision` on.
    WatchCreateRequest {
        #[prost(bytes = "bytes", tag = "1")]
        key: Bytes,
        #[prost(bytes = "bytes", tag = "2")]
        range_end: Bytes,
        #[prost(int64, tag = "3")]
        start_revision: i64,
        #[prost(bool, tag = "4")]
        progress_notify: bool,
        #[prost(bool, tag = "6")]
        prev_kv: bool,
        #[prost(bool, tag = "8")]
        fragment: bool,
    }

    /// Tell how far the stream's watches are.
    WatchProgressRequest {}

    /// What a server sends on a watch stream.
    WatchResponse {
        #[prost(message, optional, tag = "1")]
        header: Option<ResponseHeader>,
        #[prost(bool, tag = "3")]
        created: bool,
        #[prost(bool, tag = "4")]
        canceled: bool,
        #[prost(int64, tag = "5")]
        compact_revision: i64,
        #[prost(string, tag = "6")]
        cancel_reason: String,
        /// The rest of the events follows.
        #[prost(bool, tag = "7")]
        fragment: bool,
        #[prost(message, repeated, tag = "11")]
        events: Vec<Event>,
    }
}

/// The operations of a transaction.
pub(super) mod request_op {
    /// One operation.
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub(in super::super) enum Request {
        /// A read.
        #[prost(message, tag = "1")]
        Range(super::RangeRequest),
        /// A write.
        #[prost(message, tag = "2")]
        Put(super::PutRequest),
        /// A removal.
        #[prost(message, tag = "3")]
        Delete(super::DeleteRangeRequest),
    }
}

/// The requests on a watch stream.
pub(super) mod watch_request {
    /// One request.
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub(in super::super) enum Request {
        /// Begin.
        #[prost(message, tag = "1")]
        Create(super::WatchCreateRequest),
        /// Progress, please.
        #[prost(message, tag = "3")]
        Progress(super::WatchProgressRequest),
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn a_comparison_with_zero_is_sent() {
        let compare = Compare { result: 0, target: 2, key: Bytes::from_static(b"k"), mod_revision: Some(0) };
        assert_eq!(compare.encode_to_vec(), b"\x10\x02\x1a\x01k\x30\x00");
    }
}
