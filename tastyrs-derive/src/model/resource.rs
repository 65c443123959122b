//! `#[derive(ModelResource)]` and `#[derive(Resource)]`, judged.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Data, DeriveInput, Fields, Ident, Path, Type, Visibility, ext::IdentExt};

use super::{
    Field, Filter, Kind, Meta, OwnState, Rule,
    field::{Around, Declared},
    filtering::{self, RELATION_LOOKUPS},
    meta,
};
use crate::{
    diagnostics::{Diagnostics, did_you_mean},
    parse::Options,
};

/// A resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) shown: Shown,
    pub(crate) meta: Meta,
    /// Where `hooks` stands.
    pub(crate) hooks: Option<Ident>,
    pub(crate) filtering: Vec<Filter>,
    pub(crate) ordering: Vec<Ident>,
    pub(crate) fields: Vec<Field>,
    pub(crate) own_state: Vec<OwnState>,
    /// Whether `new` is emitted.
    pub(crate) new: bool,
}

/// What a resource shows.
#[derive(Debug)]
pub(crate) enum Shown {
    Model {
        model: Path,
        backend: Option<Type>,
        fields: Option<Vec<Ident>>,
        excludes: Vec<Ident>,
        detail_uri_name: Option<Ident>,
        /// The column that holds whose an object is.
        owner: Option<Ident>,
    },
    Object(Type),
}

impl Resource {
    /// `#[derive(ModelResource)]`.
    pub(crate) fn of_model(input: &DeriveInput, mistakes: &mut Diagnostics) -> Option<Self> {
        let fields = shape(input, mistakes);
        let mut options = Options::new(&input.attrs, "resource", meta::MODEL_RESOURCE, mistakes);
        if !options.has("model") {
            mistakes.error(
                &input.ident,
                format!("`{}` does not say which model it shows", input.ident),
                "`#[resource(model = Note)]`",
            );
        }
        let model = options.path("model", mistakes);
        let secrets = options.words("secrets", mistakes);
        check_owner(&options, mistakes);
        let shown = Shown::Model {
            // The other mistakes are found without a model too.
            model: model.clone().unwrap_or_else(|| input.ident.clone().into()),
            backend: options.ty("backend", mistakes),
            fields: options.words("fields", mistakes),
            excludes: options.words("excludes", mistakes).unwrap_or_default(),
            detail_uri_name: options.word("detail_uri_name", mistakes),
            owner: options.word("owner", mistakes),
        };
        let resource = Self::new(input, fields?.as_deref(), shown, options, mistakes);
        resource.check_columns(mistakes);
        resource.check_secrets(&secrets.unwrap_or_default(), mistakes);
        model.map(|_| resource)
    }

    /// `#[derive(Resource)]`.
    pub(crate) fn of_objects(input: &DeriveInput, mistakes: &mut Diagnostics) -> Option<Self> {
        let fields = shape(input, mistakes);
        let mut options = Options::new(&input.attrs, "resource", meta::RESOURCE, mistakes);
        if !options.has("object") {
            mistakes.error(
                &input.ident,
                format!("`{}` does not say which objects it shows", input.ident),
                "`#[resource(object = Thing)]`, or `#[derive(ModelResource)]` with `#[resource(model = Note)]`",
            );
        }
        let object = options.ty("object", mistakes);
        let shown = Shown::Object(object.clone().unwrap_or_else(|| syn::parse_quote!(())));
        let resource = Self::new(input, fields?.as_deref(), shown, options, mistakes);
        object.map(|_| resource)
    }

