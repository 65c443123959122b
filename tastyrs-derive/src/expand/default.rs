//! The value where a client says none.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Type, spanned::Spanned};

use crate::model::Default;

/// A `DefaultValue` for a field of this type.
pub(super) fn default(default: &Default, ty: &Type) -> TokenStream {
    let variant = match default {
        Default::Null => quote!(Null),
        Default::Bool(flag) => quote!(Bool(#flag)),
        Default::Int(digits, span) => {
            let number = number(digits, *span);
            quote!(Int(#number))
        }
        Default::Float(digits, span) => {
            let number = number(digits, *span);
            quote!(Float(#number))
        }
        Default::Text(text) => quote!(Text(#text)),
        Default::Now => quote!(Now),
        Default::Decimal(digits) => quote! {
            Function(|| ::tastyrs::__private::Value::Decimal(::std::borrow::Cow::Borrowed(#digits)))
        },
        Default::Made(value) => {
            let make = quote_spanned!(value.span()=> ::tastyrs::__private::fields::default_value::<#ty, _>(#value));
            quote!(Function(|| #make))
        }
    };
    quote!(::tastyrs::__private::DefaultValue::#variant)
}

fn number(digits: &str, span: proc_macro2::Span) -> TokenStream {
    let positive = digits.strip_prefix('-').unwrap_or(digits);
    let mut literal: Literal = positive
        .parse()
        .expect("digits that syn has read are a literal");
    literal.set_span(span);
    let sign = (positive.len() < digits.len()).then(|| quote_spanned!(span=> -));
    quote!(#sign #literal).into_token_stream()
}
