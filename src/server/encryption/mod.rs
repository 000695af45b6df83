//! Encryption at rest as Kubernetes' EncryptionConfiguration describes it: which resource is stored in which way, and what
//! happens when the file says something else.
//!
//! A file that cannot be used stops a server that starts; one that serves goes on with what it has, and tells.

mod configuration;
mod kms;
mod pattern;
mod place;

use super::Error;
use super::options::EncryptionFlags;
use crate::endpoint::Check;
use crate::registry::Registry;
use crate::serve::Shutdown;
use crate::telemetry::{EncryptionMetrics, KmsMetrics};
use apimachinery::kind::Definition;
use configuration::Configuration;
use databases_storage::encryption::{Providers, Transformer};
use kms::{Plugin, Plugins};
use pattern::Pattern;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;
use zeroize::Zeroizing;

/// The file is looked at so often.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// The transformers of all resources, and the file they come from.
pub(super) struct Encryption {
    file: Option<File>,
    transformers: Vec<(&'static Definition, Transformer)>,
    plugins: Arc<Plugins>,
    metrics: EncryptionMetrics,
}

struct File {
    path: PathBuf,
    /// Whether it is read again when it changes.
    reload: bool,
    /// The hash of what is in use.
    hash: String,
}

impl Encryption {
    /// What the flags say about the resources of a server whose values lie at `root`. A KMS is asked for a key, and may come later.
    pub(super) async fn open(
        flags: &EncryptionFlags,
        root: &str,
        definitions: &[&'static Definition],
        metrics: &EncryptionMetrics,
    ) -> Result<Self, Error> {
        let metrics = metrics.clone();
        let Some(path) = &flags.encryption_provider_config else {
            return Ok(Encryption { file: None, transformers: Vec::new(), plugins: Arc::default(), metrics });
        };
        let told = |reason: String| Error::Flags(format!("--encryption-provider-config: {reason}"));
        let (text, hash) = read(path).map_err(told)?;
        let (providers, named) = providers(path, &text, definitions, (&[], metrics.kms())).map_err(told)?;
        let plugins = Arc::new(Plugins::default());
        plugins.replace(named);
        plugins.look().await;
        let transformers = providers.into_iter().map(|(definition, providers)| {
            tell(definition, &providers);
            (definition, Transformer::new(root, providers))
        });
        let reload = flags.encryption_provider_config_automatic_reload;
        let file = Some(File { path: path.clone(), reload, hash });
        Ok(Encryption { file, transformers: transformers.collect(), plugins, metrics })
    }

    /// What is to be told of KMSs behind `/readyz`: where there are any, or may be.
    pub(super) fn checks(&self) -> Vec<Arc<dyn Check>> {
        let may_be = self.file.as_ref().is_some_and(|file| file.reload) || !self.plugins.all().is_empty();
        if may_be { vec![self.plugins.clone()] } else { Vec::new() }
    }

    /// How the values of a resource are stored.
    pub(super) fn transformer(&self, definition: &Definition) -> Transformer {
        let mut all = self.transformers.iter();
        let found = all.find(|(own, _)| std::ptr::eq(*own, definition));
        found.map(|(_, transformer)| transformer.clone()).unwrap_or_default()
    }

    /// Looks after KMSs, and reads the file again when it changes, if the flags say so, until the server ends.
    pub(super) async fn follow(self, registry: Weak<Registry>, interval: Duration, shutdown: Shutdown) {
        let Some(mut file) = self.file else { return };
        let metrics = self.metrics;
        metrics.uses(&file.hash);
        while file.reload || !self.plugins.all().is_empty() {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = shutdown.draining().cancelled() => return,
            }
            if self.plugins.look().await
                && let Some(registry) = registry.upgrade()
            {
                registry.decode_again();
            }
            if !file.reload {
                continue;
            }
            match file.reread(&self.transformers, &self.plugins, metrics.kms()).await {
                Ok(false) => {}
                Ok(true) => {
                    tracing::info!(file = %file.path.display(), "the configuration of encryption was read again");
                    metrics.reloaded(Ok(&file.hash));
                    if let Some(registry) = registry.upgrade() {
                        registry.decode_again();
                    }
                }
                Err(reason) => {
                    metrics.reloaded(Err(()));
                    tracing::error!(
                        reason,
                        "the new configuration of encryption cannot be used; the present one stays in use"
                    );
                }
            }
        }
    }
}

impl File {
    /// Takes up what the file says by now, all of it or nothing; whether that is something else.
    async fn reread(
        &mut self,
        transformers: &[(&'static Definition, Transformer)],
        plugins: &Plugins,
        metrics: &KmsMetrics,
    ) -> Result<bool, String> {
        let (text, hash) = read(&self.path)?;
        if hash == self.hash {
            return Ok(false);
        }
        let definitions: Vec<&'static Definition> =
            transformers.iter().map(|(definition, _)| *definition).collect();
        let (providers, named) = providers(&self.path, &text, &definitions, (&plugins.all(), metrics))?;
        for plugin in &named {
            let told = |reason| format!("{}: {:?} is not well: {reason}", self.path.display(), plugin.kms);
            plugin.look().await.map_err(told)?;
        }
        plugins.replace(named);
        for ((definition, providers), (_, transformer)) in providers.into_iter().zip(transformers) {
            tell(definition, &providers);
            transformer.replace(providers);
        }
        self.hash = hash;
        Ok(true)
    }
}

/// The text of a file, and the hash by which it is known.
fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, String), String> {
    let text = std::fs::read(path).map(Zeroizing::new);
    let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((text, format!("sha256:{hash}")))
}

/// What each resource is stored by, and the KMSs among that.
type Parsed = (Vec<(&'static Definition, Providers)>, Vec<Arc<Plugin>>);

/// What a text says about each resource; KMSs that are known already stay what they are.
fn providers(
    path: &Path,
    text: &[u8],
    definitions: &[&'static Definition],
    (known, metrics): (&[Arc<Plugin>], &KmsMetrics),
) -> Result<Parsed, String> {
    let told = |faults: Vec<String>| format!("{}: {}", path.display(), faults.join("; "));
    let configuration = Configuration::parse(text, known, metrics).map_err(told)?;
    if !definitions.iter().any(|definition| configuration.names(&Pattern::of(definition))) {
        let names: Vec<String> =
            definitions.iter().map(|definition| definition.qualified_resource()).collect();
        tracing::warn!(
            file = %path.display(),
            "the configuration of encryption at rest names nothing that is stored here: {}", names.join(", ")
        );
    }
    let each = |definition: &&'static Definition| {
        let providers = configuration.providers(&Pattern::of(definition));
        let told = |error| told(vec![format!("{}: {error}", definition.qualified_resource())]);
        providers.map(|providers| (*definition, providers)).map_err(told)
    };
    let providers: Result<_, String> = definitions.iter().map(each).collect();
    Ok((providers?, configuration.plugins))
}

fn tell(definition: &Definition, providers: &Providers) {
    let resource = definition.qualified_resource();
    tracing::info!(resource, "new values are stored by {:?}", providers.first());
}

#[cfg(test)]
mod tests;
