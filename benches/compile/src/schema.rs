//! The tables.

diesel::table! {
    country (id) {
        id -> Integer,
        name -> Text,
        code -> Text,
        delivers -> Bool,
    }
}

diesel::table! {
    customer (id) {
        id -> Integer,
        country_id -> Nullable<Integer>,
        name -> Text,
        email -> Text,
        phone -> Nullable<Text>,
        is_active -> Bool,
        born -> Nullable<Date>,
        created -> Timestamp,
    }
}

diesel::table! {
    address (id) {
        id -> Integer,
        customer_id -> Integer,
        country_id -> Integer,
        street -> Text,
        city -> Text,
        zip -> Text,
        is_default -> Bool,
    }
}

diesel::table! {
    brand (id) {
        id -> Integer,
        country_id -> Nullable<Integer>,
        name -> Text,
        slug -> Text,
        url -> Text,
    }
}

diesel::table! {
    supplier (id) {
        id -> Integer,
        country_id -> Nullable<Integer>,
        name -> Text,
        email -> Text,
        rating -> Double,
        since -> Nullable<Date>,
    }
}

diesel::table! {
    category (id) {
        id -> Integer,
        parent_id -> Nullable<Integer>,
        name -> Text,
        slug -> Text,
        position -> Integer,
    }
}

diesel::table! {
    tag (id) {
        id -> Integer,
        name -> Text,
        color -> Nullable<Text>,
    }
}

diesel::table! {
    product (id) {
        id -> Integer,
        brand_id -> Nullable<Integer>,
        category_id -> Integer,
        supplier_id -> Nullable<Integer>,
        name -> Text,
        sku -> Text,
        description -> Text,
        price -> Numeric,
        weight -> Double,
        is_active -> Bool,
        created -> Timestamp,
        updated -> Timestamp,
    }
}

diesel::table! {
    product_tag (id) {
        id -> Integer,
        product_id -> Integer,
        tag_id -> Integer,
    }
}

diesel::table! {
    warehouse (id) {
        id -> Integer,
        country_id -> Integer,
        name -> Text,
        capacity -> Integer,
    }
}

diesel::table! {
    stock (id) {
        id -> Integer,
        product_id -> Integer,
        warehouse_id -> Integer,
        quantity -> Integer,
        counted -> Nullable<Timestamp>,
    }
}

diesel::table! {
    coupon (id) {
        id -> Integer,
        code -> Text,
        percent -> Integer,
        from_day -> Date,
        to_day -> Nullable<Date>,
        is_active -> Bool,
    }
}

diesel::table! {
    purchase (id) {
        id -> Integer,
        customer_id -> Integer,
        address_id -> Nullable<Integer>,
        coupon_id -> Nullable<Integer>,
        number -> Text,
        state -> Text,
        total -> Numeric,
        comment -> Text,
        created -> Timestamp,
        updated -> Timestamp,
    }
}

diesel::table! {
    line (id) {
        id -> Integer,
        purchase_id -> Integer,
        product_id -> Integer,
        quantity -> Integer,
        price -> Numeric,
    }
}

diesel::table! {
    invoice (id) {
        id -> Integer,
        purchase_id -> Integer,
        number -> Text,
        amount -> Numeric,
        day -> Date,
        due -> Nullable<Date>,
    }
}

diesel::table! {
    payment (id) {
        id -> Integer,
        invoice_id -> Integer,
        method -> Text,
        amount -> Numeric,
        received -> Timestamp,
    }
}

diesel::table! {
    shipment (id) {
        id -> Integer,
        purchase_id -> Integer,
        warehouse_id -> Nullable<Integer>,
        carrier -> Text,
        tracking -> Nullable<Text>,
        sent -> Nullable<Timestamp>,
        arrived -> Nullable<Timestamp>,
    }
}

diesel::table! {
    review (id) {
        id -> Integer,
        product_id -> Integer,
        customer_id -> Integer,
        stars -> Integer,
        title -> Text,
        body -> Text,
        created -> Timestamp,
    }
}

diesel::table! {
    wish (id) {
        id -> Integer,
        customer_id -> Integer,
        product_id -> Integer,
        note -> Nullable<Text>,
        created -> Timestamp,
    }
}

diesel::table! {
    ticket (id) {
        id -> Integer,
        customer_id -> Nullable<Integer>,
        purchase_id -> Nullable<Integer>,
        subject -> Text,
        body -> Text,
        is_open -> Bool,
        created -> Timestamp,
        updated -> Timestamp,
    }
}
