//! What `#[api(…)]` says of one field.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, LitInt, LitStr, Token, parse::Parse, parse::ParseStream};

/// One field of the declared type.
pub(crate) struct Field {
    pub(crate) ident: syn::Ident,
    pub(crate) ty: syn::Type,
    pub(crate) doc: String,
    pub(crate) json_name: String,
    pub(crate) options: Options,
}

/// The arguments of `#[api(…)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) number: u32,
    pub(crate) name: Option<String>,
    pub(crate) required: bool,
    pub(crate) written: bool,
    pub(crate) inline: bool,
    pub(crate) flat: bool,
    pub(crate) default: Option<String>,
    pub(crate) set: bool,
    pub(crate) keys: Vec<String>,
    pub(crate) atomic: bool,
    pub(crate) merge_key: Option<String>,
    pub(crate) merge: bool,
    pub(crate) retain_keys: bool,
    pub(crate) feature: Option<String>,
    pub(crate) immutable: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Options::default();
        match input.peek(LitInt) {
            true => options.number = input.parse::<LitInt>()?.base10_parse()?,
            false => options.parse_flat(input)?,
        }
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            options.parse_word(input)?;
        }
        Ok(options)
    }
}

impl Options {
    /// A struct whose fields have their numbers in the outer message has none itself.
    fn parse_flat(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let word: syn::Ident = input.parse()?;
        if word != "flat" {
            return Err(syn::Error::new(
                word.span(),
                "#[api(…)] begins with a protobuf number, or with `flat`",
            ));
        }
        (self.flat, self.inline) = (true, true);
        Ok(())
    }

    fn parse_word(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let word: syn::Ident = input.parse()?;
        match word.to_string().as_str() {
            "required" => self.required = true,
            "written" => self.written = true,
            "inline" => self.inline = true,
            "set" => self.set = true,
            "atomic" => self.atomic = true,
            "merge" => self.merge = true,
            "retain_keys" => self.retain_keys = true,
            "immutable" => self.immutable = true,
            "name" => self.name = Some(value(input)?),
            "default" => self.default = Some(value(input)?),
            "merge_key" => self.merge_key = Some(value(input)?),
            "feature" => self.feature = Some(value(input)?),
            "keys" => {
                let inner;
                syn::parenthesized!(inner in input);
                let keys = inner.parse_terminated(<LitStr as Parse>::parse, Token![,])?;
                self.keys = keys.iter().map(LitStr::value).collect();
            }
            other => {
                return Err(syn::Error::new(word.span(), format!("`{other}` is not known in #[api(…)]")));
            }
        }
        Ok(())
    }

    /// The `ListType` (or map type) as an expression.
    pub(crate) fn topology(&self) -> TokenStream {
        if !self.keys.is_empty() {
            let keys = &self.keys;
            quote!(::apimachinery::schema::Topology::Map(&[#(#keys),*]))
        } else if self.set {
            quote!(::apimachinery::schema::Topology::Set)
        } else if self.atomic {
            quote!(::apimachinery::schema::Topology::Atomic)
        } else {
            quote!(::apimachinery::schema::Topology::Default)
        }
    }
}

fn value(input: ParseStream<'_>) -> syn::Result<String> {
    input.parse::<Token![=]>()?;
    Ok(input.parse::<LitStr>()?.value())
}

impl Field {
    /// Reads a field and takes its `#[api]` attribute off.
    pub(crate) fn read(field: &mut syn::Field) -> syn::Result<Self> {
        let Some(ident) = field.ident.clone() else {
            return Err(syn::Error::new_spanned(field, "a wire type has named fields"));
        };
        let Some(position) = field.attrs.iter().position(|attribute| attribute.path().is_ident("api")) else {
            return Err(syn::Error::new_spanned(ident, "the field needs #[api(N)] with its protobuf number"));
        };
        let options: Options = field.attrs.remove(position).parse_args()?;
        let doc = doc(&field.attrs);
        let json_name = options.name.clone().unwrap_or_else(|| camel_case(&ident.to_string()));
        Ok(Field { ident, ty: field.ty.clone(), doc, json_name, options })
    }
}

/// The doc comment: lines of one paragraph are joined, an empty line separates paragraphs.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        let syn::Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value else { continue };
        if !pair.path.is_ident("doc") {
            continue;
        }
        let line = line.value();
        let line = line.trim();
        if line.is_empty() {
            text.push_str("\n\n");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text
}

fn camel_case(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for character in name.trim_start_matches("r#").chars() {
        if character == '_' {
            upper = true;
        } else if upper {
            out.extend(character.to_uppercase());
            upper = false;
        } else {
            out.push(character);
        }
    }
    out
}
