//! The end of the program that looks after the servers.

use super::LocalPostgres;
use super::error::Error;
use super::instance::{Instance, halt};
use super::server::ShutdownMode;

impl LocalPostgres {
    /// Stops every server, for a program that should leave none behind. The instances are up again once ensured.
    pub async fn shutdown(&self, mode: ShutdownMode) -> Result<(), Error> {
        let stop = async |uid: String| {
            let turn = self.turn(&uid);
            let _turn = turn.lock().await;
            self.supervisor.forget(&uid);
            match Instance::reopen(&self.host, &uid).await {
                Ok(mut instance) => {
                    let state = &mut instance.state;
                    state.resting = !state.retained && !state.desired.stopped;
                    if let Err(error) = instance.save() {
                        tracing::warn!(uid, %error, "that it is stopped for a while is not written down");
                    }
                    instance.stop(mode).await
                }
                Err(_) => halt(&self.host.layout.instance(&uid), 1, mode).await,
            }
        };
        let all = self.host.layout.uids()?.into_iter().map(stop);
        futures_util::future::join_all(all).await.into_iter().collect()
    }
}
