//! Kinds, their versions, and what a server knows of them.
//!
//! A kind has one *hub* type, which no wire format knows, and a wire type per version with conversions to and
//! from the hub. The server handles hubs as `dyn Hub`: it is erased once, here, so that everything that serves
//! a kind is compiled once and not per kind.

use crate::field::Errors;
use crate::meta::ObjectMeta;
use crate::schema::Schema;
use crate::wire::json::JsonError;
use crate::wire::{self, Decoding, Object, ProtobufError};
use std::any::Any;
use std::fmt::Debug;

/// A hub type. Everything a strategy decides about a kind stands in its implementation.
pub trait Kind: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// What the server knows of the kind.
    fn definition() -> &'static Definition;
    /// The object's metadata.
    fn meta(&self) -> &ObjectMeta;
    /// The object's metadata.
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    /// Static defaults: idempotent, and the same at every time.
    fn default_fields(&mut self) {}
    /// Drops what a creator may not set (status).
    fn prepare_create(&mut self) {}
    /// Takes from `old` what an update of the main resource may not set (status).
    fn prepare_update(&mut self, _old: &Self) {}
    /// Takes from `old` what an update of the status may not set (spec); metadata is taken by the registry.
    fn prepare_status_update(&mut self, old: &Self) {
        *self = old.clone();
    }
    /// Whether the desired state is the same, so that the generation stays.
    fn same_desired_state(&self, old: &Self) -> bool;
    /// All faults of a new object's own fields; the registry validates metadata.
    fn validate(&self, _errors: &mut Errors) {}
    /// All faults of an update. A field that did not change is not checked again (ratcheting, K-09).
    fn validate_update(&self, _old: &Self, errors: &mut Errors) {
        self.validate(errors);
    }
    /// Faults of a deletion, such as a policy that forbids it; the text is the reason of a 403.
    fn forbid_deletion(&self) -> Option<String> {
        None
    }
    /// Whether something besides `metadata.finalizers` must end before the object goes.
    fn holds_deletion(&self) -> bool {
        false
    }
    /// Called once when the deletion of an object begins that cannot go at once.
    fn begin_deletion(&mut self) {}
    /// Whether changes of the desired state are counted in `metadata.generation`.
    fn has_generation(&self) -> bool {
        true
    }
    /// Warnings for the person who writes the object.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// The cells of [`Definition::columns`].
    fn cells(&self) -> Vec<serde_json::Value>;
    /// The value of one of [`Definition::selectable_fields`].
    fn selectable(&self, _field: &str) -> String {
        String::new()
    }
    /// What `…/scale` shows.
    fn scale(&self) -> Option<Scale> {
        None
    }
    /// What `…/scale` sets.
    fn set_scale(&mut self, _replicas: i32) {}
}

/// What the scale subresource shows of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// `spec.replicas`.
    pub desired: i32,
    /// `status.replicas`.
    pub current: i32,
    /// `status.selector`, a label selector in text form.
    pub selector: String,
}

/// A wire type of a kind. Both conversions are total and lossless, and destructure without `..`.
pub trait WireVersion<K: Kind>: Object {
    /// The version, such as `v1`.
    const NAME: &'static str;
    /// The text of the `Warning` header, for a deprecated version.
    const DEPRECATED: Option<&'static str> = None;
    /// To the hub.
    fn into_hub(self) -> K;
    /// From the hub.
    fn from_hub(hub: &K) -> Self;
}

