//! Beside kube-apiserver, about kinds of the core group.

use super::Deviation;

pub(super) const CORE: &[Deviation] = &[
    Deviation {
        name: "metadata by way of a status",
        why: "a write of the status changes the status alone; in kube-apiserver that of a namespace changes its labels, too",
        at: "^(PUT|PATCH) /api/v1/namespaces/[^/]*/status.* => 200 . 200",
        theirs: r"body\.metadata\..*",
        ours: r"body\.metadata\..*",
    },
    Deviation {
        name: "descriptions of columns",
        why: "what a column shows is said in words of our own, or not at all where its name says it",
        at: "as=Table",
        theirs: r".*columnDefinitions\[\d+\]\.description = .*",
        ours: r".*columnDefinitions\[\d+\]\.description = .*",
    },
    Deviation {
        name: "the namespace of a namespace",
        why: "it is empty, as of all kinds that have none; kube-apiserver does not know it of namespaces",
        at: r"^GET /api/v1/namespaces\?.*fieldSelector=metadata\.namespace.* => 400 . 200",
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "the address of the server",
        why: "a client goes on asking where it asked; kube-apiserver says another address, which is of the machine",
        at: "^GET /api/? ",
        theirs: r"body\.serverAddressByClientCIDRs.*",
        ours: r"body\.serverAddressByClientCIDRs = \[\]",
    },
    Deviation {
        name: "text of an unknown field selector",
        why: "ours says which fields there are, as kube-apiserver does of kinds without any",
        at: "fieldSelector=.* => 400 . 400",
        theirs: r"body\.message = .field label not supported: .*",
        ours: r"body\.message = .*is not a known field selector: only .*",
    },
    Deviation {
        name: "text of broken protobuf",
        why: "what was sent is not repeated in an error: it may be a Secret",
        at: "content-type: application/vnd.kubernetes.protobuf;.* => 400 . 400",
        theirs: r"body\.message = .(the object provided is unrecognized|provided data does not appear) .*",
        ours: r"body\.message = .(cannot read DeleteOptions: )?provided data does not appear to be a protobuf message.*",
    },
    Deviation {
        name: "text of a broken document in a Secret",
        why: "where it breaks is said, and no character of it: it is a secret",
        at: "=> 422 . 422",
        theirs: r"body\.(details\.causes\[\d+\]\.message|message) = .*secret contents redacted.*: invalid character .*",
        ours: r"body\.(details\.causes\[\d+\]\.message|message) = .*secret contents redacted.*: no JSON from line .*",
    },
    Deviation {
        name: "bookmarks in tables",
        why: "a bookmark is metadata alone, and its row has no cells but the name",
        at: "allowWatchBookmarks=true.*as=Table",
        theirs: r"event\[\d+\]\.object\.rows\[0\]\.cells\[\d+\] = .*",
        ours: r"event\[\d+\]\.object\.rows\[0\]\.cells\[\d+\] = ..",
    },
    Deviation {
        name: "an Event that is put",
        why: "an update makes no object; whoever records events creates them",
        at: "^PUT .*/events/.* => (201|404|422|200) . 404",
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "text of a precondition about a namespace",
        why: "all kinds of ours have one text; kube-apiserver has another for namespaces",
        at: "^DELETE /api/v1/namespaces/[^/]* .*preconditions.* => 409 . 409",
        theirs: r"body\.(message|details\.kind) = .*",
        ours: r"body\.(message|details\.kind) = .*",
    },
    Deviation {
        name: "pretty in the query and in Accept",
        why: "what the query says decides",
        at: "pretty=false.*application/json;pretty=1",
        theirs: "form: indented JSON",
        ours: "form: JSON with a newline",
    },
    Deviation {
        name: "a namespace that nobody finalizes",
        why: "it goes at once; kube-apiserver marks it, and the controller of namespaces deletes it",
        at: "^DELETE /api/v1/namespaces/[^/]* .*=> 200 . 200",
        theirs: r#"body\.(spec = \{\}|kind = "Namespace"|metadata\..*|status\.phase = "Terminating")"#,
        ours: r#"body\.(details\..*|kind = "Status"|metadata = \{\}|status = "Success")"#,
    },
    Deviation {
        name: "what cannot be read of namespaces",
        why: "it can be deleted whatever kind it is of",
        at: r#"^DELETE .*"ignoreStoreReadErrorWithClusterBreakingPotential":true\} => 500 . (404|409)"#,
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "pages of Events",
        why: "what asks for any state is answered from memory, and whole; kube-apiserver has no Events there",
        at: "^GET .*/events.*[?&](limit=.*resourceVersion=0|resourceVersion=0.*limit=).* => 200 . 200",
        theirs: r"body\.(metadata|items|rows).*",
        ours: r"body\.(metadata|items|rows).*",
    },
];
