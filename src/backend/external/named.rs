//! Which server is an object's: its class's, or the one that it names itself.

use super::CONTROLLER_NAME;
use crate::backend::Request;
use crate::backend::postgresql::was_made;
use crate::backend::tenant::{Error, Server};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::ADOPT_REF;

/// The server of an object. What runs stays where it runs, whatever else is named by now.
pub(super) fn server(request: &Request<PostgreSQL>) -> Result<Server, Error> {
    let object = &request.object;
    if !was_made(object) {
        if let Some(contradiction) = contradiction(request) {
            return Err(contradiction);
        }
        if object.spec.instance.adopt_ref.is_some() && request.reference(ADOPT_REF).is_none() {
            return Err(unnamed(request));
        }
    }
    named(request).map(|mut servers| servers.swap_remove(0))
}

/// All servers that are named: the one where the object runs first, else its class's. There is one at least.
pub(super) fn named(request: &Request<PostgreSQL>) -> Result<Vec<Server>, Error> {
    let of_class = request.class.as_ref().map(|class| class.parameters.as_str());
    let its_own = request.reference(ADOPT_REF).map(|found| found.object.as_str());
    let (mut servers, mut fault) = (Vec::new(), None);
    for secret in of_class.into_iter().chain(its_own).filter(|secret| !secret.is_empty()) {
        match Server::read(secret) {
            Ok(server) => servers.push(server),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    if servers.is_empty() {
        return Err(fault.unwrap_or_else(|| unnamed(request)));
    }
    let place = place(&request.object);
    servers.sort_by_key(|server| Some(server.place()) != place);
    Ok(servers)
}

/// That the class and the object name servers that are not the same.
pub(super) fn contradiction(request: &Request<PostgreSQL>) -> Option<Error> {
    let (class, servers) = (request.class.as_ref()?, named(request).ok()?);
    let [one, .., other] = servers.as_slice() else { return None };
    (one.place() != other.place()).then(|| {
        Error::Wish(format!(
            "{ADOPT_REF} and the spec.parametersRef of DatabaseClass {:?} name two servers, {} (by {}) and {} (by {}): let both \
             name the same one, or leave one of the two out, with a class that names no server or an object without {ADOPT_REF}",
            class.name,
            one.place(),
            one.secret,
            other.place(),
            other.secret
        ))
    })
}

/// Host and port of the server on which an object was made.
fn place(object: &PostgreSQL) -> Option<String> {
    let endpoint = object.status.instance.endpoints.first().filter(|_| was_made(object))?;
    Some(format!("{}:{}", endpoint.host, endpoint.port))
}

/// Why no server is named. What was made is on one all the same, and whoever took its name away has to put that back.
fn unnamed(request: &Request<PostgreSQL>) -> Error {
    match (&request.object.spec.instance.adopt_ref, &request.class) {
        (Some(named), _) => {
            let name = &named.name;
            Error::Missing(format!("Secret {name}, which {ADOPT_REF} names, is not there: put it back"))
        }
        (None, Some(class)) if was_made(&request.object) => Error::Missing(format!(
            "DatabaseClass {:?} names no server any more, and the databases of this object are on one: let spec.parametersRef of \
             the class name the Secret with the login of that server again",
            class.name
        )),
        (None, Some(class)) => Error::Wish(format!(
            "DatabaseClass {:?} names no server: let spec.adoptRef name a Secret with the login of one",
            class.name
        )),
        (None, None) => Error::Missing(nameless(request)),
    }
}

/// Which of the two is missing, the class that names the server, or the Secret by which it does.
fn nameless(request: &Request<PostgreSQL>) -> String {
    let class = &request.object.spec.instance.class_name;
    let named = format!("DatabaseClass {class:?}, which names the server of this object,");
    match &request.lost {
        Some(lost) if lost.reason == "ClassNotFound" => format!("{named} is not there: make it again"),
        Some(lost) if lost.reason == "Conflict" => {
            format!("{named} is another controller's now: make it again with {CONTROLLER_NAME}")
        }
        Some(lost) => format!("{named} cannot be read: {}; put that right", lost.message),
        None => format!("{named} is not to be had, or its Secret is not: put it back"),
    }
}