/// An object of any kind.
pub trait Hub: Any + Debug + Send + Sync {
    /// What the server knows of the kind.
    fn definition(&self) -> &'static Definition;
    /// The object's metadata.
    fn meta(&self) -> &ObjectMeta;
    /// The object's metadata.
    fn meta_mut(&mut self) -> &mut ObjectMeta;
    /// A copy.
    fn boxed(&self) -> Box<dyn Hub>;
    /// For downcasting.
    fn as_any(&self) -> &dyn Any;
    /// For downcasting.
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// See [`Kind::default_fields`].
    fn default_fields(&mut self);
    /// See [`Kind::prepare_create`].
    fn prepare_create(&mut self);
    /// See [`Kind::prepare_update`].
    fn prepare_update(&mut self, old: &dyn Hub);
    /// See [`Kind::prepare_status_update`].
    fn prepare_status_update(&mut self, old: &dyn Hub);
    /// See [`Kind::same_desired_state`].
    fn same_desired_state(&self, old: &dyn Hub) -> bool;
    /// Whether everything is equal, metadata included.
    fn same(&self, old: &dyn Hub) -> bool;
    /// See [`Kind::validate`].
    fn validate(&self, errors: &mut Errors);
    /// See [`Kind::validate_update`].
    fn validate_update(&self, old: &dyn Hub, errors: &mut Errors);
    /// See [`Kind::forbid_deletion`].
    fn forbid_deletion(&self) -> Option<String>;
    /// See [`Kind::holds_deletion`].
    fn holds_deletion(&self) -> bool;
    /// See [`Kind::begin_deletion`].
    fn begin_deletion(&mut self);
    /// See [`Kind::has_generation`].
    fn has_generation(&self) -> bool;
    /// See [`Kind::warnings`].
    fn warnings(&self) -> Vec<String>;
    /// See [`Kind::cells`].
    fn cells(&self) -> Vec<serde_json::Value>;
    /// See [`Kind::selectable`].
    fn selectable(&self, field: &str) -> String;
    /// See [`Kind::scale`].
    fn scale(&self) -> Option<Scale>;
    /// See [`Kind::set_scale`].
    fn set_scale(&mut self, replicas: i32);
}

impl dyn Hub {
    /// The object as its own kind.
    pub fn downcast<K: Kind>(&self) -> Option<&K> {
        self.as_any().downcast_ref()
    }

    /// The object as its own kind, to be changed.
    pub fn downcast_mut<K: Kind>(&mut self) -> Option<&mut K> {
        self.as_any_mut().downcast_mut()
    }
}

/// One registry serves one kind; another kind in its place is a fault of this program.
fn own<K: Kind>(hub: &dyn Hub) -> &K {
    hub.downcast().expect("an object is compared only with objects of its own kind")
}

impl<K: Kind> Hub for K {
    fn definition(&self) -> &'static Definition {
        K::definition()
    }
    fn meta(&self) -> &ObjectMeta {
        Kind::meta(self)
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        Kind::meta_mut(self)
    }
    fn boxed(&self) -> Box<dyn Hub> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn default_fields(&mut self) {
        Kind::default_fields(self);
    }
    fn prepare_create(&mut self) {
        Kind::prepare_create(self);
    }
    fn prepare_update(&mut self, old: &dyn Hub) {
        Kind::prepare_update(self, own(old));
    }
    fn prepare_status_update(&mut self, old: &dyn Hub) {
        Kind::prepare_status_update(self, own(old));
    }
    fn same_desired_state(&self, old: &dyn Hub) -> bool {
        Kind::same_desired_state(self, own(old))
    }
    fn same(&self, old: &dyn Hub) -> bool {
        self == own::<K>(old)
    }
    fn validate(&self, errors: &mut Errors) {
        Kind::validate(self, errors);
    }
    fn validate_update(&self, old: &dyn Hub, errors: &mut Errors) {
        Kind::validate_update(self, own(old), errors);
    }
    fn forbid_deletion(&self) -> Option<String> {
        Kind::forbid_deletion(self)
    }
    fn holds_deletion(&self) -> bool {
        Kind::holds_deletion(self)
    }
    fn begin_deletion(&mut self) {
        Kind::begin_deletion(self);
    }
    fn has_generation(&self) -> bool {
        Kind::has_generation(self)
    }
    fn warnings(&self) -> Vec<String> {
        Kind::warnings(self)
    }
    fn cells(&self) -> Vec<serde_json::Value> {
        Kind::cells(self)
    }
    fn selectable(&self, field: &str) -> String {
        Kind::selectable(self, field)
    }
    fn scale(&self) -> Option<Scale> {
        Kind::scale(self)
    }
    fn set_scale(&mut self, replicas: i32) {
        Kind::set_scale(self, replicas);
    }
}

/// What a server knows of a kind: names, versions, columns, subresources.
#[derive(Debug)]
pub struct Definition {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind, such as `PostgreSQL`.
    pub kind: &'static str,
    /// The resource, such as `postgresqls`.
    pub plural: &'static str,
    /// Such as `postgresql`.
    pub singular: &'static str,
    /// Such as `stdpg`.
    pub short_names: &'static [&'static str],
    /// Such as `dbstandard`.
    pub categories: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Served versions, the preferred one first.
    pub versions: &'static [Version],
    /// The version objects are stored in.
    pub storage_version: &'static str,
    /// Whether there is a status subresource.
    pub status: bool,
    /// Whether there is a scale subresource.
    pub scale: bool,
    /// Printer columns.
    pub columns: &'static [Column],
    /// Fields that a field selector takes besides `metadata.name` and `metadata.namespace`.
    pub selectable_fields: &'static [&'static str],
    /// The longest name, and whether it must be a DNS-1035 label (else a DNS-1123 subdomain).
    pub name_rule: NameRule,
}

