//! What is checked when the parts of an API meet.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};

use crate::{
    compatibility::Compatibility,
    database::{Database, Dialect},
    django::Accounts,
    errors::{Error, Result},
    fields::{Attribute, By, FieldSpec},
    queries::{Filtering, Graph, Lookup, Node},
    resource::{Resource, check_generic},
};

/// The databases of an API and the resources that share them.
pub struct Declaring {
    databases: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    accounts: Option<Arc<dyn Accounts>>,
    /// By backend.
    open: HashMap<TypeId, Graph>,
    graphs: HashMap<TypeId, Arc<Graph>>,
    pub(crate) compatibility: Compatibility,
}

impl fmt::Debug for Declaring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declaring")
            .field("graphs", &self.graphs)
            .finish_non_exhaustive()
    }
}

impl Declaring {
    pub(super) fn new(
        databases: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
        accounts: Option<Arc<dyn Accounts>>,
        compatibility: Compatibility,
    ) -> Self {
        Self {
            databases,
            accounts,
            open: HashMap::new(),
            graphs: HashMap::new(),
            compatibility,
        }
    }

    pub(crate) fn database<DB: Dialect>(&self) -> Option<Database<DB>> {
        self.databases
            .get(&TypeId::of::<DB>())
            .and_then(|database| database.downcast_ref::<Database<DB>>())
            .cloned()
    }

    /// Enters a resource with a model.
    pub(crate) fn node<DB: Dialect, R: Resource>(&mut self, node: Node) -> Result<()> {
        let graph = self.open.entry(TypeId::of::<DB>()).or_default();
        for (name, rule) in &node.filtering {
            known(&node, name, "filtering")?;
            suited(&node, name, rule)?;
        }
        for name in &node.ordering {
            known(&node, name, "ordering")?;
        }
        graph.by_type.insert(TypeId::of::<R>(), graph.nodes.len());
        graph.nodes.push(node);
        Ok(())
    }

    /// Ends the declarations, and checks the relations between them.
    pub(super) fn freeze(&mut self) -> Result<()> {
        for (backend, graph) in self.open.drain() {
            for node in &graph.nodes {
                for field in &node.fields {
                    related_is_registered(&graph, node, field)?;
                    nothing_is_allowed(node, field)?;
                    check_generic(node, field)?;
                }
            }
            for start in 0..graph.nodes.len() {
                for list in [true, false] {
                    no_circle(&graph, start, list, &mut Vec::new())?;
                }
            }
            self.graphs.insert(backend, Arc::new(graph));
        }
        Ok(())
    }

    /// The resources of a backend, and the place of one among them.
    pub(crate) fn graph<DB: Dialect, R: Resource>(&self) -> (Arc<Graph>, usize) {
        let graph = self
            .graphs
            .get(&TypeId::of::<DB>())
            .cloned()
            .unwrap_or_default();
        let node = graph
            .by_type
            .get(&TypeId::of::<R>())
            .copied()
            .unwrap_or_default();
        (graph, node)
    }
}

fn known(node: &Node, name: &str, option: &str) -> Result<()> {
    if node.field(name).is_some() {
        return Ok(());
    }
    Err(Error::Configuration(format!(
        "`{option}` of `{}` names `{name}`, which is none of its fields",
        node.resource_name
    )))
}

/// A lookup that the column's type cannot do, as only a function that changes the `Meta` can say it.
fn suited(node: &Node, name: &str, rule: &Filtering) -> Result<()> {
    let Filtering::Only(lookups) = rule else {
        return Ok(());
    };
    let Some(field) = node.field(name) else {
        return Ok(());
    };
    let suits = |lookup: &Lookup| match &field.attribute {
        Attribute::Column(column) => lookup.suits(node.columns[*column].kind),
        Attribute::Relation(_) if field.generic().is_some() => *lookup == Lookup::Isnull,
        Attribute::Relation(_) => lookup.suits_relation(),
        _ => true,
    };
    match lookups.iter().find(|lookup| !suits(lookup)) {
        Some(lookup) => Err(Error::Configuration(format!(
            "`filtering` of `{}` allows `{lookup}` on `{name}`, whose type cannot do it",
            node.resource_name
        ))),
        None => Ok(()),
    }
}

/// A relation that may lead nowhere must say so, since its schema does.
fn nothing_is_allowed(node: &Node, field: &FieldSpec) -> Result<()> {
    match field.relation().map(|relation| &relation.by) {
        Some(By::Column(column)) if node.columns[*column].nullable && !field.null => {
            Err(Error::Configuration(format!(
                "the field `{}` of `{}` is over the column `{}`, which may be null: say `null`",
                field.name, node.resource_name, node.columns[*column].name
            )))
        }
        _ => Ok(()),
    }
}

fn related_is_registered(graph: &Graph, node: &Node, field: &FieldSpec) -> Result<()> {
    let missing = match (field.relation(), field.generic()) {
        (_, Some(generic)) => {
            let mut targets = generic.targets.iter();
            let missing = targets.find(|target| graph.node(target.resource).is_none());
            missing.map(|target| target.name)
        }
        (Some(relation), None) if graph.target(relation).is_none() => Some(relation.target_name),
        _ => None,
    };
    match missing {
        None => Ok(()),
        Some(missing) => Err(Error::Configuration(format!(
            "the field `{}` of `{}` is related to {missing}, which is not registered in this API on the same database",
            field.name, node.resource_name
        ))),
    }
}

/// Objects that are written out in one another would never end.
fn no_circle(graph: &Graph, position: usize, list: bool, path: &mut Vec<usize>) -> Result<()> {
    let node = &graph.nodes[position];
    if path.contains(&position) {
        let names: Vec<&str> = path
            .iter()
            .map(|node| graph.nodes[*node].resource_name.as_str())
            .collect();
        return Err(Error::Configuration(format!(
            "`full` goes in a circle: {} and again `{}`",
            names.join(", then "),
            node.resource_name
        )));
    }
    path.push(position);
    for relation in node.fields.iter().filter_map(FieldSpec::relation) {
        if !relation.full.is(list) {
            continue;
        }
        for target in relation.targets() {
            if let Some(next) = graph.by_type.get(&target) {
                no_circle(graph, *next, list, path)?;
            }
        }
    }
    path.pop();
    Ok(())
}

/// What an authentication may ask of the API that it becomes part of.
#[derive(Debug)]
pub struct Binding<'a> {
    pub(crate) declaring: &'a Declaring,
    /// The name of the resource that it guards.
    pub resource_name: &'a str,
}

impl Binding<'_> {
    /// The API's database of this backend.
    pub fn database<DB: Dialect>(&self) -> Option<Database<DB>> {
        self.declaring.database()
    }

    /// Where accounts are looked up: the first database that the API was given.
    pub fn accounts(&self) -> Option<Arc<dyn Accounts>> {
        self.declaring.accounts.clone()
    }
}
