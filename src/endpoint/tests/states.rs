//! Which state a read is of, and how much of it.

use super::watches::version;
use super::*;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

const EVERYWHERE: &str = "/apis/wardle.example.com/v1/flunders";

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}"));
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_get_waits_for_a_revision_and_not_for_ever() {
    let server = Server::start().await;
    let object = server.create("a").await;
    for query in ["", "?resourceVersion=0", &format!("?resourceVersion={}", version(&object))] {
        assert_eq!(server.get(&format!("{}{query}", of("a"))).await.json(), object, "{query}");
    }
    let future = server.get(&format!("{}?resourceVersion=1000000", of("a"))).await;
    assert_eq!((future.code.as_u16(), &future.headers["retry-after"]), (504, &"1".parse().unwrap()));
    assert_eq!(future.json()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    for wrong in ["x", "-1"] {
        assert_eq!(server.get(&format!("{}?resourceVersion={wrong}", of("a"))).await.code, 400);
    }
}

#[tokio::test]
async fn lists_follow_the_bytes_of_namespace_and_name_and_have_the_stores_revision() {
    let server = Server::start().await;
    for (namespace, name) in [("ns1", "a"), ("ns", "b"), ("a-ns", "z"), ("ns", "a-b"), ("ns", "a.b")] {
        let path = format!("/apis/wardle.example.com/v1/namespaces/{namespace}/flunders");
        assert_eq!(server.post(&path, &flunder(name)).await.code, 201);
    }
    let list = server.get(EVERYWHERE).await.json();
    assert_eq!(names(&list), ["z", "a-b", "a.b", "b", "a"]);
    assert_eq!(names(&server.get(BASE).await.json()), ["a-b", "a.b", "b"]);
    assert_eq!(version(&list), server.storage.revision().await.unwrap());
    // What is written elsewhere counts, too.
    server.storage.create("/elsewhere/a", Bytes::from_static(b"x")).await.unwrap();
    let list = server.get(BASE).await.json();
    assert_eq!(version(&list), server.storage.revision().await.unwrap());
}

#[tokio::test]
async fn options_that_contradict_each_other_say_so() {
    let server = Server::start().await;
    for (query, words) in [
        (
            "resourceVersionMatch=Exact",
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            "resourceVersionMatch=Exact&resourceVersion=0",
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        ),
        (
            "resourceVersionMatch=Exact&continue=a",
            "resourceVersionMatch is forbidden when continue is provided",
        ),
        ("sendInitialEvents=true", "sendInitialEvents is forbidden for list"),
        (
            "watch=1&sendInitialEvents=true",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "watch=1&resourceVersionMatch=NotOlderThan",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (
            "watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
            "resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"",
        ),
    ] {
        let answer = server.get(&format!("{BASE}?{query}")).await;
        let found = message(&answer);
        assert_eq!(answer.code, 422, "{query}: {found}");
        assert!(
            found.starts_with("ListOptions.meta.k8s.io \"\" is invalid: ") && found.contains(words),
            "{query}: {found}"
        );
    }
}

#[tokio::test]
async fn a_page_is_full_whatever_is_selected_and_counts_only_what_nobody_selected() {
    let server = Server::start().await;
    for index in 0..9 {
        let mut object = flunder(&format!("f{index}"));
        object["metadata"]["labels"] = json!({"odd": if index % 2 == 1 { "yes" } else { "no" }});
        server.post(BASE, &object).await;
    }
    let page = |query: &str, token: &str| format!("{BASE}?limit=3&{query}&continue={token}");
    for (query, expected) in [
        ("labelSelector=odd%3Dyes", [vec!["f1", "f3", "f5"], vec!["f7"]]),
        (
            "fieldSelector=metadata.name!%3Df0,metadata.name!%3Df1,metadata.name!%3Df2,metadata.name!%3Df3",
            [vec!["f4", "f5", "f6"], vec!["f7", "f8"]],
        ),
    ] {
        let first = server.get(&page(query, "")).await.json();
        assert_eq!(names(&first), expected[0], "{query}");
        assert_eq!(first["metadata"].get("remainingItemCount"), None, "{query}");
        let token = first["metadata"]["continue"].as_str().unwrap();
        let last = server.get(&page(query, token)).await.json();
        assert_eq!(names(&last), expected[1], "{query}");
        assert_eq!(
            (last["metadata"].get("continue"), last["metadata"].get("remainingItemCount")),
            (None, None)
        );
    }
    let whole = server.get(&format!("{BASE}?limit=9")).await.json();
    assert_eq!(
        (whole["metadata"].get("continue"), whole["metadata"].get("remainingItemCount")),
        (None, None)
    );
}

#[tokio::test]
async fn a_token_says_where_a_list_goes_on_and_in_which_state() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.create(name).await;
    }
    let first = server.get(&format!("{BASE}?limit=2")).await.json();
    let token = first["metadata"]["continue"].as_str().unwrap();
    assert!(!token.contains('='), "{token}");
    let text: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    assert_eq!(text, json!({"v": "meta.k8s.io/v1", "rv": version(&first), "start": "b\u{0}"}));
    let both = server.get(&format!("{BASE}?limit=2&continue={token}&resourceVersion=1")).await;
    assert_eq!(
        (both.code.as_u16(), &*message(&both)),
        (400, "specifying resource version is not allowed when using continue")
    );
    let zero = server.get(&format!("{BASE}?limit=2&continue={token}&resourceVersion=0")).await;
    assert_eq!(names(&zero.json()), ["c"]);
}

