//! What rustc checks, under the span of the word that may be wrong, so that its error stands there.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Path, Type, ext::IdentExt, spanned::Spanned};

use crate::model::{Field, Kind, Relation, Resource, Rule, Shown};

/// A function that is never called.
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
    let declared = |word: &Ident| resource.declared(word).is_some();
    let special = |word: &Ident| *word == "resource_uri";
    let shown = fields
        .iter()
        .flatten()
        .chain(excludes)
        .filter(|word| !declared(word) && !special(word))
        .map(exists);
    let detail = detail_uri_name
        .iter()
        .filter(|word| *word != "pk")
        .map(|word| lookup(word, word, "exact"));
    let filtered = resource.filtering.iter().flat_map(|filter| {
        let word = &filter.field;
        let Some(column) = resource.column_of(word) else {
            return Vec::new();
        };
        let own = (!declared(word)).then(|| exists(word));
        let lookups = match &filter.rule {
            Rule::Only(lookups) => lookups.as_slice(),
            Rule::All | Rule::AllWithRelations(_) => &[],
        };
        own.into_iter()
            .chain(
                lookups
                    .iter()
                    .map(|said| lookup(column, said, &said.unraw().to_string())),
            )
            .collect()
    });
    let ordered = resource
        .ordering
        .iter()
        .filter_map(|word| Some(lookup(resource.column_of(word)?, word, "orders")));
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
    let absolute_url = resource
        .meta
        .absolute_url
        .map(|span| absolute_url(model, span));
    let columns = columns(Span::call_site());
    let body = (!checks.is_empty()).then(|| {
        quote! {
            const _: fn() = || {
                let #columns = <#model as ::tastyrs::__private::Model>::columns();
                #(#checks)*
            };
        }
    });
    Some(quote!(#body #absolute_url))
}

/// The variable, under any span: it is ours alone, whatever the user's words are called.
fn columns(at: Span) -> Ident {
    Ident::new("columns", Span::mixed_site().located_at(at))
}

/// That the model has a column of this name.
fn exists(word: &Ident) -> TokenStream {
    let columns = columns(word.span());
    quote_spanned!(word.span()=> let _ = &#columns.#word;)
}

/// That a function of `fields::checks` takes this column; the word is where its error stands.
fn lookup(column: &Ident, word: &Ident, function: &str) -> TokenStream {
    let span = word.span();
    let columns = columns(span);
    let function =
        syn::parse_str::<Ident>(function).unwrap_or_else(|_| Ident::new_raw(function, span));
    let function = Ident::clone(&function);
    let mut column = column.clone();
    column.set_span(span);
    let mut function = function;
    function.set_span(span);
    quote_spanned!(span=> ::tastyrs::__private::fields::#function(&#columns.#column);)
}

fn field_check(field: &Field, model: &Path) -> Option<TokenStream> {
    match &field.kind {
        Kind::Computed(_) => None,
        Kind::Column { ty, attribute } => {
            let span = ty.span();
            let columns = columns(attribute.span());
            let column = quote_spanned!(attribute.span()=> &#columns.#attribute);
            Some(quote_spanned!(span=> ::tastyrs::__private::fields::is::<#ty, _, _>(#column);))
        }
        Kind::ToOne {
            resource,
            attribute,
        } => {
            let span = attribute.span();
            let columns = columns(span);
            let other = model_of(resource);
            Some(
                quote_spanned!(span=> ::tastyrs::__private::fields::refers_to::<#other, _, _>(&#columns.#attribute);),
            )
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
            let span = column.span();
            Some(quote_spanned! {span=>
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
        "`{name}` has no address of its own\nhelp: `#[model(absolute_url = Self::url)]` on `{name}`"
    );
    quote_spanned! {span=>
        const _: () = ::core::assert!(<#model as ::tastyrs::__private::Model>::HAS_ABSOLUTE_URL, #message);
    }
}
