//! The backends that this server has, and the kinds that each of them answers.

use super::Databases;
use crate::backend::{
    CloudNativePG, Crunchy, ExternalPostgreSQL, KubeDB, Operator, PerconaPostgreSQL, Remote, StackGres,
    StatefulSetPostgreSQL, Zalando,
};
use crate::controller::{Answering, Kinds};
use crate::server::{Place, Reason};
use databases_api::postgresql::PostgreSQL;
use std::collections::HashMap;
use std::sync::Arc;

/// Opens all of them. One that somebody has to wait for is opened all the same, and says so when it is asked.
pub(super) async fn open(place: &Place<'_, Databases>) -> Result<Kinds, Reason> {
    let mut answering = Answering::default();
    let of_this_machine = place.cluster_flags.is_none_or(|flags| flags.local_backend);
    if let Some(data_dir) = place.data_dir.filter(|_| of_this_machine) {
        answering = answering.with::<PostgreSQL>(place.flags.local.open(data_dir).await?);
    }
    answering = answering.with::<PostgreSQL>(Arc::new(ExternalPostgreSQL::default()));
    for options in place.flags.remote.options()? {
        answering = answering.with::<PostgreSQL>(Remote::open(options));
    }
    answering = operators(answering, place);
    let kinds = answering.kinds();
    let names: Vec<String> =
        kinds.backends().iter().map(|backend| backend.controller_name().to_owned()).collect();
    each_has_a_domain(&names)?;
    Ok(kinds)
}

/// The operators of the host cluster, installed or not.
fn operators(answering: Answering, place: &Place<'_, Databases>) -> Answering {
    let (Some(cluster), Some(flags)) = (place.cluster, place.cluster_flags) else { return answering };
    let domain = &flags.domain();
    answering
        .with::<PostgreSQL>(Arc::new(Operator::new(CloudNativePG, cluster.clone(), domain)))
        .with::<PostgreSQL>(Arc::new(Operator::new(KubeDB, cluster.clone(), domain)))
        .with::<PostgreSQL>(Arc::new(Operator::new(StackGres, cluster.clone(), domain)))
        .with::<PostgreSQL>(Arc::new(Operator::new(Zalando, cluster.clone(), domain)))
        .with::<PostgreSQL>(Arc::new(Operator::new(Crunchy::default(), cluster.clone(), domain)))
        .with::<PostgreSQL>(Arc::new(Operator::new(PerconaPostgreSQL::default(), cluster.clone(), domain)))
        .with::<PostgreSQL>(Arc::new(StatefulSetPostgreSQL::new(cluster.clone(), domain)))
}

/// What a backend made is known again by the domain of its name.
fn each_has_a_domain(names: &[String]) -> Result<(), String> {
    let mut known = HashMap::new();
    for name in names {
        let domain = name.split('/').next().unwrap_or_default();
        if let Some(other) = known.insert(domain, name) {
            return Err(format!(
                "the backends {other:?} and {name:?} are of one domain: give each its own, by which what it made is known again"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_backends_of_one_domain_are_refused() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(each_has_a_domain(&names(&["a.example.com/x", "b.example.com/x"])), Ok(()));
        let refused = each_has_a_domain(&names(&["example.com/x", "example.com/y"])).unwrap_err();
        assert!(refused.contains("of one domain"), "{refused}");
    }
}
