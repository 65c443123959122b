//! What `class Meta` is in Tastypie.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path, ext::IdentExt};

use crate::{
    diagnostics::{Diagnostics, did_you_mean},
    parse::{Known, Options},
};

/// The options of every resource; those of one kind alone stand beside.
macro_rules! known {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            ("resource_name", "resource_name = \"notes\""),
            ("hooks", "hooks"),
            ("filtering", "filtering(title = ALL, slug = [exact, in])"),
            ("ordering", "ordering(id, title)"),
            ("authorization", "authorization = Authorization"),
            ("authentication", "authentication = Authentication::new()"),
            ("throttle", "throttle = CacheThrottle::new()"),
            ("throttle_cost", "throttle_cost = Cost::Objects"),
            ("login_throttle", "login_throttle = LoginThrottle::new()"),
            ("cache", "cache = SimpleCache::new()"),
            ("validation", "validation = FormValidation::<Form>::new()"),
            ("allowed_methods", "allowed_methods(get, post)"),
            ("list_allowed_methods", "list_allowed_methods(get, post)"),
            ("detail_allowed_methods", "detail_allowed_methods(get, put)"),
            ("limit", "limit = 20"),
            ("max_limit", "max_limit = 1000"),
            ("total_count", "total_count = TotalCount::Estimated"),
            ("export", "export(ndjson, csv)"),
            ("collection_name", "collection_name = \"items\""),
            ("include_resource_uri", "include_resource_uri = false"),
            ("always_return_data", "always_return_data"),
            ("default_format", "default_format = \"application/json\""),
            ("serializer", "serializer = Serializer::default()"),
            ("max_body_bytes", "max_body_bytes = 65_536"),
            ("meta", "meta = Self::configure"),
            ("no_new", "no_new"),
        ]
    };
}

/// The options of `#[derive(ModelResource)]`.
pub(super) const MODEL_RESOURCE: Known = known![
    ("model", "model = Note"),
    ("fields", "fields(id, title)"),
    ("excludes", "excludes(password)"),
    ("include_absolute_url", "include_absolute_url"),
    ("detail_uri_name", "detail_uri_name = slug"),
    ("backend", "backend = Pg"),
    ("secrets", "secrets(password)"),
    ("owner", "owner = author_id"),
];
/// The options of `#[derive(Resource)]`.
pub(super) const RESOURCE: Known = known![("object", "object = Thing")];

const EXPORTS: &[&str] = &["ndjson", "csv"];

const METHODS: &[&str] = &["get", "post", "put", "delete", "patch"];

/// The calls that make the `Meta`, and what else depends on its options.
#[derive(Debug)]
pub(crate) struct Meta {
    pub(crate) resource_name: LitStr,
    pub(crate) methods: Vec<Methods>,
    /// The formats in which the whole list is sent.
    pub(crate) export: Vec<Ident>,
    /// Setters that take what was written as it was written.
    pub(crate) values: Vec<(Ident, Expr)>,
    pub(crate) flags: Vec<(Ident, bool)>,
    /// Where `include_absolute_url` stands, if it is on.
    pub(crate) absolute_url: Option<Span>,
    pub(crate) configure: Option<Path>,
}

/// `allowed_methods(get, post)`.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) setter: Ident,
    pub(crate) methods: Vec<Ident>,
}

impl Meta {
    pub(super) fn new(ident: &Ident, options: &mut Options, mistakes: &mut Diagnostics) -> Self {
        let resource_name = resource_name(ident, options, mistakes);
        let methods = allowed_methods(options, mistakes);
        let export = export(options, mistakes);
        let setter =
            |name: &str, options: &Options| options.item(name).map(|item| item.name.clone());

        let mut values = Vec::new();
        for name in ["collection_name", "default_format"] {
            if let Some(setter) = setter(name, options)
                && let Some(text) = options.text(name, mistakes)
            {
                values.push((
                    setter,
                    Expr::Lit(ExprLit {
                        attrs: Vec::new(),
                        lit: Lit::Str(text),
                    }),
                ));
            }
        }
        limits(options, mistakes);
        for name in [
            "limit",
            "max_limit",
            "max_body_bytes",
            "total_count",
            "authentication",
            "authorization",
            "throttle",
            "throttle_cost",
            "login_throttle",
            "cache",
            "validation",
            "serializer",
        ] {
            if let Some(setter) = setter(name, options)
                && let Some(value) = options.value(name, mistakes)
            {
                values.push((setter, value));
            }
        }
        let mut flags = Vec::new();
        let mut absolute_url = None;
        for name in [
            "include_resource_uri",
            "include_absolute_url",
            "always_return_data",
        ] {
            if let Some((setter, set)) = options.flag(name, mistakes) {
                if name == "include_absolute_url" && set {
                    absolute_url = Some(setter.span());
                }
                flags.push((setter, set));
            }
        }
        Self {
            resource_name,
            methods,
            export,
            values,
            flags,
            absolute_url,
            configure: options.path("meta", mistakes),
        }
    }

