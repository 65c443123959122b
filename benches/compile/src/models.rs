//! The models.

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::{prelude::*, sqlite::Sqlite};
use tastyrs::Model;

use super::schema::{
    address, brand, category, country, coupon, customer, invoice, line, payment, product,
    product_tag, purchase, review, shipment, stock, supplier, tag, ticket, warehouse, wish,
};

/// A country that is delivered to.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = country, check_for_backend(Sqlite))]
#[model(on_delete(Customer::country_id = set_null, Address::country_id = cascade, Brand::country_id = set_null, Supplier::country_id = set_null, Warehouse::country_id = cascade))]
pub struct Country {
    pub id: i32,
    #[model(max_length = 80)]
    pub name: String,
    #[model(unique, max_length = 2)]
    pub code: String,
    #[model(default = true)]
    pub delivers: bool,
}

/// Who buys.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = customer, check_for_backend(Sqlite))]
#[model(on_delete(Address::customer_id = cascade, Purchase::customer_id = cascade, Review::customer_id = cascade, Wish::customer_id = cascade, Ticket::customer_id = set_null))]
pub struct Customer {
    pub id: i32,
    #[model(foreign_key)]
    pub country_id: Option<i32>,
    #[model(max_length = 100)]
    pub name: String,
    #[model(unique, max_length = 200)]
    pub email: String,
    #[model(max_length = 30)]
    pub phone: Option<String>,
    #[model(default = true)]
    pub is_active: bool,
    pub born: Option<NaiveDate>,
    #[model(default = now)]
    pub created: NaiveDateTime,
}

/// Where a customer lives.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = address, check_for_backend(Sqlite))]
#[model(on_delete(Purchase::address_id = set_null))]
pub struct Address {
    pub id: i32,
    #[model(foreign_key)]
    pub customer_id: i32,
    #[model(foreign_key)]
    pub country_id: i32,
    #[model(max_length = 200)]
    pub street: String,
    #[model(max_length = 100)]
    pub city: String,
    #[model(max_length = 12)]
    pub zip: String,
    #[model(default = false)]
    pub is_default: bool,
}

/// Who makes products.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = brand, check_for_backend(Sqlite))]
#[model(on_delete(Product::brand_id = set_null))]
pub struct Brand {
    pub id: i32,
    #[model(foreign_key)]
    pub country_id: Option<i32>,
    #[model(max_length = 60)]
    pub name: String,
    #[model(unique, max_length = 60)]
    pub slug: String,
    #[model(blank)]
    pub url: String,
}

/// Who sells products to the shop.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = supplier, check_for_backend(Sqlite))]
#[model(on_delete(Product::supplier_id = set_null))]
pub struct Supplier {
    pub id: i32,
    #[model(foreign_key)]
    pub country_id: Option<i32>,
    #[model(max_length = 100)]
    pub name: String,
    #[model(blank)]
    pub email: String,
    #[model(default = 0.0)]
    pub rating: f64,
    pub since: Option<NaiveDate>,
}

/// A shelf of the shop, which may stand in another.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = category, check_for_backend(Sqlite))]
#[model(on_delete(Self::parent_id = set_null, Product::category_id = cascade))]
pub struct Category {
    pub id: i32,
    #[model(foreign_key)]
    pub parent_id: Option<i32>,
    #[model(max_length = 60)]
    pub name: String,
    #[model(unique, max_length = 60)]
    pub slug: String,
    #[model(default = 0)]
    pub position: i32,
}

/// A word that products are found by.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = tag, check_for_backend(Sqlite))]
#[model(on_delete(ProductTag::tag_id = cascade))]
pub struct Tag {
    pub id: i32,
    #[model(unique, max_length = 40)]
    pub name: String,
    #[model(max_length = 7)]
    pub color: Option<String>,
}

/// What is sold.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = product, check_for_backend(Sqlite))]
#[model(on_delete(ProductTag::product_id = cascade, Stock::product_id = cascade, Line::product_id = cascade, Review::product_id = cascade, Wish::product_id = cascade))]
pub struct Product {
    pub id: i32,
    #[model(foreign_key)]
    pub brand_id: Option<i32>,
    #[model(foreign_key)]
    pub category_id: i32,
    #[model(foreign_key)]
    pub supplier_id: Option<i32>,
    #[model(max_length = 120)]
    pub name: String,
    #[model(unique, max_length = 40)]
    pub sku: String,
    #[model(blank)]
    pub description: String,
    #[model(max_digits = 10, decimal_places = 2)]
    pub price: BigDecimal,
    #[model(default = 0.0)]
    pub weight: f64,
    #[model(default = true)]
    pub is_active: bool,
    #[model(default = now)]
    pub created: NaiveDateTime,
    #[model(auto_now)]
    pub updated: NaiveDateTime,
}

/// Which product has which tag.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = product_tag, check_for_backend(Sqlite))]
pub struct ProductTag {
    pub id: i32,
    #[model(foreign_key)]
    pub product_id: i32,
    #[model(foreign_key)]
    pub tag_id: i32,
}

