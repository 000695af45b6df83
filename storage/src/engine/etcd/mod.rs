//! The engine `etcd`: the whole contract on etcd 3.5.8 or newer, shared by any number of replicas.
//!
//! Revisions are etcd's own: a key's is its `mod_revision`, the store's that of the answer. Writes are
//! transactions that compare `mod_revision`; reads are linearizable. Every key has the configured prefix in
//! etcd and not here. Before it is used, `probe` looks whether what answers does as etcd does: others speak its API, and one of
//! them, kine, is used with care (`wary`). Where no etcd answers, `stranger` finds out who does.
//!
//! # What the crate `etcd-client` does, and what is done around it
//! It knows etcd's messages and calls. Its build needs `protoc`, so the engine is a cargo feature, `etcd`;
//! without it [`Config`] is understood all the same, and opening the store says how to get it.
//!
//! | what | `etcd-client` | here |
//! |---|---|---|
//! | connections | balances over all members, dead ones too; keep-alives only when asked for | `channel`: one channel a member, with keep-alives and larger windows; `client`: one member is used until it fails |
//! | TLS | reads its certificates once | `tls`: reads them for every connection |
//! | a call that fails | is not repeated | `client`: asks the next member if the call never left; a write is never sent twice |
//! | deadline | one for all calls, watches included | `client`: one a call, until the answer; a watch has none |
//! | size of an answer | 4 MiB | unlimited; `store` reads listings in pages of one revision |
//! | leader | demanded by every call of a client, or by none | a watch demands one, so that it ends when its member lost it; other calls wait for the election |
//! | watch | one bare stream: cancellation, compaction, fragments and progress are messages like events, and a lost connection ends it | `watch`: resumed behind the last event, fragments joined, progress asked for until it comes |
//! | errors | etcd's status, or a text | `client`: this crate's kinds, with the endpoints and what to do |
//! | users and tokens, leases, locks, elections | yes | not used: certificates say who we are, and the Lease of the cluster elects |
//!
//! Messages are taken apart by their fields (the client's feature `pub-response-field`): its accessors copy the
//! answer of a transaction, lend the events of a watch, and do not tell that an answer is a fragment.

mod config;

#[cfg(feature = "etcd")]
mod channel;
#[cfg(feature = "etcd")]
mod client;
#[cfg(feature = "etcd")]
mod flight;
#[cfg(feature = "etcd")]
mod prefix;
#[cfg(feature = "etcd")]
mod probe;
#[cfg(feature = "etcd")]
mod store;
#[cfg(feature = "etcd")]
mod stranger;
#[cfg(feature = "etcd")]
mod tls;
#[cfg(feature = "etcd")]
mod wary;
#[cfg(feature = "etcd")]
mod watch;

pub use self::config::{Config, Tls, Unusable};
#[cfg(feature = "etcd")]
pub use self::store::{Etcd, open};

/// Why a program that was built without the feature cannot open the store.
#[cfg(any(test, not(feature = "etcd")))]
pub(super) fn missing() -> crate::Error {
    let how = "this program was built without etcd; build it with `cargo build --release --features etcd`, which needs \
               protoc (Debian packages protobuf-compiler and libprotobuf-dev), or use another store";
    crate::Error::Io(how.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_program_built_without_etcd_says_how_to_build_one_with_it() {
        let error = super::missing();
        // Waiting for it would not help.
        assert!(matches!(error, crate::Error::Io(_)), "{error}");
        for word in ["etcd", "--features etcd", "protobuf-compiler"] {
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
