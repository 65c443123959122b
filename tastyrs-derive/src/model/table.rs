//! `#[derive(Model)]`, judged.

use proc_macro2::Span;
use quote::{format_ident, quote_spanned};
use syn::{
    Data, DeriveInput, Fields, Ident, Lit, LitStr, Path, Token, Type, Visibility, ext::IdentExt,
    parse::ParseStream, punctuated::Punctuated, spanned::Spanned,
};

use super::{ContentType, Default, names::snake_case};
use crate::{
    diagnostics::{Diagnostics, did_you_mean},
    parse::{Diesel, DieselField, Holds, Known, Options, RustType, first_paragraph, last_segment},
};

const STRUCT_OPTIONS: Known = &[
    ("absolute_url", "absolute_url = Self::url"),
    ("on_delete", "on_delete(MediaBit::note_id = cascade)"),
    ("content_type", "content_type = \"kitchen.note\""),
];
const COLUMN_OPTIONS: Known = &[
    ("default", "default = \"\""),
    ("blank", "blank"),
    ("unique", "unique"),
    ("max_length", "max_length = 100"),
    ("max_digits", "max_digits = 10"),
    ("decimal_places", "decimal_places = 2"),
    ("verbose_name", "verbose_name = \"The Title\""),
    ("help_text", "help_text = \"What the note is called.\""),
    ("auto_now", "auto_now"),
    ("foreign_key", "foreign_key"),
];

/// A model and its table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    /// Diesel's module of the table.
    pub(crate) module: Path,
    pub(crate) backends: Vec<Type>,
    pub(crate) columns: Vec<Column>,
    /// The position of the primary key.
    pub(crate) key: usize,
    pub(crate) absolute_url: Option<Path>,
    pub(crate) on_delete: Vec<OnDelete>,
    pub(crate) content_type: Option<ContentType>,
}

/// A column of the table as a field of the model.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) ident: Ident,
    /// The field's name without `r#`.
    pub(crate) name: LitStr,
    pub(crate) ty: Type,
    /// Diesel's struct of the column.
    pub(crate) of_table: Ident,
    pub(crate) default: Option<Default>,
    /// `blank`, `unique`, `auto_now` and `foreign_key`, where they are said.
    pub(crate) flags: Vec<Ident>,
    /// The options that are texts and numbers, with their values.
    pub(crate) values: Vec<(Ident, Lit)>,
}

/// `MediaBit::note_id = cascade`.
#[derive(Debug)]
pub(crate) struct OnDelete {
    pub(crate) model: Path,
    pub(crate) column: Ident,
    pub(crate) action: Action,
    pub(crate) said: Ident,
}

/// What is done to the referring rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Cascade,
    SetNull,
    Protect,
}

impl Table {
    pub(crate) fn new(input: &DeriveInput, mistakes: &mut Diagnostics) -> Option<Self> {
        let ident = input.ident.clone();
        let Data::Struct(data) = &input.data else {
            mistakes.error(
                &ident,
                "a model is a struct, a row of its table",
                format!("`struct {ident} {{ id: i32 }}`"),
            );
            return None;
        };
        let Fields::Named(fields) = &data.fields else {
            mistakes.error(
                &ident,
                "the columns of a model have names",
                format!("`struct {ident} {{ id: i32 }}`"),
            );
            return None;
        };
        if !input.generics.params.is_empty() {
            mistakes.error(
                &input.generics,
                "a model has no parameters of its own: its rows are kept longer than what they would borrow",
                format!("`struct {ident} {{ ... }}` with owned types, as `String` for `&str`"),
            );
            return None;
        }

        let diesel = Diesel::new(&input.attrs, mistakes);
        let mut options = Options::new(&input.attrs, "model", STRUCT_OPTIONS, mistakes);
        let columns: Vec<Column> = fields
            .named
            .iter()
            .filter_map(|field| Column::new(field, mistakes))
            .collect();
        let key = key(&ident, diesel.primary_key.as_deref(), &columns, mistakes);
        if diesel.check_for_backend.is_empty() {
            mistakes.error(
                &ident,
                format!("`{ident}` does not say which databases it is kept in"),
                "`#[diesel(check_for_backend(diesel::sqlite::Sqlite))]`",
            );
        }
        let module = diesel.table_name.unwrap_or_else(|| {
            let name = format!("{}s", snake_case(&ident.unraw().to_string()));
            Ident::new(&name, ident.span()).into()
        });
        let absolute_url = options.path("absolute_url", mistakes);
        let on_delete = on_delete(&mut options, mistakes);
        let content_type = ContentType::new(&mut options, mistakes);
        if diesel.check_for_backend.is_empty() || columns.len() < fields.named.len() {
            return None;
        }
        Some(Self {
            vis: input.vis.clone(),
            module,
            backends: diesel.check_for_backend,
            key: key?,
            columns,
            absolute_url,
            on_delete,
            content_type,
            ident,
        })
    }
}