/// Where products lie.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = warehouse, check_for_backend(Sqlite))]
#[model(on_delete(Stock::warehouse_id = cascade, Shipment::warehouse_id = set_null))]
pub struct Warehouse {
    pub id: i32,
    #[model(foreign_key)]
    pub country_id: i32,
    #[model(max_length = 60)]
    pub name: String,
    #[model(default = 0)]
    pub capacity: i32,
}

/// How many of a product lie where.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = stock, check_for_backend(Sqlite))]
pub struct Stock {
    pub id: i32,
    #[model(foreign_key)]
    pub product_id: i32,
    #[model(foreign_key)]
    pub warehouse_id: i32,
    #[model(default = 0)]
    pub quantity: i32,
    pub counted: Option<NaiveDateTime>,
}

/// What makes an order cheaper.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = coupon, check_for_backend(Sqlite))]
#[model(on_delete(Purchase::coupon_id = set_null))]
pub struct Coupon {
    pub id: i32,
    #[model(unique, max_length = 20)]
    pub code: String,
    #[model(default = 0)]
    pub percent: i32,
    pub from_day: NaiveDate,
    pub to_day: Option<NaiveDate>,
    #[model(default = true)]
    pub is_active: bool,
}

/// An order of a customer.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = purchase, check_for_backend(Sqlite))]
#[model(on_delete(Line::purchase_id = cascade, Invoice::purchase_id = cascade, Shipment::purchase_id = cascade, Ticket::purchase_id = set_null))]
pub struct Purchase {
    pub id: i32,
    #[model(foreign_key)]
    pub customer_id: i32,
    #[model(foreign_key)]
    pub address_id: Option<i32>,
    #[model(foreign_key)]
    pub coupon_id: Option<i32>,
    #[model(unique, max_length = 20)]
    pub number: String,
    #[model(default = "new", max_length = 20)]
    pub state: String,
    #[model(max_digits = 10, decimal_places = 2)]
    pub total: BigDecimal,
    #[model(blank)]
    pub comment: String,
    #[model(default = now)]
    pub created: NaiveDateTime,
    #[model(auto_now)]
    pub updated: NaiveDateTime,
}

/// A product in an order.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = line, check_for_backend(Sqlite))]
pub struct Line {
    pub id: i32,
    #[model(foreign_key)]
    pub purchase_id: i32,
    #[model(foreign_key)]
    pub product_id: i32,
    #[model(default = 1)]
    pub quantity: i32,
    #[model(max_digits = 10, decimal_places = 2)]
    pub price: BigDecimal,
}

/// What an order costs.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = invoice, check_for_backend(Sqlite))]
#[model(on_delete(Payment::invoice_id = cascade))]
pub struct Invoice {
    pub id: i32,
    #[model(foreign_key)]
    pub purchase_id: i32,
    #[model(unique, max_length = 20)]
    pub number: String,
    #[model(max_digits = 10, decimal_places = 2)]
    pub amount: BigDecimal,
    pub day: NaiveDate,
    pub due: Option<NaiveDate>,
}

/// What a customer paid.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = payment, check_for_backend(Sqlite))]
pub struct Payment {
    pub id: i32,
    #[model(foreign_key)]
    pub invoice_id: i32,
    #[model(default = "card", max_length = 20)]
    pub method: String,
    #[model(max_digits = 10, decimal_places = 2)]
    pub amount: BigDecimal,
    #[model(default = now)]
    pub received: NaiveDateTime,
}

/// An order on its way.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = shipment, check_for_backend(Sqlite))]
pub struct Shipment {
    pub id: i32,
    #[model(foreign_key)]
    pub purchase_id: i32,
    #[model(foreign_key)]
    pub warehouse_id: Option<i32>,
    #[model(max_length = 40)]
    pub carrier: String,
    #[model(max_length = 60)]
    pub tracking: Option<String>,
    pub sent: Option<NaiveDateTime>,
    pub arrived: Option<NaiveDateTime>,
}

/// What a customer thinks of a product.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = review, check_for_backend(Sqlite))]
pub struct Review {
    pub id: i32,
    #[model(foreign_key)]
    pub product_id: i32,
    #[model(foreign_key)]
    pub customer_id: i32,
    #[model(default = 5)]
    pub stars: i32,
    #[model(max_length = 120)]
    pub title: String,
    #[model(blank)]
    pub body: String,
    #[model(default = now)]
    pub created: NaiveDateTime,
}

/// What a customer would like to have.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = wish, check_for_backend(Sqlite))]
pub struct Wish {
    pub id: i32,
    #[model(foreign_key)]
    pub customer_id: i32,
    #[model(foreign_key)]
    pub product_id: i32,
    pub note: Option<String>,
    #[model(default = now)]
    pub created: NaiveDateTime,
}

/// A question of a customer.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = ticket, check_for_backend(Sqlite))]
pub struct Ticket {
    pub id: i32,
    #[model(foreign_key)]
    pub customer_id: Option<i32>,
    #[model(foreign_key)]
    pub purchase_id: Option<i32>,
    #[model(max_length = 120)]
    pub subject: String,
    #[model(blank)]
    pub body: String,
    #[model(default = true)]
    pub is_open: bool,
    #[model(default = now)]
    pub created: NaiveDateTime,
    #[model(auto_now)]
    pub updated: NaiveDateTime,
}
