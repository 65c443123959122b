//! The kinds of values that a field or column holds.

/// What a field holds: its name in a schema, how its text is read, how a column of it is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A whole number of 16 bits.
    SmallInt,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    BigInt,
    /// A floating point number of 32 bits.
    Float,
    /// A floating point number of 64 bits.
    Double,
    /// A truth value.
    Bool,
    /// Text.
    Text,
    /// A decimal number.
    Decimal,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A moment, without a zone or in UTC.
    DateTime,
    /// A UUID.
    Uuid,
    /// A JSON document.
    Json,
    /// Bytes.
    Bytes,
    /// Values in an order; no column.
    List,
    /// Values by name; no column.
    Dict,
}

impl Kind {
    /// Its name in a schema.
    ///
    /// # Compatibility
    ///
    /// `ApiField.dehydrated_type`, `fields.py:41` and its subclasses.
    pub const fn dehydrated_type(self) -> &'static str {
        match self {
            Self::SmallInt | Self::Integer | Self::BigInt => "integer",
            Self::Float | Self::Double => "float",
            Self::Bool => "boolean",
            Self::Text | Self::Uuid | Self::Bytes => "string",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::List => "list",
            Self::Dict | Self::Json => "dict",
        }
    }

    /// The help text of a field that says nothing of its own.
    pub const fn help_text(self) -> &'static str {
        match self {
            Self::SmallInt | Self::Integer | Self::BigInt => "Integer data. Ex: 2673",
            Self::Float | Self::Double => "Floating point numeric data. Ex: 26.73",
            Self::Bool => "Boolean data. Ex: True",
            Self::Text | Self::Uuid | Self::Bytes => "Unicode string data. Ex: \"Hello World\"",
            Self::Decimal => "Fixed precision numeric data. Ex: 26.73",
            Self::Date => "A date as a string. Ex: \"2010-11-10\"",
            Self::Time => "A time as string. Ex: \"20:05:23\"",
            Self::DateTime => "A date & time as a string. Ex: \"2010-11-10T03:07:43\"",
            Self::List => "A list of data. Ex: ['abc', 26.73, 8]",
            Self::Dict | Self::Json => {
                "A dictionary of data. Ex: {'price': 26.73, 'name': 'Daniel'}"
            }
        }
    }

    /// Whether it is a whole number.
    pub(crate) const fn is_integer(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt)
    }
}
