//! The `Meta` of a resource.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use crate::model::{Filter, Resource, Rule, Shown, pascal_case};

/// The body of `Resource::meta`.
pub(super) fn meta(resource: &Resource) -> TokenStream {
    let meta = &resource.meta;
    let resource_name = &meta.resource_name;
    let methods = meta.methods.iter().map(|methods| {
        let (setter, methods) = (&methods.setter, &methods.methods);
        if methods.is_empty() {
            return quote!(.#setter(::std::vec::Vec::<::tastyrs::__private::Method>::new()));
        }
        quote!(.#setter([#(::tastyrs::__private::Method::#methods),*]))
    });
    let export = (!meta.export.is_empty()).then(|| {
        let formats = &meta.export;
        quote!(.export(::tastyrs::__private::Export::new([#(::tastyrs::__private::ExportFormat::#formats),*])))
    });
    let values = meta
        .values
        .iter()
        .map(|(setter, value)| quote!(.#setter(#value)));
    let flags = meta
        .flags
        .iter()
        .map(|(setter, set)| quote!(.#setter(#set)));
    let detail_uri_name = match &resource.shown {
        Shown::Model {
            detail_uri_name: Some(word),
            ..
        } => {
            let word = word.unraw().to_string();
            Some(quote!(.detail_uri_name(#word)))
        }
        _ => None,
    };
    let owner = match &resource.shown {
        Shown::Model {
            owner: Some(word), ..
        } => {
            let word = word.unraw().to_string();
            Some(quote! {
                .authorization(::tastyrs::__private::OwnerAuthorization::new(#word))
            })
        }
        _ => None,
    };
    let filtering = resource.filtering.iter().map(filter);
    let ordering = (!resource.ordering.is_empty()).then(|| {
        let words = resource
            .ordering
            .iter()
            .map(|word| word.unraw().to_string());
        quote!(.ordering([#(#words),*]))
    });
    let made = quote! {
        ::tastyrs::__private::Meta::<Self>::new(#resource_name)
            #(#methods)* #(#values)* #(#flags)* #detail_uri_name #owner #(#filtering)* #ordering #export
    };
    match &meta.configure {
        None => made,
        Some(configure) => quote! {
            let configure: fn(::tastyrs::__private::Meta<Self>) -> ::tastyrs::__private::Meta<Self> = #configure;
            configure(#made)
        },
    }
}

fn filter(filter: &Filter) -> TokenStream {
    let field = filter.field.unraw().to_string();
    let rule = match &filter.rule {
        Rule::All => quote!(All),
        Rule::AllWithRelations(_) => quote!(AllWithRelations),
        Rule::Only(lookups) => {
            let lookups = lookups
                .iter()
                .map(|lookup| format_ident!("{}", pascal_case(&lookup.unraw().to_string())));
            quote!(Only(
                ::std::vec![#(::tastyrs::__private::Lookup::#lookups),*]
            ))
        }
    };
    quote!(.filtering(#field, ::tastyrs::__private::Filtering::#rule))
}
