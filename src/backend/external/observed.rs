//! What is seen of an object.

use crate::backend::postgresql::Secret;
use crate::backend::tenant::{Error, Facts, Found, Server, SslMode};
use crate::backend::{Endpoint, Login, Observed, Phase, Request, Role};
use databases_api::postgresql::PostgreSQL;

/// What its server says.
pub(super) fn observed(
    request: &Request<PostgreSQL>,
    server: &Server,
    facts: &Facts,
    found: &Found,
    logins: Vec<Login>,
) -> Observed {
    let place = server.place();
    let closed = found.our_databases().find(|(_, database)| !database.open).map(|(name, _)| name);
    let (phase, message) = match closed {
        _ if found.is_nothing() => {
            (Phase::Failing, format!("the databases of this object are not on PostgreSQL at {place}"))
        }
        Some(name) => (Phase::Failing, format!("database {name} takes no connections")),
        None => (Phase::Available, format!("PostgreSQL at {place} accepts connections")),
    };
    // An object of which nothing is there goes on to say where it was.
    let known = request.object.status.instance.endpoints.first().filter(|_| found.is_nothing());
    let known = known.and_then(|known| Some((known.host.as_str(), u16::try_from(known.port).ok()?)));
    let (host, port) = known.unwrap_or((server.host.as_str(), server.port));
    Observed {
        phase,
        message,
        version: facts.version.clone(),
        certificates: server.authorities.clone(),
        tls_required: server.is_encrypted(),
        storage_bytes: Some(found.bytes()),
        pending: found.elevated(),
        ..reached(host, port, logins)
    }
}

fn reached(host: &str, port: u16, logins: Vec<Login>) -> Observed {
    Observed {
        phase: Phase::Available,
        instances: 1,
        ready_instances: 1,
        primary: host.to_owned(),
        endpoints: vec![Endpoint::new(Role::ReadWrite, host, port)],
        logins,
        ..Observed::default()
    }
}

/// Without the Secret that names the server nothing can be changed; applications go on, and that can be seen with their own
/// login. No login is told of: what is published stays as it is. What is missing keeps the spec from being done.
pub(super) async fn without_server(request: &Request<PostgreSQL>, missing: &Error) -> Option<Observed> {
    let status = &request.object.status.instance;
    let (login, endpoint) = (request.logins.first()?, status.endpoints.first()?);
    let server = Server {
        secret: String::new(),
        host: endpoint.host.clone(),
        port: u16::try_from(endpoint.port).ok()?,
        username: login.username.clone(),
        password: Secret::new(login.password.clone()),
        database: login.database.clone(),
        mode: SslMode::Prefer,
        authorities: None,
        superuser: false,
    };
    server.connect().await.ok()?;
    let message = format!("PostgreSQL at {} accepts connections; it is not managed now", server.place());
    let pending = Some(missing.to_string());
    Some(Observed { message, pending, ..reached(&server.host, server.port, Vec::new()) })
}
