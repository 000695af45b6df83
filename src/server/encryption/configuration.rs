//! The file: an EncryptionConfiguration of `apiserver.config.k8s.io/v1`, as kube-apiserver takes it.

use super::kms::{Plugin, Settings};
use super::pattern::Pattern;
use super::place::{Faults, Place};
use crate::telemetry::KmsMetrics;
use apimachinery::wire::yaml;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use databases_storage::encryption::{Algorithm, Key, Provider, Providers, Unfit};
use serde_json::Value;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

const API_VERSION: &str = "apiserver.config.k8s.io/v1";
const KIND: &str = "EncryptionConfiguration";

/// What a file says.
pub(super) struct Configuration {
    rules: Vec<Rule>,
    /// The KMSs that it names.
    pub(super) plugins: Vec<Arc<Plugin>>,
}

/// Some resources, and the providers that store them.
#[derive(Debug)]
struct Rule {
    patterns: Vec<Pattern>,
    providers: Vec<Provider>,
}

impl Configuration {
    /// Reads a file; an error has everything that is wrong with it.
    pub(super) fn parse(
        text: &[u8],
        known: &[Arc<Plugin>],
        metrics: &KmsMetrics,
    ) -> Result<Self, Vec<String>> {
        // What a reader of YAML says may show a part of the text.
        let read = yaml::decode(text);
        let (mut tree, problems) =
            read.map_err(|error| vec![format!("line {} is not YAML that can be read", error.line)])?;
        let mut faults = Faults::default();
        let root = Place::root(&tree);
        problems.iter().for_each(|problem| root.fault(&mut faults, problem));
        let mut plugins = Named { known, plugins: Vec::new(), metrics };
        let rules = rules(&root, &mut plugins, &mut faults);
        let plugins = plugins.plugins;
        wipe(&mut tree);
        faults.or(Configuration { rules, plugins })
    }

    /// Whether it says anything about a resource.
    pub(super) fn names(&self, resource: &Pattern) -> bool {
        self.rules.iter().flat_map(|rule| &rule.patterns).any(|pattern| pattern.covers(resource))
    }

    /// The providers of a resource: those of the rules that fit it closest, in order.
    pub(super) fn providers(&self, resource: &Pattern) -> Result<Providers, Unfit> {
        let closeness = |rule: &Rule| rule.patterns.iter().filter_map(|pattern| pattern.fits(resource)).max();
        let Some(closest) = self.rules.iter().filter_map(closeness).max() else {
            return Ok(Providers::default());
        };
        let fitting = self.rules.iter().filter(|rule| closeness(rule) == Some(closest));
        Providers::new(fitting.flat_map(|rule| rule.providers.iter().cloned()).collect())
    }
}

/// The KMSs that are named, and those that were before.
struct Named<'a> {
    known: &'a [Arc<Plugin>],
    plugins: Vec<Arc<Plugin>>,
    metrics: &'a KmsMetrics,
}

impl Named<'_> {
    /// The KMS that is described here: the same as before, if it is.
    fn plugin(&mut self, place: &Place<'_>, faults: &mut Faults) -> Option<Arc<Plugin>> {
        let settings = Settings::read(place, faults)?;
        if self.plugins.iter().any(|other| other.settings.name == settings.name) {
            place.fault(
                faults,
                format!("there is another KMS {:?}; give each a name of its own", settings.name),
            );
        }
        let before = self.known.iter().find(|known| known.settings == settings).cloned();
        let plugin = match before.map_or_else(|| Plugin::new(settings, self.metrics), Ok) {
            Ok(plugin) => plugin,
            Err(error) => {
                place.fault(faults, error);
                return None;
            }
        };
        self.plugins.push(plugin.clone());
        Some(plugin)
    }
}

fn rules(root: &Place<'_>, plugins: &mut Named<'_>, faults: &mut Faults) -> Vec<Rule> {
    let [version, kind, resources] = root.members(["apiVersion", "kind", "resources"], faults);
    for (member, name, value) in [(version, "apiVersion", API_VERSION), (kind, "kind", KIND)] {
        if member.and_then(|member| member.text(faults)) != Some(value) {
            root.fault(faults, format!("{name} must be {value}"));
        }
    }
    let resources = root.needed(resources, "resources", faults);
    let mut rules: Vec<Rule> = Vec::new();
    for place in resources.map(|resources| resources.items(faults)).unwrap_or_default() {
        let [resources, providers] = place.members(["resources", "providers"], faults);
        let resources = place.needed(resources, "resources", faults);
        let providers = place.needed(providers, "providers", faults);
        let patterns = resources.map(|resources| patterns(&resources, &rules, faults)).unwrap_or_default();
        let providers = providers.map(|place| all_providers(&place, plugins, faults)).unwrap_or_default();
        rules.push(Rule { patterns, providers });
    }
    rules
}

