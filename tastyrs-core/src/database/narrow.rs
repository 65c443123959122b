//! What the framework does to a query that a user narrowed with plain Diesel.

use diesel::{
    dsl::{CountStar, count_star},
    query_builder::QueryFragment,
    query_dsl::methods::{FilterDsl, OrderDsl, SelectDsl, ThenOrderDsl},
};

use super::{
    Dialect, Statement,
    fragment::{Condition, Fragment, Listed},
};

/// Diesel's own boxed query of a model's table, as `table.into_boxed()` gives it.
///
/// It is implemented for whatever takes another condition, order and selection without changing its
/// type, which is Diesel's boxed select statement; nobody implements it by hand.
pub trait Narrow<DB: Dialect>: Sized + Send {
    #[doc(hidden)]
    #[must_use]
    fn narrow(self, condition: Fragment) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn order(self, order: Fragment) -> Self;
    #[doc(hidden)]
    #[must_use]
    fn then_order(self, order: Fragment) -> Self;
    #[doc(hidden)]
    fn rows(self, columns: Fragment) -> Statement<DB>;
    #[doc(hidden)]
    fn count(self) -> Statement<DB>;
}

impl<Q, DB> Narrow<DB> for Q
where
    DB: Dialect,
    Q: FilterDsl<Condition, Output = Q>
        + OrderDsl<Listed, Output = Q>
        + ThenOrderDsl<Listed, Output = Q>
        + SelectDsl<Listed>
        + SelectDsl<CountStar>
        + Send,
    <Q as SelectDsl<Listed>>::Output: QueryFragment<DB> + Send + 'static,
    <Q as SelectDsl<CountStar>>::Output: OrderDsl<CountStar>,
    <<Q as SelectDsl<CountStar>>::Output as OrderDsl<CountStar>>::Output:
        QueryFragment<DB> + Send + 'static,
{
    fn narrow(self, condition: Fragment) -> Self {
        FilterDsl::filter(self, Condition(condition))
    }

    fn order(self, order: Fragment) -> Self {
        OrderDsl::order(self, Listed(order))
    }

    fn then_order(self, order: Fragment) -> Self {
        ThenOrderDsl::then_order_by(self, Listed(order))
    }

    fn rows(self, columns: Fragment) -> Statement<DB> {
        Statement::new(SelectDsl::select(self, Listed(columns)))
    }

    fn count(self) -> Statement<DB> {
        // The order of a lone aggregate row means nothing, and PostgreSQL refuses an order by plain columns.
        Statement::new(OrderDsl::order(
            SelectDsl::select(self, count_star()),
            count_star(),
        ))
    }
}

/// A narrowed query whatever its table, so that what is done with it is compiled once.
pub(crate) trait List<DB: Dialect> {
    /// Its rows, of these only those that meet a condition, and in another order.
    fn rows(
        self: Box<Self>,
        condition: Option<Fragment>,
        order: Option<Order>,
        columns: Fragment,
    ) -> Statement<DB>;
    fn count(self: Box<Self>) -> Statement<DB>;
}

/// An order that a query is given.
pub(crate) enum Order {
    /// In place of its own.
    By(Fragment),
    /// Where its own leaves rows equal.
    Then(Fragment),
}

impl<DB: Dialect, Q: Narrow<DB>> List<DB> for Q {
    fn rows(
        self: Box<Self>,
        condition: Option<Fragment>,
        order: Option<Order>,
        columns: Fragment,
    ) -> Statement<DB> {
        let mut list = *self;
        if let Some(condition) = condition {
            list = list.narrow(condition);
        }
        list = match order {
            Some(Order::By(order)) => list.order(order),
            Some(Order::Then(order)) => list.then_order(order),
            None => list,
        };
        Narrow::rows(list, columns)
    }

    fn count(self: Box<Self>) -> Statement<DB> {
        Narrow::count(*self)
    }
}
