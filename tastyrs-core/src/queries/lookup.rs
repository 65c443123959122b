//! What a filter asks of a column.

use std::{fmt, str::FromStr};

use crate::fields::Kind;

macro_rules! lookups {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// What a filter asks of a column: the part behind the last `__` of a parameter.
        ///
        /// # Compatibility
        ///
        /// Django's field lookups; `exact` where none is said.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Lookup {
            $($(#[$doc])* $variant,)*
        }

        impl Lookup {
            /// Every lookup.
            pub const EVERY: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in a parameter and in a schema.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}
lookups! {
    /// The same value; `none` asks for no value.
    Exact => "exact",
    /// The same text in any case of letters.
    Iexact => "iexact",
    /// Text that holds this one.
    Contains => "contains",
    /// Text that holds this one, in any case of letters.
    Icontains => "icontains",
    /// Text that starts with this one.
    Startswith => "startswith",
    /// Text that starts with this one, in any case of letters.
    Istartswith => "istartswith",
    /// Text that ends with this one.
    Endswith => "endswith",
    /// Text that ends with this one, in any case of letters.
    Iendswith => "iendswith",
    /// A greater value.
    Gt => "gt",
    /// A greater value or the same.
    Gte => "gte",
    /// A lesser value.
    Lt => "lt",
    /// A lesser value or the same.
    Lte => "lte",
    /// A value from the first to the second of two, both counted in.
    Range => "range",
    /// One of several values, between commas or in several parameters.
    In => "in",
    /// Whether there is no value, `true` or `false`.
    Isnull => "isnull",
    /// Text that matches a regular expression.
    Regex => "regex",
    /// Text that matches a regular expression, in any case of letters.
    Iregex => "iregex",
    /// The day of a moment.
    Date => "date",
    /// The year.
    Year => "year",
    /// The year to which the week belongs.
    IsoYear => "iso_year",
    /// The quarter of the year, 1 to 4.
    Quarter => "quarter",
    /// The month, 1 to 12.
    Month => "month",
    /// The week of the year, 1 to 53.
    Week => "week",
    /// The day of the month.
    Day => "day",
    /// The day of the week, 1 for Sunday to 7.
    WeekDay => "week_day",
    /// The day of the week, 1 for Monday to 7.
    IsoWeekDay => "iso_week_day",
    /// The time of day of a moment.
    Time => "time",
    /// The hour, 0 to 23.
    Hour => "hour",
    /// The minute.
    Minute => "minute",
    /// The second.
    Second => "second",
}

/// A part of a day, a time or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub enum Part {
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    WeekDay,
    IsoWeekDay,
    Hour,
    Minute,
    Second,
    Date,
    Time,
}

impl Lookup {
    /// Whether a column of this kind can do it.
    pub(crate) const fn suits(self, kind: Kind) -> bool {
        match self.part() {
            None => true,
            Some(Part::Date | Part::Time) => matches!(kind, Kind::DateTime),
            Some(Part::Hour | Part::Minute | Part::Second) => {
                matches!(kind, Kind::DateTime | Kind::Time)
            }
            Some(_) => matches!(kind, Kind::DateTime | Kind::Date),
        }
    }

    /// Whether a relation can do it, where its rows are compared by their keys.
    pub(crate) const fn suits_relation(self) -> bool {
        matches!(
            self,
            Self::Exact | Self::In | Self::Isnull | Self::Gt | Self::Gte | Self::Lt | Self::Lte
        )
    }

    /// The part of a moment that it looks at.
    pub(crate) const fn part(self) -> Option<Part> {
        Some(match self {
            Self::Date => Part::Date,
            Self::Year => Part::Year,
            Self::IsoYear => Part::IsoYear,
            Self::Quarter => Part::Quarter,
            Self::Month => Part::Month,
            Self::Week => Part::Week,
            Self::Day => Part::Day,
            Self::WeekDay => Part::WeekDay,
            Self::IsoWeekDay => Part::IsoWeekDay,
            Self::Time => Part::Time,
            Self::Hour => Part::Hour,
            Self::Minute => Part::Minute,
            Self::Second => Part::Second,
            _ => return None,
        })
    }
}

impl fmt::Display for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Lookup {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::EVERY
            .iter()
            .copied()
            .find(|lookup| lookup.name() == name)
            .ok_or(())
    }
}
