//! The impls made for a declared type.

use crate::field::{self, Field};
use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemStruct;

pub(crate) fn expand(mut item: ItemStruct, top_level: bool, atomic: bool) -> syn::Result<TokenStream> {
    let doc = field::doc(&item.attrs);
    let syn::Fields::Named(named) = &mut item.fields else {
        return Err(syn::Error::new_spanned(&item.ident, "a wire type has named fields"));
    };
    let fields = named.named.iter_mut().map(Field::read).collect::<syn::Result<Vec<_>>>()?;
    let schema = schema(&item.ident, &doc, &fields, top_level, atomic);
    let object = object(&item.ident, &fields, top_level);
    let api = api(&item.ident, schema);
    Ok(quote! {
        #[derive(Clone, Debug, Default, PartialEq)]
        #item
        #api
        #object
    })
}

fn schema(name: &syn::Ident, doc: &str, fields: &[Field], top_level: bool, atomic: bool) -> TokenStream {
    let fields = fields.iter().map(|field| {
        let (name, ty, doc) = (&field.json_name, &field.ty, &field.doc);
        let number = field.options.number;
        let (required, inline, immutable) =
            (field.options.required, field.options.inline, field.options.immutable);
        let (merge, retain_keys) = (field.options.merge, field.options.retain_keys);
        let topology = field.options.topology();
        let default = optional(&field.options.default);
        let merge_key = optional(&field.options.merge_key);
        let feature = optional(&field.options.feature);
        quote!(::apimachinery::schema::Field {
            name: #name, number: #number, doc: #doc,
            schema: <#ty as ::apimachinery::wire::Value>::SCHEMA,
            required: #required, inline: #inline, immutable: #immutable,
            topology: #topology, default: #default, merge: #merge, merge_key: #merge_key,
            retain_keys: #retain_keys, feature: #feature,
        })
    });
    let name = name.to_string();
    quote!(&::apimachinery::schema::Schema {
        package: PACKAGE, name: #name, doc: #doc, top_level: #top_level, atomic: #atomic,
        shape: ::apimachinery::schema::Shape::Object(&[#(#fields),*]),
    })
}

fn optional(value: &Option<String>) -> TokenStream {
    match value {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

fn api(name: &syn::Ident, schema: TokenStream) -> TokenStream {
    quote! {
        impl ::apimachinery::wire::Value for #name {
            const SCHEMA: &'static ::apimachinery::schema::Schema = #schema;
            fn is_empty(&self) -> bool {
                false
            }
            fn decode<'de, D: ::apimachinery::wire::Deserializer<'de>>(
                &mut self,
                source: D,
                context: &mut ::apimachinery::wire::Decoding,
            ) -> ::core::result::Result<(), D::Error> {
                ::apimachinery::wire::decode_object(self, source, context)
            }
            fn encode_field(&self, number: u32, out: &mut ::std::vec::Vec<u8>) {
                ::apimachinery::wire::encode_message(self, number, out)
            }
            fn field_length(&self, number: u32) -> usize {
                ::apimachinery::wire::message_field_length(self, number)
            }
            fn merge_field(
                &mut self,
                wire: ::apimachinery::wire::WireType,
                source: &mut &[u8],
            ) -> ::core::result::Result<(), ::apimachinery::wire::ProtobufError> {
                ::apimachinery::wire::merge_message(self, wire, source)
            }
        }
        const _: () = assert!(
            ::apimachinery::schema::has_distinct_numbers(<#name as ::apimachinery::wire::Value>::SCHEMA),
            "two fields have one protobuf number",
        );
        impl ::apimachinery::wire::Serialize for #name {
            fn serialize<S: ::apimachinery::wire::Serializer>(
                &self,
                target: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                ::apimachinery::wire::serialize_object(self, target)
            }
        }
    }
}

fn object(name: &syn::Ident, fields: &[Field], top_level: bool) -> TokenStream {
    let own: Vec<&Field> = fields.iter().filter(|field| !field.options.inline).collect();
    let inline: Vec<&Field> = fields.iter().filter(|field| field.options.inline).collect();
    let count = own.len();
    let indices = 0..count;
    let names = own.iter().map(|field| &field.json_name);
    let lookup_inline = inline.iter().enumerate().map(|(position, field)| {
        let (ty, base) = (&field.ty, inline_base(count, &inline[..position]));
        quote!(if let Some(index) = <#ty as ::apimachinery::wire::Object>::field_index(name) {
            return Some(index + #base);
        })
    });
    let decode_own = own.iter().enumerate().map(|(index, field)| {
        let (ident, json_name) = (&field.ident, &field.json_name);
        quote!(#index => ::apimachinery::wire::next_value(map, #json_name, &mut self.#ident, context),)
    });
    let decode_inline = inline.iter().enumerate().map(|(position, field)| {
        let (ident, ty) = (&field.ident, &field.ty);
        let base = inline_base(count, &inline[..position]);
        quote!(if (#base..#base + <#ty as ::apimachinery::wire::Object>::FIELDS).contains(&index) {
            return self.#ident.decode_field(index - #base, map, context);
        })
    });
    let inline_types = inline.iter().map(|field| &field.ty);
    let serialize = fields.iter().map(serialize_field);
    let encode = numbered(fields).into_iter().map(|field| {
        let (ident, number) = (&field.ident, field.options.number);
        if field.options.flat {
            return quote!(::apimachinery::wire::Object::encode_fields(&self.#ident, out););
        }
        quote!(if !::apimachinery::wire::Value::is_empty(&self.#ident) {
            ::apimachinery::wire::Value::encode_field(&self.#ident, #number, out);
        })
    });
    let length = fields.iter().map(|field| {
        let (ident, number) = (&field.ident, field.options.number);
        if field.options.flat {
            return quote!(length += ::apimachinery::wire::Object::fields_length(&self.#ident););
        }
        quote!(if !::apimachinery::wire::Value::is_empty(&self.#ident) {
            length += ::apimachinery::wire::Value::field_length(&self.#ident, #number);
        })
    });
    let merge = fields.iter().filter(|field| !field.options.flat).map(|field| {
        let (ident, number) = (&field.ident, field.options.number);
        quote!(#number => ::apimachinery::wire::Value::merge_field(&mut self.#ident, wire, source),)
    });
    let merge_flat = fields.iter().filter(|field| field.options.flat).map(|field| {
        let (ident, ty) = (&field.ident, &field.ty);
        quote!(_ if ::apimachinery::schema::has_number(<#ty as ::apimachinery::wire::Value>::SCHEMA, number) => {
            self.#ident.merge_number(number, wire, source)
        })
    });
    quote! {
        impl ::apimachinery::wire::Object for #name {
            const TOP_LEVEL: bool = #top_level;
            const FIELDS: usize = #count #(+ <#inline_types as ::apimachinery::wire::Object>::FIELDS)*;
            fn field_index(name: &str) -> ::core::option::Option<usize> {
                match name {
                    #(#names => return Some(#indices),)*
                    _ => {}
                }
                #(#lookup_inline)*
                None
            }
            fn decode_field<'de, A: ::apimachinery::wire::MapAccess<'de>>(
                &mut self,
                index: usize,
                map: &mut A,
                context: &mut ::apimachinery::wire::Decoding,
            ) -> ::core::result::Result<(), A::Error> {
                #(#decode_inline)*
                match index {
                    #(#decode_own)*
                    _ => unreachable!("field_index gives only indices of declared fields"),
                }
            }
            fn serialize_fields<M: ::apimachinery::wire::SerializeMap>(
                &self,
                map: &mut M,
            ) -> ::core::result::Result<(), M::Error> {
                #(#serialize)*
                Ok(())
            }
            fn encode_fields(&self, out: &mut ::std::vec::Vec<u8>) {
                #(#encode)*
            }
            fn fields_length(&self) -> usize {
                let mut length = 0;
                #(#length)*
                length
            }
            fn merge_number(
                &mut self,
                number: u32,
                wire: ::apimachinery::wire::WireType,
                source: &mut &[u8],
            ) -> ::core::result::Result<(), ::apimachinery::wire::ProtobufError> {
                match number {
                    #(#merge)*
                    #(#merge_flat)*
                    _ => ::apimachinery::wire::skip(number, wire, source),
                }
            }
        }
    }
}

/// The fields in the order of a message, which is that of their numbers; those of a flat one have numbers of their own among
/// them, and stay where they are declared.
fn numbered(fields: &[Field]) -> Vec<&Field> {
    let mut numbered: Vec<&Field> = fields.iter().collect();
    if !fields.iter().any(|field| field.options.flat) {
        numbered.sort_by_key(|field| field.options.number);
    }
    numbered
}

fn inline_base(own: usize, before: &[&Field]) -> TokenStream {
    let types = before.iter().map(|field| &field.ty);
    quote!((#own #(+ <#types as ::apimachinery::wire::Object>::FIELDS)*))
}

fn serialize_field(field: &Field) -> TokenStream {
    let (ident, json_name) = (&field.ident, &field.json_name);
    if field.options.inline {
        quote!(::apimachinery::wire::Object::serialize_fields(&self.#ident, map)?;)
    } else if field.options.required || field.options.written {
        quote!(map.serialize_entry(#json_name, &self.#ident)?;)
    } else {
        quote!(if !::apimachinery::wire::Value::is_empty(&self.#ident) {
            map.serialize_entry(#json_name, &self.#ident)?;
        })
    }
}
