//! The tests: one entry each, which everything else follows from.

mod access;
mod binding;
mod contents;
mod copies;
mod deletion;
mod life;
mod network;
mod parameters;
mod refusal;
mod replicas;
mod state;
mod storage;
mod tls;
mod users;
mod version;

use super::failure::Verdict;
use super::suite::Suite;
use futures_util::future::LocalBoxFuture;

/// A test.
pub(super) struct Test {
    /// Its name.
    pub(super) name: &'static str,
    /// The features that it needs, without the kind's name; none for what every class must do.
    pub(super) features: &'static [&'static str],
    /// What it finds out.
    pub(super) about: &'static str,
    /// How.
    pub(super) run: for<'a> fn(&'a Suite) -> LocalBoxFuture<'a, Verdict>,
}

/// `Name [features] function: sentence`.
macro_rules! tests {
    ($($name:ident [$($feature:ident),*] $run:path: $about:literal;)*) => {
        /// Every test, in the order in which they run.
        pub(super) const TESTS: &[Test] = &[$(Test {
            name: stringify!($name),
            features: &[$(stringify!($feature)),*],
            about: $about,
            run: |suite| Box::pin($run(suite)),
        }),*];
    };
}

tests! {
    UnofferedFeaturesAreRefused [] refusal::features:
        "What the class does not claim is refused with 422, by its field, when it is typed.";
    UnofferedVersionsAreRefused [] refusal::version:
        "A version that the class does not list is refused with 422, by its field.";
    TheClassCannotBeChanged [] refusal::class:
        "Another className is refused with 422, by its field.";
    DeletionIsForbidden [] deletion::forbidden:
        "An object whose deletionPolicy is Forbid cannot be deleted.";
    NewObjectsAreInProgress [] life::in_progress:
        "An object says from its creation that it is not ready yet, and has its defaults.";
    ConditionsAreComplete [] life::conditions:
        "Every condition has a reason and the generation that it is about, and kstatus reads the object \
         as current.";
    StatusIsWrittenByTheServerAlone [] life::status:
        "What a client writes into the status is not taken, and a status that is true is not written \
         again and again.";
    TheBindingKeepsItsContract [] binding::contract:
        "The Secret of status.binding has the type, the labels and the keys of the standard.";
    TheBindingConnects [] binding::connects:
        "host, port, username, password and database of the Secret open that database as that role.";
    TheUriConnects [] binding::uri:
        "The Secret's uri says the same as its other keys, and connects.";
    TheEndpointIsTheBindings [] binding::endpoint:
        "The ReadWrite endpoint of the status is the Secret's host and port, and takes writes.";
    WrongPasswordsAreRefused [] access::wrong_password:
        "The owner with a wrong password, and a role that does not exist, are refused.";
    NoPasswordIsRefused [] access::no_password:
        "The owner without a password is refused.";
    OwnersAreNoSuperusers [] access::owner:
        "The owner is no superuser and cannot read passwords, run programs or make roles.";
    TheVersionIsExact [] version::exact:
        "status.version is the version that the server says it is, and one that was asked for.";
    EveryVersionRuns [] version::every:
        "Every version that the class lists and that is not its default runs.";
    OwnersOwnTheirDatabase [] contents::owner:
        "The first database belongs to its owner, who can make schemas and tables and write and read \
         rows.";
    LabelsDisturbNothing [] life::labels:
        "A changed label or annotation ends no session and restarts no server.";
    DatabasesAreApart [] access::apart:
        "Two objects share neither data nor logins.";
    DeleteRemoves [] deletion::delete:
        "With deletionPolicy Delete the login, its Secret and the server go.";
    RetainKeepsCredentials [] deletion::retain:
        "With deletionPolicy Retain the Secret stays as it was.";
    SnapshotBacksUpFirst [DeletionSnapshot] deletion::snapshot:
        "With deletionPolicy Snapshot the database serves until its backup is made; then the login and its Secret go, \
         and the backup that was told of is there.";
    KeptDataIsTakenUp [Adoption] deletion::taken_up:
        "What deletionPolicy Retain kept is taken up again with its rows and password by an object whose \
         adoptRef names it.";
    CopiesHaveTheData [Clone] copies::data:
        "A copy has the rows that were there when it was asked for and a password of its own, and what becomes of one is \
         nothing to the other.";
    ParametersAreInForce [Parameters] parameters::in_force:
        "SHOW says what parameters asks for, also of what a server only takes at its start.";
    ParametersChange [Parameters] parameters::change:
        "Changed parameters are in force, those that need a restart among them, and rows stay.";
    ParametersReturnToDefaults [Parameters] parameters::removed:
        "A parameter that is taken off has the server's default again.";
    ManagedParametersAreRefused [Parameters] parameters::managed:
        "A parameter that would take the server out of the class's hands is refused with 422, by its \
         name.";
    InvalidParametersAreRefused [Parameters] parameters::invalid:
        "A value that the server cannot take is refused, and the server runs on.";
    ExtensionsAreInstalled [Extensions] contents::extensions:
        "An extension is in its database and in its schema, and its functions work.";
    ExtensionsCanBeAdded [Extensions] contents::added_extension:
        "An extension that is added later is installed, and rows stay.";
    UnknownExtensionsAreRefused [Extensions] contents::unknown_extension:
        "An extension that does not exist is refused, and the server runs on.";
    DatabasesHaveTheirOwners [MultipleDatabases] contents::several:
        "Each database belongs to its owner, who has a login of its own.";
    DatabasesOffTheListStay [MultipleDatabases] contents::off_the_list:
        "Taking a database off the list drops no rows.";
    UsersLogIn [Users] users::log_in:
        "Each user has a Secret that logs in as that user, with the privileges that were asked for.";
    UsersHaveTheirAttributes [Users, UserAttributes] users::attributes:
        "A user has the attributes that were asked for, and no others.";
    UsersOffTheListAreOut [Users] users::removed:
        "A user that is taken off the list cannot log in, its session is ended and its Secret is gone.";
    SuperusersAreSuperusers [SuperuserAccess] users::superuser:
        "The superuser's Secret logs in as a superuser, and no more once access is disabled.";
    TlsIsRequired [TLS] tls::required:
        "With tls.mode Required plain text is refused, and the certificate is one for the host by the \
         Secret's authority.";
    TlsIsOptional [TLS] tls::optional:
        "With tls.mode Optional a client is taken with encryption and without.";
    ReplicasFollow [Replicas] replicas::follow:
        "As many servers as asked for serve, and the others stream from the primary; fewer when fewer are \
         asked for.";
    ReadOnlyEndpointReads [Replicas, ReadOnlyEndpoint] replicas::read_only:
        "Rows arrive at the ReadOnly endpoint, which is in recovery and refuses writes.";
    CommitsWaitForAReplica [Replicas, SynchronousReplication] replicas::synchronous:
        "With replication.mode Synchronous the primary waits for a replica.";
    StopKeepsRows [Stop] state::stop:
        "A stopped database takes no connection, and has its rows when it runs again.";
    ScaleToZeroStops [Stop] state::scale:
        "Scaling to 0 stops a database, and scaling up starts it again.";
    RestartRestarts [Restart] state::restart:
        "A changed kubectl.kubernetes.io/restartedAt restarts the server once, and rows stay.";
    ThePortIsAsAsked [Port] network::port:
        "The endpoint has the port that was asked for, and answers on it.";
    StorageGrows [StorageExpansion] storage::grows:
        "A larger storage.size is taken, rows stay, and a smaller one is refused.";
}
