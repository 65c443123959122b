//! Fields as the crate `http` has them.

crate::middleware::headers!(http::header);
