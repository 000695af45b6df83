//! How a database is reached.

use super::*;
use apimachinery::{api_enum, api_type};
use std::collections::BTreeMap;

api_enum! {
    /// Whether connections are encrypted.
    pub enum TlsMode { Disabled, Optional, Required }
}

api_enum! {
    /// How far a database can be reached.
    pub enum NetworkType { ClusterIP, NodePort, LoadBalancer }
}

api_enum! {
    /// Which pods may connect.
    pub enum IngressPolicy { Unrestricted, PortOnly, LabeledClients }
}

/// Encryption of connections.
#[api_type]
pub struct Tls {
    /// Disabled, Optional (clients choose) or Required (others are refused). When unset, the class decides.
    #[api(1, feature = "TLS")]
    pub mode: Option<TlsMode>,
    /// A Secret of type kubernetes.io/tls with the serving certificate. Excludes issuerRef.
    #[api(2, feature = "TLSCustomCertificate")]
    pub certificate_secret_ref: Option<LocalRef>,
    /// Who issues the serving certificate, such as a ClusterIssuer of cert-manager. Excludes certificateSecretRef.
    #[api(3, feature = "TLSCustomCertificate")]
    pub issuer_ref: Option<ObjectRef>,
}

/// How a database is reached.
#[api_type]
pub struct Network {
    /// ClusterIP (a private address), NodePort or LoadBalancer. Defaults to ClusterIP.
    #[api(1, feature = "ExternalAccess", default = "\"ClusterIP\"", name = "type")]
    pub kind: Option<NetworkType>,
    /// Annotations of the Service.
    #[api(2, feature = "ServiceAnnotations")]
    pub annotations: BTreeMap<String, String>,
    /// Addresses that may connect from outside, as CIDR ranges. Needs a type other than ClusterIP.
    #[api(3, feature = "SourceRanges")]
    pub allowed_source_ranges: Vec<String>,
    /// Port of the read-write endpoint. When unset, the protocol's usual one or what the class chooses.
    #[api(4, feature = "Port")]
    pub port: Option<i32>,
    /// Which pods may connect: all, all on the database's port, or those labelled
    /// databases.standard.k8s.io/client-of with this object's name. Defaults to Unrestricted.
    #[api(5, feature = "IngressPolicy", default = "\"Unrestricted\"")]
    pub ingress_policy: Option<IngressPolicy>,
}