/// The position of the primary key among the columns.
fn key(
    ident: &Ident,
    said: Option<&[Ident]>,
    columns: &[Column],
    mistakes: &mut Diagnostics,
) -> Option<usize> {
    let find = |name: &Ident| {
        columns
            .iter()
            .position(|column| column.ident == *name || column.of_table == *name)
    };
    match said {
        Some([name]) => {
            let found = find(name);
            if found.is_none() {
                let known: Vec<String> = columns
                    .iter()
                    .map(|column| column.ident.to_string())
                    .collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                mistakes.error(
                    name,
                    format!("`{ident}` has no column `{name}`"),
                    did_you_mean(&name.to_string(), &known),
                );
            }
            found
        }
        Some(names) if names.len() > 1 => {
            let all: Punctuated<&Ident, Token![,]> = names.iter().collect();
            mistakes.error(
                all,
                "a resource's address names one value, so its model has a primary key of one column",
                "give the table a column `id`, and `#[diesel(primary_key(id))]`",
            );
            None
        }
        _ => {
            let found = find(&format_ident!("id"));
            if found.is_none() {
                mistakes.error(
                    ident,
                    format!("`{ident}` has no column `id` that could be its primary key"),
                    columns.first().map_or_else(
                        || "`id: i32`".to_owned(),
                        |column| {
                            format!(
                                "name its column: `#[diesel(primary_key({}))]`",
                                column.ident
                            )
                        },
                    ),
                );
            }
            found
        }
    }
}

fn on_delete(options: &mut Options, mistakes: &mut Diagnostics) -> Vec<OnDelete> {
    let entries = options.list(
        "on_delete",
        |input: ParseStream<'_>| {
            let path: Path = input.parse()?;
            input.parse::<Token![=]>()?;
            Ok((path, input.call(Ident::parse_any)?))
        },
        mistakes,
    );
    entries
        .into_iter()
        .filter_map(|(path, said)| {
            let action = match said.to_string().as_str() {
                "cascade" => Some(Action::Cascade),
                "set_null" => Some(Action::SetNull),
                "protect" => Some(Action::Protect),
                other => {
                    let known = ["cascade", "set_null", "protect"];
                    mistakes.error(
                        &said,
                        format!("nothing is called `{other}` that could be done"),
                        did_you_mean(other, &known),
                    );
                    None
                }
            };
            let column = last_segment(&path).ident.clone();
            let mut model = path.clone();
            model.segments.pop();
            model.segments.pop_punct();
            if model.segments.is_empty() {
                mistakes.error(
                    &path,
                    format!("`{column}` is a column of another model, which is not named"),
                    format!("`on_delete(MediaBit::{column} = {said})`"),
                );
                return None;
            }
            Some(OnDelete {
                model,
                column,
                action: action?,
                said,
            })
        })
        .collect()
}

