//! Kubernetes API conventions as values.
