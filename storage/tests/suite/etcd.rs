//! What only etcd can do: go away, come back, and ask for certificates.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use databases_storage::engine::etcd::{self, Config, Tls};
use databases_storage::{Error, Revision, Storage, Update, WatchMessage, WatchStream};
use futures_util::StreamExt;
use futures_util::future::join_all;

use crate::support::{Authority, Etcd};

async fn create(store: &dyn Storage, key: &str) -> Revision {
    match store.create(key, Bytes::from_static(b"x")).await.unwrap() {
        Update::Done(revision) => revision,
        Update::Conflict(found) => panic!("a conflict with {found:?}"),
    }
}

/// The revisions of the events up to `last`.
async fn revisions(watch: &mut WatchStream, last: Revision) -> Vec<Revision> {
    let mut seen = Vec::new();
    let read = async {
        while seen.last().is_none_or(|seen| *seen < last) {
            if let WatchMessage::Events(events) = watch.next().await.unwrap().unwrap() {
                seen.extend(events.iter().map(|event| event.revision));
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), read).await.expect("the events come");
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_outlives_restarts() {
    let Some(mut server) = Etcd::start().await else { return };
    let store = server.open(server.config()).await;
    let mut watch = store.watch("/a/", store.revision().await.unwrap()).await.unwrap();
    let mut written = Vec::new();
    let mut seen = Vec::new();
    for round in 0..3 {
        for number in 0..5 {
            written.push(create(&store, &format!("/a/{round}-{number}")).await);
        }
        if round != 1 {
            // In round 1 the events wait unread while etcd is away.
            seen.extend(revisions(&mut watch, *written.last().unwrap()).await);
        }
        server.kill().await;
        let error = store.revision().await.unwrap_err();
        assert!(matches!(&error, Error::Unavailable(reason) if reason.contains("127.")), "{error}");
        server.run().await;
        // The same handle works again.
        drop(server.open(server.config()).await);
    }
    written.push(create(&store, "/a/last").await);
    seen.extend(revisions(&mut watch, *written.last().unwrap()).await);
    assert_eq!(seen, written);

    let now = store.revision().await.unwrap();
    store.request_progress().await.unwrap();
    let progress =
        async { while !matches!(watch.next().await, Some(Ok(WatchMessage::Progress(r))) if r >= now) {} };
    tokio::time::timeout(Duration::from_secs(30), progress).await.expect("progress after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_compaction_overtook_ends() {
    let Some(mut server) = Etcd::start().await else { return };
    let store = server.open(server.config()).await;
    let first = create(&store, "/a/1").await;
    let mut watch = store.watch("/a/", first - 1).await.unwrap();
    assert_eq!(revisions(&mut watch, first).await, [first]);
    // The watch reads nothing meanwhile, so it is behind when it reconnects.
    server.kill().await;
    server.run().await;
    let other = server.open(server.config()).await;
    create(&other, "/a/2").await;
    let last = create(&other, "/b/3").await;
    other.compact(last).await.unwrap();
    let error =
        tokio::time::timeout(Duration::from_secs(30), watch.next()).await.unwrap().unwrap().unwrap_err();
    assert!(
        matches!(error, Error::Compacted { requested, oldest } if requested == first && oldest == last),
        "{error}"
    );
    assert!(watch.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_members_are_passed_over() {
    let Some(server) = Etcd::start().await else { return };
    drop(server.open(server.config()).await);
    let live = &server.config().endpoints[0];
    let config = Config::new(["http://127.255.255.1:1", "http://127.255.255.1:2", live]);
    let store = etcd::open(config).await.unwrap();
    let mut watch = store.watch("/", store.revision().await.unwrap()).await.unwrap();
    let mut written = Vec::new();
    for number in 0..20 {
        written.push(create(&store, &format!("/a/{number}")).await);
        assert!(store.revision().await.unwrap() >= written[number]);
    }
    assert_eq!(revisions(&mut watch, written[19]).await, written);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_prefixes_share_an_etcd() {
    let Some(server) = Etcd::start().await else { return };
    let here = server.open(server.config()).await;
    let there = server.open(Config { prefix: "/registry/other/".to_owned(), ..server.config() }).await;
    let mut watch = here.watch("/", here.revision().await.unwrap()).await.unwrap();
    create(&there, "/a/1").await;
    let revision = create(&here, "/a/1").await;
    assert_eq!(revisions(&mut watch, revision).await, [revision]);
    let page = there.list("/", None, 0, databases_storage::ReadAt::Latest).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(here.size().await.unwrap().is_some_and(|size| size > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_share_reads_of_the_revision() {
    let Some(server) = Etcd::start().await else { return };
    let store = Arc::new(server.open(server.config()).await);
    let written = create(store.as_ref(), "/a/1").await;
    let revisions = join_all((0..200).map(|_| store.revision())).await;
    assert!(revisions.into_iter().all(|revision| revision.unwrap() >= written));
}

/// The files of a server that the authority vouches for, and the flags that name them.
fn server_files(folder: &Path, address: IpAddr, authority: &Authority) -> Vec<String> {
    let (certificate, key) = authority.sign(&address.to_string());
    let file = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    };
    ["--client-cert-auth".to_owned()]
        .into_iter()
        .chain(["--cert-file".to_owned(), file("tls.crt", &certificate)])
        .chain(["--key-file".to_owned(), file("tls.key", &key)])
        .chain(["--trusted-ca-file".to_owned(), file("ca.crt", &authority.pem())])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_shown_and_checked() {
    let authority = Authority::new();
    let flags = |folder: &Path, address| server_files(folder, address, &authority);
    let Some(server) = Etcd::prepare("https", flags) else { return };
    let server = server.started().await;
    let folder = tempfile::tempdir().unwrap();
    let tls = client_files(&folder.path().join("client"), &authority);
    let config = Config { tls: Some(tls.clone()), ..server.config() };
    let store = server.open(config.clone()).await;
    create(&store, "/a/1").await;

    let stranger =
        Tls { ca: client_files(&folder.path().join("other"), &Authority::new()).ca, ..tls.clone() };
    let nobody = Tls { identity: None, ..tls.clone() };
    let lost = Tls { ca: folder.path().join("nothing"), ..tls };
    for tls in [Some(stranger), Some(nobody), Some(lost), None] {
        let error = etcd::open(Config { tls, ..config.clone() }).await.err().expect("it is refused");
        eprintln!("{error}");
        assert!(error.to_string().contains(&config.endpoints[0]), "{error}");
    }
}

/// The files of a client that the authority vouches for.
fn client_files(folder: &Path, authority: &Authority) -> Tls {
    std::fs::create_dir_all(folder).unwrap();
    let file = |name: &str, content: String| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let (certificate, key) = authority.sign("client");
    let identity = Some((file("client.crt", certificate), file("client.key", key)));
    Tls { ca: file("ca.crt", authority.pem()), identity }
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_certificates_are_used_without_opening_the_store_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Authority::new(), Authority::new());
    let mut renew: Box<dyn FnOnce()> = Box::new(|| ());
    let flags = |served: &Path, address| {
        let (served, second) = (served.to_owned(), &second);
        let flags = server_files(&served, address, &first);
        renew = Box::new(move || drop(server_files(&served, address, second)));
        flags
    };
    let Some(server) = Etcd::prepare("https", flags) else { return };
    let mut server = server.started().await;
    let tls = client_files(folder.path(), &first);
    let store = server.open(Config { tls: Some(tls), ..server.config() }).await;
    let mut watch = store.watch("/a/", store.revision().await.unwrap()).await.unwrap();
    create(&store, "/a/1").await;

    server.kill().await;
    renew();
    client_files(folder.path(), &second);
    server.run().await;
    let last = create(&store, "/a/2").await;
    assert_eq!(revisions(&mut watch, last).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_etcd_is_named() {
    let config =
        Config { dial_timeout: Duration::from_millis(500), ..Config::new(["http://127.255.255.1:1"]) };
    let error = etcd::open(config).await.err().expect("nothing listens there");
    assert!(
        matches!(&error, Error::Unavailable(reason) if reason.contains("http://127.255.255.1:1")),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains("refused"), "{text}");

    for endpoints in
        [vec![], vec!["127.0.0.1:2379"], vec!["ftp://127.0.0.1:2379"], vec!["https://127.0.0.1:2379"]]
    {
        let error = etcd::open(Config::new(endpoints.clone())).await.err().expect("it is refused");
        assert!(matches!(error, Error::Io(_)), "{endpoints:?}: {error}");
    }
}
