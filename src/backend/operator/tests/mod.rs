//! Every dialect over a real kube-apiserver with its operator's kinds. The operators are played: see [`Player`].

mod backed_up;
mod conformance;
mod copied;
mod disturbed;
mod generated;
mod inside;
mod player;
mod playground;
mod pooled;
mod schema;
mod servers;
mod stage;

pub(in crate::backend) use copied::{copy, resolved};
pub(in crate::backend) use player::{Dispensable, Player, Told, password};
pub(in crate::backend) use playground::Playground;
pub(in crate::backend) use servers::PASSWORD;

use super::*;
use crate::backend::{Class, Observed};
use databases_api::postgresql::{Database, PostgreSQL};
use databases_api::shared::{Network, Observability, Switch};
use servers::Servers;
use stage::Stage;

/// An object as admission leaves it.
pub(in crate::backend) fn object(name: &str, number: u32) -> PostgreSQL {
    let mut object = PostgreSQL::default();
    let meta = &mut object.metadata;
    (meta.name, meta.namespace) = (name.into(), "default".into());
    meta.uid = format!("{number:08x}-0000-4000-8000-000000000000");
    object.spec.instance.storage.size = Some("1Gi".parse().expect("a size"));
    object.spec.databases =
        vec![Database { name: "app".into(), owner: "app".into(), extensions: Vec::new() }];
    object
}

/// The same with these words about its network.
pub(in crate::backend) fn exposed(network: &serde_json::Value) -> PostgreSQL {
    let mut object = object("shop", 1);
    let (network, _) = apimachinery::wire::json::decode_tree::<Network>(network).expect("a field");
    object.spec.instance.network = Some(network);
    object
}

/// Has an object say that of metrics.
pub(in crate::backend) fn says_of_metrics(object: &mut PostgreSQL, switch: Switch) {
    let metrics = Observability { metrics: Some(switch), ..Observability::default() };
    object.spec.instance.observability = Some(metrics);
}

/// What is wanted of it where nothing is there yet.
pub(in crate::backend) fn wish<'a>(
    object: &'a PostgreSQL,
    class: &'a Class,
    installed: &'a Installed,
) -> Wish<'a> {
    let (nothing, name) = (&serde_json::Value::Null, "shop-1");
    let (live, source, begins) = (nothing, nothing, nothing);
    Wish { object, class, name, live, beside: &[], evidence: &[], references: &[], source, begins, installed }
}

/// What a dialect tells of it, without anybody's password.
pub(in crate::backend) fn seen<D: Dialect>(dialect: &D, wish: &Wish<'_>) -> Observed {
    let domain = "cluster.local";
    dialect.seen(&Found { wish, domain, logins: Vec::new(), superuser: None, certificates: None })
}

/// The tests of each dialect, by its player.
macro_rules! played {
    ($($module:ident),+ $(,)?) => {
        $(mod $module {
            use crate::backend::$module::tests::Played;

            #[tokio::test(flavor = "multi_thread")]
            async fn whatever_the_features_allow_is_taken_and_reads_back_unchanged() {
                super::schema::whatever_the_features_allow_is_taken::<Played>().await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn what_is_done_behind_our_back_is_answered() {
                super::disturbed::what_is_done_behind_our_back_is_answered::<Played>().await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn what_is_listed_is_brought_about_over_sql() {
                super::inside::what_is_listed_is_brought_about_over_sql::<Played>().await;
            }

            async fn world() -> Option<super::conformance::World<Played>> {
                super::conformance::World::start().await
            }

            crate::backend::conformance::conformance!(in_turn world, super::conformance::over);
        })+
    };
}

played! { cloudnative_pg, crunchy, kubedb, percona_postgresql, stackgres, zalando }
