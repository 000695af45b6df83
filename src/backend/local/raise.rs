//! A server that runs with the configuration it should have: started, reloaded or restarted, whichever is the least.

use super::config::{DIGEST_SETTING, Rendered};
use super::error::Error;
use super::instance::Instance;
use super::process::Postmaster;
use super::server::ShutdownMode;
use super::sql::Session;
use super::state::Parameters;
use std::time::Duration;
use tokio::time::Instant;

/// How often starting is tried with another port, or with the parameters of before.
const ATTEMPTS: usize = 8;
/// How long a server may take to read its configuration again.
const RELOAD: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(10);

impl Instance<'_> {
    /// Makes the n-th server run with the configuration it should have.
    pub(super) async fn raise(&mut self, index: u32) -> Result<(), Error> {
        let mut taken = 0;
        for _ in 0..ATTEMPTS {
            let floor = self.floor(index).await;
            let rendered = self.render(index, &floor);
            let server = self.server(index);
            rendered.write(&server.folder, &self.host.account)?;
            if let Some(running) = server.running()
                && self.reload(index, running, &rendered).await?
            {
                return Ok(());
            }
            match server.start().await {
                Ok(()) => {
                    if index == 0 {
                        self.state.started = Some(self.state.effective_parameters().clone());
                    }
                    return Ok(());
                }
                // It has replayed, or its primary wrote, what it needs more for.
                Err(Error::StartFailed { .. }) if self.floor(index).await != floor => {}
                Err(error) => {
                    taken = server.port;
                    self.yield_to(index, error)?;
                }
            }
        }
        Err(Error::PortTaken(taken))
    }

    /// What may help after a start that failed: another port, or the parameters of before. Else the error itself.
    fn yield_to(&mut self, index: u32, error: Error) -> Result<(), Error> {
        let others = |last: &&Parameters| *last != self.state.effective_parameters();
        let is_trial = self.state.parameters.as_ref().is_some_and(|last| others(&last));
        let started = self.state.started.as_ref().filter(|last| index == 0 && others(last)).cloned();
        match error {
            Error::PortTaken(port) if index > 0 || self.state.desired.port != Some(port) => {
                let next = self.host.ports.take(Some(port))?;
                self.host.ports.release(port);
                if let Some(slot) = self.state.ports.get_mut(index as usize) {
                    *slot = next;
                }
                self.save()
            }
            Error::StartFailed { log, .. } if is_trial => self.reject(log),
            // A running server took what it does not start with.
            Error::StartFailed { log, .. } if started.is_some() => {
                self.state.parameters = started;
                self.reject(log)
            }
            error => Err(error),
        }
    }

    /// Makes a running server read its configuration. False when it was stopped because it must start anew.
    async fn reload(&self, index: u32, running: Postmaster, rendered: &Rendered) -> Result<bool, Error> {
        let Some(session) = self.enter(index, running).await? else { return Ok(false) };
        if digest(&session).await?.as_deref() != Some(&rendered.digest) {
            session.run("reload the configuration", "SELECT pg_reload_conf()").await?;
            let deadline = Instant::now() + RELOAD;
            while digest(&session).await?.as_deref() != Some(&rendered.digest) {
                if Instant::now() > deadline {
                    return Err(Error::Timeout(format!("the reload of server {}", self.server(index).name)));
                }
                tokio::time::sleep(POLL).await;
            }
        }
        let pending = "SELECT count(*)::text FROM pg_settings WHERE pending_restart";
        if session.text("read settings", pending).await?.as_deref() == Some("0") {
            return Ok(true);
        }
        tracing::info!(server = %self.server(index).name, pid = %running.pid, "restarting for a changed parameter");
        self.server(index).stop(ShutdownMode::Fast).await?;
        Ok(false)
    }
}

/// The digest of the configuration a server has loaded.
async fn digest(session: &Session) -> Result<Option<String>, Error> {
    session.text("read settings", &format!("SELECT current_setting('{DIGEST_SETTING}', true)")).await
}
