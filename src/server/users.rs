//! Whom requests are believed to come from: what flags name, and for the rest what the cluster publishes (A-01…A-03).

use super::Error;
use super::ready;
use crate::cluster::{Authentication, Cluster};
use crate::pipeline::ClientCertificates;
use crate::pipeline::delegated::{FrontProxies, FrontProxy};
use crate::serve::{self, CaBundle, Shutdown, Tls};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Files of authorities are looked at so often.
const INTERVAL: Duration = Duration::from_secs(10);

/// What flags say.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// The file of the authorities of users' certificates.
    pub(super) client_ca: Option<PathBuf>,
    /// The file of the front proxy's authorities, and what else is believed about it.
    pub(super) front_proxy: Option<(PathBuf, Authentication)>,
    /// Whether what the cluster publishes is left aside.
    pub(super) skip_lookup: bool,
    /// Whether the server does without what it may not read.
    pub(super) tolerate_failure: bool,
}

impl Given {
    fn needs_lookup(&self) -> bool {
        !self.skip_lookup && (self.client_ca.is_none() || self.front_proxy.is_none())
    }

    fn read(&self) -> Result<Files, Error> {
        let read = |flag: &str, path: Option<&Path>| path.map(|path| authorities(flag, path)).transpose();
        Ok(Files {
            client_ca: read("--client-ca-file", self.client_ca.as_deref())?,
            front_proxy_ca: read(
                "--requestheader-client-ca-file",
                self.front_proxy.as_ref().map(|(path, _)| &**path),
            )?,
        })
    }
}

/// Reads a file of authorities, which must be usable.
fn authorities(flag: &str, path: &Path) -> Result<String, Error> {
    let wrong = |reason: &dyn std::fmt::Display| Error::Flags(format!("{flag} {}: {reason}", path.display()));
    let pem = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    CaBundle::from_pem(pem.as_bytes()).map_err(|error| wrong(&error))?;
    Ok(pem)
}

/// The content of the files, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Files {
    client_ca: Option<String>,
    front_proxy_ca: Option<String>,
}

/// Who vouches for users, as far as it is not asked for each of them.
pub(super) struct Users {
    pub(super) front_proxies: Arc<FrontProxies>,
    pub(super) certificates: Arc<ClientCertificates>,
    given: Given,
    tls: Tls,
    words: Mutex<Words>,
}

/// What is believed.
#[derive(Clone, Default)]
struct Words {
    published: Authentication,
    files: Files,
}

impl Users {
    /// Believes what the flags name, and advertises the authorities in handshakes.
    pub(super) fn new(given: Given, tls: Tls) -> Result<Arc<Users>, Error> {
        let files = given.read()?;
        let users = Users {
            front_proxies: Arc::default(),
            certificates: Arc::default(),
            given,
            tls,
            words: Mutex::default(),
        };
        users.change(|words| words.files = files)?;
        Ok(Arc::new(users))
    }

    /// Follows the files and the cluster until the end; an error when the cluster refuses to say whom to believe.
    pub(super) async fn follow(
        self: Arc<Self>,
        cluster: Cluster,
        shutdown: Shutdown,
        known: Arc<ready::Authentication>,
    ) -> Result<(), Error> {
        if self.given.needs_lookup() {
            tokio::try_join!(self.follow_cluster(cluster, &shutdown, &known), async {
                self.follow_files(&shutdown).await;
                Ok(())
            })?;
        } else {
            known.done();
            self.follow_files(&shutdown).await;
        }
        Ok(())
    }

    async fn follow_cluster(
        &self,
        cluster: Cluster,
        shutdown: &Shutdown,
        known: &ready::Authentication,
    ) -> Result<(), Error> {
        let changed = |published: &Authentication| match self
            .change(|words| words.published = published.clone())
        {
            Ok(()) => {
                tracing::info!("the cluster's word on whom to believe about users is taken");
                known.done();
            }
            Err(error) => {
                tracing::error!(%error, "the cluster's word on whom to believe about users cannot be used; what it said before stands");
            }
        };
        let ended = shutdown.draining().clone();
        Ok(cluster.follow_authentication(ended, self.given.tolerate_failure, changed).await?)
    }

    async fn follow_files(&self, shutdown: &Shutdown) {
        let mut seen = self.words().files;
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = shutdown.draining().cancelled() => return,
            }
            let read = self.given.read();
            if read.as_ref().is_ok_and(|files| *files == seen) {
                continue;
            }
            let taken = read.and_then(|files| {
                seen.clone_from(&files);
                Ok(self.change(|words| words.files = files)?)
            });
            match taken {
                Ok(()) => tracing::info!("authorities of users' certificates reloaded"),
                Err(error) => {
                    tracing::error!(%error, "cannot use new authorities of users' certificates; the present ones stay in use");
                }
            }
        }
    }

    fn words(&self) -> Words {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Believes something else, from the next request on; on an error all stays as it was.
    fn change(&self, change: impl FnOnce(&mut Words)) -> Result<(), serve::Error> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = words.clone();
        change(&mut next);
        self.believe(&self.together(&next))?;
        *words = next;
        Ok(())
    }

    /// What the flags say, over what the cluster says.
    fn together(&self, words: &Words) -> Authentication {
        let mut all = words.published.clone();
        if let (Some((_, given)), Some(pem)) = (&self.given.front_proxy, &words.files.front_proxy_ca) {
            all = Authentication { client_ca: all.client_ca, front_proxy_ca: pem.clone(), ..given.clone() };
        }
        if let Some(pem) = &words.files.client_ca {
            all.client_ca.clone_from(pem);
        }
        all
    }

    fn believe(&self, all: &Authentication) -> Result<(), serve::Error> {
        let has_clients = !all.client_ca.is_empty();
        let clients = has_clients.then(|| CaBundle::from_pem(all.client_ca.as_bytes())).transpose()?;
        let front_proxy = FrontProxy::of(all)?;
        let advertised: Vec<&CaBundle> =
            clients.iter().chain(front_proxy.as_ref().map(FrontProxy::authorities)).collect();
        self.tls.accept(&advertised)?;
        self.certificates.reload(clients);
        self.front_proxies.reload(front_proxy);
        Ok(())
    }
}
