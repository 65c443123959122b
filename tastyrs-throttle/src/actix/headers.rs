//! Fields as actix-web has them.

crate::middleware::headers!(actix_web::http::header);
