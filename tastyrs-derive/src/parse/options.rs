//! `name`, `name = value` and `name(...)`: the form of all our attributes.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitBool, LitInt, LitStr, Path, PathSegment, Token, Type,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

use crate::diagnostics::{Diagnostics, did_you_mean};

/// The options that an attribute knows, each as it is written.
pub(crate) type Known = &'static [(&'static str, &'static str)];

/// One option as it stands in an attribute.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) name: Ident,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Word,
    Value(Box<Expr>),
    List(Group),
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let name = &self.name;
        tokens.append_all(match &self.form {
            Form::Word => quote!(#name),
            Form::Value(value) => quote!(#name = #value),
            Form::List(list) => quote!(#name #list),
        });
    }
}

/// The options of one attribute, each to be taken once.
#[derive(Debug)]
pub(crate) struct Options {
    known: Known,
    items: Vec<Item>,
}

impl Options {
    /// Reads all attributes of this name; unknown and repeated options are noted and left out.
    pub(crate) fn new(
        attributes: &[Attribute],
        name: &str,
        known: Known,
        mistakes: &mut Diagnostics,
    ) -> Self {
        let mut options = Self {
            known,
            items: Vec::new(),
        };
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident(name))
        {
            match attribute.meta.require_list() {
                Ok(list) => options.read(name, list.tokens.clone(), mistakes),
                Err(_) => mistakes.error(
                    attribute,
                    format!("`{name}` takes its options between parentheses"),
                    format!(
                        "`#[{name}({})]`",
                        known.first().map_or("", |(_, example)| example)
                    ),
                ),
            }
        }
        options
    }

    fn read(&mut self, attribute: &str, tokens: TokenStream, mistakes: &mut Diagnostics) {
        let parse = |input: ParseStream<'_>| -> syn::Result<()> {
            while !input.is_empty() {
                match input.parse_item() {
                    Ok(item) => self.add(attribute, item, mistakes),
                    Err(error) => {
                        mistakes.push(error);
                        skip_to_comma(input)?;
                    }
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    mistakes.push(input.error("expected a comma between two options"));
                    skip_to_comma(input)?;
                    let _ = input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(tokens) {
            mistakes.push(error);
        }
    }

    fn add(&mut self, attribute: &str, item: Item, mistakes: &mut Diagnostics) {
        let name = item.name.unraw().to_string();
        if !self.known.iter().any(|(known, _)| *known == name) {
            let known: Vec<&str> = self.known.iter().map(|(known, _)| *known).collect();
            mistakes.error(
                &item.name,
                format!("`{attribute}` has no option `{name}` here"),
                did_you_mean(&name, &known),
            );
        } else if self.items.iter().any(|other| other.name == item.name) {
            mistakes.error(
                &item.name,
                format!("`{name}` is said twice"),
                format!("keep one `{name}`"),
            );
        } else {
            self.items.push(item);
        }
    }

    /// Whether an option is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.items.iter().any(|item| item.name == name)
    }

    /// The option as it stands, to point at.
    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    fn take(&mut self, name: &str) -> Option<Item> {
        let position = self.items.iter().position(|item| item.name == name)?;
        Some(self.items.remove(position))
    }

    fn misshapen<T>(&self, item: &Item, takes: &str, mistakes: &mut Diagnostics) -> Option<T> {
        let example = self
            .known
            .iter()
            .find(|(name, _)| item.name == name)
            .map_or("", |(_, example)| example);
        mistakes.error(
            item,
            format!("`{}` {takes}", item.name),
            format!("`{example}`"),
        );
        None
    }

    /// `name`, `name = true` or `name = false`.
    pub(crate) fn flag(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<(Ident, bool)> {
        let item = self.take(name)?;
        match &item.form {
            Form::Word => Some((item.name, true)),
            Form::Value(value) => match value.as_ref() {
                Expr::Lit(ExprLit {
                    lit: Lit::Bool(LitBool { value, .. }),
                    ..
                }) => Some((item.name, *value)),
                _ => self.misshapen(&item, "is true or false", mistakes),
            },
            Form::List(_) => self.misshapen(&item, "stands alone", mistakes),
        }
    }

    /// Whether `name` stands there.
    pub(crate) fn is_set(&mut self, name: &str, mistakes: &mut Diagnostics) -> bool {
        self.flag(name, mistakes).is_some_and(|(_, set)| set)
    }

    /// Those of the names that stand there.
    pub(crate) fn flags(&mut self, names: &[&str], mistakes: &mut Diagnostics) -> Vec<Ident> {
        let set = |name: &&str| {
            self.flag(name, mistakes)
                .and_then(|(word, set)| set.then_some(word))
        };
        names.iter().filter_map(set).collect()
    }

    /// `name = expression`.
    pub(crate) fn value(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<Expr> {
        let item = self.take(name)?;
        match item.form {
            Form::Value(value) => Some(*value),
            _ => self.misshapen(&item, "takes a value", mistakes),
        }
    }

    /// `name = "text"`.
    pub(crate) fn text(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<LitStr> {
        let item = self.take(name)?;
        if let Form::Value(value) = &item.form
            && let Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) = value.as_ref()
        {
            return Some(text.clone());
        }
        self.misshapen(&item, "takes a text", mistakes)
    }

    /// `name = 3`.
    pub(crate) fn number(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<LitInt> {
        let item = self.take(name)?;
        if let Form::Value(value) = &item.form
            && let Expr::Lit(ExprLit {
                lit: Lit::Int(number),
                ..
            }) = value.as_ref()
        {
            return Some(number.clone());
        }
        self.misshapen(&item, "takes a whole number", mistakes)
    }

    /// `name = a::path`.
    pub(crate) fn path(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<Path> {
        let item = self.take(name)?;
        if let Form::Value(value) = &item.form
            && let Expr::Path(path) = value.as_ref()
            && path.qself.is_none()
        {
            return Some(path.path.clone());
        }
        self.misshapen(&item, "takes a path", mistakes)
    }

    /// `name = Type`.
    pub(crate) fn ty(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<Type> {
        let item = self.take(name)?;
        if let Form::Value(value) = &item.form
            && let Expr::Path(path) = value.as_ref()
        {
            return Some(Type::Path(syn::TypePath {
                qself: path.qself.clone(),
                path: path.path.clone(),
            }));
        }
        self.misshapen(&item, "takes a type", mistakes)
    }

    /// `name = word`.
    pub(crate) fn word(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<Ident> {
        let item = self.take(name)?;
        if let Form::Value(value) = &item.form
            && let Some(word) = word_of(value)
        {
            return Some(word.clone());
        }
        self.misshapen(&item, "takes the name of a column", mistakes)
    }

    /// `name(one, two)`, each word once.
    pub(crate) fn words(&mut self, name: &str, mistakes: &mut Diagnostics) -> Option<Vec<Ident>> {
        let item = self.take(name)?;
        let Form::List(group) = &item.form else {
            return self.misshapen(&item, "takes names between parentheses", mistakes);
        };
        let parse = |input: ParseStream<'_>| {
            Punctuated::<Ident, Token![,]>::parse_terminated_with(input, parse_name)
        };
        match parse.parse2(group.stream()) {
            Ok(words) => Some(once(words, name, mistakes)),
            Err(error) => {
                mistakes.push(error);
                None
            }
        }
    }

    /// `name(key = anything, ...)`, as `each` reads what stands between the commas.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        each: impl Fn(ParseStream<'_>) -> syn::Result<T>,
        mistakes: &mut Diagnostics,
    ) -> Vec<T> {
        let Some(item) = self.take(name) else {
            return Vec::new();
        };
        let Form::List(group) = &item.form else {
            self.misshapen::<()>(&item, "takes a list between parentheses", mistakes);
            return Vec::new();
        };
        let mut read = Vec::new();
        let parse = |input: ParseStream<'_>| -> syn::Result<()> {
            while !input.is_empty() {
                match each(input) {
                    Ok(one) => read.push(one),
                    Err(error) => {
                        mistakes.push(error);
                        skip_to_comma(input)?;
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parse.parse2(group.stream()) {
            mistakes.push(error);
        }
        read
    }

    /// `name = path` or `name = path(one, two)`.
    pub(crate) fn path_with_words(
        &mut self,
        name: &str,
        mistakes: &mut Diagnostics,
    ) -> Option<(Path, Vec<Ident>)> {
        let item = self.take(name)?;
        if let Form::Value(value) = &item.form {
            match value.as_ref() {
                Expr::Path(path) if path.qself.is_none() => {
                    return Some((path.path.clone(), Vec::new()));
                }
                Expr::Call(call) => {
                    if let Expr::Path(path) = call.func.as_ref()
                        && let Some(words) = call
                            .args
                            .iter()
                            .map(|word| word_of(word).cloned())
                            .collect()
                    {
                        return Some((path.path.clone(), words));
                    }
                }
                _ => {}
            }
        }
        self.misshapen(
            &item,
            "takes a table, and the two columns where they are not to be guessed",
            mistakes,
        )
    }
}

/// The words without those that stand there before.
fn once(words: Punctuated<Ident, Token![,]>, list: &str, mistakes: &mut Diagnostics) -> Vec<Ident> {
    let mut kept: Vec<Ident> = Vec::new();
    for word in words {
        if kept.contains(&word) {
            mistakes.error(
                &word,
                format!("`{word}` stands in `{list}` twice"),
                format!("keep one `{word}`"),
            );
        } else {
            kept.push(word);
        }
    }
    kept
}

/// The name of a field or column, which may be a keyword: `type` is `r#type`.
pub(crate) fn parse_name(input: ParseStream<'_>) -> syn::Result<Ident> {
    let word = input.call(Ident::parse_any)?;
    let plain = syn::parse_str::<Ident>(&word.to_string()).is_ok();
    let never = ["self", "Self", "super", "crate", "_"]
        .iter()
        .any(|name| word == name);
    match (plain, never) {
        (true, _) => Ok(word),
        (false, false) => Ok(Ident::new_raw(&word.to_string(), word.span())),
        (false, true) => Err(syn::Error::new(
            word.span(),
            format!("`{word}` is no name of a field"),
        )),
    }
}

/// A value that is a single word.
pub(crate) fn word_of(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// The last segment of a path: paths that were parsed have one.
pub(crate) fn last_segment(path: &Path) -> &PathSegment {
    path.segments.last().expect("syn parses no empty paths")
}

trait ParseItem {
    fn parse_item(self) -> syn::Result<Item>;
}

impl ParseItem for ParseStream<'_> {
    fn parse_item(self) -> syn::Result<Item> {
        let name = self.call(Ident::parse_any)?;
        let form = if self.peek(Token![=]) {
            self.parse::<Token![=]>()?;
            if self.is_empty() || self.peek(Token![,]) {
                return Err(syn::Error::new(
                    name.span(),
                    format!("`{name} =` lacks its value"),
                ));
            }
            Form::Value(Box::new(ungrouped(self.parse()?)))
        } else if self.peek(syn::token::Paren) {
            let group = self.parse::<Group>()?;
            debug_assert_eq!(group.delimiter(), Delimiter::Parenthesis, "peeked at");
            Form::List(group)
        } else {
            Form::Word
        };
        Ok(Item { name, form })
    }
}

/// The value itself where a `macro_rules!` handed it over, as `$name:literal` is and `$owner:ty`.
fn ungrouped(mut value: Expr) -> Expr {
    while let Expr::Group(group) = value {
        value = *group.expr;
    }
    value
}

/// Leaves out what stands before the next comma.
pub(super) fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

impl Item {
    /// The number, and where it stands, of `name = 3`.
    pub(crate) fn whole_number(&self) -> Option<(u64, LitInt)> {
        match &self.form {
            Form::Value(value) => match value.as_ref() {
                Expr::Lit(ExprLit {
                    lit: Lit::Int(number),
                    ..
                }) => Some((number.base10_parse().ok()?, number.clone())),
                _ => None,
            },
            _ => None,
        }
    }
}
