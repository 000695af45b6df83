//! What is wanted, judged before anything is touched.
//!
//! A wish that is refused changes nothing: what was accepted before it stays in the state, and is cared for. Only two
//! things of it count all the same, as no other part of an object may bar them: being stopped, and being restarted.

use super::desired::Desired;
use super::error::Error;
use super::install::Install;
use super::instance::Host;
use super::layout::InstanceFolder;
use super::state::State;
use super::{machine, parameters, trial, validation};

/// What an instance is to be, and by which programs.
pub(super) struct Admitted {
    pub(super) install: Install,
    pub(super) state: State,
    /// Why this is not what is wanted now.
    pub(super) refused: Option<Error>,
}

/// Takes a wish into the state, or keeps the one of before.
pub(super) async fn admit(
    host: &Host,
    desired: &Desired,
    folder: &InstanceFolder,
    saved: Option<&State>,
) -> Result<Admitted, Error> {
    let judged = judge(host, desired, folder, saved).await;
    let Some(saved) = saved else {
        let install = judged?;
        let state = State::new(desired.clone(), install.major)?;
        return Ok(Admitted { install, state, refused: None });
    };
    let mut state = saved.clone();
    state.take_up();
    match judged {
        Ok(install) => {
            if state.desired.resources.limits != desired.resources.limits {
                // What did not start may do so now.
                state.rejected = None;
            }
            state.desired = desired.clone();
            Ok(Admitted { install, state, refused: None })
        }
        Err(refused) => {
            state.desired.stopped = desired.stopped;
            state.desired.restarted_at.clone_from(&desired.restarted_at);
            let install = host.installs.of(state.major, &host.account).await;
            Ok(Admitted { install, state, refused: Some(refused) })
        }
    }
}

/// Whether a wish is taken, after the one of before; the programs that serve it.
pub(super) async fn judge(
    host: &Host,
    desired: &Desired,
    folder: &InstanceFolder,
    saved: Option<&State>,
) -> Result<Install, Error> {
    validation::check(desired)?;
    machine::check(&desired.resources, &host.groups, &host.account)?;
    let wanted = match saved {
        Some(saved) if desired.version.is_empty() => saved.major.to_string(),
        _ => desired.version.clone(),
    };
    let install = host.installs.find(&wanted, &host.account).await?;
    validation::check_extensions(desired, &install)?;
    parameters::check_modules(&desired.parameters, &install)?;
    let Some(saved) = saved else { return Ok(install) };
    let primary = folder.server(saved.place(0));
    if saved.major != install.major {
        let found = saved.major.to_string();
        return Err(Error::OtherMajor { path: primary.data(), found, wanted: install.major });
    }
    let limit = |desired: &Desired| desired.resources.limits.memory;
    let is_other = saved.desired.parameters != desired.parameters || limit(&saved.desired) != limit(desired);
    if saved.created && is_other && primary.is_initialised() {
        install.check()?;
        trial::judge(&host.account, &install, &primary, desired).await?;
    }
    Ok(install)
}
