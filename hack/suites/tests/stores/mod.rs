//! The stores of a server, opened past it.

use std::path::Path;

use databases_storage::engine;

/// What keys in etcd begin with.
pub(crate) const PREFIX: &str = "/registry/databases.standard.k8s.io";

/// The embedded store of a server that does not run.
pub(crate) fn redb(data_dir: &Path) -> engine::Config {
    engine::Config::Redb(engine::redb::Config::new(data_dir.join("store.redb")))
}

/// The store in an etcd.
pub(crate) fn etcd(url: &str) -> engine::Config {
    let mut config = engine::etcd::Config::new([url]);
    PREFIX.clone_into(&mut config.prefix);
    engine::Config::Etcd(config)
}