    fn new(
        input: &DeriveInput,
        declared: Option<&[syn::Field]>,
        shown: Shown,
        mut options: Options,
        mistakes: &mut Diagnostics,
    ) -> Self {
        let unit = declared.is_none();
        if let (Some(no_new), true) = (options.item("no_new"), unit) {
            mistakes.error(
                no_new,
                format!(
                    "`{0}` is its own value, so there is no `new` to leave out",
                    input.ident
                ),
                "leave `no_new` out",
            );
        }
        let no_new = options.is_set("no_new", mistakes);
        let hooks = options
            .flag("hooks", mistakes)
            .and_then(|(word, set)| set.then_some(word));
        let filtering = filtering::filtering(&mut options, mistakes);
        let ordering = options.words("ordering", mistakes).unwrap_or_default();
        let meta = Meta::new(&input.ident, &mut options, mistakes);

        let model = match &shown {
            Shown::Model { model, .. } => Some(model),
            Shown::Object(_) => None,
        };
        let around = Around {
            resource: &input.ident,
            model,
            hooks: hooks.is_some(),
        };
        let (mut fields, mut own_state) = (Vec::new(), Vec::new());
        let mut unsound = Vec::new();
        for field in declared.unwrap_or_default() {
            match Declared::new(field, around, mistakes) {
                Some(Declared::Field(field)) => fields.push(*field),
                Some(Declared::OwnState(state)) => own_state.push(*state),
                None => unsound.extend(field.ident.clone()),
            }
        }
        let mut resource = Self {
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            shown,
            meta,
            hooks,
            filtering,
            ordering,
            fields,
            own_state,
            new: !unit && !no_new && unsound.is_empty(),
        };
        // What was wrong with a field was said; words that name it are not wrong too.
        resource
            .filtering
            .retain(|filter| !unsound.contains(&filter.field));
        resource.ordering.retain(|word| !unsound.contains(word));
        resource.check_words(mistakes);
        let absolute_url = resource
            .fields
            .iter()
            .find(|field| field.ident == "absolute_url");
        if let (Some(field), Some(_)) = (absolute_url, resource.meta.absolute_url) {
            mistakes.error(
                &field.ident,
                "`include_absolute_url` adds a field of this name",
                "leave `include_absolute_url` out, or this field",
            );
        }
        resource
    }