    /// Whether what it is given may ask for whole objects: an authorization of the user's own, or what is set at run time.
    pub(crate) fn may_read_objects(&self) -> bool {
        let known = ["Authorization", "ReadOnlyAuthorization"];
        self.configure.is_some()
            || self.values.iter().any(|(setter, value)| {
                let plain = match value {
                    Expr::Path(path) => path
                        .path
                        .segments
                        .last()
                        .is_some_and(|last| known.iter().any(|name| last.ident == name)),
                    _ => false,
                };
                setter == "authorization" && !plain
            })
    }
}

/// The name as it is said, or that of the struct without `Resource`, as in Tastypie.
fn resource_name(ident: &Ident, options: &mut Options, mistakes: &mut Diagnostics) -> LitStr {
    let from_struct = ident
        .unraw()
        .to_string()
        .replace("Resource", "")
        .to_lowercase();
    if let Some(said) = options.text("resource_name", mistakes) {
        let name = said.value();
        let fits = |letter: char| letter.is_alphanumeric() || "-_./".contains(letter);
        let bits_fit = name.split('/').all(|bit| !bit.is_empty());
        if !bits_fit || !name.chars().all(fits) {
            let better: String = name
                .chars()
                .map(|letter| if fits(letter) { letter } else { '_' })
                .collect();
            let better: Vec<&str> = better.split('/').filter(|bit| !bit.is_empty()).collect();
            let better = if better.is_empty() {
                from_struct
            } else {
                better.join("/")
            };
            mistakes.error(
                &said,
                format!("{name:?} cannot stand in an address: a name is letters, digits, `-`, `_` and `.`, with `/` between"),
                format!("`resource_name = \"{better}\"`"),
            );
        }
        said
    } else {
        if from_struct.is_empty() && !options.has("resource_name") {
            mistakes.error(
                ident,
                format!("`{ident}` leaves no name for the resource"),
                "`resource_name = \"notes\"`",
            );
        }
        LitStr::new(&from_struct, ident.span())
    }
}

fn allowed_methods(options: &mut Options, mistakes: &mut Diagnostics) -> Vec<Methods> {
    let both = options.has("list_allowed_methods") && options.has("detail_allowed_methods");
    if let (Some(item), true) = (options.item("allowed_methods"), both) {
        mistakes.error(
            item,
            "`list_allowed_methods` and `detail_allowed_methods` leave nothing for `allowed_methods` to say",
            "leave `allowed_methods` out",
        );
    }
    let mut all = Vec::new();
    for name in [
        "allowed_methods",
        "list_allowed_methods",
        "detail_allowed_methods",
    ] {
        let Some(setter) = options.item(name).map(|item| item.name.clone()) else {
            continue;
        };
        let Some(words) = options.words(name, mistakes) else {
            continue;
        };
        let mut methods = Vec::new();
        for word in words {
            let said = word.unraw().to_string();
            if METHODS.contains(&said.as_str()) {
                methods.push(Ident::new(&said.to_uppercase(), word.span()));
            } else {
                mistakes.error(
                    &word,
                    format!("there is no method `{said}` that a resource could allow"),
                    did_you_mean(&said, METHODS),
                );
            }
        }
        all.push(Methods { setter, methods });
    }
    all
}

/// `export(ndjson, csv)`, as the names of the formats in Rust.
fn export(options: &mut Options, mistakes: &mut Diagnostics) -> Vec<Ident> {
    let mut formats = Vec::new();
    for word in options.words("export", mistakes).unwrap_or_default() {
        let said = word.unraw().to_string();
        if EXPORTS.contains(&said.as_str()) {
            formats.push(Ident::new(&super::pascal_case(&said), word.span()));
        } else {
            mistakes.error(
                &word,
                format!("there is no format `{said}` for a whole list"),
                did_you_mean(&said, EXPORTS),
            );
        }
    }
    formats
}

/// A page cannot be longer than the longest.
fn limits(options: &Options, mistakes: &mut Diagnostics) {
    let number = |name: &str| options.item(name)?.whole_number();
    if let (Some((limit, _)), Some((max_limit, said))) = (number("limit"), number("max_limit"))
        && max_limit > 0
        && limit > max_limit
    {
        mistakes.error(
            said,
            format!("pages of {limit} objects are longer than the longest, {max_limit}"),
            format!("`max_limit = {limit}`"),
        );
    }
}
