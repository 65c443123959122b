//! The words of `filtering`: by what clients may filter, and how.

use syn::{Ident, Token, ext::IdentExt, parse::ParseStream, punctuated::Punctuated};

use crate::{
    diagnostics::{Diagnostics, did_you_mean},
    parse::{Options, parse_name},
};

/// Every lookup, by its name in a parameter.
pub(crate) const LOOKUPS: &[&str] = &[
    "exact",
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "gt",
    "gte",
    "lt",
    "lte",
    "range",
    "in",
    "isnull",
    "regex",
    "iregex",
    "date",
    "year",
    "iso_year",
    "quarter",
    "month",
    "week",
    "day",
    "week_day",
    "iso_week_day",
    "time",
    "hour",
    "minute",
    "second",
];
/// The lookups that compare the keys behind a relation.
pub(crate) const RELATION_LOOKUPS: &[&str] = &["exact", "in", "isnull", "gt", "gte", "lt", "lte"];

/// `title = ALL`.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) field: Ident,
    pub(crate) rule: Rule,
}

/// What stands behind `=`.
#[derive(Debug)]
pub(crate) enum Rule {
    All,
    AllWithRelations(Ident),
    Only(Vec<Ident>),
}

enum Said {
    Word(Ident),
    List(Vec<Ident>),
    Nothing,
}

/// Takes `filtering(...)`.
pub(super) fn filtering(options: &mut Options, mistakes: &mut Diagnostics) -> Vec<Filter> {
    let entries = options.list("filtering", entry, mistakes);
    let mut filters: Vec<Filter> = Vec::new();
    for (field, said) in entries {
        if filters.iter().any(|other| other.field == field) {
            mistakes.error(
                &field,
                format!("`{field}` stands in `filtering` twice"),
                format!("keep one `{field}`"),
            );
        } else if let Some(rule) = rule(&field, said, mistakes) {
            filters.push(Filter { field, rule });
        }
    }
    filters
}

fn entry(input: ParseStream<'_>) -> syn::Result<(Ident, Said)> {
    let field = parse_name(input)?;
    if !input.peek(Token![=]) {
        return Ok((field, Said::Nothing));
    }
    input.parse::<Token![=]>()?;
    if input.peek(syn::token::Bracket) {
        let list;
        syn::bracketed!(list in input);
        let words = Punctuated::<Ident, Token![,]>::parse_terminated_with(&list, Ident::parse_any)?;
        return Ok((field, Said::List(words.into_iter().collect())));
    }
    Ok((field, Said::Word(input.call(Ident::parse_any)?)))
}

fn rule(field: &Ident, said: Said, mistakes: &mut Diagnostics) -> Option<Rule> {
    match said {
        Said::Word(word) if word == "ALL" => Some(Rule::All),
        Said::Word(word) if word == "ALL_WITH_RELATIONS" => Some(Rule::AllWithRelations(word)),
        Said::Word(word) => {
            let name = word.unraw().to_string();
            let help = if LOOKUPS.contains(&name.as_str()) {
                format!("lookups stand in a list: `{field} = [{word}]`")
            } else {
                did_you_mean(&name, &["ALL", "ALL_WITH_RELATIONS"])
            };
            mistakes.error(
                &word,
                format!("`{word}` does not say how `{field}` may be filtered"),
                help,
            );
            None
        }
        Said::Nothing => {
            mistakes.error(
                field,
                format!("`filtering` does not say how `{field}` may be filtered"),
                format!("`{field} = ALL`, or `{field} = [exact, in]`"),
            );
            None
        }
        Said::List(words) => {
            let mut kept: Vec<Ident> = Vec::new();
            for word in words {
                let name = word.unraw().to_string();
                if !LOOKUPS.contains(&name.as_str()) {
                    mistakes.error(
                        &word,
                        format!("there is no lookup `{name}`"),
                        did_you_mean(&name, LOOKUPS),
                    );
                } else if kept.contains(&word) {
                    mistakes.error(
                        &word,
                        format!("`{name}` stands there twice"),
                        format!("keep one `{name}`"),
                    );
                } else {
                    kept.push(word);
                }
            }
            Some(Rule::Only(kept))
        }
    }
}
