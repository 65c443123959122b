//! The derives of tastyrs.
