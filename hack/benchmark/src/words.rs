//! The words of each API: where its objects are, and what is written there.
//!
//! Every API holds objects of the same size, in four namespaces: those that are read (`bench`), those that are made
//! (`created`), those that are applied again and again (`applied`) and those that are watched (`watched`).

/// The group of the limit of HTTP, which answers whatever it is asked.
pub const RAW: &str = "raw.example.com";
/// The group of the custom resource that looks like ours.
pub const CUSTOM: &str = "databases.example.com";
/// The class that nobody here answers, so that nothing but the API is measured.
pub const CLASS: &str = r#"{"apiVersion":"databases.standard.k8s.io/v1","kind":"DatabaseClass","metadata":{"name":"nobody"},
    "spec":{"controllerName":"nobody.databases.standard.k8s.io/none"}}"#;
/// Every namespace.
pub const NAMESPACES: [&str; 4] = ["bench", "created", "applied", "watched"];
/// The annotation that brings an object to 2 KB.
const NOTE: usize = 1500;

/// One API, and how long the annotation is that gives its objects the size of ours.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    api: Api,
    note: usize,
}

/// Whose objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// PostgreSQLs of this server.
    Ours,
    /// Flunders of sample-apiserver.
    Flunders,
    /// A custom resource of the shape of ours.
    Custom,
    /// The limit of HTTP.
    Raw,
}

impl Words {
    /// With an annotation of the usual length.
    pub fn of(api: Api) -> Self {
        Words { api, note: NOTE }
    }

    /// With an annotation that makes up for what an object of `size` bytes as served lacks to `wanted`, or has more.
    pub fn padded(self, size: usize, wanted: usize) -> Self {
        Words { note: (self.note + wanted).saturating_sub(size), ..self }
    }

    /// The path of the group, in the version that is asked for.
    pub fn group(self) -> String {
        match self.api {
            Api::Ours => "/apis/databases.standard.k8s.io/v1".to_owned(),
            Api::Flunders => "/apis/wardle.example.com/v1alpha1".to_owned(),
            Api::Custom => format!("/apis/{CUSTOM}/v1"),
            Api::Raw => format!("/apis/{RAW}/v1"),
        }
    }

    /// The path of the objects of a namespace.
    pub fn collection(self, namespace: &str) -> String {
        let group = self.group();
        match self.api {
            Api::Ours | Api::Custom => format!("{group}/namespaces/{namespace}/postgresqls"),
            Api::Flunders => format!("{group}/namespaces/{namespace}/flunders"),
            Api::Raw => format!("{group}/{namespace}"),
        }
    }

    /// The path of one object.
    pub fn one(self, namespace: &str, number: u64) -> String {
        format!("{}/db-{number:08}", self.collection(namespace))
    }

    /// An object as a person would write it, and its annotation.
    pub fn object(self, namespace: &str, number: u64) -> String {
        self.turned(namespace, number, number)
    }

    /// The same with a label that another turn has otherwise.
    pub fn turned(self, namespace: &str, number: u64, turn: u64) -> String {
        let (shard, note) = (turn % 16, "x".repeat(self.note));
        let metadata = format!(
            r#"{{"name":"db-{number:08}","namespace":"{namespace}","labels":{{"app":"bench","shard":"s{shard}"}},"annotations":{{"note":"{note}"}}}}"#
        );
        let spec = r#"{"className":"nobody","version":"17","storage":{"size":"10Gi"},"resources":{"requests":{"cpu":"500m","memory":"1Gi"},"limits":{"memory":"1Gi"}},"parameters":{"max_connections":"200","shared_buffers":"256MB"},"databases":[{"name":"app","owner":"app"}],"users":[{"name":"reader"}]}"#;
        let (kind, version, spec) = match self.api {
            Api::Ours => ("PostgreSQL", "databases.standard.k8s.io/v1".to_owned(), spec),
            Api::Custom => ("PostgreSQL", format!("{CUSTOM}/v1"), spec),
            Api::Flunders => (
                "Flunder",
                "wardle.example.com/v1alpha1".to_owned(),
                r#"{"reference":"another","referenceType":"Flunder"}"#,
            ),
            Api::Raw => ("Object", format!("{RAW}/v1"), spec),
        };
        format!(r#"{{"apiVersion":"{version}","kind":"{kind}","metadata":{metadata},"spec":{spec}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotation_makes_up_for_the_rest() {
        let words = Words::of(Api::Flunders);
        let (size, wanted) = (words.object("bench", 1).len(), Words::of(Api::Ours).object("bench", 1).len());
        assert_eq!(words.padded(size, wanted).object("bench", 2).len(), wanted);
    }
}
