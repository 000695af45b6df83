//! The declaration of a wire type.
