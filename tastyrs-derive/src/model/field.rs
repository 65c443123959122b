//! What stands in the struct of a resource, judged.

use syn::{Expr, Ident, LitStr, Path, Type, ext::IdentExt};

use super::{Default, generic, generic::Generic, names::snake_case};
use crate::{
    diagnostics::Diagnostics,
    parse::{Known, Options, RustType, first_paragraph, last_segment, only_argument, word_of},
};

/// The options of every field; those of one kind alone stand beside.
macro_rules! known {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            ("skip", "skip"),
            ("null", "null"),
            ("blank", "blank"),
            ("readonly", "readonly"),
            ("unique", "unique"),
            ("help_text", "help_text = \"words in the content\""),
            ("verbose_name", "verbose_name = \"words\""),
            ("use_in", "use_in = detail"),
            ("dehydrate", "dehydrate = Self::words"),
            ("hydrate", "hydrate = Self::trimmed"),
        ]
    };
}

const TO_ONE: Known = known![
    ("attribute", "attribute = author_id"),
    ("full", "full"),
    ("full_list", "full_list"),
    ("full_detail", "full_detail"),
];
const GENERIC: Known = known![
    ("content_type", "content_type = content_type_id"),
    ("object_id", "object_id = object_id"),
    ("full", "full"),
    ("full_list", "full_list"),
    ("full_detail", "full_detail"),
];
const TO_MANY: Known = known![
    ("through", "through = subject_notes(note_id, subject_id)"),
    ("reverse", "reverse = media_bit::note_id"),
    ("full", "full"),
    ("full_list", "full_list"),
    ("full_detail", "full_detail"),
];
const COMPUTED: Known = known![("default", "default = \"note\"")];
const COLUMN: Known = known![
    ("attribute", "attribute = title"),
    ("default", "default = \"note\"")
];
const OWN_STATE: Known = &[("skip", "skip")];

/// A field of the API.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) name: LitStr,
    pub(crate) kind: Kind,
    /// `null`, `blank`, `readonly` and `unique`, where they are said.
    pub(crate) flags: Vec<Ident>,
    pub(crate) default: Option<Default>,
    pub(crate) help_text: Option<LitStr>,
    pub(crate) verbose_name: Option<LitStr>,
    pub(crate) use_in: Option<UseIn>,
    pub(crate) full: Full,
    pub(crate) dehydrate: Option<Expr>,
    pub(crate) hydrate: Option<Expr>,
}

/// By which marker it is declared.
#[derive(Debug)]
pub(crate) enum Kind {
    ToOne { resource: Type, attribute: Ident },
    ToMany { resource: Type, relation: Relation },
    Generic(Generic),
    Computed(Type),
    Column { ty: Type, attribute: Ident },
}

/// What ties a resource to many of another.
#[derive(Debug)]
pub(crate) enum Relation {
    /// A table with the keys of both.
    Through {
        table: Path,
        own: Ident,
        other: Ident,
    },
    /// A column of the other's table.
    Reverse { table: Path, column: Path },
}

/// In which answers it stands.
#[derive(Debug)]
pub(crate) enum UseIn {
    All,
    List,
    Detail,
    When(Expr),
}

/// What a resource keeps for itself.
#[derive(Debug)]
pub(crate) struct OwnState {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// A field of the struct.
#[derive(Debug)]
pub(crate) enum Declared {
    Field(Box<Field>),
    OwnState(Box<OwnState>),
}

/// What a field is told of its resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'r> {
    pub(crate) resource: &'r Ident,
    /// The model, where there is one.
    pub(crate) model: Option<&'r Path>,
    pub(crate) hooks: bool,
}

