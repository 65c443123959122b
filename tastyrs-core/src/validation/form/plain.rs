//! What every deserializer of a form does alike, which serde wants written for each type.

/// What holds nothing, whatever it is read from.
macro_rules! nothing {
    () => {
        fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.visit_unit()
        }

        fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.visit_unit()
        }

        fn deserialize_unit_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            visitor.visit_unit()
        }
    };
}

/// A struct around one value, which is read as that value is.
macro_rules! newtype {
    () => {
        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Wrong> {
            visitor.visit_newtype_struct(self)
        }
    };
}

pub(super) use {newtype, nothing};
