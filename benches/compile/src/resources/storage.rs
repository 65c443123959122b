//! The resources of what lies where, and goes where.

use diesel::prelude::*;
use tastyrs::prelude::*;

use super::{catalogue::ProductResource, orders::PurchaseResource, people::CountryResource};
use crate::{
    models::{Shipment, Stock, Warehouse},
    schema::stock,
};

/// Where products lie.
#[derive(ModelResource)]
#[resource(
    model = Warehouse,
    resource_name = "warehouses",
    filtering(name = ALL, capacity = ALL, country = ALL_WITH_RELATIONS),
    ordering(name, capacity, country),
    authorization = Authorization
)]
pub struct WarehouseResource {
    #[field(attribute = country_id)]
    country: ToOne<CountryResource>,
}

/// How many of a product lie where.
#[derive(ModelResource)]
#[resource(
    model = Stock,
    resource_name = "stock",
    filtering(quantity = ALL, product = ALL_WITH_RELATIONS, warehouse = ALL_WITH_RELATIONS),
    ordering(quantity, product, warehouse),
    authorization = Authorization
)]
pub struct StockResource {
    #[field(attribute = product_id)]
    product: ToOne<ProductResource>,
    #[field(attribute = warehouse_id)]
    warehouse: ToOne<WarehouseResource>,
}

/// An order on its way.
#[derive(ModelResource)]
#[resource(
    model = Shipment,
    resource_name = "shipments",
    filtering(carrier = ALL, purchase = ALL_WITH_RELATIONS, warehouse = ALL_WITH_RELATIONS),
    ordering(carrier, purchase, warehouse),
    authorization = Authorization
)]
pub struct ShipmentResource {
    #[field(attribute = purchase_id)]
    purchase: ToOne<PurchaseResource>,
    #[field(attribute = warehouse_id, null)]
    warehouse: ToOne<WarehouseResource>,
}

/// What is nowhere.
#[derive(ModelResource)]
#[resource(model = Stock, resource_name = "missing/stock", hooks, allowed_methods(get))]
pub struct MissingStockResource;

impl Hooks for MissingStockResource {
    fn get_object_list(&self, _: &Request) -> Result<Self::List> {
        Ok(stock::table.into_boxed().filter(stock::quantity.eq(0)))
    }
}
