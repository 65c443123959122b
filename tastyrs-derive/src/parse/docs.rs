//! Doc comments as help texts.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The first paragraph of a doc comment on one line.
pub(crate) fn first_paragraph(attributes: &[Attribute]) -> Option<String> {
    let mut paragraph = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
    {
        let Meta::NameValue(value) = &attribute.meta else {
            continue;
        };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) = &value.value
        else {
            continue;
        };
        for line in text.value().lines().map(str::trim) {
            match (line.is_empty(), paragraph.is_empty()) {
                (true, true) => {}
                (true, false) => return Some(paragraph.join(" ")),
                (false, _) => paragraph.push(line.to_owned()),
            }
        }
        if text.value().is_empty() && !paragraph.is_empty() {
            break;
        }
    }
    (!paragraph.is_empty()).then(|| paragraph.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_first_paragraph_are_joined_and_the_rest_is_left_out() {
        let field: syn::ItemStruct = syn::parse_quote! {
            /// What the note
            /// is called.
            ///
            /// Shown in bold.
            struct Note;
        };

        assert_eq!(
            first_paragraph(&field.attrs).as_deref(),
            Some("What the note is called.")
        );
    }
}
