//! What rustc checks, under the span of the word that may be wrong, so that its error stands there.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Path, Type, ext::IdentExt, spanned::Spanned};

use crate::model::{Field, Kind, Relation, Resource, Rule, Shown};

/// Functions that are never called.
pub(super) fn checks(resource: &Resource) -> Option<TokenStream> {
    let Shown::Model {
        model,
        fields,
        excludes,
        detail_uri_name,
        ..
    } = &resource.shown
    else {
        return None;
    };
    let is_column = |word: &&Ident| resource.declared(word).is_none() && **word != "resource_uri";
    let shown = fields
        .iter()
        .flatten()
        .chain(excludes)
        .filter(is_column)
        .map(|word| column(word, word.span()));
    let detail = detail_uri_name
        .iter()
        .filter(|word| *word != "pk")
        .map(|word| {
            let column = column(word, word.span());
            let exact = lookup(word, "exact");
            quote!(#column #exact)
        });
    let filtered = resource.filtering.iter().filter_map(|filter| {
        let column = column(resource.column_of(&filter.field)?, filter.field.span());
        let lookups = match &filter.rule {
            Rule::Only(lookups) => lookups.as_slice(),
            Rule::All | Rule::AllWithRelations(_) => &[],
        };
        let lookups = lookups
            .iter()
            .map(|said| lookup(said, &said.unraw().to_string()));
        Some(quote!(#column #(#lookups)*))
    });
    let ordered = resource.ordering.iter().filter_map(|word| {
        let column = column(resource.column_of(word)?, word.span());
        let orders = lookup(word, "orders");
        Some(quote!(#column #orders))
    });
    let related = resource
        .fields
        .iter()
        .filter_map(|field| field_check(field, model));
    let checks: Vec<TokenStream> = shown
        .chain(detail)
        .chain(filtered)
        .chain(ordered)
        .chain(related)
        .collect();

    let columns = ours("columns", Span::call_site());
    let body = (!checks.is_empty()).then(|| {
        quote! {
            const _: fn() = || {
                let #columns = <#model as ::tastyrs::__private::Model>::columns();
                #({ #checks })*
            };
        }
    });
    let absolute_url = resource
        .meta
        .absolute_url
        .map(|span| absolute_url(model, span));
    Some(quote!(#body #absolute_url))
}

/// A variable of the checks under any span: no word of the user's can be mistaken for it.
fn ours(name: &str, at: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(at))
}

/// Takes a column of the model, which must have it; the error stands at `at`.
fn column(word: &Ident, at: Span) -> TokenStream {
    let (columns, column) = (ours("columns", at), ours("_column", at));
    let mut word = word.clone();
    word.set_span(at);
    quote_spanned!(at=> let #column = &#columns.#word;)
}

/// Gives the column to a function of `fields::checks`, which may refuse its type; the error stands at `word`.
fn lookup(word: &Ident, function: &str) -> TokenStream {
    let span = word.span();
    let column = ours("_column", span);
    // `in` is a keyword.
    let function = match function {
        "in" => Ident::new_raw(function, span),
        function => Ident::new(function, span),
    };
    quote_spanned!(span=> ::tastyrs::__private::fields::#function(#column);)
}

fn field_check(field: &Field, model: &Path) -> Option<TokenStream> {
    match &field.kind {
        Kind::Computed(_) => None,
        Kind::Column { ty, attribute } => {
            let span = ty.span();
            let (column, own) = (column(attribute, attribute.span()), ours("_column", span));
            let is = quote_spanned!(span=> ::tastyrs::__private::fields::is::<#ty, _, _>(#own););
            Some(quote!(#column #is))
        }
        Kind::ToOne {
            resource,
            attribute,
        } => {
            let span = attribute.span();
            let (column, own) = (column(attribute, span), ours("_column", span));
            let other = model_of(resource);
            let refers = quote_spanned!(span=> ::tastyrs::__private::fields::refers_to::<#other, _, _>(#own););
            Some(quote!(#column #refers))
        }
        Kind::ToMany {
            resource,
            relation: Relation::Through { table, own, other },
        } => {
            let target = model_of(resource);
            let own = quote_spanned!(own.span()=> ::tastyrs::__private::fields::links::<#table::#own, #model>(););
            let other = quote_spanned!(other.span()=> ::tastyrs::__private::fields::links::<#table::#other, #target>(););
            Some(quote!(#own #other))
        }
        Kind::ToMany {
            resource,
            relation: Relation::Reverse { column, .. },
        } => {
            let target = model_of(resource);
            Some(quote_spanned! {column.span()=>
                ::tastyrs::__private::fields::links::<#column, #model>();
                ::tastyrs::__private::fields::belongs_to::<#column, #target>();
            })
        }
    }
}

fn model_of(resource: &Type) -> TokenStream {
    quote!(<#resource as ::tastyrs::__private::ModelResource>::Model)
}

fn absolute_url(model: &Path, span: Span) -> TokenStream {
    let name = quote!(#model).to_string();
    let message = format!(
        "`{name}` has no address of its own: add `#[model(absolute_url = Self::url)]` to it"
    );
    quote_spanned! {span=>
        const _: () = ::core::assert!(<#model as ::tastyrs::__private::Model>::HAS_ABSOLUTE_URL, #message);
    }
}
