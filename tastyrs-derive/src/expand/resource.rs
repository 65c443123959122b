//! `#[derive(ModelResource)]` and `#[derive(Resource)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{checks, fields, meta};
use crate::model::{Resource, Shown, UseIn};

/// The impls of a resource's traits, and its `new`.
pub(crate) fn resource(resource: &Resource) -> TokenStream {
    let ident = &resource.ident;
    let (of_model, types) = shown(resource);
    let reads_objects = reads_objects(resource);
    let has_hooks = resource.hooks.is_some();
    let meta = meta::meta(resource);
    let fields = fields::fields(resource);
    let hooks = match &resource.hooks {
        None => quote! {
            #[automatically_derived]
            impl ::tastyrs::__private::Hooks for #ident {}
        },
        Some(word) => {
            let mut ident = ident.clone();
            ident.set_span(ident.span().located_at(word.span()));
            quote_spanned! {word.span()=>
                const _: fn() = || ::tastyrs::__private::fields::hooks::<#ident>();
            }
        }
    };
    let new = new(resource);
    let checks = checks::checks(resource);
    let markers: Vec<_> = resource.fields.iter().map(|field| &field.ident).collect();
    // The markers say all they have to say by standing there; reading them keeps rustc from calling them dead.
    let read = (!markers.is_empty()).then(|| {
        quote! {
            const _: fn(&#ident) = |resource| { #(let _ = &resource.#markers;)* };
        }
    });
    quote! {
        #of_model

        #[automatically_derived]
        impl ::tastyrs::__private::Resource for #ident {
            #types

            const READS_OBJECTS: bool = #reads_objects;
            const HAS_HOOKS: bool = #has_hooks;

            fn meta() -> ::tastyrs::__private::Meta<Self> {
                #meta
            }

            fn fields() -> ::tastyrs::__private::Fields<Self> {
                #fields
            }
        }

        #hooks
        #new
        #read
        #checks
    }
}

/// The impl of `ModelResource`, and the types of object, list and source.
fn shown(resource: &Resource) -> (Option<TokenStream>, TokenStream) {
    match &resource.shown {
        Shown::Object(object) => {
            let types = quote_spanned! {object.span()=>
                type Object = #object;
                type List = ::std::vec::Vec<#object>;
                type Source = ::tastyrs::__private::Objects;
            };
            (None, types)
        }
        Shown::Model { model, backend, .. } => {
            let ident = &resource.ident;
            let db = if let Some(backend) = backend {
                quote!(#backend)
            } else {
                quote_spanned!(model.span()=> <#model as ::tastyrs::__private::Model>::Db)
            };
            let types = quote_spanned!(model.span()=> type Model = #model; type Db = #db;);
            let of_model = quote! {
                #[automatically_derived]
                impl ::tastyrs::__private::ModelResource for #ident {
                    #types
                }
            };
            let types = quote_spanned! {model.span()=>
                type Object = #model;
                type List = <#model as ::tastyrs::__private::ModelFor<#db>>::Query;
                type Source = ::tastyrs::__private::Rows;
            };
            (Some(of_model), types)
        }
    }
}

/// Whether anything of the user's may ask for the whole object.
fn reads_objects(resource: &Resource) -> bool {
    let hook = |field: &crate::model::Field| {
        field.dehydrate.is_some()
            || field.hydrate.is_some()
            || matches!(field.use_in, Some(UseIn::When(_)))
    };
    matches!(resource.shown, Shown::Object(_))
        || resource.hooks.is_some()
        || matches!(resource.shown, Shown::Model { owner: Some(_), .. })
        || resource.meta.may_read_objects()
        || resource.fields.iter().any(hook)
}

fn new(resource: &Resource) -> Option<TokenStream> {
    if !resource.new {
        return None;
    }
    let (ident, vis) = (&resource.ident, &resource.vis);
    let markers = resource.fields.iter().map(|field| &field.ident);
    let (own, types): (Vec<_>, Vec<_>) = resource
        .own_state
        .iter()
        .map(|state| (&state.ident, &state.ty))
        .unzip();
    let arguments: Vec<_> = own.iter().map(|own| format_ident!("{own}")).collect();
    let doc = if own.is_empty() {
        "Makes the resource."
    } else {
        "Makes the resource with its own state."
    };
    Some(quote! {
        impl #ident {
            #[doc = #doc]
            #[must_use]
            #[allow(dead_code, clippy::new_without_default, clippy::too_many_arguments, reason = "emitted for every resource")]
            #vis fn new(#(#arguments: #types),*) -> Self {
                Self {
                    #(#own: #arguments,)*
                    #(#markers: ::core::default::Default::default(),)*
                }
            }
        }
    })
}
