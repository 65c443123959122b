//! The resources of orders, and what is paid for them.

use tastyrs::{
    authentication::{ApiKeyAuthentication, BasicAuthentication},
    fields::Column,
    prelude::*,
};

use super::{
    catalogue::ProductResource,
    people::{AddressResource, CustomerResource},
};
use crate::{
    models::{Coupon, Invoice, Line, Payment, Purchase},
    schema::line,
};

/// What makes an order cheaper.
#[derive(ModelResource)]
#[resource(
    model = Coupon,
    resource_name = "coupons",
    filtering(code = ALL, percent = ALL, from_day = ALL, is_active = ALL),
    ordering(code, percent, from_day, is_active),
    authorization = Authorization
)]
pub struct CouponResource;

/// An order of a customer.
#[derive(ModelResource)]
#[resource(
    model = Purchase,
    resource_name = "purchases",
    filtering(number = ALL, state = ALL, total = ALL, comment = ALL, customer = ALL_WITH_RELATIONS, address = ALL_WITH_RELATIONS, coupon = ALL_WITH_RELATIONS),
    ordering(number, state, total, comment, customer, address, coupon),
    authorization = Authorization
)]
pub struct PurchaseResource {
    #[field(attribute = customer_id)]
    customer: ToOne<CustomerResource>,
    #[field(attribute = address_id, null)]
    address: ToOne<AddressResource>,
    #[field(attribute = coupon_id, null)]
    coupon: ToOne<CouponResource>,
}

/// A product in an order.
#[derive(ModelResource)]
#[resource(
    model = Line,
    resource_name = "lines",
    filtering(quantity = ALL, price = ALL, purchase = ALL_WITH_RELATIONS, product = ALL_WITH_RELATIONS),
    ordering(quantity, price, purchase, product),
    authorization = Authorization
)]
pub struct LineResource {
    #[field(attribute = purchase_id)]
    purchase: ToOne<PurchaseResource>,
    #[field(attribute = product_id)]
    product: ToOne<ProductResource>,
}

/// What an order costs.
#[derive(ModelResource)]
#[resource(
    model = Invoice,
    resource_name = "invoices",
    filtering(number = ALL, amount = ALL, day = ALL, purchase = ALL_WITH_RELATIONS),
    ordering(number, amount, day, purchase),
    authorization = Authorization
)]
pub struct InvoiceResource {
    #[field(attribute = purchase_id)]
    purchase: ToOne<PurchaseResource>,
}

/// What a customer paid.
#[derive(ModelResource)]
#[resource(
    model = Payment,
    resource_name = "payments",
    filtering(method = ALL, amount = ALL, received = ALL, invoice = ALL_WITH_RELATIONS),
    ordering(method, amount, received, invoice),
    authorization = Authorization
)]
pub struct PaymentResource {
    #[field(attribute = invoice_id)]
    invoice: ToOne<InvoiceResource>,
}

/// Orders with their lines.
#[derive(ModelResource)]
#[resource(
    model = Purchase,
    resource_name = "full/purchases",
    filtering(number = ALL, state = ALL),
    ordering(created, total),
    authorization = Authorization,
    always_return_data
)]
pub struct FullPurchaseResource {
    #[field(attribute = customer_id, full)]
    customer: ToOne<CustomerResource>,
    #[field(reverse = line::purchase_id, null, full)]
    lines: ToMany<LineResource>,
}

/// Orders of whoever asks.
#[derive(ModelResource)]
#[resource(
    model = Purchase,
    resource_name = "own/purchases",
    authentication = ApiKeyAuthentication::new(),
    owner = customer_id,
    always_return_data
)]
pub struct OwnPurchaseResource;

/// Payments as the bank reports them.
#[derive(ModelResource)]
#[resource(
    model = Payment,
    resource_name = "bank/payments",
    hooks,
    list_allowed_methods(get, post),
    detail_allowed_methods(get),
    authentication = BasicAuthentication::new(),
    authorization = Authorization,
    throttle = CacheThrottle::new().throttle_at(10)
)]
pub struct BankPaymentResource {
    #[field(attribute = invoice_id)]
    invoice: ToOne<InvoiceResource>,
    #[field(hydrate = Self::lower)]
    method: Column<String>,
}

impl BankPaymentResource {
    fn lower(bundle: &mut Bundle<'_, Self>) {
        if let Some(Value::Text(method)) = bundle.data.get_mut("method") {
            *method = method.to_lowercase().into();
        }
    }
}

impl Hooks for BankPaymentResource {
    fn alter_list_data_to_serialize(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        data.rename("meta", "paging");
        Ok(())
    }
}
