//! The value where a client says none.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitStr, UnOp, spanned::Spanned};

use crate::{
    diagnostics::Diagnostics,
    parse::{Holds, RustType, last_segment, word_of},
};

/// The value where a client says none.
#[derive(Debug, Clone)]
pub(crate) enum Default {
    Null,
    Bool(bool),
    /// Digits, with a sign where there is one.
    Int(String, Span),
    Float(String, Span),
    Decimal(LitStr),
    Text(LitStr),
    Now,
    /// An expression that gives the value, each time anew.
    Made(Expr),
}

impl Default {
    /// Judges `default = value` for a field or column of a type.
    pub(crate) fn new(value: &Expr, of: RustType, mistakes: &mut Diagnostics) -> Option<Self> {
        let judged = Self::read(value, of);
        if let Err((found, help)) = &judged {
            mistakes.error(
                value,
                format!("this default is {found}, which {}", named(of.holds)),
                help,
            );
        }
        judged.ok()
    }

    fn read(value: &Expr, of: RustType) -> Result<Self, (&'static str, String)> {
        let holds = of.holds;
        if let Some(word) = word_of(value) {
            if word == "now" {
                return if holds.may_be(Holds::DateTime) {
                    Ok(Self::Now)
                } else {
                    Err(("a moment", remedy(holds)))
                };
            }
            if word == "None" {
                return if of.optional {
                    Ok(Self::Null)
                } else {
                    Err((
                        "nothing",
                        "`Option<...>` makes it a type that may hold nothing".to_owned(),
                    ))
                };
            }
        }
        let (literal, negative) = match value {
            Expr::Lit(ExprLit { lit, .. }) => (lit, false),
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr,
                ..
            }) => match expr.as_ref() {
                Expr::Lit(ExprLit { lit, .. }) => (lit, true),
                _ => return Ok(made(value)),
            },
            _ => return Ok(made(value)),
        };
        let signed = |digits: &str| {
            if negative {
                format!("-{digits}")
            } else {
                digits.to_owned()
            }
        };
        let span = value.span();
        let decimal = |digits: &str| Self::Decimal(LitStr::new(&signed(digits), span));
        match (literal, holds) {
            (Lit::Bool(flag), _) if holds.may_be(Holds::Bool) => Ok(Self::Bool(flag.value)),
            (Lit::Int(number), Holds::Decimal) => Ok(decimal(number.base10_digits())),
            (Lit::Int(number), Holds::Float) => Ok(Self::Float(
                format!("{}.0", signed(number.base10_digits())),
                span,
            )),
            (Lit::Int(number), _) if holds.may_be(Holds::Integer) => {
                Ok(Self::Int(signed(number.base10_digits()), span))
            }
            (Lit::Float(number), Holds::Decimal) => Ok(decimal(number.base10_digits())),
            (Lit::Float(number), _) if holds.may_be(Holds::Float) => {
                Ok(Self::Float(signed(number.base10_digits()), span))
            }
            (Lit::Str(text), Holds::Decimal) if is_decimal(&text.value()) => {
                Ok(Self::Decimal(text.clone()))
            }
            (Lit::Str(text), _) if holds.may_be(Holds::Text) => Ok(Self::Text(text.clone())),
            (Lit::Bool(_), _) => Err(("a truth value", remedy(holds))),
            (Lit::Int(_), _) => Err(("a whole number", remedy(holds))),
            (Lit::Float(_), _) => Err(("a floating point number", remedy(holds))),
            (Lit::Str(_), _) => Err(("a text", remedy(holds))),
            _ => Err(("no value of a field", remedy(holds))),
        }
    }
}

/// A function is called; a constant, by its capitals, and any other expression is what it is.
fn made(value: &Expr) -> Default {
    let called = match value {
        Expr::Path(path) => {
            let name = last_segment(&path.path).ident.to_string();
            name.chars().any(char::is_lowercase)
        }
        Expr::Closure(_) => true,
        _ => false,
    };
    if called {
        let span = value.span();
        let call = quote::quote_spanned!(span=> (#value)());
        Default::Made(Expr::Verbatim(call))
    } else {
        Default::Made(Expr::Verbatim(value.to_token_stream()))
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, places]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn named(holds: Holds) -> &'static str {
    match holds {
        Holds::Bool => "is no truth value",
        Holds::Integer => "is no whole number",
        Holds::Float => "is no floating point number",
        Holds::Text => "is no text",
        Holds::Decimal => "is no decimal number",
        Holds::Date => "is no date",
        Holds::Time => "is no time of day",
        Holds::DateTime => "is no moment",
        Holds::Uuid => "is no UUID",
        Holds::List => "is no list",
        Holds::Other => "is not of the type",
    }
}

fn remedy(holds: Holds) -> String {
    match holds {
        Holds::Bool => "`default = true`",
        Holds::Integer => "`default = 0`",
        Holds::Float => "`default = 0.0`",
        Holds::Text => "`default = \"\"`",
        Holds::Decimal => "`default = \"0.00\"`",
        Holds::Date => "`default = today`, a function that gives the date",
        Holds::Time => "`default = noon`, a function that gives the time of day",
        Holds::DateTime => "`default = now`",
        Holds::Uuid => "`default = Uuid::new_v4`, a function that gives the UUID",
        Holds::List => "`default = Vec::new`, a function that gives the list",
        Holds::Other => "`default = make`, a function that gives the value",
    }
    .to_owned()
}
