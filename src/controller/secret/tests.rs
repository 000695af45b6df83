//! Whose a Secret is, and what is said of one that is in the way.

use super::left::disown;
use super::*;

fn binding(data: &[(&str, &str)]) -> Binding {
    let text = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Binding {
        namespace: "demo".into(),
        name: "shop-binding".into(),
        kind: "servicebinding.io/postgresql".into(),
        owner_uid: "1".into(),
        labels: [(KIND_LABEL, "PostgreSQL"), (NAME_LABEL, "shop")].iter().map(text).collect(),
        adopts: false,
        taken_up: None,
        kept_by: Some("the binding Secret".into()),
        has_served: false,
        is_known: false,
        contract: &["host", "sslmode", "ro-uri"],
        data: data.iter().map(text).collect(),
    }
}

fn nobody(_: &str) -> bool {
    true
}

fn keys(secret: &Secret) -> Vec<&str> {
    secret.data.iter().flatten().map(|(key, _)| key.as_str()).collect()
}

#[test]
fn keys_that_are_no_longer_true_go_and_a_persons_own_stay() {
    let mut secret = Secret::default();
    assert!(binding(&[("host", "h"), ("sslmode", "require"), ("ro-uri", "u")]).settle(&mut secret));
    secret.data.get_or_insert_default().insert("team".into(), ByteString(b"docs".to_vec()));
    let plain = binding(&[("host", "h")]);
    assert!(plain.settle(&mut secret));
    assert_eq!(keys(&secret), ["host", "team"]);
    assert!(!plain.settle(&mut secret), "nothing is left to change");
    assert!(plain.is_settled(&secret) && !binding(&[("host", "other")]).is_settled(&secret));
    disown(&mut secret, "1");
    assert!(!plain.is_settled(&secret), "it is nobody's");
}

#[test]
fn a_released_secret_says_whose_it_was_and_is_nobodys() {
    let mut secret = Secret::default();
    binding(&[("host", "h")]).settle(&mut secret);
    disown(&mut secret, "1");
    assert_eq!(label(&secret, UID_LABEL), None);
    let error = foreign(&secret, &binding(&[]), &nobody).to_string();
    assert!(error.contains("PostgreSQL shop (uid 1)") && error.contains("spec.adoptRef"), "{error}");
    assert!(error.contains("or another object has it"), "whether the data is there is not known: {error}");
}

#[test]
fn a_released_secret_goes_to_who_takes_up_its_data_by_the_same_login_and_to_nobody_else() {
    let login = [("host", "h"), ("username", "app"), ("password", "secret")];
    let mut secret = Secret::default();
    binding(&login).settle(&mut secret);
    disown(&mut secret, "1");
    let adopting = |data: &[(&str, &str)]| Binding { adopts: true, owner_uid: "2".into(), ..binding(data) };
    assert!(
        !Binding { adopts: false, ..adopting(&login) }.takes_up(&secret, &nobody),
        "another of the same name"
    );
    assert!(!adopting(&[("host", "h")]).takes_up(&secret, &nobody));
    assert!(!adopting(&[("username", "app"), ("password", "other")]).takes_up(&secret, &nobody));
    let heir = adopting(&login);
    assert!(heir.takes_up(&secret, &nobody) && heir.settle(&mut secret));
    assert_eq!(label(&secret, UID_LABEL).map(String::as_str), Some("2"));
    let told = secret.metadata.annotations.unwrap_or_default();
    assert_eq!(told.get(TAKEN_UP_FROM).map(String::as_str), Some("PostgreSQL shop (uid 1)"));
    assert_eq!(told.len(), 1, "it is not released any more");
    let mut owned = Secret::default();
    binding(&login).settle(&mut owned);
    assert!(!heir.takes_up(&owned, &|_| false), "a live object's");
    assert!(heir.takes_up(&owned, &|uid| uid == "1"), "one of an object that went unseen");
}