#[tokio::test]
async fn what_is_forgotten_is_expired_and_a_token_of_it_still_leads_to_the_rest() {
    let server = Server::start().await;
    for index in 0..4 {
        server.create(&format!("f{index}")).await;
    }
    let first = server.get(&format!("{BASE}?limit=2")).await.json();
    let token = first["metadata"]["continue"].as_str().unwrap().to_owned();
    server.create("f9").await;
    server.storage.compact(server.storage.revision().await.unwrap()).await.unwrap();
    // The cache notices in its own time.
    let expired = loop {
        let answer = server.get(&format!("{BASE}?limit=2&continue={token}")).await;
        if answer.code != 200 {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    let status = expired.json();
    assert_eq!((expired.code.as_u16(), &status["reason"]), (410, &"Expired".into()), "{status}");
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .starts_with("The provided continue parameter is too old to display")
    );
    let token = status["metadata"]["continue"].as_str().unwrap();
    let text: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    assert_eq!((&text["rv"], &text["start"]), (&(-1).into(), &"f1\u{0}".into()));
    let rest = server.get(&format!("{BASE}?limit=9&continue={token}")).await.json();
    assert_eq!(names(&rest), ["f2", "f3", "f9"], "as it is now");
    let exact = server.get(&format!("{BASE}?resourceVersion=1&resourceVersionMatch=Exact")).await;
    assert_eq!((exact.code.as_u16(), &exact.json()["reason"]), (410, &"Expired".into()));
    assert_eq!(message(&exact), "The resourceVersion for the provided list is too old.");
}

#[tokio::test]
async fn a_field_that_selects_nothing_is_told_which_do() {
    let server = Server::start().await;
    for path in [format!("{BASE}?"), format!("{BASE}?watch=true&")] {
        let answer = server.get(&format!("{path}fieldSelector=spec.no%3Db")).await;
        let known = "\"metadata.name\", \"metadata.namespace\", \"spec.reference\"";
        let expected = format!("\"spec.no\" is not a known field selector: only {known}");
        assert_eq!((answer.code.as_u16(), message(&answer)), (400, expected));
    }
    let mut object = flunder("a");
    object["spec"]["reference"] = "x,y=z\\".into();
    server.post(BASE, &object).await;
    let escaped = format!("{BASE}?fieldSelector=spec.reference%3D%3Dx%5C%2Cy%5C%3Dz%5C%5C");
    assert_eq!(names(&server.get(&escaped).await.json()), ["a"]);
    assert_eq!(names(&server.get(&escaped.replace("%3D%3D", "!%3D")).await.json()), [""; 0]);
}
