//! What every backend does. Nothing is stopped or restarted here, and nothing is taken out of what is offered.

use super::*;
use crate::backend::conformance::{Driver, Wish, conformance};
use std::sync::Mutex;

/// What was published, as the controller keeps it for the backend, whatever becomes of the backend's process.
type Published = Arc<Mutex<HashMap<String, Vec<Login>>>>;

struct OverExternal {
    host: Host,
    published: Published,
    backend: Arc<Controlled>,
}

async fn open() -> Option<OverExternal> {
    let host = Host::start(TlsMode::Disabled).await?;
    let published = Published::default();
    let backend = Arc::new(Controlled::new(&host, &published));
    Some(OverExternal { host, published, backend })
}

conformance!(apart open:
    a_second_ensure_changes_nothing,
    a_call_that_is_cut_off_anywhere_is_gone_on_from,
    the_reference_is_known_before_and_again,
    observing_and_planning_change_nothing,
    no_password_is_shown,
    a_removal_may_be_repeated_and_cut_off,
    a_deletion_that_is_called_off_ends_by_keeping_what_is_left,
    what_is_retained_is_nobody_elses,
    what_is_deleted_is_gone,
    a_refused_wish_leaves_what_runs,
    what_was_never_accepted_is_rejected,
);

/// The backend as its controller asks it: with the class's Secret, and with what was published last.
struct Controlled {
    backend: ExternalPostgreSQL,
    secret: String,
    published: Published,
}

impl Controlled {
    fn new(host: &Host, published: &Published) -> Self {
        let (secret, published) = (host.steward(), published.clone());
        Controlled { backend: ExternalPostgreSQL::default(), secret, published }
    }

    fn asked(&self, request: &Request<PostgreSQL>) -> Request<PostgreSQL> {
        let logins = self.published.lock().unwrap().get(&request.object.metadata.uid).cloned();
        let class = Class { name: "shared".into(), parameters: self.secret.clone() };
        Request { class: Some(class), logins: logins.unwrap_or_default(), ..request.clone() }
    }
}

#[async_trait]
impl Backend for Controlled {
    fn controller_name(&self) -> &str {
        self.backend.controller_name()
    }

    async fn offer(&self, class: &Class) -> Result<Offer, BackendError> {
        self.backend.offer(class).await
    }

    fn news(&self) -> BoxStream<'static, News> {
        self.backend.news()
    }
}

#[async_trait]
impl Answers<PostgreSQL> for Controlled {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, BackendError> {
        self.backend.reference(&self.asked(request)).await
    }

    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, BackendError> {
        self.backend.plan(&self.asked(request)).await
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, BackendError> {
        self.backend.observe(&self.asked(request)).await
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, BackendError> {
        let observed = self.backend.ensure(&self.asked(request)).await?;
        let uid = request.object.metadata.uid.clone();
        self.published.lock().unwrap().insert(uid, observed.logins.clone());
        Ok(observed)
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), BackendError> {
        self.backend.remove(&self.asked(request), disposal).await
    }
}

#[async_trait]
impl Driver for OverExternal {
    type Kind = PostgreSQL;

    fn backend(&self) -> Arc<dyn Answers<PostgreSQL>> {
        self.backend.clone()
    }

    async fn restart(&mut self) {
        self.backend = Arc::new(Controlled::new(&self.host, &self.published));
    }

    fn object(&self, number: u32) -> PostgreSQL {
        super::object(&format!("uid-{number}"))
    }

    fn wish(&self, object: &mut PostgreSQL, wish: Wish) {
        let spec = &mut object.spec;
        let user = |name: &str| User { name: name.into(), ..User::default() };
        match wish {
            Wish::Restart => spec.databases.push(Database {
                name: "more".into(),
                owner: "app".into(),
                ..Database::default()
            }),
            Wish::Harmless => spec.users.push(user("etl")),
            Wish::Refused => {
                let attributes = vec![databases_api::postgresql::UserAttribute::CreateDB];
                spec.users.push(User { attributes, ..user("maker") });
            }
            Wish::Accepted => spec.users.retain(|user| user.name != "maker"),
            Wish::Stopped | Wish::Running => unreachable!("a server of others is not stopped"),
        }
    }

    async fn offer_version(&mut self, _: bool) {
        unreachable!("the version is the server's");
    }

    async fn write(&self, _: &Request<PostgreSQL>, observed: &Observed, row: &str) {
        let session = self.host.as_login(&observed.logins[0]).await.unwrap();
        let statements =
            format!("CREATE TABLE IF NOT EXISTS kept (name text); INSERT INTO kept VALUES ('{row}')");
        session.batch_execute(&statements).await.unwrap();
    }

    async fn reads(&self, _: &Request<PostgreSQL>, observed: &Observed, row: &str) -> bool {
        let session = self.host.as_login(&observed.logins[0]).await.unwrap();
        let found = session.query("SELECT FROM kept WHERE name = $1", &[&row]).await;
        found.is_ok_and(|rows| !rows.is_empty())
    }

    async fn runs(&self, uid: &str) -> String {
        let query = format!(
            "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database d JOIN pg_shdescription c \
             ON c.objoid = d.datdba AND c.description LIKE 'made by % (uid {uid})'"
        );
        self.host.value(&query).await
    }

    async fn world(&self) -> String {
        let everything = "SELECT concat_ws(E'\\n', \
             (SELECT string_agg(concat_ws(' ', r.rolname, r.rolcanlogin, r.rolpassword, c.description), E'\\n' \
              ORDER BY r.oid) FROM pg_authid r LEFT JOIN pg_shdescription c ON c.objoid = r.oid), \
             (SELECT string_agg(concat_ws(' ', datname, datdba::regrole, datacl), E'\\n' ORDER BY oid) \
              FROM pg_database), \
             (SELECT string_agg(concat_ws(' ', roleid::regrole, member::regrole), E'\\n' ORDER BY 1) \
              FROM pg_auth_members))";
        self.host.value(everything).await
    }

    fn cuts(&self) -> Vec<usize> {
        vec![1, 2, 4, 7, 12, 20, 35, 60]
    }

    async fn clear(&mut self, requests: &[Request<PostgreSQL>]) {
        for request in requests {
            self.backend.remove(request, Disposal::Delete).await.unwrap();
        }
    }
}
