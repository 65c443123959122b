"""TastyTopping 1.2.5: an object mapper, for which the schema is law.

It takes a resource's name from the last part but two of an address, so `auth/user` is unknown to it; what is used
here has no author.
"""

from datetime import datetime

import tastytopping
from tastytopping import HTTPApiKeyAuth, ResourceFactory

from people import ADA


def names(found):
    return [one.name for one in found]


def reading(url, check):
    factory = ResourceFactory(url)

    check.true("the names of resources", {"subjects", "auth/user", "keyed"} <= set(factory.resources))
    drinks = factory.subjects.get(name="Drinks")
    check.same("a subject", (drinks.id, drinks.uri(), drinks.url),
               (2, "/api/v1/subjects/2/", "http://example.test/s/2?a=1&b=2"))
    check.same("a moment", drinks.created, datetime(2012, 2, 3, 4, 5, 6))
    check.same("what it links to", sorted(note.uri() for note in drinks.notes),
               ["/api/v1/notes/2/", "/api/v1/notes/4/", "/api/v1/notes/6/"])
    cake = factory.categories.get(name="cake")
    check.same("along relations", cake.parent.parent.parent.name, "root")
    check.same("the end of them", cake.parent.parent.parent.parent, None)
    check.same("a default of the schema", factory.measurements(code="x").kind, "plain")
    check.raises("no default in the schema", tastytopping.NoDefaultValueInSchema, lambda: factory.measurements(code="x").label)
    lost = factory.subjects(_fields="/api/v1/subjects/99/")
    check.raises("what is not there", tastytopping.ResourceDeleted, lambda: lost.name)


def filtering(url, check):
    factory = ResourceFactory(url)

    check.same("startswith", names(factory.categories.filter(name__startswith="s")), ["sweet", "savoury", "sponge"])
    check.same("through a relation", names(factory.categories.filter(parent__name="food")), ["sweet", "savoury"])
    check.same("in", names(factory.categories.filter(name__in=["cake", "attic"])), ["cake", "attic"])
    check.same("a count", factory.measurements.filter(kind="fancy").count(), 10)
    check.same("an order", names(factory.categories.all().order_by("-name")[:3]), ["tools", "sweet", "sponge"])
    check.same("two orders", names(factory.categories.all().order_by("parent").order_by("-name"))[:3],
               ["root", "attic", "tools"])
    check.true("what exists", factory.categories.filter(name="cake").exists())
    check.same("the first", factory.categories.filter(name__contains="zzz").first(), None)
    check.same("the latest", factory.measurements.all().latest("whole").id, 3)
    check.raises("none", tastytopping.NoResourcesExist, lambda: factory.categories.get(name="none"))
    check.raises("several", tastytopping.MultipleResourcesReturned, lambda: factory.subjects.get(name="Baking"))
    check.raises("no such filter", tastytopping.FilterNotAllowedForField,
                 lambda: list(factory.subjects.filter(url="http://example.test/")))


def paging(url, check):
    factory = ResourceFactory(url)

    categories = factory.categories.all()
    check.same("all", len(list(categories)), 10)
    check.same("a slice", names(categories[2:5]), ["tools", "sweet", "savoury"])
    check.same("from the end", names(categories[-2:]), ["boxes", "sponge"])
    check.raises("behind the end", IndexError, lambda: categories[10])
    check.same("a few", names(factory.categories.filter(limit=2)), ["root", "food"])


def creating(url, check):
    factory = ResourceFactory(url)

    cheese = factory.subjects(name="Cheese", created=datetime(2020, 1, 2, 3, 4, 5)).save()
    check.same("with data", (cheese.uri(), cheese.url), ("/api/v1/subjects/9/", "http://example.test/"))
    check.rows("in the table", "SELECT name, url, created FROM kitchen_subject WHERE id = 9",
               [["Cheese", "http://example.test/", "2020-01-02 03:04:05"]])
    # Not given back, so it is looked for by what can be filtered.
    spoons = factory.categories(name="spoons").save()
    check.same("without data", (spoons.uri(), spoons.parent), ("/api/v1/categories/11/", None))
    forks = factory.categories(name="forks", parent=factory.categories.get(name="tools"))
    check.raises("nothing to look for it by", tastytopping.NoUniqueFilterableFields, forks.save)
    check.rows("though it was made", "SELECT parent_id FROM kitchen_category WHERE name = 'forks'", [[3]])
    factory.categories.create([{"name": "a"}, {"name": "b"}])
    check.same("two at once", factory.categories.filter(name__in=["a", "b"]).count(), 2)


