//! A serving certificate that others renew: its files are read again and again.
//!
//! The content decides, not the time or the name of a file, because volumes of secrets swap links. What cannot be
//! used is reported and the present certificate kept.

use std::path::PathBuf;
use std::time::Duration;

use super::error::Error;
use super::shutdown::Shutdown;
use super::tls::{Tls, TlsMaterial};

/// The files of a serving certificate and its key.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificates in PEM, leaf first.
    pub certificates: PathBuf,
    /// The private key in PEM.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Reads the files.
    pub fn read(&self) -> Result<TlsMaterial, Error> {
        TlsMaterial::from_files(&self.certificates, &self.key)
    }

    /// Looks at the files every `interval` and serves what is new in them, until the shutdown drains.
    pub async fn follow(self, tls: Tls, interval: Duration, shutdown: Shutdown) {
        let mut served = self.content();
        loop {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = shutdown.draining().cancelled() => return,
            }
            let present = self.content();
            if present == served {
                continue;
            }
            match self.read().and_then(|material| tls.reload(material)) {
                Ok(()) => {
                    tracing::info!(file = %self.certificates.display(), "serving certificate reloaded");
                    served = present;
                }
                Err(error) => {
                    tracing::error!(%error, "cannot use the new serving certificate; the present one stays in use");
                }
            }
        }
    }

    fn content(&self) -> [Option<Vec<u8>>; 2] {
        [&self.certificates, &self.key].map(|path| std::fs::read(path).ok())
    }
}
