//! The resources of products and where they are found.

use std::time::Duration;

use tastyrs::prelude::*;

use super::people::CountryResource;
use crate::{
    models::{Brand, Category, Product, ProductTag, Supplier, Tag},
    schema::product_tag,
};

/// Who makes products.
#[derive(ModelResource)]
#[resource(
    model = Brand,
    resource_name = "brands",
    filtering(name = ALL, slug = ALL, url = ALL, country = ALL_WITH_RELATIONS),
    ordering(name, slug, url, country),
    authorization = Authorization
)]
pub struct BrandResource {
    #[field(attribute = country_id, null)]
    country: ToOne<CountryResource>,
}

/// Who sells products to the shop.
#[derive(ModelResource)]
#[resource(
    model = Supplier,
    resource_name = "suppliers",
    filtering(name = ALL, email = ALL, country = ALL_WITH_RELATIONS),
    ordering(name, email, country),
    authorization = Authorization
)]
pub struct SupplierResource {
    #[field(attribute = country_id, null)]
    country: ToOne<CountryResource>,
}

/// A shelf of the shop, which may stand in another.
#[derive(ModelResource)]
#[resource(
    model = Category,
    resource_name = "categories",
    filtering(name = ALL, slug = ALL, position = ALL, parent = ALL_WITH_RELATIONS),
    ordering(name, slug, position, parent),
    authorization = Authorization
)]
pub struct CategoryResource {
    #[field(attribute = parent_id, null)]
    parent: ToOne<Self>,
}

/// A word that products are found by.
#[derive(ModelResource)]
#[resource(
    model = Tag,
    resource_name = "tags",
    filtering(name = ALL),
    ordering(name),
    authorization = Authorization
)]
pub struct TagResource;

/// What is sold.
#[derive(ModelResource)]
#[resource(
    model = Product,
    resource_name = "products",
    filtering(name = ALL, sku = ALL, description = ALL, price = ALL, brand = ALL_WITH_RELATIONS, category = ALL_WITH_RELATIONS, supplier = ALL_WITH_RELATIONS),
    ordering(name, sku, description, price, brand, category, supplier),
    authorization = Authorization
)]
pub struct ProductResource {
    #[field(attribute = brand_id, null)]
    brand: ToOne<BrandResource>,
    #[field(attribute = category_id)]
    category: ToOne<CategoryResource>,
    #[field(attribute = supplier_id, null)]
    supplier: ToOne<SupplierResource>,
}

/// Which product has which tag.
#[derive(ModelResource)]
#[resource(
    model = ProductTag,
    resource_name = "product_tags",
    filtering(product = ALL_WITH_RELATIONS, tag = ALL_WITH_RELATIONS),
    ordering(product, tag),
    authorization = Authorization
)]
pub struct ProductTagResource {
    #[field(attribute = product_id)]
    product: ToOne<ProductResource>,
    #[field(attribute = tag_id)]
    tag: ToOne<TagResource>,
}

/// Products as anybody may see them.
#[derive(ModelResource)]
#[resource(
    model = Product,
    resource_name = "public/products",
    hooks,
    allowed_methods(get),
    excludes(updated),
    filtering(name = ALL, sku = [exact]),
    throttle = CacheThrottle::new().throttle_at(100),
    cache = SimpleCache::new().timeout(Duration::from_secs(60)).public()
)]
pub struct PublicProductResource {
    #[field(readonly, default = "each")]
    unit: Computed<String>,
}

impl Hooks for PublicProductResource {
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let heavy = bundle.obj()?.weight > 30.0;
        bundle.data.insert("is_heavy", heavy);
        Ok(())
    }
}

/// Products with their tags.
#[derive(ModelResource)]
#[resource(
    model = Product,
    resource_name = "full/products",
    filtering(name = ALL, tags = ALL_WITH_RELATIONS),
    ordering(name, price),
    authorization = Authorization,
    always_return_data
)]
pub struct FullProductResource {
    #[field(attribute = brand_id, null, full)]
    brand: ToOne<BrandResource>,
    #[field(attribute = category_id, full)]
    category: ToOne<CategoryResource>,
    #[field(through = product_tag, null, full)]
    tags: ToMany<TagResource>,
}

/// Categories by the word in their address.
#[derive(ModelResource)]
#[resource(model = Category, resource_name = "shelves", detail_uri_name = slug, authorization = Authorization)]
pub struct ShelfResource;
