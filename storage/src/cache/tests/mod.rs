//! The cache's promises, held against a model.
