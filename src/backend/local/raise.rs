//! A server that runs with the configuration it should have: started, reloaded or restarted, whichever is the least.

use super::config::{DIGEST_SETTING, HBA_FILE, IDENT_FILE, Rendered, SETTINGS_FILE};
use super::error::Error;
use super::instance::Instance;
use super::manager;
use super::parameters::told;
use super::port::Holder;
use super::process::Postmaster;
use super::server::ShutdownMode;
use super::sql::{MAINTENANCE, Session, column, literal};
use super::state::{Parameters, State};

/// How often starting is tried with another port, or with the parameters of before.
const ATTEMPTS: usize = 8;
/// Whether settings wait for a start.
const PENDING: &str = "SELECT count(*)::text FROM pg_settings WHERE pending_restart";
/// Whether a server was started by other files, or with other settings, than we start it with: the files are added.
const FOREIGN: &str = "SELECT count(*)::text FROM pg_settings \
     WHERE source IN ('command line', 'environment variable') \
     OR name IN ('config_file', 'hba_file', 'ident_file') AND setting NOT IN ";

impl Instance<'_> {
    /// Makes the n-th server run with the configuration it should have.
    pub(super) async fn raise(&mut self, index: u32) -> Result<(), Error> {
        let mut taken = 0;
        for _ in 0..ATTEMPTS {
            let floor = self.floor(index).await;
            let rendered = self.render(index, &floor);
            let server = self.server(index);
            let written = rendered.write(&server.folder, &self.host.account)?;
            if let Some(running) = server.running()
                && self.reload(index, running, &rendered, written).await?
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
        Err(Error::PortTaken(taken, Holder::Process))
    }

    /// What may help after a start that failed: another port, or the parameters of before. Else the error itself.
    fn yield_to(&mut self, index: u32, error: Error) -> Result<(), Error> {
        let others = |last: &&Parameters| *last != self.state.effective_parameters();
        let is_trial = self.state.parameters.as_ref().is_some_and(|last| others(&last));
        let started = self.state.started.as_ref().filter(|last| index == 0 && others(last)).cloned();
        match error {
            Error::PortTaken(port, _) | Error::PortBarred(port, _)
                if index > 0 || self.state.desired.port != Some(port) =>
            {
                let next = self.host.ports.take(Some(port))?;
                self.host.ports.release(port);
                if let Some(slot) = self.state.ports.get_mut(index as usize) {
                    *slot = next;
                }
                self.save()
            }
            Error::StartFailed { log, .. } if is_trial => self.reject_start(&log),
            // A running server took what it does not start with.
            Error::StartFailed { log, .. } if started.is_some() => {
                self.state.parameters = started;
                self.reject_start(&log)
            }
            error => Err(error),
        }
    }

    /// Goes back to the parameters of before, and remembers what of the new ones differs.
    fn reject_start(&mut self, log: &str) -> Result<(), Error> {
        let State { desired, parameters, .. } = &self.state;
        let last = |name: &String| parameters.as_ref().and_then(|last| last.get(name));
        let changed = match told(desired.parameters.iter().filter(|&(name, value)| last(name) != Some(value)))
        {
            none if none.is_empty() => "without parameters that it had".to_owned(),
            some => format!("with {some}"),
        };
        self.reject(format!("the server does not start {changed}: {log}"))
    }

    /// Makes a running server read its configuration. False when it was stopped because it must start anew.
    async fn reload(
        &self,
        index: u32,
        running: Postmaster,
        rendered: &Rendered,
        written: bool,
    ) -> Result<bool, Error> {
        let Some(mut session) = self.enter(index, running).await? else { return Ok(false) };
        let current = digest(&session).await?.as_deref() == Some(&rendered.digest);
        if !current && index == 0 && uncover(&session).await? {
            session = self.access(running.port).connect(MAINTENANCE).await?;
        }
        let foreign = self.is_foreign(index, &session).await?;
        if !foreign && (written || digest(&session).await?.as_deref() != Some(&rendered.digest)) {
            manager::reload(&session).await?;
            if digest(&session).await?.as_deref() != Some(&rendered.digest) {
                return Err(Error::Timeout(format!("the reload of server {}", self.server(index).name)));
            }
        }
        if !foreign && session.text("read settings", PENDING).await?.as_deref() == Some("0") {
            return Ok(true);
        }
        tracing::info!(server = %self.server(index).name, pid = %running.pid, foreign, "restarting for its settings");
        self.server(index).stop(ShutdownMode::Fast).await?;
        Ok(false)
    }

    /// Whether the server runs by other files, or with other settings, than we start it with.
    async fn is_foreign(&self, index: u32, session: &Session) -> Result<bool, Error> {
        let folder = self.server(index).folder;
        let ours = [SETTINGS_FILE, HBA_FILE, IDENT_FILE]
            .map(|file| literal(&folder.conf(file).display().to_string()))
            .join(", ");
        let found = session.text("read settings", &format!("{FOREIGN}({ours})")).await?;
        Ok(found.as_deref() != Some("0"))
    }
}

/// The digest of the configuration a server has loaded.
async fn digest(session: &Session) -> Result<Option<String>, Error> {
    session.text("read settings", &format!("SELECT current_setting('{DIGEST_SETTING}', true)")).await
}

/// Takes back what sets the digest for our sessions, whatever is loaded. True where there was something.
async fn uncover(session: &Session) -> Result<bool, Error> {
    let covers = format!(
        "SELECT format('ALTER %s RESET {DIGEST_SETTING}', CASE \
         WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ROLE ALL' \
         WHEN s.setrole = 0 THEN format('DATABASE %I', d.datname) \
         WHEN s.setdatabase = 0 THEN format('ROLE %I', r.rolname) \
         ELSE format('ROLE %I IN DATABASE %I', r.rolname, d.datname) END) AS statement \
         FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase \
         LEFT JOIN pg_authid r ON r.oid = s.setrole \
         WHERE EXISTS (SELECT FROM unnest(s.setconfig) c WHERE c LIKE '{DIGEST_SETTING}=%')"
    );
    let rows = session.rows("read settings", &covers).await?;
    for row in &rows {
        let statement: String = column(row, "statement")?;
        tracing::warn!(statement, "what hides the loaded configuration is taken back");
        session.run("take back a setting", &statement).await?;
    }
    Ok(!rows.is_empty())
}
