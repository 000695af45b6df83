//! The kinds of databases.standard.k8s.io as values.