#[test]
fn nobody_is_told_to_delete_the_secret_of_another_object() {
    let mut secret = Secret::default();
    binding(&[]).settle(&mut secret);
    let said = |nobodys: &Nobodys<'_>| foreign(&secret, &binding(&[]), nobodys).to_string();
    let error = said(&|_| false);
    assert!(error.contains("belongs to shop") && !error.contains("delete"), "{error}");
    let error = said(&|uid| uid == "1");
    assert!(error.contains("no object has that uid any more"), "{error}");
    assert!(error.contains("kubectl delete secret -n demo shop-binding"), "{error}");
}

#[test]
fn nobody_is_told_to_adopt_where_the_class_takes_up_nothing() {
    let (mut secret, never) = (Secret::default(), Binding { kept_by: None, ..binding(&[]) });
    binding(&[]).settle(&mut secret);
    let owned = foreign(&secret, &never, &nobody).to_string();
    disown(&mut secret, "1");
    let released = foreign(&secret, &never, &nobody).to_string();
    for error in [owned, released] {
        assert!(!error.contains("adoptRef") && error.contains("kubectl delete secret -n demo"), "{error}");
    }
}

#[test]
fn nobody_is_told_to_delete_an_object_that_has_served_or_has_what_was_kept() {
    let (mut secret, binding) = (Secret::default(), binding(&[]));
    binding.settle(&mut secret);
    disown(&mut secret, "3");
    let served = Binding { has_served: true, ..binding.clone() };
    for binding in [served, Binding { adopts: true, ..binding }] {
        let error = foreign(&secret, &binding, &nobody).to_string();
        assert!(
            error.contains("kubectl delete secret") && !error.contains("delete PostgreSQL shop"),
            "{error}"
        );
    }
}

#[test]
fn a_secret_that_can_never_be_of_the_contract_is_to_be_deleted() {
    let error = foreign::of_another_type(&Secret::default(), &binding(&[])).to_string();
    assert!(
        error.contains("type Opaque") && error.contains("kubectl delete secret -n demo shop-binding"),
        "{error}"
    );
}

#[test]
fn a_secret_that_lost_its_labels_is_this_objects_where_all_of_it_is() {
    let login = [("host", "h"), ("username", "app"), ("password", "secret")];
    let mut ours = Secret { type_: Some("servicebinding.io/postgresql".into()), ..Secret::default() };
    binding(&login).settle(&mut ours);
    ours.metadata.labels = None;
    ours.data.get_or_insert_default().insert("team".into(), ByteString(b"docs".to_vec()));
    assert!(binding(&login).was_stripped(&ours), "a person's own keys are no matter");
    for other in [
        [("host", "other"), login[1], login[2]],
        [login[0], ("username", "other"), login[2]],
        [login[0], login[1], ("password", "other")],
    ] {
        assert!(!binding(&other).was_stripped(&ours), "{other:?}");
    }
    assert!(!binding(&login[..2]).was_stripped(&ours), "without a password anybody has the same");
    let typed = Secret { type_: Some("Opaque".into()), ..ours.clone() };
    assert!(!binding(&login).was_stripped(&typed));
    let mut relabelled = ours.clone();
    relabelled.metadata.labels.get_or_insert_default().insert(UID_LABEL.into(), "2".into());
    assert!(binding(&login).was_stripped(&relabelled), "whoever labelled it so changed nothing in it");
    let error = foreign(&relabelled, &Binding { is_known: true, ..binding(&[]) }, &|_| false).to_string();
    assert!(error.contains("kubectl delete secret") && !error.contains("another name"), "{error}");
    let mut released = ours.clone();
    disown(&mut released, "2");
    assert!(!binding(&login).was_stripped(&released), "it says whose it was");
    let error = foreign(&ours, &Binding { is_known: true, ..binding(&[]) }, &nobody).to_string();
    let label = "kubectl label secret -n demo shop-binding databases.standard.k8s.io/instance-uid=1";
    assert!(error.contains(label), "{error}");
    let error = foreign(&ours, &binding(&[]), &nobody).to_string();
    assert!(error.contains("was not made for this object") && !error.contains("label"), "{error}");
}
