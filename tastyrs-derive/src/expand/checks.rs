//! What rustc checks, under the span of the word that may be wrong, so that its error stands there.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path, Type, ext::IdentExt, spanned::Spanned};

use crate::model::{Field, Generic, Kind, Relation, Resource, Rule, Shown};

/// Functions that are never called.
pub(super) fn checks(resource: &Resource) -> Option<TokenStream> {
    let Shown::Model {
        model,
        fields,
        excludes,
        detail_uri_name,
        owner,
        ..
    } = &resource.shown
    else {
        return None;
    };
    let checks = Checks { resource, model };
    let is_column = |word: &&Ident| resource.declared(word).is_none() && **word != "resource_uri";
    let shown = fields.iter().flatten().chain(excludes).filter(is_column);
    let shown = shown.map(|word| checks.column(word, word.span(), &[]));
    let detail = detail_uri_name.iter().filter(|word| *word != "pk");
    let detail =
        detail.map(|word| checks.column(word, word.span(), &[checks.call("exact", word.span())]));
    let owner = owner
        .iter()
        .map(|word| checks.column(word, word.span(), &[checks.call("owns", word.span())]));
    let filtered = resource.filtering.iter().filter_map(|filter| {
        let column = resource.column_of(&filter.field)?;
        let lookups = match &filter.rule {
            Rule::Only(lookups) => lookups.as_slice(),
            Rule::All | Rule::AllWithRelations(_) => &[],
        };
        let lookups: Vec<_> = lookups
            .iter()
            .map(|said| checks.call(&said.unraw().to_string(), said.span()))
            .collect();
        Some(checks.column(column, filter.field.span(), &lookups))
    });
    let ordered = resource.ordering.iter().filter_map(|word| {
        let column = resource.column_of(word)?;
        Some(checks.column(column, word.span(), &[checks.call("orders", word.span())]))
    });
    let related = resource
        .fields
        .iter()
        .filter_map(|field| checks.field(field));
    let all: Vec<TokenStream> = shown
        .chain(detail)
        .chain(owner)
        .chain(filtered)
        .chain(ordered)
        .chain(related)
        .collect();

    let body = (!all.is_empty()).then(|| quote!(const _: fn() = || { #({ #all })* };));
    let absolute_url = resource
        .meta
        .absolute_url
        .map(|span| absolute_url(model, span));
    Some(quote!(#body #absolute_url))
}

struct Checks<'r> {
    resource: &'r Resource,
    model: &'r Path,
}

impl Checks<'_> {
    /// A variable that stands at `at`; wherever it stands, it is in one and the same scope.
    fn variable(&self, name: &str, at: Span) -> Ident {
        Ident::new(name, self.resource.ident.span().located_at(at))
    }

    /// Takes a column of the model, which must have it, for what is done to it; the error stands at `at`.
    fn column(&self, word: &Ident, at: Span, done: &[TokenStream]) -> TokenStream {
        let model = self.model;
        let mut word = word.clone();
        word.set_span(at);
        let taken = quote_spanned!(at=> &<#model as ::tastyrs::__private::Model>::columns().#word);
        if done.is_empty() {
            quote_spanned!(at=> let _ = #taken;)
        } else {
            let column = self.variable("column", at);
            let taken = quote_spanned!(at=> let #column = #taken;);
            quote!(#taken #(#done)*)
        }
    }

    /// Gives the column to a function of `fields::checks`, which may refuse its type; the error stands at `at`.
    fn call(&self, function: &str, at: Span) -> TokenStream {
        let column = self.variable("column", at);
        // `in` is a keyword.
        let function = match function {
            "in" => Ident::new_raw(function, at),
            function => Ident::new(function, at),
        };
        quote_spanned!(at=> ::tastyrs::__private::fields::#function(#column);)
    }

    fn field(&self, field: &Field) -> Option<TokenStream> {
        let model = self.model;
        Some(match &field.kind {
            Kind::Computed(_) => return None,
            Kind::Column { ty, attribute } => {
                let span = ty.span();
                let column = self.variable("column", span);
                let is =
                    quote_spanned!(span=> ::tastyrs::__private::fields::is::<#ty, _, _>(#column););
                self.column(attribute, attribute.span(), &[is])
            }
            Kind::ToOne {
                resource,
                attribute,
            } => {
                let span = attribute.span();
                let column = self.variable("column", span);
                let other = model_of(resource);
                let refers = quote_spanned!(span=> ::tastyrs::__private::fields::refers_to::<#other, _, _>(#column););
                self.column(attribute, span, &[refers])
            }
            Kind::Generic(generic) => self.generic(generic),
            Kind::ToMany {
                resource,
                relation: Relation::Through { table, own, other },
            } => {
                let target = model_of(resource);
                let [own, other] = [(own, quote!(#model)), (other, target)].map(|(column, model)| {
                    let table = at_place(table, column.span());
                    quote_spanned!(column.span()=> ::tastyrs::__private::fields::links::<#table::#column, #model>();)
                });
                quote!(#own #other)
            }
            Kind::ToMany {
                resource,
                relation: Relation::Reverse { column, .. },
            } => {
                let target = model_of(resource);
                quote_spanned! {column.span()=>
                    ::tastyrs::__private::fields::links::<#column, #model>();
                    ::tastyrs::__private::fields::belongs_to::<#column, #target>();
                }
            }
        })
    }
}

impl Checks<'_> {
    fn generic(&self, generic: &Generic) -> TokenStream {
        let (content_type, object_id) = (&generic.content_type, &generic.object_id);
        let holds = self.call("holds_content_type", content_type.span());
        let content_type = self.column(content_type, content_type.span(), &[holds]);
        let span = object_id.span();
        let column = self.variable("column", span);
        let holds: Vec<_> = generic
            .resources
            .iter()
            .map(|target| {
                let model = model_of(target);
                quote_spanned!(span=> ::tastyrs::__private::fields::holds_key_of::<#model, _, _>(#column);)
            })
            .collect();
        let object_id = self.column(object_id, span, &holds);
        let named = generic.resources.iter().map(|target| {
            let (span, model) = (target.span(), model_of(target));
            let message = format!(
                "the model of `{}` has no content type: add `#[model(content_type = \"app.model\")]` to it",
                quote!(#target)
            );
            quote_spanned! {span=>
                const _: () = ::core::assert!(
                    <#model as ::tastyrs::__private::Model>::CONTENT_TYPE.is_some(),
                    #message
                );
            }
        });
        quote!({ #content_type } { #object_id } #(#named)*)
    }
}

fn model_of(resource: &Type) -> TokenStream {
    quote_spanned!(resource.span()=> <#resource as ::tastyrs::__private::ModelResource>::Model)
}

/// The same tokens, all at one place.
fn at_place(tokens: impl ToTokens, span: Span) -> TokenStream {
    let place = |token| match token {
        TokenTree::Group(group) => {
            let mut placed = Group::new(group.delimiter(), at_place(group.stream(), span));
            placed.set_span(group.span().located_at(span));
            TokenTree::Group(placed)
        }
        mut token => {
            token.set_span(token.span().located_at(span));
            token
        }
    };
    tokens.to_token_stream().into_iter().map(place).collect()
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
