//! What a wish would disturb, changing nothing: what [`Instance::converge`] would do, read off beforehand.

use super::config::senders;
use super::desired::Desired;
use super::error::Error;
use super::gauge::Band;
use super::instance::Instance;
use super::parameters::permitted;
use super::process::Postmaster;
use super::sql::{MAINTENANCE, column};
use super::state::{Parameters, State};
use super::{LocalPostgres, validation, wish};
use crate::backend::plan::RESTART_FIELD;
use crate::backend::{Effect, Plan};
use std::collections::BTreeSet;

/// Parameters that only a start sets.
const AT_START: &str = "SELECT name::text AS name FROM pg_settings WHERE context = 'postmaster'";

impl LocalPostgres {
    /// What [`LocalPostgres::ensure`] would disturb. A server that does not run is nobody's disturbance.
    pub async fn plan(&self, desired: &Desired) -> Result<Plan, Error> {
        validation::check_uid(&desired.uid)?;
        let turn = self.turn(&desired.uid);
        let _turn = turn.lock().await;
        let folder = self.host.layout.instance(&desired.uid);
        let saved = if folder.state().exists() { Some(State::read(&folder.state())?) } else { None };
        let mut plan = Plan::default();
        let refused = match wish::judge(&self.host, desired, &folder, saved.as_ref()).await {
            Err(error) if error.is_refusal() => Some(error),
            judged => judged.map(|_| None)?,
        };
        if let Some(error) = &refused {
            plan.add("spec", Effect::Refused, error.to_string());
        }
        if saved.is_some() {
            let instance = Instance::reopen(&self.host, &desired.uid).await?;
            if let Some(running) = instance.server(0).running() {
                instance.plan(desired, running, refused.is_none(), &mut plan).await?;
            }
        }
        Ok(plan)
    }
}

impl Instance<'_> {
    async fn plan(
        &self,
        wanted: &Desired,
        running: Postmaster,
        accepted: bool,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        if wanted.stopped {
            plan.add("spec.state", Effect::Downtime, "stops every server; the data is kept");
            return Ok(());
        }
        if wanted.restarted_at.is_some() && wanted.restarted_at != self.state.restarted_at {
            plan.add(RESTART_FIELD, Effect::Restart, "restarts every server once");
        }
        if accepted {
            self.plan_place(wanted, plan);
            self.plan_servers(wanted, plan);
            self.plan_parameters(&wanted.parameters, running, plan).await?;
        }
        Ok(())
    }

    /// Where the database listens, and who may come in.
    fn plan_place(&self, wanted: &Desired, plan: &mut Plan) {
        let before = &self.state.desired;
        if let Some(port) = wanted.port
            && self.state.ports.first() != Some(&port)
        {
            match self.host.ports.check(port) {
                Ok(()) => {
                    plan.add("spec.network.port", Effect::Restart, "restarts the primary on its new port")
                }
                Err(taken) => plan.add("spec.network.port", Effect::Refused, taken.to_string()),
            }
        }
        if wanted.size != before.size {
            let field = "spec.storage.size";
            match self.state.band {
                Band::Frozen => {
                    plan.add(field, Effect::Restart, "restarts the primary as one that takes writes")
                }
                _ => plan.add(field, Effect::Reload, "what the log may take is read again"),
            }
        }
        if wanted.resources != before.resources {
            let less =
                |new: Option<u64>, old: Option<u64>| new.is_some_and(|new| old.is_none_or(|old| new < old));
            let field = "spec.resources";
            if less(wanted.resources.limits.memory, before.resources.limits.memory) {
                let what = "restarts each server that has more memory in use than it may have";
                plan.add(field, Effect::Restart, what);
            }
        }
        if wanted.tls != before.tls {
            plan.add("spec.tls", Effect::Reload, "new connections are encrypted as the new mode says");
        }
        if wanted.superuser_access != before.superuser_access {
            plan.add("spec.superuserAccess", Effect::Reload, "who may log in is read again");
        }
    }

    /// How many servers there are.
    fn plan_servers(&self, wanted: &Desired, plan: &mut Plan) {
        let before = &self.state.desired;
        let count = "spec.instances";
        if senders(wanted.instances) != senders(before.instances) {
            plan.add(
                count,
                Effect::Restart,
                "restarts every server: so many need more replication connections",
            );
        }
        if wanted.instances == 1 && before.instances > 1 {
            plan.add(count, Effect::Downtime, "the read-only endpoint goes with the last replica");
        }
        let synchronous = |wish: &Desired| wish.synchronous && wish.instances > 1;
        if synchronous(wanted) != synchronous(before) {
            plan.add("spec.replication.mode", Effect::Reload, "what a commit waits for is read again");
        }
    }

    async fn plan_parameters(
        &self,
        wanted: &Parameters,
        running: Postmaster,
        plan: &mut Plan,
    ) -> Result<(), Error> {
        if let Some(rejected) = self.state.rejected.as_ref().filter(|rejected| rejected.parameters == *wanted)
        {
            plan.add("spec.parameters", Effect::Refused, rejected.message.clone());
            return Ok(());
        }
        let (before, after) = (permitted(self.state.effective_parameters()), permitted(wanted));
        let mut changed: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        changed.retain(|name| before.get(*name) != after.get(*name));
        if changed.is_empty() {
            return Ok(());
        }
        let session = self.access(running.port).connect(MAINTENANCE).await?;
        let rows = session.rows("read settings", AT_START).await?;
        let at_start: BTreeSet<String> =
            rows.iter().map(|row| column(row, "name")).collect::<Result<_, _>>()?;
        for name in changed {
            let field = format!("spec.parameters[{name}]");
            match at_start.contains(name) {
                true => plan.add(
                    field,
                    Effect::Restart,
                    format!("restarts every server: {name} is read at its start"),
                ),
                false => plan.add(field, Effect::Reload, format!("{name} is read again; connections stay")),
            }
        }
        Ok(())
    }
}