impl Column {
    fn new(field: &syn::Field, mistakes: &mut Diagnostics) -> Option<Self> {
        let ident = field.ident.clone()?;
        let diesel = DieselField::new(&field.attrs, mistakes);
        if let Some(word) = &diesel.no_column {
            mistakes.error(
                word,
                format!("`{ident}` is no column of the table, and a model has nothing but columns"),
                format!("leave `{ident}` to a Diesel struct of its own, and show it by a `Computed` field of the resource"),
            );
            return None;
        }
        let mut options = Options::new(&field.attrs, "model", COLUMN_OPTIONS, mistakes);
        let of = RustType::of(&field.ty);
        contradictions(&options, of, mistakes);

        let default = options
            .value("default", mistakes)
            .and_then(|value| Default::new(&value, of, mistakes));
        let max_digits = options.number("max_digits", mistakes);
        let decimal_places = options.number("decimal_places", mistakes);
        if let (Some(digits), Some(places)) = (&max_digits, &decimal_places)
            && let (Ok(all), Ok(behind)) =
                (digits.base10_parse::<u32>(), places.base10_parse::<u32>())
            && behind > all
        {
            mistakes.error(
                places,
                format!("{behind} decimal places are more than the {all} digits of `max_digits`"),
                format!("`max_digits = {}`", behind + all),
            );
        }
        let mut values: Vec<(Ident, Lit)> = Vec::new();
        let numbers = [
            ("max_digits", max_digits),
            ("decimal_places", decimal_places),
        ];
        let numbers = numbers
            .into_iter()
            .chain([("max_length", options.number("max_length", mistakes))]);
        values.extend(
            numbers.filter_map(|(name, number)| Some((format_ident!("{name}"), Lit::Int(number?)))),
        );
        let verbose_name = options.text("verbose_name", mistakes);
        let help_text = options
            .text("help_text", mistakes)
            .or_else(|| first_paragraph(&field.attrs).map(|text| LitStr::new(&text, ident.span())));
        let texts = [("verbose_name", verbose_name), ("help_text", help_text)];
        values.extend(
            texts
                .into_iter()
                .filter_map(|(name, text)| Some((format_ident!("{name}"), Lit::Str(text?)))),
        );
        Some(Self {
            name: LitStr::new(&ident.unraw().to_string(), ident.span()),
            ty: field.ty.clone(),
            of_table: diesel.column_name.unwrap_or_else(|| ident.clone()),
            default,
            flags: options.flags(&["blank", "unique", "auto_now", "foreign_key"], mistakes),
            values,
            ident,
        })
    }

    /// Where its type stands.
    pub(crate) fn type_span(&self) -> Span {
        self.ty.span()
    }

    /// Its type, all of it at one place.
    pub(crate) fn call_on_type(&self, function: &Ident) -> proc_macro2::TokenStream {
        let ty = &self.ty;
        quote_spanned!(self.type_span()=> ::tastyrs::__private::fields::#function::<#ty>();)
    }
}

/// Options that say opposite things, or say them of a type that cannot have them.
fn contradictions(options: &Options, of: RustType, mistakes: &mut Diagnostics) {
    if let (Some(auto_now), true) = (options.item("auto_now"), options.has("default")) {
        mistakes.error(
            auto_now,
            "`auto_now` sets the column on every write, so its `default` is never used",
            "keep `auto_now`, or `default = now` for the time of creation alone",
        );
    }
    let needs = [
        (
            "max_length",
            Holds::Text,
            "has characters to count: only text",
            "`String`",
        ),
        (
            "max_digits",
            Holds::Decimal,
            "has digits to count: only decimals",
            "`BigDecimal`",
        ),
        (
            "decimal_places",
            Holds::Decimal,
            "has a fixed number of places: only decimals",
            "`BigDecimal`",
        ),
        (
            "auto_now",
            Holds::DateTime,
            "can be set to the current time: only moments",
            "`NaiveDateTime`",
        ),
    ];
    for (option, holds, what, ty) in needs {
        if let Some(item) = options.item(option)
            && !of.holds.may_be(holds)
        {
            mistakes.error(
                item,
                format!("no column of this type {what}"),
                format!("leave `{option}` out, or make the column a {ty}"),
            );
        }
    }
    if let (Some(item), false) = (options.item("max_digits"), options.has("decimal_places")) {
        mistakes.error(
            item,
            "`max_digits` counts the decimal places in, which are not said",
            "`max_digits = 10, decimal_places = 2`",
        );
    }
}
