//! Where ours answers something else than sample-apiserver, on purpose.

/// One of them.
pub(crate) struct Deviation {
    /// What it is about.
    pub(crate) name: &'static str,
    /// Why.
    pub(crate) why: &'static str,
    /// Where: a pattern of `REQUEST => THEIR STATUS | OUR STATUS`.
    pub(crate) at: &'static str,
    /// What stands in their answer alone: a pattern of whole lines; empty when nothing does.
    pub(crate) theirs: &'static str,
    /// What stands in ours alone.
    pub(crate) ours: &'static str,
}

/// Each must come up in an ordinary run.
pub(crate) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "generation: what a client says",
        why: "the server alone counts generations; the sample keeps what a client says of it",
        at: "",
        theirs: r".*metadata\.generation = .*",
        ours: r".*metadata\.generation = .*",
    },
    Deviation {
        name: "generation",
        why: "every kind of ours counts generations; the sample's count none",
        at: "",
        theirs: "",
        ours: r".*metadata\.generation = .*",
    },
    Deviation {
        name: "columns of tables",
        why: "tables have the columns that built-in kinds have, an Age; the sample's have those of a kind that says nothing",
        at: "as=Table",
        theirs: r".*(columnDefinitions\[|cells\[1\]|Created At).*",
        ours: r".*(columnDefinitions\[|cells\[1\]).*",
    },
    Deviation {
        name: "text of 406",
        why: "one text says what is accepted; the sample has another where its router finds it, before its handler is asked",
        at: r"=> 406 \| 406",
        theirs: r"body\.(message|details) = .*",
        ours: r"body\.message = .only the following media types are accepted.*",
    },
    Deviation {
        name: "text of a broken continue token",
        why: "what is wrong with a token is said by another reader of JSON",
        at: "continue=.* => 400 . 400",
        theirs: "body.message = .invalid continue token: continue key is not valid: .*",
        ours: "body.message = .invalid continue token: continue key is not valid: .*",
    },
    Deviation {
        name: "nothing in a list",
        why: "a list with nothing in it is an empty list; tables and metadata of the sample have a null then",
        at: "as=(Table|PartialObjectMetadata)",
        theirs: r".*\.(rows|items|columnDefinitions) = null",
        ours: r".*\.(rows|items|columnDefinitions) = \[\]",
    },
    Deviation {
        name: "what a continue token says",
        why: "a token names the next object, the sample's the last one with a zero behind it: only the server reads it",
        at: "limit=",
        theirs: r"body\.metadata\.continue = .*",
        ours: r"body\.metadata\.continue = .*",
    },
    Deviation {
        name: "the last page",
        why: "no token where nothing that is selected follows; the sample says one as soon as anything follows",
        at: "limit=",
        theirs: r"body\.metadata\.continue = .*",
        ours: "",
    },
    Deviation {
        name: "text of 415 for a patch",
        why: "one text says what is accepted; the sample's router has another",
        at: "^PATCH .* => 415 . 415",
        theirs: r"body\.(message|details) = .*",
        ours: r"body\.message = .the body of the request was in an unknown format.*",
    },
    Deviation {
        name: "text of a broken body",
        why: "what is wrong with a text is said by another reader of JSON",
        at: "=> 400 . 400",
        theirs: r"body\.message = .*(json parse error|json: |json patch|JSON patch|JSON Patch|unmarshal|yaml: |cannot parse|decoding).*",
        ours: r"body\.message = .*(JSON|cannot unmarshal|patch|cannot read|YAML|yaml).*",
    },
    Deviation {
        name: "text of a broken number in a query",
        why: "ours names the parameter",
        at: "=> 400 . 400",
        theirs: r"body\.message = .strconv\.ParseInt.*",
        ours: r"body\.message = .* is not a number.",
    },
    Deviation {
        name: "text of a resource version that is no number",
        why: "ours says what it must be, the sample how it was parsed",
        at: "=> 400 . 400",
        theirs: r"body\.message = .*strconv\.ParseUint.*",
        ours: r"body\.message = .*must be a decimal number.*",
    },
    Deviation {
        name: "a resource version that is no number",
        why: "it is the client's fault, and 400; the sample says 500 of some requests",
        at: "=> 500 . (400|409)",
        theirs: r"(status: 500|body\.code = 500|body\.message = .*strconv\.ParseUint.*)",
        ours: r"(status: 4|body\.code = 4|body\.message = .*must be a decimal number|body\.message = .*has been modified|body\.reason = |body\.details\.).*",
    },
    Deviation {
        name: "text of a patch that does not apply",
        why: "ours says which operation does not, and why",
        at: "^PATCH .* => 422 . 422",
        theirs: r"body\.message = .the server rejected our request due to an error in our request.",
        ours: r"body\.message = .the server rejected our request due to an error in our request: .*",
    },
    Deviation {
        name: "metadata of a table",
        why: "a table of an object that is not stored says an empty resource version; the sample says nothing of it",
        at: "as=Table",
        theirs: r"body\.metadata = \{\}",
        ours: r"body\.metadata\.resourceVersion = ..",
    },
    Deviation {
        name: "subresources",
        why: "flunders of ours have a status of their own; the sample's have none",
        at: "/v1(alpha|beta)1/? .*=> 200 . 200",
        theirs: r"body\.resources.*",
        ours: r"body\.resources.*",
    },
    Deviation {
        name: "protobuf",
        why: "every kind of ours has protobuf; the sample's have none",
        at: "vnd.kubernetes.protobuf.* => (406|415|400) . ",
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "protobuf: what is zero",
        why: "fields that are zero are left out; the sample writes some of them",
        at: "vnd.kubernetes.protobuf",
        theirs: "text: .*",
        ours: "text: .*",
    },
    Deviation {
        name: "a part of a media type",
        why: "application/* is JSON for us; the sample takes it for nothing",
        at: r"accept: application/\*;.* => 406 . ",
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "names",
        why: "names of ours are DNS names, as those of nearly all built-in kinds; the sample takes every segment of a path",
        at: r#"("name":"(A_b|a%20b|-a|%2e|a%2fb|a/b|\.|n{254})"|ers/(A_b|a%20b|-a)).*=> \d+ . 422"#,
        theirs: ".*",
        ours: r".*(RFC 1123|must be no more than|422).*",
    },
    Deviation {
        name: "names: what else is refused",
        why: "an answer of 422 has other members than that of 201, and names the object; it is indented where no form that is \
              accepted can say it",
        at: r#"("name":"(A_b|a%20b|-a|%2e|a%2fb|a/b|\.|n{254})"|ers/(A_b|a%20b|-a)).*=> \d+ . 422"#,
        theirs: "",
        ours: "body.*|form: indented JSON",
    },
    Deviation {
        name: "which of two faults is told of",
        why: "ours looks at what is accepted before anything else",
        at: r"as=PartialObjectMetadata.* => (400|404|415|422) . 406",
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "text of another type",
        why: "ours says what was expected",
        at: "=> 400 . 400",
        theirs: r"body\.message = .*(no kind .* is registered|unexpected GroupVersion string).*",
        ours: r"body\.message = .*(does not match the expected API version|does not match the URL|the body of a deletion is).*",
    },
    Deviation {
        name: "a name that is said and not generated",
        why: "that it exists is final; the sample asks to try again, where a generateName stands beside it",
        at: r#""generateName":.*"name":.* => 409 . 409"#,
        theirs: r"(retry-after: 1|body\.details\.retryAfterSeconds = 1|body\.message = .*not able to generate a unique name.*)",
        ours: r"body\.message = .*already exists.",
    },
    Deviation {
        name: "bookmarks",
        why: "a bookmark is metadata alone, as nobody reads more of it; the sample's has an empty spec",
        at: "allowWatchBookmarks=true",
        theirs: r"event\[\d+\]\.object\.(spec|status) = \{\}",
        ours: "",
    },
];