def updating(url, check):
    factory = ResourceFactory(url)

    solo = factory.subjects.get(name="Solo")
    solo.name = "Duo"
    solo.save()
    check.rows("one field", "SELECT name, url FROM kitchen_subject WHERE id = 8",
               [["Duo", "http://example.test/s/8?a=1&b=2"]])
    solo.update(name="Trio", notes=[])
    solo.refresh()
    check.same("two fields", (solo.name, solo.notes), ("Trio", []))
    check.rows("in the table", "SELECT count(*) FROM kitchen_subject_notes WHERE subject_id = 8", [[0]])
    cake = factory.categories.get(name="cake")
    cake.parent = factory.categories.get(name="savoury")
    cake.save()
    check.rows("a relation", "SELECT parent_id FROM kitchen_category WHERE id = 6", [[5]])
    check.raises("what is read only", tastytopping.ReadOnlyField, lambda: solo.update(resource_uri="/x/"))
    check.raises("what is never null", tastytopping.FieldNotNullable, lambda: solo.update(name=None))
    factory.categories.filter(parent__name="food").update(name="same")
    check.rows("all that a filter finds", "SELECT id FROM kitchen_category WHERE name = 'same' ORDER BY id", [[4], [5]])


def patching_in_bulk(url, check):
    factory = ResourceFactory(url)

    boxes, attic = factory.categories.get(name="boxes"), factory.categories.get(name="attic")
    boxes.name = "crates"
    factory.categories.bulk(create=[{"name": "new"}], update=[boxes], delete=[factory.categories.get(name="sponge")])
    check.rows("in the table", "SELECT id, parent_id, name FROM kitchen_category WHERE id > 7 ORDER BY id",
               [[8, None, "attic"], [9, 8, "crates"], [11, None, "new"]])
    check.same("read again", boxes.parent, attic)
    check.raises("what the schema forbids", tastytopping.RestMethodNotAllowed,
                 lambda: factory.limited.bulk(create=[{"title": "x"}]))


def deleting(url, check):
    factory = ResourceFactory(url)

    solo = factory.subjects.get(name="Solo")
    solo.delete()
    check.raises("it is gone", tastytopping.ResourceDeleted, lambda: solo.name)
    check.rows("in the table", "SELECT count(*) FROM kitchen_subject WHERE id = 8", [[0]])
    factory.subjects.filter(name="Baking").delete()
    check.same("all that a filter finds", factory.subjects.all().count(), 5)
    factory.subjects.all().delete()
    check.rows("all", "SELECT count(*) FROM kitchen_subject", [[0]])


def api_keys(url, check):
    factory = ResourceFactory(url)

    check.raises("no key", tastytopping.ErrorResponse, lambda: list(factory.multi.all()))
    factory.multi.auth = HTTPApiKeyAuth(*ADA)
    # A key is good for five calls here; the schema is one.
    check.same("a key", [note.id for note in factory.multi.all()[:2]], [1, 2])
    check.same("more", factory.multi.all()[2].title, "Dough bread 3")
    note = factory.multi.all()[3]
    note.update(title="Four")
    check.rows("in the table", "SELECT title FROM kitchen_note WHERE id = 4", [["Four"]])
    check.raises("too many", tastytopping.ErrorResponse, lambda: list(factory.multi.all()))
    # Its schema asks whether one may read no object at all, and nobody may.
    factory.keyed.auth = HTTPApiKeyAuth(*ADA)
    check.raises("a schema that nobody may see", tastytopping.ErrorResponse, lambda: list(factory.keyed.all()))


PARTS = (reading, filtering, paging, creating, updating, patching_in_bulk, deleting, api_keys)