    /// The declared field of this name.
    pub(crate) fn declared(&self, name: &Ident) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| field.ident.unraw() == name.unraw())
    }

    /// Words of `filtering` and `ordering` that their own field refuses.
    fn check_words(&mut self, mistakes: &mut Diagnostics) {
        let filtering = std::mem::take(&mut self.filtering);
        let filtering = filtering
            .into_iter()
            .filter(|filter| self.check_filter(filter, mistakes))
            .collect();
        self.filtering = filtering;
        let ordering = std::mem::take(&mut self.ordering);
        let ordering = ordering
            .into_iter()
            .filter(|word| self.check_ordering(word, mistakes))
            .collect();
        self.ordering = ordering;
    }

    fn check_filter(&self, filter: &Filter, mistakes: &mut Diagnostics) -> bool {
        let Filter { field: word, rule } = filter;
        let Some(field) = self.declared(word) else {
            return self.check_undeclared(word, mistakes) && check_plain(word, rule, mistakes);
        };
        match (&field.kind, rule) {
            (Kind::Computed(_), _) => {
                mistakes.error(
                    word,
                    format!("`{word}` is computed from each object, and the database knows nothing of it"),
                    format!("leave `{word}` out of `filtering`"),
                );
                false
            }
            (Kind::Column { .. }, rule) => check_plain(word, rule, mistakes),
            (Kind::Generic(_), rule) => check_generic(word, rule, mistakes),
            (Kind::ToOne { .. } | Kind::ToMany { .. }, Rule::Only(lookups)) => {
                let wrong = lookups.iter().filter(|lookup| {
                    !RELATION_LOOKUPS
                        .iter()
                        .any(|known| lookup.unraw() == *known)
                });
                let wrong: Vec<&Ident> = wrong.collect();
                for lookup in &wrong {
                    mistakes.error(
                        lookup,
                        format!("`{lookup}` asks for text or time, and a relation is compared by its keys"),
                        format!("`{word} = [exact, in]`, or `{word} = ALL_WITH_RELATIONS` for the fields behind it"),
                    );
                }
                wrong.is_empty()
            }
            (Kind::ToOne { .. } | Kind::ToMany { .. }, _) => true,
        }
    }

    fn check_ordering(&self, word: &Ident, mistakes: &mut Diagnostics) -> bool {
        let Some(field) = self.declared(word) else {
            return self.check_undeclared(word, mistakes);
        };
        let reason = match &field.kind {
            Kind::Computed(_) => {
                "is computed from each object, and the database knows nothing of it"
            }
            Kind::ToMany { .. } => "leads to any number of objects, which give a list no order",
            Kind::Generic(_) => "leads to objects of several kinds, which have no order in common",
            Kind::ToOne { .. } | Kind::Column { .. } => return true,
        };
        mistakes.error(
            word,
            format!("`{word}` {reason}"),
            format!("leave `{word}` out of `ordering`"),
        );
        false
    }

    /// A word that no field of the struct has: a column of the model, if there is one.
    fn check_undeclared(&self, word: &Ident, mistakes: &mut Diagnostics) -> bool {
        let Shown::Model {
            fields, excludes, ..
        } = &self.shown
        else {
            let known: Vec<String> = self.fields.iter().map(|field| field.name.value()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            mistakes.error(
                word,
                format!("`{}` has no field `{word}`", self.ident),
                did_you_mean(&word.to_string(), &known),
            );
            return false;
        };
        if let Some(excluded) = excludes.iter().find(|excluded| *excluded == word) {
            mistakes.error(
                word,
                format!("`{word}` is left out by `excludes`, so clients cannot ask for it"),
                format!("leave `{excluded}` out of `excludes`, or `{word}` out here"),
            );
            return false;
        }
        let generic = self.fields.iter().find(
            |field| matches!(&field.kind, Kind::Generic(generic) if generic.content_type == *word),
        );
        if let Some(generic) = generic {
            mistakes.error(
                word,
                format!(
                    "the column `{word}` is shown by the generic foreign key `{}` alone",
                    generic.ident
                ),
                format!("declare it in the struct too, as `{word}: Column<i32>`"),
            );
            return false;
        }
        let relation = self.fields.iter().find(
            |field| matches!(&field.kind, Kind::ToOne { attribute, .. } if attribute == word),
        );
        if let Some(relation) = relation {
            mistakes.error(
                word,
                format!(
                    "the column `{word}` is shown by the relation `{}` alone",
                    relation.ident
                ),
                format!("name the relation: `{}`", relation.ident),
            );
            return false;
        }
        if fields.as_ref().is_some_and(|fields| !fields.contains(word)) {
            mistakes.error(
                word,
                format!("`{word}` is not among `fields`, so clients cannot ask for it"),
                format!("add `{word}` to `fields`, or leave it out here"),
            );
            return false;
        }
        true
    }

    /// `fields` and `excludes` beside the struct and each other.
    fn check_columns(&self, mistakes: &mut Diagnostics) {
        let Shown::Model {
            fields, excludes, ..
        } = &self.shown
        else {
            return;
        };
        for word in excludes {
            if word == "resource_uri" {
                mistakes.error(
                    word,
                    "`resource_uri` is no column",
                    "`include_resource_uri = false`",
                );
            } else if self.declared(word).is_some() {
                mistakes.error(
                    word,
                    format!("`{word}` stands in the struct, so it is shown"),
                    format!("leave `{word}` out of `excludes`, or out of the struct"),
                );
            } else if fields.as_ref().is_some_and(|fields| fields.contains(word)) {
                mistakes.error(
                    word,
                    format!("`{word}` is among `fields` and among `excludes`"),
                    format!("keep `{word}` in one of them"),
                );
            }
        }
        for word in fields
            .iter()
            .flatten()
            .filter(|word| *word == "resource_uri")
        {
            mistakes.error(
                word,
                "`resource_uri` is no column",
                "it is shown unless `include_resource_uri = false`",
            );
        }
    }

    /// Columns that hold secrets are filtered and ordered by only where the declaration says so aloud.
    fn check_secrets(&self, said: &[Ident], mistakes: &mut Diagnostics) {
        let mut used: Vec<&Ident> = Vec::new();
        let filtered = self
            .filtering
            .iter()
            .map(|filter| (&filter.field, "filter"));
        let ordered = self.ordering.iter().map(|word| (word, "order"));
        for (word, verb) in filtered.chain(ordered) {
            let column = self.column_of(word);
            used.extend(
                said.iter()
                    .filter(|said| *said == word || Some(*said) == column),
            );
            if let Some(column) = column
                && is_secret(&column.unraw().to_string())
                && !said.contains(word)
                && !said.contains(column)
            {
                mistakes.error(
                    word,
                    format!("whoever may {verb} by `{column}` can find out, guess by guess, what it holds"),
                    format!("leave `{word}` out, or say that you mean it: `secrets({column})`"),
                );
            }
        }
        for word in said.iter().filter(|word| !used.contains(word)) {
            mistakes.error(
                word,
                format!("nothing is filtered or ordered by `{word}`"),
                format!("leave `{word}` out of `secrets`"),
            );
        }
    }

    /// The column of the model that stands behind a word, if it is one and no relation.
    pub(crate) fn column_of<'a>(&'a self, word: &'a Ident) -> Option<&'a Ident> {
        match self.declared(word).map(|field| &field.kind) {
            None => Some(word),
            Some(Kind::Column { attribute, .. }) => Some(attribute),
            Some(_) => None,
        }
    }
}