/// The resources of a rule, none of which another one hides.
fn patterns(place: &Place<'_>, before: &[Rule], faults: &mut Faults) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> = Vec::new();
    for item in place.items(faults) {
        let Some(text) = item.text(faults) else { continue };
        let pattern = match Pattern::parse(text) {
            Ok(pattern) => pattern,
            Err(reason) => {
                item.fault(faults, format!("{text:?} names no resource: {reason}"));
                continue;
            }
        };
        let mut earlier = before.iter().flat_map(|rule| &rule.patterns);
        if patterns.iter().any(|other| other.covers(&pattern) || pattern.covers(other)) {
            item.fault(
                faults,
                format!("{text} and another item of this list name the same; one of them is enough"),
            );
        } else if earlier.any(|other| *other != pattern && other.covers(&pattern)) {
            item.fault(
                faults,
                format!("{text} is named by a rule before, which counts; move this rule in front of it"),
            );
        }
        patterns.push(pattern);
    }
    patterns
}

fn all_providers(place: &Place<'_>, plugins: &mut Named<'_>, faults: &mut Faults) -> Vec<Provider> {
    let mut all: Vec<Provider> = Vec::new();
    for item in place.items(faults) {
        let names = ["aesgcm", "secretbox", "aescbc", "identity", "kms"];
        let [aesgcm, secretbox, aescbc, identity, kms] = item.members(names, faults);
        let named = [
            aesgcm.map(|place| (place, Algorithm::AesGcm)),
            secretbox.map(|place| (place, Algorithm::Secretbox)),
            aescbc.map(|place| (place, Algorithm::AesCbc)),
        ];
        let keys: Vec<_> = named.into_iter().flatten().collect();
        let count = keys.len() + usize::from(identity.is_some()) + usize::from(kms.is_some());
        if count != 1 {
            item.fault(
                faults,
                "must name one provider, such as `identity: {}`; another one is an item of its own",
            );
        }
        if let Some(kms) = kms {
            all.extend(plugins.plugin(&kms, faults).map(|plugin| Provider::Kms(plugin.kms.clone())));
        }
        if let Some(identity) = identity {
            let [] = identity.members([], faults);
            all.push(Provider::Identity);
        }
        for (place, algorithm) in keys {
            add_keys(&place, algorithm, &mut all, faults);
        }
    }
    all
}

fn add_keys(place: &Place<'_>, algorithm: Algorithm, all: &mut Vec<Provider>, faults: &mut Faults) {
    let [keys] = place.members(["keys"], faults);
    let Some(keys) = place.needed(keys, "keys", faults) else { return };
    for item in keys.items(faults) {
        let Some(key) = key(&item, algorithm, faults) else { continue };
        let same = |other: &Provider| matches!(other, Provider::Key(other) if other.algorithm == algorithm && other.name == key.name);
        if all.iter().any(same) {
            let name = &key.name;
            item.fault(
                faults,
                format!("there is another key {name:?} of {algorithm:?}; give each a name of its own"),
            );
        }
        all.push(Provider::Key(key));
    }
}

fn key(place: &Place<'_>, algorithm: Algorithm, faults: &mut Faults) -> Option<Key> {
    let [name, secret] = place.members(["name", "secret"], faults);
    let (name, secret) = (place.needed(name, "name", faults), place.needed(secret, "secret", faults));
    let (name, secret) = (name?.text(faults), secret?);
    let (name, text) = (name?, secret.text(faults)?);
    // Lines may be broken, as `base64` breaks them.
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect());
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len()));
    if STANDARD.decode_vec(&*digits, &mut bytes).is_err() {
        secret.fault(faults, "must be base64, as `head -c 32 /dev/urandom | base64` makes it");
        return None;
    }
    match Key::new(algorithm, name, &bytes) {
        Ok(key) => Some(key),
        Err(error) => {
            place.fault(faults, error);
            None
        }
    }
}

/// Texts of the file are wiped from memory: some are secrets.
fn wipe(tree: &mut Value) {
    match tree {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
