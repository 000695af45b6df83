//! Roles beside the owners.

super::lies! {
    "drops-users" by UsersLogIn:
        wish = |object, _| object.spec.users.clear(),
        told = |observed, object| object.spec.users.iter().for_each(|user| invented(observed, &user.name, "app"));
    "drops-privileges-of-users" by UsersLogIn:
        wish = |object, _| object.spec.users.iter_mut().for_each(|user| user.databases.clear());
    "gives-users-every-database" by UsersLogIn:
        wish = |object, _| object.spec.users.iter_mut().for_each(|user| user.databases = vec!["app".into()]);
    "gives-users-the-owners-password" by UsersLogIn:
        told = |observed, _| {
            let password = observed.logins.first().map(|login| login.password.clone()).unwrap_or_default();
            observed.logins.iter_mut().for_each(|login| login.password.clone_from(&password));
        };
    "gives-users-the-owner" by UsersLogIn:
        told = |observed, _| {
            let owner = observed.logins.first().cloned().unwrap_or_default();
            for login in observed.logins.iter_mut().skip(1) {
                *login = Login { user: login.user().to_owned(), ..owner.clone() };
            }
        };
    "drops-attributes" by UsersHaveTheirAttributes:
        wish = |object, _| object.spec.users.iter_mut().for_each(|user| user.attributes.clear());
    "adds-attributes" by UsersHaveTheirAttributes: wish = |object, _| also(object, UserAttribute::CreateDB);
    "makes-users-superusers" by UsersHaveTheirAttributes: wish = |object, _| also(object, UserAttribute::Superuser);
    "lets-roles-log-in" by UsersHaveTheirAttributes:
        wish = |object, _| {
            let users = object.spec.users.iter_mut();
            users.for_each(|user| user.attributes.retain(|attribute| *attribute != UserAttribute::NoLogin));
        };
    "keeps-attributes" by UsersHaveTheirAttributes:
        wish = |object, first| {
            let before = |name: &str| first.spec.users.iter().find(|user| user.name == name).cloned();
            let users = object.spec.users.iter_mut();
            users.for_each(|user| *user = before(&user.name).unwrap_or_default());
        };
    "keeps-users" by UsersOffTheListAreOut:
        wish = |object, first| object.spec.users.clone_from(&first.spec.users),
        told = |observed, object| {
            let is_listed = |name: &str| object.spec.users.iter().any(|user| user.name == name);
            observed.logins.retain(|login| login.username == "app" || is_listed(&login.username));
        };
    "has-no-superuser" by SuperusersAreSuperusers:
        wish = |object, _| object.spec.superuser_access = None,
        told = |observed, object| observed.superuser = observed.logins.first().filter(|_| is_super(object)).cloned();
    "keeps-the-superuser" by SuperusersAreSuperusers:
        wish = |object, _| object.spec.superuser_access = Some(Access::Enabled),
        told = |observed, object| observed.superuser = observed.superuser.take().filter(|_| is_super(object));
}
