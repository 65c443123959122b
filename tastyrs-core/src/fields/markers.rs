//! What stands in the struct of a resource.

use std::{fmt, marker::PhantomData};

macro_rules! marker {
    ($(#[$doc:meta])* $name:ident, $of:ident) => {
        $(#[$doc])*
        pub struct $name<$of>(PhantomData<fn() -> $of>);

        impl<$of> $name<$of> {
            /// Stands for the field; it holds nothing.
            pub const fn new() -> Self {
                Self(PhantomData)
            }
        }

        impl<$of> Default for $name<$of> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<$of> Clone for $name<$of> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$of> Copy for $name<$of> {}

        impl<$of> fmt::Debug for $name<$of> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

marker! {
    /// A field that refers to one object of the resource `R`.
    ///
    /// # Compatibility
    ///
    /// `ToOneField`, `fields.py:718`, and its names `ForeignKey` and `OneToOneField`.
    ToOne, R
}
marker! {
    /// A field that refers to any number of objects of the resource `R`.
    ///
    /// # Compatibility
    ///
    /// `ToManyField`, `fields.py:791`, and its names `ManyToManyField` and `OneToManyField`.
    ToMany, R
}
marker! {
    /// A field that no column stands behind: a hook or a default gives its value.
    Computed, T
}
marker! {
    /// A column of the model of which the resource says more than the model does.
    Column, T
}
marker! {
    /// A field that refers to one object of any of several resources, by the columns of a content type and of a key.
    ///
    /// The resources stand in a tuple: `GenericForeignKey<(NoteResource, SubjectResource)>`.
    ///
    /// # Compatibility
    ///
    /// `GenericForeignKeyField`, `contrib/contenttypes/fields.py:9`.
    GenericForeignKey, Targets
}
