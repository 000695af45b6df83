//! `#[api_type]`: the one declaration of a wire type.
//!
//! A field is declared once, with its protobuf number and what the API says about it; JSON, protobuf, OpenAPI,
//! the merge metadata and the `.proto` files all come from the [`Schema`] and the impls made here.
//!
//! ```text
//! const PACKAGE: &str = "io.k8s.standard.databases.v1";
//!
//! /// Storage of one instance.
//! #[api_type]
//! pub struct Storage {
//!     /// How much space the data directory gets.
//!     #[api(1, required)]
//!     pub size: Quantity,
//! }
//! ```
//!
//! | in `#[api(…)]` | meaning |
//! |---|---|
//! | `N` (first) | protobuf field number |
//! | `flat` (first) | as `inline`, and its fields have their numbers in the outer protobuf message, too |
//! | `name = "x"` | JSON name, where it is not the camelCase of the Rust name |
//! | `required` | always written, and listed as required in OpenAPI |
//! | `written` | always written in JSON, `{}` or `null` where nothing is set |
//! | `inline` | the fields of this struct belong to the outer JSON object |
//! | `default = "json"` | the static default, as JSON text |
//! | `set`, `keys("a", "b")` | list type `set`, or `map` with these keys; `atomic` is the default |
//! | `atomic` | an atomic map or struct |
//! | `merge_key = "x"`, `merge`, `retain_keys` | strategic merge |
//! | `feature = "X"` | an Extended field: the feature name, without the kind's own name |
//! | `immutable` | cannot change once set |
//!
//! [`Schema`]: ../apimachinery/schema/struct.Schema.html

mod expand;
mod field;

use proc_macro::TokenStream;

/// Declares a wire type; see the crate's documentation.
///
/// `#[api_type(kind)]` marks a top-level object, which also takes `kind` and `apiVersion`; `#[api_type(atomic)]` a struct
/// that has one owner for the whole, wherever it stands.
#[proc_macro_attribute]
pub fn api_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(item as syn::ItemStruct);
    let (top_level, atomic) = match arguments.to_string().as_str() {
        "" => (false, false),
        "kind" => (true, false),
        "atomic" => (false, true),
        other => {
            let message = format!("unknown argument `{other}`: only `kind` and `atomic` are understood");
            return syn::Error::new(proc_macro2::Span::call_site(), message).to_compile_error().into();
        }
    };
    expand::expand(input, top_level, atomic).unwrap_or_else(syn::Error::into_compile_error).into()
}
