//! One instance: brings what is there to what is wanted, and changes nothing that is as wanted already.

use super::account::Account;
use super::config::{Config, Rendered, server_name};
use super::desired::{Certificate, Desired, TlsMode};
use super::error::Error;
use super::hold::Groups;
use super::install::{Install, Installs};
use super::layout::{InstanceFolder, Layout, ServerFolder};
use super::port::Ports;
use super::server::{Server, ShutdownMode};
use super::sql::MAINTENANCE;
use super::standby::Floor;
use super::state::{Rejected, State};
use super::wish::{self, Admitted};
use super::{extensions, process, tls, trial};
use std::time::Duration;

/// What all instances share.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) account: Account,
    pub(super) layout: Layout,
    pub(super) installs: Installs,
    pub(super) ports: Ports,
    pub(super) groups: Groups,
    /// How long one call makes copies of a primary; one is made in any case.
    pub(super) copying: Duration,
}

impl Host {
    /// What was there before has its ports.
    pub(super) fn hold_ports(&self, folder: &InstanceFolder, state: &State) {
        for port in &state.ports {
            match state.retained {
                true => self.ports.leave(*port, folder.path.clone()),
                false => self.ports.keep(*port),
            }
        }
    }
}

/// One instance, held by one task at a time.
pub(super) struct Instance<'a> {
    pub(super) host: &'a Host,
    pub(super) install: Install,
    pub(super) folder: InstanceFolder,
    pub(super) state: State,
    saved: Option<State>,
    /// What is left to the next call.
    pub(super) pending: Option<&'static str>,
}

impl<'a> Instance<'a> {
    /// Takes up an instance, or begins a new one, with what is wanted of it. Where that is refused, with what was
    /// accepted before, and why.
    pub(super) async fn open(host: &'a Host, desired: &Desired) -> Result<(Self, Option<Error>), Error> {
        let folder = host.layout.instance(&desired.uid);
        let saved = if folder.state().exists() { Some(State::read(&folder.state())?) } else { None };
        let Admitted { install, state, refused } =
            wish::admit(host, desired, &folder, saved.as_ref()).await?;
        Ok((Self { host, install, folder, state, saved, pending: None }, refused))
    }

    /// Takes up an instance as it was last wanted.
    pub(super) async fn reopen(host: &'a Host, uid: &str) -> Result<Self, Error> {
        let folder = host.layout.instance(uid);
        if !folder.state().exists() {
            return Err(Error::UnknownInstance(uid.to_owned()));
        }
        let state = State::read(&folder.state())?;
        let install = host.installs.of(state.major, &host.account).await;
        Ok(Self { host, install, folder, saved: Some(state.clone()), state, pending: None })
    }

    /// Writes the state down when it changed.
    pub(super) fn save(&mut self) -> Result<(), Error> {
        if self.saved.as_ref() != Some(&self.state) {
            self.state.write(&self.folder.state(), &self.host.account)?;
            self.saved = Some(self.state.clone());
        }
        Ok(())
    }

    /// The folder of the n-th server.
    fn place(&self, index: u32) -> ServerFolder {
        self.folder.server(self.state.place(index))
    }

