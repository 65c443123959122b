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

    /// What a value of the kind is called in an error.
    pub(crate) const fn described(self) -> &'static str {
        match self {
            Self::SmallInt | Self::Integer | Self::BigInt => "a whole number",
            Self::Float | Self::Double => "a number",
            Self::Bool => "true or false",
            Self::Text => "a text",
            Self::Decimal => "a decimal number",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::DateTime => "a date and time",
            Self::Uuid => "a UUID",
            Self::Bytes => "bytes in base 64",
            Self::List => "a list of its kind",
            Self::Dict | Self::Json => "an object",
        }
    }

    /// The least and greatest whole number of the kind.
    pub(crate) const fn range(self) -> (i64, i64) {
        match self {
            Self::SmallInt => (i16::MIN as i64, i16::MAX as i64),
            Self::Integer => (i32::MIN as i64, i32::MAX as i64),
            _ => (i64::MIN, i64::MAX),
        }
    }

    /// Whether it is a whole number.
    pub(crate) const fn is_integer(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt)
    }
}
