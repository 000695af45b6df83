//! What a request does, in the words authorization uses.

use std::fmt;

use http::Method;

/// The verb of a request: a resource verb, or the lower-case method of a non-resource request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Read one object, or a non-resource path.
    Get,
    /// Read a collection.
    List,
    /// Follow a collection or one object.
    Watch,
    /// Add an object.
    Create,
    /// Replace an object.
    Update,
    /// Change parts of an object; also the method of a non-resource request.
    Patch,
    /// Remove an object; also the method of a non-resource request.
    Delete,
    /// Remove a collection.
    DeleteCollection,
    /// Remove an object that cannot be read; asked for besides [`Verb::Delete`].
    UnsafeDelete,
    /// The method of a non-resource request.
    Post,
    /// The method of a non-resource request.
    Put,
    /// The method of a non-resource request.
    Head,
    /// The method of a non-resource request.
    Options,
    /// A method that means nothing here.
    Unknown,
}

impl Verb {
    /// The verb of a method on a resource that names an object.
    pub(super) fn of_resource_method(method: &Method) -> Self {
        match *method {
            Method::POST => Self::Create,
            Method::GET | Method::HEAD => Self::Get,
            Method::PUT => Self::Update,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            _ => Self::Unknown,
        }
    }

    /// The verb of a method on a non-resource path.
    pub(super) fn of_method(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::HEAD => Self::Head,
            Method::OPTIONS => Self::Options,
            _ => Self::Unknown,
        }
    }

    /// The verb as authorization and audit write it; empty when the method means nothing here.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::UnsafeDelete => "unsafe-delete-ignore-read-errors",
            Self::Post => "post",
            Self::Put => "put",
            Self::Head => "head",
            Self::Options => "options",
            Self::Unknown => "",
        }
    }

    /// The verb as the request metrics label it.
    pub fn metric_label(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::List => "LIST",
            Self::Watch => "WATCH",
            Self::Create | Self::Post => "POST",
            Self::Update | Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete | Self::UnsafeDelete => "DELETE",
            Self::DeleteCollection => "DELETECOLLECTION",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Unknown => "other",
        }
    }

    /// Whether the verb leaves everything as it is.
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::Get | Self::List | Self::Watch | Self::Head | Self::Options)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