enum Marker<'t> {
    ToOne(&'t Type),
    ToMany(&'t Type),
    Generic(&'t Type),
    Computed(&'t Type),
    Column(&'t Type),
}

impl<'t> Marker<'t> {
    fn of(ty: &'t Type) -> Option<Self> {
        only_argument(ty, "ToOne")
            .map(Self::ToOne)
            .or_else(|| only_argument(ty, "ToMany").map(Self::ToMany))
            .or_else(|| only_argument(ty, "GenericForeignKey").map(Self::Generic))
            .or_else(|| only_argument(ty, "Computed").map(Self::Computed))
            .or_else(|| only_argument(ty, "Column").map(Self::Column))
    }

    fn known(&self) -> Known {
        match self {
            Self::ToOne(_) => TO_ONE,
            Self::ToMany(_) => TO_MANY,
            Self::Generic(_) => GENERIC,
            Self::Computed(_) => COMPUTED,
            Self::Column(_) => COLUMN,
        }
    }
}

impl Declared {
    pub(super) fn new(
        field: &syn::Field,
        around: Around<'_>,
        mistakes: &mut Diagnostics,
    ) -> Option<Self> {
        let ident = field.ident.clone()?;
        let marker = Marker::of(&field.ty);
        let known = marker.as_ref().map_or(OWN_STATE, Marker::known);
        let mut options = Options::new(&field.attrs, "field", known, mistakes);
        let skip = options.is_set("skip", mistakes);
        match (marker, skip) {
            (_, true) => Some(Self::OwnState(Box::new(OwnState {
                ident,
                ty: field.ty.clone(),
            }))),
            (Some(marker), false) => {
                Field::new(field, ident, &marker, &mut options, around, mistakes)
                    .map(|field| Self::Field(Box::new(field)))
            }
            (None, false) => {
                mistakes.error(
                    &field.ty,
                    format!("`{ident}` is no field of the API: its type is none of `ToOne`, `ToMany`, `GenericForeignKey`, `Computed` and `Column`"),
                    format!("`#[field(skip)]` keeps `{ident}` as the resource's own state"),
                );
                None
            }
        }
    }
}

impl Field {
    fn new(
        field: &syn::Field,
        ident: Ident,
        marker: &Marker<'_>,
        options: &mut Options,
        around: Around<'_>,
        mistakes: &mut Diagnostics,
    ) -> Option<Self> {
        let name = ident.unraw().to_string();
        if name == "resource_uri" {
            mistakes.error(
                &ident,
                "every resource has a field `resource_uri` of its own",
                "`include_resource_uri = false` leaves it out",
            );
        }
        let full = Full::new(options, mistakes);
        let gives_value = options.has("dehydrate")
            || options.has("default")
            || options.has("null")
            || around.hooks;
        let (kind, of) = match marker {
            Marker::Computed(ty) => {
                let of = RustType::of(ty);
                if !gives_value && !of.optional {
                    mistakes.error(
                        &ident,
                        format!("nothing gives `{name}` a value: no column stands behind it"),
                        format!("`#[field(dehydrate = Self::{name})]`"),
                    );
                }
                (Some(Kind::Computed((*ty).clone())), of)
            }
            Marker::Column(ty) => {
                let attribute = if options.has("attribute") {
                    options.word("attribute", mistakes)?
                } else {
                    ident.clone()
                };
                (
                    Some(Kind::Column {
                        ty: (*ty).clone(),
                        attribute,
                    }),
                    RustType::of(ty),
                )
            }
            Marker::ToOne(resource) => (
                to_one(&ident, resource, options, around, mistakes),
                RustType::of(&field.ty),
            ),
            Marker::ToMany(resource) => (
                to_many(&ident, resource, options, around, mistakes),
                RustType::of(&field.ty),
            ),
            Marker::Generic(resources) => (
                generic::generic(&ident, resources, options, around, mistakes).map(Kind::Generic),
                RustType::of(&field.ty),
            ),
        };
        let default = options
            .value("default", mistakes)
            .and_then(|value| Default::new(&value, of, mistakes));
        let use_in = options
            .value("use_in", mistakes)
            .and_then(|value| UseIn::new(value, mistakes));
        Some(Self {
            kind: kind?,
            flags: options.flags(&["null", "blank", "readonly", "unique"], mistakes),
            default,
            help_text: options.text("help_text", mistakes).or_else(|| {
                first_paragraph(&field.attrs).map(|text| LitStr::new(&text, ident.span()))
            }),
            verbose_name: options.text("verbose_name", mistakes),
            use_in,
            full,
            dehydrate: options.value("dehydrate", mistakes),
            hydrate: options.value("hydrate", mistakes),
            name: LitStr::new(&name, ident.span()),
            ident,
        })
    }
}

fn to_one(
    ident: &Ident,
    resource: &Type,
    options: &mut Options,
    around: Around<'_>,
    mistakes: &mut Diagnostics,
) -> Option<Kind> {
    needs_model(ident, around, mistakes)?;
    if !options.has("attribute") {
        mistakes.error(
            ident,
            format!("`{ident}` does not say which column holds the key of the other resource"),
            format!("`#[field(attribute = {ident}_id)]`"),
        );
        return None;
    }
    Some(Kind::ToOne {
        resource: resource.clone(),
        attribute: options.word("attribute", mistakes)?,
    })
}

fn to_many(
    ident: &Ident,
    resource: &Type,
    options: &mut Options,
    around: Around<'_>,
    mistakes: &mut Diagnostics,
) -> Option<Kind> {
    let model = needs_model(ident, around, mistakes)?;
    if let (Some(reverse), true) = (options.item("reverse"), options.has("through")) {
        mistakes.error(
            reverse,
            "a relation leads through a table of its own, or back along a column of the other side",
            "keep `through`, or `reverse`",
        );
    }
    let own_name = format!(
        "{}_id",
        snake_case(&last_segment(model).ident.unraw().to_string())
    );
    let other_name = format!(
        "{}_id",
        snake_case(&without_resource(resource, around.resource))
    );
    let relation = if options.has("through") {
        let (table, words) = options.path_with_words("through", mistakes)?;
        let guessed = |name: &str| Ident::new(name, last_segment(&table).ident.span());
        let (own, other) = match words.as_slice() {
            [] if own_name == other_name => {
                mistakes.error(
                    &table,
                    format!(
                        "both sides would be `{own_name}`, so the columns are not to be guessed"
                    ),
                    format!("`through = {}(from_id, to_id)`", last_segment(&table).ident),
                );
                return None;
            }
            [] => (guessed(&own_name), guessed(&other_name)),
            [own, other] => (own.clone(), other.clone()),
            [first, ..] => {
                mistakes.error(
                    first,
                    "a table that ties two resources has two columns to name: the own key's, and the other's",
                    format!("`through = {}({own_name}, {other_name})`", last_segment(&table).ident),
                );
                return None;
            }
        };
        Relation::Through { table, own, other }
    } else if options.has("reverse") {
        let column = options.path("reverse", mistakes)?;
        let mut table = column.clone();
        table.segments.pop();
        table.segments.pop_punct();
        if table.segments.is_empty() {
            mistakes.error(
                &column,
                "the column of the other side is said with its table",
                format!(
                    "`reverse = {}::{}`",
                    other_name.trim_end_matches("_id"),
                    last_segment(&column).ident
                ),
            );
            return None;
        }
        Relation::Reverse { table, column }
    } else {
        mistakes.error(
            ident,
            format!("`{ident}` does not say how it leads to the other resource"),
            format!("`#[field(through = a_table({own_name}, {other_name}))]`, or `#[field(reverse = other_table::{own_name})]`"),
        );
        return None;
    };
    Some(Kind::ToMany {
        resource: resource.clone(),
        relation,
    })
}

pub(super) fn needs_model<'r>(
    ident: &Ident,
    around: Around<'r>,
    mistakes: &mut Diagnostics,
) -> Option<&'r Path> {
    if around.model.is_none() {
        mistakes.error(
            ident,
            "relations lead from tables, and this resource has no model",
            "`#[derive(ModelResource)]` with `#[resource(model = ...)]`, or a `Computed` field with a `dehydrate` hook",
        );
    }
    around.model
}

/// The name of a resource's model, as far as the resource's own name tells it.
fn without_resource(resource: &Type, own: &Ident) -> String {
    let name = match resource {
        Type::Path(path) => last_segment(&path.path).ident.unraw().to_string(),
        _ => String::new(),
    };
    let name = if name == "Self" {
        own.unraw().to_string()
    } else {
        name
    };
    name.strip_suffix("Resource")
        .map(ToOwned::to_owned)
        .unwrap_or(name)
}

/// `full`, `full_list`, `full_detail`: whether related objects are written out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Full {
    pub(crate) list: bool,
    pub(crate) detail: bool,
}

impl Full {
    fn new(options: &mut Options, mistakes: &mut Diagnostics) -> Self {
        let full = options.flag("full", mistakes);
        let [list, detail] = ["full_list", "full_detail"].map(|name| options.flag(name, mistakes));
        for (part, other) in [(&list, "full_detail"), (&detail, "full_list")] {
            if let (Some((_, full)), Some((name, part))) = (&full, part)
                && full != part
            {
                mistakes.error(
                    name,
                    format!("`full` says the opposite of `{name} = {part}`"),
                    if *full {
                        format!("`{other}` in place of `full`")
                    } else {
                        format!("`{name}` without `full = false`")
                    },
                );
            }
        }
        let all = full.is_some_and(|(_, full)| full);
        Self {
            list: list.map_or(all, |(_, list)| list),
            detail: detail.map_or(all, |(_, detail)| detail),
        }
    }
}

impl UseIn {
    fn new(value: Expr, mistakes: &mut Diagnostics) -> Option<Self> {
        let word = word_of(&value).map(ToString::to_string);
        match (word.as_deref(), &value) {
            (Some("all"), _) => Some(Self::All),
            (Some("list"), _) => Some(Self::List),
            (Some("detail"), _) => Some(Self::Detail),
            (_, Expr::Path(_) | Expr::Closure(_)) => Some(Self::When(value)),
            _ => {
                mistakes.error(
                    &value,
                    "this does not say in which answers the field stands",
                    "`use_in = list`, `use_in = detail`, or a function: `use_in = Self::shown`",
                );
                None
            }
        }
    }
}
