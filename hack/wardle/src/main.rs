//! `wardle.example.com`, as Kubernetes' sample-apiserver defines it, served by this server: Flunders, which refer to other
//! Flunders or to Fischers, and Fischers, which say what no Flunder may be called.

use databases_apiserver::server::{self, prelude::*};

const GROUP: &str = "wardle.example.com";
const PACKAGE: &str = "io.k8s.sample-apiserver.pkg.apis.wardle.v1beta1";

object! {
    /// Something that refers to another object.
    struct Flunder: FlunderSpec, FlunderStatus
}

/// What a Flunder refers to.
#[api_type]
struct FlunderSpec {
    /// The name of a Flunder.
    #[api(1)]
    flunder_reference: String,
    /// The name of a Fischer.
    #[api(2)]
    fischer_reference: String,
    /// Flunder or Fischer. Defaults to Flunder where flunderReference is set.
    #[api(3)]
    reference_type: String,
}

/// Nothing is known of a Flunder.
#[api_type]
struct FlunderStatus {}

mod v1alpha1 {
    use super::*;
    const PACKAGE: &str = "io.k8s.sample-apiserver.pkg.apis.wardle.v1alpha1";

    object! {
        /// Something that refers to another object.
        pub(super) struct Flunder: FlunderSpec, FlunderStatus
    }

    /// What a Flunder refers to.
    #[api_type]
    pub(super) struct FlunderSpec {
        /// The name of what it refers to.
        #[api(1)]
        pub(super) reference: String,
        /// Flunder or Fischer. Defaults to Flunder.
        #[api(2)]
        pub(super) reference_type: String,
    }

    /// Names that no Flunder may have.
    #[api_type(kind)]
    pub(super) struct Fischer {
        /// Metadata.
        #[api(1)]
        pub(super) metadata: ObjectMeta,
        /// Names that are not allowed.
        #[api(2)]
        pub(super) disallowed_flunders: Vec<String>,
    }
}
use v1alpha1::{Fischer, Flunder as Alpha};

only_version!(Fischer, "v1alpha1");
const FISCHERS: &[Version] = &[Version::of::<Fischer, Fischer>()];
static FISCHER: Definition = Definition::new(GROUP, "Fischer", "fischers", FISCHERS).cluster_scoped();
parts!(impl Kind for Fischer: FISCHER, spec: disallowed_flunders, status:);

only_version!(Flunder, "v1beta1");
const FLUNDERS: &[Version] = &[Version::of::<Flunder, Flunder>(), Version::of::<Flunder, Alpha>()];
static FLUNDER: Definition = Definition::new(GROUP, "Flunder", "flunders", FLUNDERS).with_status();
impl Kind for Flunder {
    parts!(FLUNDER, spec: spec, status: status);
    fn default_fields(&mut self) {
        if self.spec.reference_type.is_empty() && !self.spec.flunder_reference.is_empty() {
            self.spec.reference_type = "Flunder".into();
        }
    }
}

/// In v1alpha1: the reference of the type that `referenceType` does not name.
const OTHER: &str = "wardle.example.com/other-reference";

/// The reference that the type names, and the other one; or from them back to a Flunder and a Fischer.
fn sides(reference_type: &str, one: String, other: String) -> (String, String) {
    if reference_type == "Fischer" { (other, one) } else { (one, other) }
}

impl WireVersion<Flunder> for Alpha {
    const NAME: &'static str = "v1alpha1";
    fn into_hub(mut self) -> Flunder {
        let other = self.metadata.annotations.remove(OTHER).unwrap_or_default();
        let v1alpha1::FlunderSpec { reference, reference_type } = self.spec;
        let (flunder_reference, fischer_reference) = sides(&reference_type, reference, other);
        let spec = FlunderSpec { flunder_reference, fischer_reference, reference_type };
        Flunder { metadata: self.metadata, spec, status: self.status }
    }
    fn from_hub(hub: &Flunder) -> Self {
        let Flunder { mut metadata, spec, status } = hub.clone();
        let FlunderSpec { flunder_reference, fischer_reference, reference_type } = spec;
        let (reference, other) = sides(&reference_type, flunder_reference, fischer_reference);
        metadata.annotations.extend((!other.is_empty()).then(|| (OTHER.into(), other)));
        Self { metadata, spec: v1alpha1::FlunderSpec { reference, reference_type }, status }
    }
}

/// A Flunder has no name that a Fischer disallows.
fn not_banned(flunder: &Flunder, registry: &Registry) -> Result<(), ApiError> {
    let name = &flunder.metadata.name;
    let why = "this name may not be used, please change the resource name";
    let is_banned = registry.known::<Fischer>()?.any(|fischer| fischer.disallowed_flunders.contains(name));
    if is_banned { Err(ApiError::forbidden(&FLUNDER, name, why)) } else { Ok(()) }
}

struct Wardle;

#[async_trait]
impl Api for Wardle {
    const FACTS: Facts = Facts { group: GROUP, name: "wardle", version: env!("CARGO_PKG_VERSION") };
    type Flags = ();
    type ClusterFlags = ();
    fn definitions() -> Vec<&'static Definition> {
        vec![&FLUNDER, &FISCHER]
    }
    async fn open(_: Place<'_, Self>) -> Result<Arc<Self>, Reason> {
        Ok(Arc::new(Wardle))
    }
    fn admission(&self, around: &Around) -> Vec<Box<dyn Admission>> {
        vec![around.on_create(not_banned)]
    }
}

fn main() -> std::process::ExitCode {
    server::main::<Wardle>()
}
