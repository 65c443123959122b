//! What Diesel's own attribute says.

use syn::{
    Attribute, Ident, LitStr, Path, Token, Type,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

use super::options::skip_to_comma;
use crate::diagnostics::Diagnostics;

/// What `#[diesel(...)]` on a struct says.
#[derive(Debug, Default)]
pub(crate) struct Diesel {
    pub(crate) table_name: Option<Path>,
    pub(crate) primary_key: Option<Vec<Ident>>,
    pub(crate) check_for_backend: Vec<Type>,
}

/// What `#[diesel(...)]` on a field says.
#[derive(Debug, Default)]
pub(crate) struct DieselField {
    pub(crate) column_name: Option<Ident>,
    /// `embed` or `select_expression`: what makes it more, or less, than a column of the table.
    pub(crate) no_column: Option<Ident>,
}

impl Diesel {
    pub(crate) fn new(attributes: &[Attribute], mistakes: &mut Diagnostics) -> Self {
        let mut said = Self::default();
        each(attributes, mistakes, |name, input| {
            match name.to_string().as_str() {
                "table_name" => said.table_name = Some(path_or_text(input)?),
                "primary_key" => {
                    let content = parenthesized(input)?;
                    let words = Punctuated::<Ident, Token![,]>::parse_terminated_with;
                    said.primary_key = Some(
                        (|input: ParseStream<'_>| words(input, Ident::parse_any))
                            .parse2(content)?
                            .into_iter()
                            .collect(),
                    );
                }
                "check_for_backend" => {
                    let content = parenthesized(input)?;
                    // `disable = true` names none.
                    if let Ok(backends) =
                        Punctuated::<Type, Token![,]>::parse_terminated.parse2(content)
                    {
                        said.check_for_backend.extend(backends);
                    }
                }
                _ => skip_to_comma(input)?,
            }
            Ok(())
        });
        said
    }
}

impl DieselField {
    pub(crate) fn new(attributes: &[Attribute], mistakes: &mut Diagnostics) -> Self {
        let mut said = Self::default();
        each(attributes, mistakes, |name, input| {
            match name.to_string().as_str() {
                "column_name" => {
                    said.column_name =
                        Some(super::last_segment(&path_or_text(input)?).ident.clone());
                }
                "embed" | "select_expression" => {
                    said.no_column = Some(name.clone());
                    skip_to_comma(input)?;
                }
                _ => skip_to_comma(input)?,
            }
            Ok(())
        });
        said
    }
}

/// Reads the options one by one; what Diesel refuses it says itself.
fn each(
    attributes: &[Attribute],
    mistakes: &mut Diagnostics,
    mut option: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("diesel"))
    {
        let Ok(list) = attribute.meta.require_list() else {
            continue;
        };
        let parse = |input: ParseStream<'_>| -> syn::Result<()> {
            while !input.is_empty() {
                // What is left of a value with commas of its own, as in `Map<A, B>`, is no option.
                match input.call(Ident::parse_any) {
                    Ok(name) => option(&name, input)?,
                    Err(_) => skip_to_comma(input)?,
                }
                skip_to_comma(input)?;
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(list.tokens.clone()) {
            mistakes.push(error);
        }
    }
}

fn parenthesized(input: ParseStream<'_>) -> syn::Result<proc_macro2::TokenStream> {
    let content;
    syn::parenthesized!(content in input);
    content.parse()
}

fn path_or_text(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse()
    } else {
        Path::parse(input)
    }
}
