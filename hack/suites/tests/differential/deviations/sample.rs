//! Beside sample-apiserver.

use super::Deviation;

pub(super) const SAMPLE: &[Deviation] = &[
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
        name: "a second reference",
        why: "the sample stores a flunder as v1alpha1 and loses the reference that referenceType does not name; ours keeps both",
        at: "flunders",
        theirs: "",
        ours: r".*(annotations\.wardle\.example\.com/other-reference|spec\.(flunder|fischer)Reference) = .*",
    },
    Deviation {
        name: "columns of tables",
        why: "tables have the columns that built-in kinds have, an Age; the sample's have those of a kind that says nothing",
        at: "as=Table",
        theirs: r".*(columnDefinitions\[|cells\[1\]|Created At).*",
        ours: r".*(columnDefinitions\[|cells\[1\]).*",
    },
    Deviation {
        name: "subresources",
        why: "flunders of ours have a status of their own, and are stored in another version; the sample's have none",
        at: "/v1(alpha|beta)1/? .*=> 200 . 200",
        theirs: r"(body\.resources|proto\[1\]\.2).*",
        ours: r"(body\.resources|proto\[1\]\.2).*",
    },
    Deviation {
        name: "protobuf",
        why: "every kind of ours has protobuf; the sample's have none",
        at: "vnd.kubernetes.protobuf.* => (406|415|400) . ",
        theirs: ".*",
        ours: ".*",
    },
    Deviation {
        name: "names",
        why: "names of ours are DNS names, as those of nearly all built-in kinds; the sample takes every segment of a path",
        at: r#"("name":"(A_b|a%20b|-a|%2e|a%2fb|a/b|\.|n{254})"|"generateName":"(g{300}|a/)"|ers/(A_b|a%20b|-a)).*=> \d+ . 422"#,
        theirs: ".*",
        ours: r".*(RFC 1123|must be no more than|422).*",
    },
    Deviation {
        name: "names: what else is refused",
        why: "an answer of 422 has other members than that of 201, and is indented where no form that is accepted can say it",
        at: r#"("name":"(A_b|a%20b|-a|%2e|a%2fb|a/b|\.|n{254})"|"generateName":"(g{300}|a/)"|ers/(A_b|a%20b|-a)).*=> \d+ . 422"#,
        theirs: "",
        ours: "(body.*|form: .*)",
    },
    Deviation {
        name: "watches with a list are not compressed",
        why: "what all who watch are told is made once, and goes out as it is; kube-apiserver asks servers behind it for gzip",
        at: "^GET .*watch=.*allowWatchBookmarks=.* => 200 . 200",
        theirs: "vary: Accept-Encoding",
        ours: "",
    },
    Deviation {
        name: "a reference without its type",
        why: "an apply that says none gets the default one; the sample converts before it defaults, and loses the reference",
        at: "^PATCH .*flunders.*apply-patch.* => 20. . 20.",
        theirs: r".*\.spec = \{\}",
        ours: r".*\.spec\.reference(Type)? = .*",
    },
];
