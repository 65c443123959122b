//! A shop of 30 resources over 20 tables: how long it takes to compile is what is measured.

#![expect(missing_debug_implementations, reason = "a program has no API")]
#![expect(unreachable_pub, reason = "its modules are read nowhere else")]

mod models;
mod resources;
mod schema;

use actix_web::{App, HttpServer};
use diesel::sqlite::Sqlite;
use resources::{catalogue, orders, people, storage};
use tastyrs::{api::Mount, prelude::*};

fn api(url: &str) -> Result<Mount> {
    Api::new("v1")
        .database(Database::<Sqlite>::open(url)?)
        .register(people::CountryResource)
        .register(people::CustomerResource::new())
        .register(people::AddressResource::new())
        .register(people::TicketResource::new())
        .register(people::WishResource::new())
        .register(people::ReviewResource::new())
        .register(people::TillCustomerResource)
        .register(people::FullReviewResource::new())
        .register(people::OpenTicketResource)
        .register(catalogue::BrandResource::new())
        .register(catalogue::SupplierResource::new())
        .register(catalogue::CategoryResource::new())
        .register(catalogue::TagResource)
        .register(catalogue::ProductResource::new())
        .register(catalogue::ProductTagResource::new())
        .register(catalogue::PublicProductResource::new())
        .register(catalogue::FullProductResource::new())
        .register(catalogue::ShelfResource)
        .register(storage::WarehouseResource::new())
        .register(storage::StockResource::new())
        .register(storage::ShipmentResource::new())
        .register(storage::MissingStockResource)
        .register(orders::CouponResource)
        .register(orders::PurchaseResource::new())
        .register(orders::LineResource::new())
        .register(orders::InvoiceResource::new())
        .register(orders::PaymentResource::new())
        .register(orders::FullPurchaseResource::new())
        .register(orders::OwnPurchaseResource)
        .register(orders::BankPaymentResource::new())
        .build()
}

#[actix_web::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let database = std::env::args().nth(1).ok_or("the database to serve")?;
    let api = api(&database)?;
    HttpServer::new(move || App::new().service(api.scope("/api")))
        .bind(("127.0.0.1", 8000))?
        .run()
        .await?;
    Ok(())
}
