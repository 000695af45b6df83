//! Which server is an object's: its class's, or the one that it names itself.

use super::CONTROLLER_NAME;
use crate::backend::Request;
use crate::backend::postgresql::was_made;
use crate::backend::tenant::{Error, Server};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::ADOPT_REF;

/// The server of an object.
pub(super) fn server(request: &Request<PostgreSQL>) -> Result<Server, Error> {
    let of_class =
        request.class.as_ref().map(|class| class.parameters.as_str()).filter(|secret| !secret.is_empty());
    match of_class.or(request.reference(ADOPT_REF).map(|found| found.object.as_str())) {
        Some(secret) => Server::read(secret),
        None => Err(unnamed(request)),
    }
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
