//! The resources of people and what they say.

use diesel::prelude::*;
use tastyrs::prelude::*;

use super::{catalogue::ProductResource, orders::PurchaseResource};
use crate::{
    models::{Address, Country, Customer, Review, Ticket, Wish},
    schema::ticket,
};

/// A country that is delivered to.
#[derive(ModelResource)]
#[resource(
    model = Country,
    resource_name = "countries",
    filtering(name = ALL, code = ALL, delivers = ALL),
    ordering(name, code, delivers),
    authorization = Authorization
)]
pub struct CountryResource;

/// Who buys.
#[derive(ModelResource)]
#[resource(
    model = Customer,
    resource_name = "customers",
    filtering(name = ALL, email = ALL, is_active = ALL, created = ALL, country = ALL_WITH_RELATIONS),
    ordering(name, email, is_active, created, country),
    authorization = Authorization
)]
pub struct CustomerResource {
    #[field(attribute = country_id, null)]
    country: ToOne<CountryResource>,
}

/// Where a customer lives.
#[derive(ModelResource)]
#[resource(
    model = Address,
    resource_name = "addresses",
    filtering(street = ALL, city = ALL, zip = ALL, is_default = ALL, customer = ALL_WITH_RELATIONS, country = ALL_WITH_RELATIONS),
    ordering(street, city, zip, is_default, customer, country),
    authorization = Authorization
)]
pub struct AddressResource {
    #[field(attribute = customer_id)]
    customer: ToOne<CustomerResource>,
    #[field(attribute = country_id)]
    country: ToOne<CountryResource>,
}

/// A question of a customer.
#[derive(ModelResource)]
#[resource(
    model = Ticket,
    resource_name = "tickets",
    filtering(subject = ALL, body = ALL, is_open = ALL, created = ALL, customer = ALL_WITH_RELATIONS, purchase = ALL_WITH_RELATIONS),
    ordering(subject, body, is_open, created, customer, purchase),
    authorization = Authorization
)]
pub struct TicketResource {
    #[field(attribute = customer_id, null)]
    customer: ToOne<CustomerResource>,
    #[field(attribute = purchase_id, null)]
    purchase: ToOne<PurchaseResource>,
}

/// What a customer would like to have.
#[derive(ModelResource)]
#[resource(
    model = Wish,
    resource_name = "wishes",
    filtering(created = ALL, customer = ALL_WITH_RELATIONS, product = ALL_WITH_RELATIONS),
    ordering(created, customer, product),
    authorization = Authorization
)]
pub struct WishResource {
    #[field(attribute = customer_id)]
    customer: ToOne<CustomerResource>,
    #[field(attribute = product_id)]
    product: ToOne<ProductResource>,
}

/// What a customer thinks of a product.
#[derive(ModelResource)]
#[resource(
    model = Review,
    resource_name = "reviews",
    filtering(stars = ALL, title = ALL, body = ALL, created = ALL, product = ALL_WITH_RELATIONS, customer = ALL_WITH_RELATIONS),
    ordering(stars, title, body, created, product, customer),
    authorization = Authorization
)]
pub struct ReviewResource {
    #[field(attribute = product_id)]
    product: ToOne<ProductResource>,
    #[field(attribute = customer_id)]
    customer: ToOne<CustomerResource>,
}

/// Customers as the till knows them.
#[derive(ModelResource)]
#[resource(model = Customer, resource_name = "till/customers", allowed_methods(get), fields(id, name))]
pub struct TillCustomerResource;

/// Reviews with whoever wrote them.
#[derive(ModelResource)]
#[resource(
    model = Review,
    resource_name = "full/reviews",
    filtering(stars = ALL, product = ALL_WITH_RELATIONS),
    ordering(stars, created),
    authorization = Authorization,
    always_return_data
)]
pub struct FullReviewResource {
    #[field(attribute = product_id, full)]
    product: ToOne<ProductResource>,
    #[field(attribute = customer_id, full)]
    customer: ToOne<TillCustomerResource>,
}

/// Tickets that are still open.
#[derive(ModelResource)]
#[resource(model = Ticket, resource_name = "open/tickets", hooks, authorization = Authorization)]
pub struct OpenTicketResource;

impl Hooks for OpenTicketResource {
    fn get_object_list(&self, _: &Request) -> Result<Self::List> {
        Ok(ticket::table.into_boxed().filter(ticket::is_open))
    }
}
