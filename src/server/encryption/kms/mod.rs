//! The plugins of KMSs that a configuration names: asked how they are, and given a new seed to wrap when their key is another.
//!
//! A plugin that is well is asked every minute, one that is not every ten seconds. The present seed is written with for three
//! minutes after the last good answer, so that whoever changed a key knows after which time nothing is written with the old one.

mod client;
mod messages;
mod settings;

use crate::cluster::host_name;
use crate::endpoint::Check;
use crate::telemetry::{KmsMetrics, ProviderMetrics};
use arc_swap::ArcSwap;
use client::Client;
use databases_storage::encryption::Unfit;
use databases_storage::encryption::kms::{Kms, Sealed};
use messages::{EncryptRequest, StatusRequest, StatusResponse};
pub(super) use settings::Settings;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long a plugin that is well is not asked again, and one that is not.
const WELL: Duration = Duration::from_secs(60);
const UNWELL: Duration = Duration::from_secs(10);
/// How long a seed is written with after the last good answer.
const WRITES: Duration = Duration::from_secs(180);
/// The longest id that a key may have.
const LONGEST_KEY_ID: usize = 1 << 10;
/// The versions of the service, which are the same.
const VERSIONS: [&str; 2] = ["v2", "v2beta1"];

/// A plugin, and the keys that it gives.
pub(super) struct Plugin {
    pub(super) settings: Settings,
    pub(super) kms: Kms,
    client: Client,
    metrics: ProviderMetrics,
    state: Mutex<State>,
}

struct State {
    /// The first version that it told, which is to stay.
    version: Option<String>,
    health: Result<(), String>,
    next: Instant,
}

impl Plugin {
    pub(super) fn new(settings: Settings, metrics: &KmsMetrics) -> Result<Arc<Self>, Unfit> {
        let metrics = metrics.of(&settings.name, &host_name());
        let client = Client::new(settings.socket.clone(), settings.timeout, metrics.clone());
        let kms = Kms::new(&settings.name, client.clone())?;
        let health = Err("it was not asked yet".to_owned());
        let state = Mutex::new(State { version: None, health, next: Instant::now() });
        Ok(Arc::new(Plugin { settings, kms, client, metrics, state }))
    }

    /// Asks the plugin how it is, if it is time to; what was found last.
    pub(super) async fn look(&self) -> Result<(), String> {
        if self.state().next <= Instant::now() {
            let found = self.ask().await;
            let mut state = self.state();
            state.next = Instant::now() + if found.is_ok() { WELL } else { UNWELL };
            if found != state.health {
                tell(&self.kms, &found);
            }
            state.health = found;
        }
        self.metrics.knows(self.kms.known());
        self.state().health.clone()
    }

    async fn ask(&self) -> Result<(), String> {
        // The time counts from before the question: it is a promise about the key that is named in the answer.
        let until = Instant::now() + WRITES;
        let status = self.client.call(StatusRequest {}).await.map_err(|error| error.to_string())?;
        match status.key_id.len() {
            0 => self.metrics.mistold("empty"),
            1..=LONGEST_KEY_ID => self.metrics.told(&status.key_id),
            _ => self.metrics.mistold("too_long"),
        }
        let judged = self.judge(&status);
        // Whatever else is wrong with it, its key counts.
        if !self.kms.extend(&status.key_id, until) {
            self.rotate(&status.key_id, until).await?;
        }
        judged
    }

    fn judge(&self, status: &StatusResponse) -> Result<(), String> {
        let StatusResponse { version, healthz, .. } = status;
        if healthz != "ok" {
            return Err(format!("it says of itself {healthz:?}, and not \"ok\""));
        }
        if !VERSIONS.contains(&version.as_str()) {
            return Err(format!("it speaks version {version:?} and not v2"));
        }
        let mut state = self.state();
        let first = state.version.get_or_insert_with(|| version.clone());
        match first == version {
            true => Ok(()),
            false => Err(format!("it spoke version {first} and speaks {version} by now")),
        }
    }

    /// Lets the plugin wrap a new seed.
    async fn rotate(&self, key_id: &str, until: Instant) -> Result<(), String> {
        let seed = Kms::fresh_seed().map(Zeroizing::new).map_err(|error| error.to_string())?;
        let request = EncryptRequest { plaintext: seed.to_vec(), uid: uuid::Uuid::new_v4().to_string() };
        let wrapped = self.client.call(request).await.map_err(|error| error.to_string())?;
        if wrapped.key_id != key_id {
            return Err("it names one key when it is asked how it is, and encrypts with another".to_owned());
        }
        let sealed = Sealed::new(wrapped.key_id, wrapped.ciphertext, wrapped.annotations)?;
        self.kms.write_with(&seed, sealed, until);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(kms: &Kms, found: &Result<(), String>) {
    match found {
        Ok(()) => tracing::info!("{kms:?} is well"),
        Err(reason) => tracing::error!(reason, "{kms:?} is not well"),
    }
}

/// The plugins that the present configuration names.
#[derive(Default)]
pub(super) struct Plugins(ArcSwap<Vec<Arc<Plugin>>>);

impl Plugins {
    pub(super) fn replace(&self, plugins: Vec<Arc<Plugin>>) {
        self.0.store(Arc::new(plugins));
    }

    pub(super) fn all(&self) -> Arc<Vec<Arc<Plugin>>> {
        self.0.load_full()
    }

    /// Asks all whose turn it is, and for what they did not give before; whether something can be read that could not.
    pub(super) async fn look(&self) -> bool {
        let mut any = false;
        for plugin in self.all().iter() {
            if plugin.look().await.is_ok() {
                any |= plugin.kms.retry().await;
            }
        }
        any
    }
}

impl Check for Plugins {
    fn name(&self) -> &str {
        "kms-providers"
    }

    fn check(&self) -> Result<(), String> {
        let plugins = self.all();
        let of = |(at, plugin): (usize, &Arc<Plugin>)| {
            let reason = plugin.state().health.clone().err()?;
            Some(format!("kms-provider-{at}: {:?} is not well: {reason}", plugin.kms))
        };
        let faults: Vec<String> = plugins.iter().enumerate().filter_map(of).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join(", ")) }
    }
}
