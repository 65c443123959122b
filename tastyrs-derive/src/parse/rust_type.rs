//! What can be told of a type by its tokens.

use syn::{GenericArgument, PathArguments, Type};

use super::last_segment;

/// A type as far as its tokens show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RustType {
    pub(crate) holds: Holds,
    pub(crate) optional: bool,
}

/// What values of a type are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Bool,
    Integer,
    Float,
    Text,
    Decimal,
    Date,
    Time,
    DateTime,
    Uuid,
    List,
    /// A type that is not known by its name.
    Other,
}

impl RustType {
    pub(crate) fn of(ty: &Type) -> Self {
        if let Some(inside) = only_argument(ty, "Option") {
            return Self {
                optional: true,
                ..Self::of(inside)
            };
        }
        let ty = match ty {
            Type::Reference(reference) => reference.elem.as_ref(),
            ty => ty,
        };
        let Type::Path(path) = ty else {
            return Self {
                holds: Holds::Other,
                optional: false,
            };
        };
        let holds = match last_segment(&path.path).ident.to_string().as_str() {
            "bool" => Holds::Bool,
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" => {
                Holds::Integer
            }
            "f32" | "f64" => Holds::Float,
            "String" | "str" => Holds::Text,
            "BigDecimal" => Holds::Decimal,
            "NaiveDate" => Holds::Date,
            "NaiveTime" => Holds::Time,
            "NaiveDateTime" | "DateTime" => Holds::DateTime,
            "Uuid" => Holds::Uuid,
            "Vec" => Holds::List,
            _ => Holds::Other,
        };
        Self {
            holds,
            optional: false,
        }
    }
}

impl Holds {
    /// Whether it is `wanted`, or cannot be told.
    pub(crate) fn may_be(self, wanted: Self) -> bool {
        self == wanted || self == Self::Other
    }
}

/// `T` of `name<T>`, by the last segment of its path.
pub(crate) fn only_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let segment = last_segment(&path.path);
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inside))
            if segment.ident == name && arguments.args.len() == 1 =>
        {
            Some(inside)
        }
        _ => None,
    }
}