    /// The n-th server.
    pub(super) fn server(&self, index: u32) -> Server<'_> {
        Server {
            account: &self.host.account,
            install: &self.install,
            folder: self.place(index),
            sockets: self.host.layout.sockets(),
            group: self.group(index),
            name: server_name(&self.state, index),
            port: self.state.ports.get(index as usize).copied().unwrap_or_default(),
        }
    }

    /// Brings everything to what is wanted.
    pub(super) async fn converge(&mut self) -> Result<(), Error> {
        self.folder.create(&self.host.account)?;
        if self.state.desired.stopped {
            return self.rest().await;
        }
        let was_down = self.state.created && self.server(0).running().is_none();
        self.state.resting = false;
        let unmet = self.assign_ports()?;
        self.state.make_logins()?;
        self.renew_certificate()?;
        self.save()?;
        self.replace_lost_primary().await?;
        self.make_primary().await?;
        self.gauge().await?;
        self.freeze_or_thaw().await?;
        self.accept_parameters().await?;
        self.restart_when_asked().await?;
        self.hold().await?;
        self.lift_standbys().await?;
        self.raise_primary().await?;
        self.state.parameters = Some(self.state.effective_parameters().clone());
        self.save()?;
        self.check_frozen().await?;
        self.converge_contents(was_down).await?;
        self.state.created = true;
        self.save()?;
        match &self.state.rejected {
            Some(rejected) => Err(Error::InvalidParameters(rejected.message.clone())),
            None => unmet.map_or(Ok(()), Err),
        }
    }

    /// Stops the servers before anything that could fail; only then is done what is told of a stopped instance.
    async fn rest(&mut self) -> Result<(), Error> {
        self.save()?;
        self.stop(ShutdownMode::Fast).await?;
        if let Err(error) = self.assign_ports() {
            tracing::warn!(instance = %self.state.desired.uid, %error, "a stopped instance gets no port");
        }
        self.state.make_logins()?;
        self.save()
    }

    /// Stops every server, the primary first, so that replicas receive all it wrote.
    pub(super) async fn stop(&self, mode: ShutdownMode) -> Result<(), Error> {
        halt(&self.folder, self.state.ports.len(), mode).await
    }

    /// The certificate to serve, when TLS is on.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        let wanted = &self.state.desired.tls;
        let issued = || self.state.certificate.as_ref().map(tls::certificate);
        (wanted.mode != TlsMode::Disabled).then(|| wanted.certificate.clone().or_else(issued)).flatten()
    }

    /// The configuration of the n-th server.
    pub(super) fn render(&self, index: u32, floor: &Floor) -> Rendered {
        let certificate = self.certificate();
        let folder = self.place(index);
        self.config(&folder, index, certificate.as_ref(), floor).render()
    }

    /// What is wanted of the settings that standbys are sensitive to.
    pub(super) fn wanted(&self) -> Floor {
        self.config(&self.place(0), 0, None, &Floor::new()).wanted()
    }

    fn config<'b>(
        &'b self,
        folder: &'b ServerFolder,
        index: u32,
        certificate: Option<&'b Certificate>,
        floor: &'b Floor,
    ) -> Config<'b> {
        Config { state: &self.state, folder, sockets: self.host.layout.sockets(), index, certificate, floor }
    }

    /// Gives every server a port. A wish that cannot be met now leaves a primary that has one where it is, and is told.
    fn assign_ports(&mut self) -> Result<Option<Error>, Error> {
        let mut unmet = None;
        self.host.hold_ports(&self.folder, &self.state);
        if let Some(wish) = self.state.desired.port
            && self.state.ports.first() != Some(&wish)
        {
            match (self.host.ports.take_this(wish), self.state.ports.first_mut()) {
                (Ok(()), Some(port)) => self.host.ports.release(std::mem::replace(port, wish)),
                (Ok(()), None) => self.state.ports.push(wish),
                (Err(taken), Some(_)) => unmet = Some(taken),
                (Err(taken), None) => return Err(taken),
            }
        }
        while self.state.ports.len() < self.state.desired.instances as usize {
            self.state.ports.push(self.host.ports.take(None)?);
        }
        self.state.settle();
        Ok(unmet)
    }

    fn renew_certificate(&mut self) -> Result<(), Error> {
        let wanted = &self.state.desired.tls;
        let ours = wanted.mode != TlsMode::Disabled && wanted.certificate.is_none();
        if ours && self.state.certificate.as_ref().is_none_or(|issued| issued.is_stale()) {
            let issued = tls::issue(&self.host.layout, &self.host.account, &self.state.desired.name)?;
            self.state.certificate = Some(issued);
        }
        Ok(())
    }

    /// Makes the primary's data directory, unless it was there once: data that vanished is not replaced by nothing.
    async fn make_primary(&self) -> Result<(), Error> {
        let server = self.server(0);
        if server.folder.is_initialised() {
            return Ok(());
        }
        if self.state.created {
            return Err(Error::DataMissing { path: server.folder.data() });
        }
        let Some(manager) = &self.state.manager else { return Ok(()) };
        server.initialise(&self.state.superuser.password, manager).await
    }

    /// Lets PostgreSQL judge new parameters. Those it refuses leave the server with the ones it has.
    async fn accept_parameters(&mut self) -> Result<(), Error> {
        let wanted = &self.state.desired.parameters;
        if self.state.rejected.as_ref().is_some_and(|rejected| rejected.parameters != *wanted) {
            self.state.rejected = None;
        }
        if self.state.rejected.is_some() || self.state.parameters.as_ref() == Some(wanted) {
            return Ok(());
        }
        let folder = self.place(0);
        match trial::judge(&self.host.account, &self.install, &folder, &self.state.desired).await {
            Err(Error::InvalidParameters(message)) if self.state.parameters.is_some() => self.reject(message),
            judged => judged,
        }
    }

    /// Goes back to the parameters of the last start and remembers why.
    pub(super) fn reject(&mut self, message: String) -> Result<(), Error> {
        self.state.rejected = Some(Rejected { parameters: self.state.desired.parameters.clone(), message });
        self.save()
    }

    async fn restart_when_asked(&mut self) -> Result<(), Error> {
        let asked = self.state.desired.restarted_at.clone();
        if asked.is_some() && asked != self.state.restarted_at {
            self.stop(ShutdownMode::Fast).await?;
            self.state.restarted_at = asked;
            self.save()?;
        }
        Ok(())
    }

    /// Roles, databases, extensions and replicas, once the primary serves. An extension that is refused keeps none of the
    /// rest from being made. Of a primary that was down it is told before its replicas are waited for.
    async fn converge_contents(&mut self, was_down: bool) -> Result<(), Error> {
        let access = self.access(self.server(0).port);
        let session = access.connect(MAINTENANCE).await?;
        self.converge_rights(&session, &access).await?;
        let refused = match extensions::converge(&access, &self.state.desired).await {
            Err(error) if error.is_permanent() => Err(error),
            other => Ok(other?),
        };
        self.remove_surplus(&session).await?;
        if was_down && self.state.desired.instances > 1 {
            self.pending = Some("the replicas are looked after next");
        } else {
            self.converge_replicas(&session, &access).await?;
        }
        refused
    }
}

/// Stops what runs in a folder, so many servers at least, whatever else is known of it.
pub(super) async fn halt(folder: &InstanceFolder, least: usize, mode: ShutdownMode) -> Result<(), Error> {
    let mut all: Vec<_> = folder.servers(least).iter().map(ServerFolder::data).collect();
    let moved = process::started_below(&folder.path).into_iter().filter(|data| !all.contains(data));
    all.extend(moved.collect::<Vec<_>>());
    for data in all {
        process::stop(&data, mode.signal()).await?;
    }
    Ok(())
}
