//! The version, the Secret, and who is let in.

super::lies! {
    "tells-a-major-version" by TheVersionIsExact: told = |observed, _| observed.version = "15".into();
    "tells-another-version" by TheVersionIsExact: told = |observed, _| observed.version = "15.0".into();
    "runs-another-version" by EveryVersionRuns:
        offer = |offer| offer.engines[0].versions.push("14".into()),
        wish = |object, _| object.spec.instance.version = "15".into(),
        told = |observed, object| if object.spec.instance.version == "14" { observed.version = "14.9".into() };
    "tells-another-host" by TheBindingConnects: told = |observed, _| moved(observed, "127.0.0.9", 5432);
    "tells-another-port" by TheEndpointIsTheBindings: told = |observed, _| moved(observed, "127.0.0.1", 1);
    "tells-another-password" by TheUriConnects:
        told = |observed, _| first(observed, |login| login.password = "invented".into());
    "tells-another-database" by OwnersOwnTheirDatabase:
        told = |observed, _| first(observed, |login| login.database = "postgres".into());
    "tells-no-database" by TheBindingKeepsItsContract:
        told = |observed, _| first(observed, |login| login.database.clear());
    "takes-any-password" by WrongPasswordsAreRefused: act = Act::Trusts;
    "takes-no-password" by NoPasswordIsRefused: act = Act::Trusts;
    "tells-another-role" by TheBindingConnects:
        told = |observed, _| first(observed, |login| login.username = "other".into());
    "gives-the-superuser" by OwnersAreNoSuperusers:
        wish = |object, _| object.spec.superuser_access = Some(Access::Enabled),
        told = |observed, _| {
            if let Some(superuser) = observed.superuser.take() {
                first(observed, |login| *login = Login { database: login.database.clone(), ..superuser });
            }
        };
    "makes-the-owner-a-superuser" by OwnersAreNoSuperusers:
        wish = |object, _| owned_by_another(object, &[UserAttribute::Superuser]),
        told = |observed, _| without_another(observed);
    "gives-who-does-not-own" by OwnersOwnTheirDatabase:
        wish = |object, _| owned_by_another(object, &[]),
        told = |observed, _| without_another(observed);
    "takes-no-writes" by OwnersOwnTheirDatabase:
        wish = |object, _| drop(parameters(object).insert("default_transaction_read_only".into(), "on".into()));
    "requires-no-encryption" by TlsIsRequired:
        wish = |object, _| tls(object, TlsMode::Optional), told = |observed, _| observed.tls_required = true;
    "has-no-encryption" by TlsIsRequired:
        wish = |object, _| tls(object, TlsMode::Disabled),
        told = |observed, _| (observed.tls_required, observed.certificates) = (true, Some(FOREIGN.clone()));
    "tells-a-foreign-authority" by TlsIsRequired: told = |observed, _| observed.certificates = Some(FOREIGN.clone());
    "tells-no-authority" by TlsIsRequired: told = |observed, _| observed.certificates = None;
    "does-not-tell-of-encryption" by TlsIsRequired: told = |observed, _| observed.tls_required = false;
    "requires-what-is-optional" by TlsIsOptional:
        wish = |object, _| tls(object, TlsMode::Required), told = |observed, _| observed.tls_required = false;
    "offers-no-encryption" by TlsIsOptional:
        wish = |object, _| tls(object, TlsMode::Disabled),
        told = |observed, _| observed.certificates = Some(FOREIGN.clone());
}
