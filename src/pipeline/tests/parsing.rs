use http::{Method, Uri};
use proptest::prelude::*;

use super::super::selector::required_name;
use super::super::{RequestInfo, query};

fn parse(method: &str, target: &str) -> RequestInfo {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    RequestInfo::parse(&method, &target.parse::<Uri>().unwrap()).unwrap()
}

/// The verb, and for a resource request `group/version namespace resource name subresource rest`.
fn described(request: &str) -> String {
    let (method, target) = request.split_once(' ').unwrap();
    let info = parse(method, target);
    if !info.is_resource_request() {
        return format!("{} {}", info.verb(), info.path());
    }
    let parts = [info.namespace(), info.resource(), info.name(), info.subresource(), info.rest()];
    let parts = parts.map(|part| if part.is_empty() { "-" } else { part }).join(" ");
    format!("{} {}/{} {parts}", info.verb(), info.group(), info.version())
}

#[test]
fn request_info() {
    let cases = [
        ("GET /", "get /"),
        ("HEAD /healthz", "head /healthz"),
        ("POST /version", "post /version"),
        ("GET /api", "get /api"),
        ("GET /api/v1", "get /api/v1"),
        ("GET /apis/", "get /apis/"),
        ("GET /apis/g", "get /apis/g"),
        ("GET /apis/g/v1", "get /apis/g/v1"),
        ("GET /apis/g/v1/", "get /apis/g/v1/"),
        ("BREW /healthz", " /healthz"),
        ("GET /apiserver/g/v1/things", "get /apiserver/g/v1/things"),
        ("GET /api/v1/nodes", "list /v1 - nodes - - -"),
        ("GET /api/v1/namespaces", "list /v1 - namespaces - - -"),
        ("GET /api/v1/namespaces/n", "get /v1 n namespaces n - -"),
        ("PUT /api/v1/namespaces/n/finalize", "update /v1 n namespaces n finalize -"),
        ("PATCH /api/v1/namespaces/n/status", "patch /v1 n namespaces n status -"),
        ("GET /api/v1/namespaces/n/pods", "list /v1 n pods - - -"),
        ("GET /apis/g/v1/things", "list g/v1 - things - - -"),
        ("GET /apis/g/v1/things/", "list g/v1 - things - - -"),
        ("GET /apis/g/v1/things?watch=1", "watch g/v1 - things - - -"),
        ("GET /apis/g/v1/things?watch=", "watch g/v1 - things - - -"),
        ("GET /apis/g/v1/things?watch", "watch g/v1 - things - - -"),
        ("GET /apis/g/v1/things?watch=no", "watch g/v1 - things - - -"),
        ("GET /apis/g/v1/things?watch=0", "list g/v1 - things - - -"),
        ("GET /apis/g/v1/things?watch=FALSE&watch=true", "list g/v1 - things - - -"),
        ("POST /apis/g/v1/namespaces/n/things", "create g/v1 n things - - -"),
        ("POST /apis/g/v1/namespaces/n/things?watch=true", "create g/v1 n things - - -"),
        ("DELETE /apis/g/v1/namespaces/n/things", "deletecollection g/v1 n things - - -"),
        ("DELETE /apis/g/v1/namespaces/n/things/a", "delete g/v1 n things a - -"),
        ("HEAD /apis/g/v1/namespaces/n/things/a", "get g/v1 n things a - -"),
        ("GET /apis/g/v1/namespaces/n/things/a?watch=true", "get g/v1 n things a - -"),
        ("PATCH /apis/g/v1/namespaces/n/things/a/status", "patch g/v1 n things a status -"),
        ("GET /apis/g/v1/namespaces/n/things/a/proxy/x/y", "get g/v1 n things a proxy x/y"),
        ("OPTIONS /apis/g/v1/namespaces/n/things/a", " g/v1 n things a - -"),
        ("GET /apis/g/v1/watch/namespaces/n/things", "watch g/v1 n things - - -"),
        ("GET /apis/g/v1/watch/namespaces/n/things/a", "watch g/v1 n things a - -"),
        ("GET /api/v1/watch/nodes", "watch /v1 - nodes - - -"),
        ("GET /apis/g/v1/namespaces/n/things/a%20b", "get g/v1 n things a b - -"),
        ("GET /apis/g/v1/namespaces/n/things/a%2525", "get g/v1 n things a%25 - -"),
        ("GET /apis/g/v1/namespaces/n/things/a%2Fstatus", "get g/v1 n things a status -"),
        ("GET /apis/g/v1/namespaces/n/things/%ff", "get g/v1 n things \u{fffd} - -"),
        ("GET /apis/g/v1/things?fieldSelector=metadata.name%3Da", "list g/v1 - things a - -"),
        ("GET /apis/g/v1/things?watch=true&fieldSelector=metadata.name=a", "watch g/v1 - things a - -"),
        ("DELETE /apis/g/v1/things?fieldSelector=metadata.name=a", "deletecollection g/v1 - things a - -"),
        ("GET /apis/g/v1/things?fieldSelector=metadata.name!=a", "list g/v1 - things - - -"),
        ("GET /apis/g/v1/things/b?fieldSelector=metadata.name=a", "get g/v1 - things b - -"),
    ];
    for (request, expected) in cases {
        assert_eq!(described(request), expected, "{request}");
    }
}