/// The fields of the struct, `None` for a struct without; or nothing where it is none of both.
#[expect(
    clippy::option_option,
    reason = "not a struct, a struct without fields, and one with"
)]
fn shape(input: &DeriveInput, mistakes: &mut Diagnostics) -> Option<Option<Vec<syn::Field>>> {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        mistakes.error(
            &input.generics,
            "a resource has no parameters: each of its kinds is registered under a name of its own",
            format!("`struct {ident} {{ ... }}`"),
        );
        return None;
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Unit => Some(None),
            Fields::Named(fields) => {
                // The checks stand outside of any impl, where `Self` is nothing.
                let named = |field: &syn::Field| syn::Field {
                    ty: without_self(&field.ty, ident),
                    ..field.clone()
                };
                Some(Some(fields.named.iter().map(named).collect()))
            }
            Fields::Unnamed(fields) => {
                mistakes.error(
                    fields,
                    "the fields of a resource have names",
                    format!("`struct {ident};`, or `struct {ident} {{ ... }}`"),
                );
                None
            }
        },
        Data::Enum(_) | Data::Union(_) => {
            mistakes.error(
                ident,
                "a resource is a struct",
                format!("`struct {ident};`"),
            );
            None
        }
    }
}

/// The type with the struct's name for `Self`.
fn without_self(ty: &Type, ident: &Ident) -> Type {
    fn replaced(tokens: TokenStream, ident: &Ident) -> TokenStream {
        let replace = |token| match token {
            TokenTree::Ident(word) if word == "Self" => {
                TokenTree::Ident(Ident::new(&ident.to_string(), word.span()))
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), replaced(group.stream(), ident));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            other => other,
        };
        tokens.into_iter().map(replace).collect()
    }
    syn::parse2(replaced(ty.to_token_stream(), ident)).unwrap_or_else(|_| ty.clone())
}

/// A generic foreign key has no one table behind it that could be asked.
fn check_generic(word: &Ident, rule: &Rule, mistakes: &mut Diagnostics) -> bool {
    let help = format!("`{word} = [isnull]`");
    let why = "leads to objects of several kinds, and can only be asked whether it is null";
    let Rule::Only(lookups) = rule else {
        mistakes.error(word, format!("`{word}` {why}"), help);
        return false;
    };
    let wrong: Vec<&Ident> = lookups
        .iter()
        .filter(|lookup| *lookup != "isnull")
        .collect();
    for lookup in &wrong {
        mistakes.error(lookup, format!("`{word}` {why}"), &help);
    }
    wrong.is_empty()
}

/// A column has nothing behind it.
fn check_plain(word: &Ident, rule: &Rule, mistakes: &mut Diagnostics) -> bool {
    if let Rule::AllWithRelations(said) = rule {
        mistakes.error(
            said,
            format!("`{word}` is a column, with no relation behind it"),
            format!("`{word} = ALL`"),
        );
        return false;
    }
    true
}

/// `owner` is an authorization, and asks who calls.
fn check_owner(options: &Options, mistakes: &mut Diagnostics) {
    let Some(owner) = options.item("owner") else {
        return;
    };
    if options.has("authorization") {
        mistakes.error(
            owner,
            "`owner` says what callers may do, and so does `authorization`",
            "keep one, or say both in one: `authorization = MultiAuthorization::new(...).and(OwnerAuthorization::new(\"...\"))`",
        );
    }
    let may_authenticate = ["authentication", "hooks", "meta"];
    if !may_authenticate.iter().any(|name| options.has(name)) {
        mistakes.error(
            owner,
            "nothing says who calls, so nobody owns anything",
            "`authentication = ApiKeyAuthentication::new()`",
        );
    }
}

/// Whether a column's name says that it holds a secret.
fn is_secret(name: &str) -> bool {
    let words = [
        "password",
        "passwd",
        "key",
        "token",
        "secret",
        "api_key",
        "private_key",
        "secret_key",
    ];
    let endings = ["_password", "_token", "_secret", "_api_key"];
    let name = name.to_lowercase();
    words.contains(&name.as_str()) || endings.iter().any(|ending| name.ends_with(ending))
}
