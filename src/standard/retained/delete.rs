//! The end of what is kept, with the Secrets that were left with it.

use super::{Answer, Options, size, told};
use crate::backend::local::{self, Kept, Standing};
use crate::controller::{Reached, how_to_delete_released};
use apimachinery::kind::Kind;
use databases_api::postgresql::{PostgreSQL, User};
use std::path::Path;

/// Deletes it, unless an object has it.
pub(super) async fn delete(options: &Options, root: &Path, uid: &str) -> Result<Answer, String> {
    let failed = |error: local::Error| told(&options.data_dir, &error);
    let reached = reached(options).await;
    let found = local::look(root, uid);
    let (is_damaged, is_orphan) = match &found {
        Err(error) => (error.is_damage(), false),
        Ok(kept) => (false, kept.as_ref().is_some_and(|kept| kept.standing == Standing::Orphaned)),
    };
    // The object may be there again, and its database not yet.
    if is_damaged || is_orphan {
        match holder(&reached, uid).await {
            Ok(None) => {}
            Ok(Some(object)) => {
                return Err(format!(
                    "nothing of the uid {uid} is deleted: PostgreSQL {object} has it; delete that object, with deletionPolicy Delete for \
                     its data to go with it"
                ));
            }
            Err(_) if is_orphan => {}
            Err(why) => {
                return Err(format!(
                    "nothing of the uid {uid} is deleted: what is there of it is damaged, and whether an object has it is not known, as \
                     {why}; start the server, or name its kubeconfig by --kubeconfig"
                ));
            }
        }
    }
    let discarding = local::discard(root, uid, is_damaged).map_err(failed)?;
    Ok(deleted(options, reached, discarding).await)
}

/// The server that has the objects and the Secrets; or why it is not reached.
async fn reached(options: &Options) -> Result<Reached, String> {
    let ours = options.data_dir.join("kubeconfig");
    let kubeconfig = options.kubeconfig.clone().or_else(|| ours.exists().then_some(ours));
    Reached::by(kubeconfig.as_deref()).await.map_err(|error| error.to_string())
}

/// The object that has a uid.
async fn holder(reached: &Result<Reached, String>, uid: &str) -> Result<Option<String>, String> {
    let found = reached.as_ref().map_err(Clone::clone)?.holder(PostgreSQL::definition(), uid).await;
    found.map_err(|error| error.to_string())
}

/// The Secrets go first: what is left when this is cut off tells whose they were.
async fn deleted(
    options: &Options,
    reached: Result<Reached, String>,
    discarding: local::Discarding,
) -> Answer {
    let kept = discarding.kept().clone();
    let former = former(&kept);
    let secrets = match reached {
        Ok(reached) => reached.delete_released(&former).await.map_err(|error| error.to_string()),
        Err(why) => Err(why),
    };
    let mut answer = Answer::default();
    match secrets {
        Ok(secrets) => {
            answer.text.extend(secrets.iter().map(|secret| format!("deleted Secret {secret}\n")));
        }
        Err(why) => answer.complaints.push(format!(
            "Secrets of {} may be left, as {why}; they open nothing any more: delete them by {}",
            whose(&kept),
            how_to_delete_released(&former)
        )),
    }
    match discarding.finish() {
        Ok(()) => answer.text.push_str(&format!("deleted {} of {}\n", size(&kept), whose(&kept))),
        Err(error) => {
            let (uid, why) = (&kept.uid, told(&options.data_dir, &error));
            answer
                .complaints
                .push(format!("not all of the data of {uid} is deleted: {why}; call this again"));
        }
    }
    answer
}

fn whose(Kept { uid, namespace, name, .. }: &Kept) -> String {
    let object = if name.is_empty() { String::new() } else { format!("PostgreSQL {namespace}/{name}, ") };
    format!("{object}uid {uid}")
}

/// Whose it was, as far as that is known.
fn former(kept: &Kept) -> PostgreSQL {
    let mut former = PostgreSQL::default();
    let meta = &mut former.metadata;
    (meta.namespace, meta.name, meta.uid) = (kept.namespace.clone(), kept.name.clone(), kept.uid.clone());
    former.spec.users =
        kept.roles.iter().map(|role| User { name: role.clone(), ..User::default() }).collect();
    former
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_deletes_the_secrets_by_hand_is_told_which_and_how() {
        let kept = Kept {
            uid: "some-uid".into(),
            namespace: "demo".into(),
            name: "wiki".into(),
            standing: Standing::Deleting,
            major: 17,
            bytes: 0,
            since: None,
            login: None,
            roles: vec!["etl".into()],
        };
        let said = how_to_delete_released(&former(&kept));
        for part in [
            "`kubectl delete secret -n demo -l databases.standard.k8s.io/instance-uid=some-uid`",
            "wiki-binding wiki-superuser wiki-user-etl",
            "databases.standard.k8s.io/released-from is \"PostgreSQL wiki (uid some-uid)\"",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        let said =
            how_to_delete_released(&former(&Kept { name: String::new(), namespace: String::new(), ..kept }));
        assert!(
            said.contains("`kubectl delete secret -A -l databases.standard.k8s.io/instance-uid=some-uid`"),
            "{said}"
        );
    }
}
