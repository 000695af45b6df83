//! Parameters, extensions and databases.

super::lies! {
    "drops-parameters" by ParametersAreInForce: wish = |object, _| parameters(object).clear();
    "drops-what-needs-a-restart" by ParametersAreInForce:
        wish = |object, _| drop(parameters(object).remove("max_connections"));
    "rounds-parameters" by ParametersAreInForce:
        wish = |object, _| drop(parameters(object).insert("work_mem".into(), "8MB".into()));
    "keeps-the-first-parameters" by ParametersChange:
        wish = |object, first| parameters(object).clone_from(&first.spec.instance.parameters);
    "loses-rows-with-parameters" by ParametersChange:
        act = Act::MakesAnew(|object| format!("{:?}", object.spec.instance.parameters));
    "keeps-removed-parameters" by ParametersReturnToDefaults:
        wish = |object, first| parameters(object).extend(first.spec.instance.parameters.clone());
    "takes-invalid-parameters" by InvalidParametersAreRefused:
        wish = |object, _| parameters(object).retain(|_, value| value != "plenty");
    "drops-extensions" by ExtensionsAreInstalled:
        wish = |object, _| object.spec.databases.iter_mut().for_each(|database| database.extensions.clear());
    "drops-the-second-extension" by ExtensionsAreInstalled:
        wish = |object, _| object.spec.databases.iter_mut().for_each(|database| database.extensions.truncate(1));
    "drops-schemas-of-extensions" by ExtensionsAreInstalled:
        wish = |object, _| {
            let extensions = object.spec.databases.iter_mut().flat_map(|database| &mut database.extensions);
            extensions.for_each(|extension| extension.schema.clear());
        };
    "adds-no-extension" by ExtensionsCanBeAdded:
        wish = |object, first| object.spec.databases.clone_from(&first.spec.databases);
    "takes-unknown-extensions" by UnknownExtensionsAreRefused:
        wish = |object, first| object.spec.databases.clone_from(&first.spec.databases);
    "has-the-first-database-alone" by DatabasesHaveTheirOwners:
        wish = |object, _| object.spec.databases.truncate(1),
        told = |observed, _| invented(observed, "analyst", "reports");
    "has-one-owner-for-all" by DatabasesHaveTheirOwners:
        wish = |object, _| object.spec.databases.iter_mut().for_each(|database| database.owner = "seller".into()),
        told = |observed, _| invented(observed, "analyst", "reports");
    "loses-rows-off-the-list" by DatabasesOffTheListStay:
        act = Act::MakesAnew(|object| object.spec.databases.len().to_string());
}
