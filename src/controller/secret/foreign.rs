//! What a person reads of a Secret that is in the way, and does about it.

use super::{Binding, KIND_LABEL, NAME_LABEL, Nobodys, UID_LABEL, label, released_from};
use crate::cluster::Error;
use k8s_openapi::api::core::v1::Secret;

/// That a Secret is in a binding's way, whose it is as far as it says so, and what makes room.
pub(super) fn foreign(secret: &Secret, binding: &Binding, nobodys: &Nobodys<'_>) -> Error {
    let Binding { namespace, name, owner_uid, .. } = binding;
    let instance = label(secret, NAME_LABEL).map_or("another object", String::as_str);
    let delete = delete(binding);
    let why = match (label(secret, UID_LABEL), released_from(secret)) {
        // Its name was this object's before: who labelled it so was not the other object.
        (Some(uid), _) if binding.is_known => format!(
            "is labelled as that of {instance} (uid {uid}), and has other content than this object's has: {delete}, and this \
             object's is made again"
        ),
        (Some(uid), _) if nobodys(uid) => format!(
            "is still that of {instance} (uid {uid}), and no object has that uid any more. {}Where nobody needs what it opens, \
             {delete}; or give this object another name",
            again(binding).map(|again| format!("Where that data was kept: {again}. ")).unwrap_or_default()
        ),
        (Some(uid), _) => {
            format!("belongs to {instance} (uid {uid}): give this object, or the user, another name")
        }
        (None, Some(whose)) => {
            let kept = format!("was kept with the data of {whose} when that was deleted");
            match again(binding) {
                Some(again) => {
                    format!("{kept}. {again}. Where the data is gone, or another object has it, {delete}")
                }
                None => format!(
                    "{kept}: where nobody needs what it opens, or this object has that data, {delete}, and this object's is made; \
                     or give this object another name"
                ),
            }
        }
        // It can be anybody's who makes Secrets here. Whoever labels it says that it is not.
        (None, None) if binding.is_known => format!(
            "has no label {UID_LABEL} by which it would be this object's, and other content than this object's has: where it is \
             this object's and somebody took the label off, give that back (kubectl label secret -n {namespace} {name} \
             {UID_LABEL}={owner_uid}); else delete it, or give this object another name"
        ),
        (None, None) => "was not made for this object: delete it, or give this object another name".into(),
    };
    in_the_way(binding, why)
}

/// That the object's own Secret can never be one of the contract.
pub(super) fn of_another_type(secret: &Secret, binding: &Binding) -> Error {
    let (has, wanted) = (secret.type_.as_deref().unwrap_or("Opaque"), &binding.kind);
    let delete = delete(binding);
    in_the_way(
        binding,
        format!("has the type {has}, which cannot be changed to {wanted}: {delete}, and it is made anew"),
    )
}

fn in_the_way(Binding { namespace, name, .. }: &Binding, why: String) -> Error {
    Error::ForeignSecret { namespace: namespace.clone(), name: name.clone(), why }
}

fn delete(Binding { namespace, name, .. }: &Binding) -> String {
    format!("delete that Secret (kubectl delete secret -n {namespace} {name})")
}

/// How what a Secret opens is taken up, where the object's class does that and the object has no data of its own to lose.
fn again(binding: &Binding) -> Option<String> {
    let named = binding.kept_by.as_ref().filter(|_| !binding.has_served && !binding.adopts)?;
    let label = |name| binding.labels.get(name).map_or("object", String::as_str);
    let this = format!("{} {}", label(KIND_LABEL), label(NAME_LABEL));
    Some(format!(
        "To take that data up, delete {this} with spec.deletionPolicy Delete, which deletes what was written to it since, and \
         make it anew with a spec.adoptRef that names {named}. To delete that data, do the same, then delete the new {this} with \
         spec.deletionPolicy Delete"
    ))
}