/// Which names objects of a kind may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// A DNS-1123 subdomain of up to 253 characters.
    Subdomain,
    /// A DNS-1123 label of up to 63 characters.
    Label,
    /// A DNS-1035 label of up to so many characters.
    Label1035(usize),
}

/// A printer column.
#[derive(Debug)]
pub struct Column {
    /// The heading.
    pub name: &'static str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: &'static str,
    /// `name` for the name column, else empty.
    pub format: &'static str,
    /// What it shows.
    pub description: &'static str,
    /// 0: always shown; above: only with `-o wide`.
    pub priority: i32,
}

type DecodedHub = Result<(Box<dyn Hub>, Decoding), JsonError>;
type ProtobufHub = Result<Box<dyn Hub>, ProtobufError>;

/// A served version of a kind, with its codecs. JSON comes without `kind` and `apiVersion`, which the server
/// puts in front where they belong.
#[derive(Debug)]
pub struct Version {
    /// Such as `v1`.
    pub name: &'static str,
    /// The wire type.
    pub schema: &'static Schema,
    /// The text of the `Warning` header, for a deprecated version.
    pub deprecated: Option<&'static str>,
    /// Reads JSON text.
    pub decode_json: fn(&[u8]) -> DecodedHub,
    /// Reads a JSON tree.
    pub decode_tree: fn(&serde_json::Value) -> DecodedHub,
    /// Reads a protobuf message.
    pub decode_protobuf: fn(&[u8]) -> ProtobufHub,
    /// Appends JSON text.
    pub encode_json: fn(&dyn Hub, &mut Vec<u8>),
    /// Appends a protobuf message.
    pub encode_protobuf: fn(&dyn Hub, &mut Vec<u8>),
    /// The object as a JSON tree.
    pub to_tree: fn(&dyn Hub) -> serde_json::Value,
}

impl Version {
    /// The version `V` of kind `K`.
    pub const fn of<K: Kind, V: WireVersion<K>>() -> Version {
        Version {
            name: V::NAME,
            schema: V::SCHEMA,
            deprecated: V::DEPRECATED,
            decode_json: decode_json::<K, V>,
            decode_tree: decode_tree::<K, V>,
            decode_protobuf: decode_protobuf::<K, V>,
            encode_json: encode_json::<K, V>,
            encode_protobuf: encode_protobuf::<K, V>,
            to_tree: to_tree::<K, V>,
        }
    }
}

fn decode_json<K: Kind, V: WireVersion<K>>(text: &[u8]) -> DecodedHub {
    let (value, context) = wire::json::decode::<V>(text)?;
    Ok((Box::new(value.into_hub()), context))
}

fn decode_tree<K: Kind, V: WireVersion<K>>(tree: &serde_json::Value) -> DecodedHub {
    let (value, context) = wire::json::decode_tree::<V>(tree)?;
    Ok((Box::new(value.into_hub()), context))
}

fn decode_protobuf<K: Kind, V: WireVersion<K>>(mut body: &[u8]) -> ProtobufHub {
    let mut value = V::default();
    wire::merge_fields(&mut value, &mut body)?;
    Ok(Box::new(value.into_hub()))
}

fn encode_json<K: Kind, V: WireVersion<K>>(hub: &dyn Hub, out: &mut Vec<u8>) {
    wire::json::encode(&V::from_hub(own(hub)), out);
}

fn encode_protobuf<K: Kind, V: WireVersion<K>>(hub: &dyn Hub, out: &mut Vec<u8>) {
    V::from_hub(own(hub)).encode_fields(out);
}

fn to_tree<K: Kind, V: WireVersion<K>>(hub: &dyn Hub) -> serde_json::Value {
    wire::json::to_tree(&V::from_hub(own(hub)))
}

impl Definition {
    /// The served version of that name.
    pub fn version(&self, name: &str) -> Option<&'static Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// `group/version`, or the version alone in the core group.
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// `plural.group`, or the plural alone in the core group.
    pub fn qualified_resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Kind.group`, or the kind alone in the core group.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }
}