#[test]
fn a_path_that_names_nothing_to_watch_or_cannot_be_decoded_is_refused() {
    for target in
        ["/api/v1/watch", "/apis/g/v1/watch/", "/apis/g/v1/%zz/x", "/apis/g/v1/x%", "/apis/g/v1/%%41"]
    {
        RequestInfo::parse(&Method::GET, &target.parse().unwrap()).unwrap_err();
    }
}

#[test]
fn long_running_and_health() {
    for (target, long, health) in [
        ("/apis/g/v1/things?watch=1", true, false),
        ("/apis/g/v1/namespaces/n/things/a/log", true, false),
        ("/apis/g/v1/things", false, false),
        ("/readyz/etcd", false, true),
        ("/livez", false, true),
        ("/livezy", false, false),
    ] {
        let info = parse("GET", target);
        assert_eq!((info.is_long_running(), info.is_health()), (long, health), "{target}");
    }
}

#[test]
fn field_selectors() {
    for (selector, name) in [
        ("metadata.name=a", Some("a")),
        ("metadata.name==a", Some("a")),
        ("a=b,metadata.name=c", Some("c")),
        (r"metadata.name=a\,b", Some("a,b")),
        ("metadata.name=a,broken", None),
        ("metadata.name=a=b", None),
        ("metadata.name=..", None),
        ("metadata.name=a/b", None),
        ("metadata.name=", None),
        ("metadata.name!=a", None),
        ("metadata.namespace=a", None),
        ("", None),
    ] {
        assert_eq!(required_name(selector).as_deref(), name, "{selector}");
    }
}

#[test]
fn query_parameters() {
    assert_eq!(query::first("a=1&b=2+3%264&b=5", "b").as_deref(), Some("2 3&4"));
    assert_eq!(query::first("a=1", "b"), None);
    assert_eq!(query::first("b;c=1&b=%zz&b=1%2&%62=2", "b").as_deref(), Some("2"));
    assert_eq!(query::first("%zz=1&b=%ff&b=2", "b").as_deref(), Some("\u{fffd}"));
}

proptest! {
    #[test]
    fn nothing_makes_the_parsers_panic(path in "/[a-z/%0-9é]{0,40}", text in ".{0,30}") {
        if let Ok(uri) = path.parse::<Uri>() {
            let _ = RequestInfo::parse(&Method::GET, &uri).map(|info| format!("{} {}", info.name(), info.rest()));
        }
        let _ = required_name(&text);
        let _ = query::first(&text, "a");
    }
}
