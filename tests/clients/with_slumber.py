"""slumber 0.7.1: dictionaries in and out, errors as exceptions."""

import slumber
from requests.auth import AuthBase

from people import ADA, ADAS_NOTES, ADAS_PASSWORD, BRIAN

NOTE_6 = {
    "author": None, "content": "Note 6 mixes ginger with cider and dough.", "created": "2010-06-13T03:23:06", "id": 6,
    "is_active": True, "resource_uri": "/api/v1/notes/6/", "slug": "ginger-cider-6", "title": "Ginger cider 6",
    "updated": "2010-06-14T03:23:06",
}


class ApiKey(AuthBase):
    """The header of a name and its key."""

    def __init__(self, name, key):
        self.value = "ApiKey %s:%s" % (name, key)

    def __call__(self, request):
        request.headers["Authorization"] = self.value
        return request


def ids(answer):
    return [found["id"] for found in answer["objects"]]


def status(error):
    return error and error.response.status_code


def reading(url, check):
    api = slumber.API(url)

    check.same("a note", api.notes(6).get(), NOTE_6)
    check.same("a name with a slash", api.auth.user(1).get()["username"], "ada")
    several = api.notes.set("1;2;99").get()
    check.same("a set", (ids(several), several["not_found"]), ([1, 2], ["99"]))
    schema = api.subjects.schema.get()
    check.same("filters", schema["filtering"], {"name": 1, "notes": 2})
    check.same("a default", schema["fields"]["url"]["default"], "http://example.test/")
    check.same("no default", schema["fields"]["name"]["default"], "No default provided.")
    gone = check.raises("a note that is not there", slumber.exceptions.HttpNotFoundError, api.notes(9999).get)
    check.same("its body", gone and gone.content, b"")
    gone = check.raises("HEAD", slumber.exceptions.HttpClientError, api.notes.head)
    check.same("its status", status(gone), 405)
    allowed = api.limited
    allowed.options()
    check.same("what is allowed", allowed._.headers["allow"], "GET")


def filtering(url, check):
    notes = slumber.API(url).notes

    check.same("startswith", ids(notes.get(title__startswith="Kale")), [30, 50])
    check.same("in, with commas", ids(notes.get(id__in="3,1,2")), [1, 2, 3])
    check.same("in, repeated", ids(notes.get(id__in=[3, 1, 2])), [1, 2, 3])
    check.same("a range", ids(notes.get(id__range="4,6")), [4, 5, 6])
    check.same("a truth value", notes.get(is_active="false")["meta"]["total_count"], 15)
    check.same("a year", ids(notes.get(created__year=1999)), [14])
    check.same("through a relation", ids(notes.get(author__username="ada")), ADAS_NOTES)
    check.same("without an author", notes.get(author__isnull=True)["meta"]["total_count"], 10)
    check.same("letters beyond ASCII", ids(notes.get(title__contains="brûlée & <b>")), [7])
    check.same("an order", ids(notes.get(order_by="-created", limit=3)), [15, 60, 59])
    check.same("two orders", ids(notes.get(order_by=["slug", "-id"], limit=3)), [20, 40, 60])
    error = check.raises("a limit that is none", slumber.exceptions.HttpClientError, lambda: notes.get(limit="x"))
    check.same("what it says", error and error.content,
               b'{"error": "Invalid limit \'x\' provided. Please provide a positive integer."}')
    error = check.raises("a lookup not allowed", slumber.exceptions.HttpClientError,
                         lambda: notes.get(slug__contains="x"))
    check.same("what it says", error and error.content,
               b'{"error": "\'contains\' is not an allowed filter on the \'slug\' field."}')


def paging(url, check):
    notes = slumber.API(url).notes

    found, offset, page = [], 0, None
    while page is None or page["meta"]["next"] is not None:
        page = notes.get(limit=25, offset=offset, order_by="-id")
        found += ids(page)
        offset += 25
    check.same("all notes", found, list(range(60, 0, -1)))
    check.same("the last page", page["meta"], {
        "limit": 25, "next": None, "offset": 50, "total_count": 60,
        "previous": "/api/v1/notes/?order_by=-id&limit=25&offset=25",
    })
    check.same("as many as may be", notes.get(limit=0)["meta"]["limit"], 1000)


def creating(url, check):
    api = slumber.API(url)

    made = api.subjects.post({"name": "Cheese & wine", "notes": ["/api/v1/notes/3/", "/api/v1/notes/1/"]})
    check.same("what is given back", {name: made[name] for name in ("id", "name", "url", "resource_uri")}, {
        "id": 9, "name": "Cheese & wine", "url": "http://example.test/", "resource_uri": "/api/v1/subjects/9/",
    })
    check.same("its notes", sorted(made["notes"]), ["/api/v1/notes/1/", "/api/v1/notes/3/"])
    check.rows("its links", "SELECT note_id FROM kitchen_subject_notes WHERE subject_id = 9 ORDER BY 1", [[1], [3]])
    notes = api.notes
    made = notes.post({"title": "Ünï", "slug": "uni", "author": "/api/v1/auth/user/2/", "created": "2020-01-02T03:04:05"})
    check.same("nothing is given back", made, b"")
    check.same("where it is", notes._.headers["location"], "/api/v1/notes/61/")
    note = api.notes(61).get()
    check.same("the note", {name: note[name] for name in ("author", "content", "created", "is_active", "title")}, {
        "author": "/api/v1/auth/user/2/", "content": "", "created": "2020-01-02T03:04:05", "is_active": True,
        "title": "Ünï",
    })
    made = api.mediabits.post({"title": "bit", "note": {"title": "Nested", "slug": "nested"}})
    check.same("what is nested", (made["id"], made["image"], made["note"]["title"]), (21, "", "Nested"))
    check.rows("in the table", "SELECT n.title FROM kitchen_mediabit m JOIN kitchen_note n ON n.id = m.note_id"
               " WHERE m.id = 21", [["Nested"]])
    error = check.raises("what may not be made", slumber.exceptions.HttpClientError,
                         lambda: api.basic.post({"title": "x"}))
    check.same("its status", status(error), 405)


def updating(url, check):
    api = slumber.API(url)

    check.same("PUT without data", api.notes(6).put(dict(NOTE_6, title="Put", author="/api/v1/auth/user/1/")), None)
    put = api.notes(6).get()
    check.same("what it became", (put["title"], put["author"], put["created"]),
               ("Put", "/api/v1/auth/user/1/", NOTE_6["created"]))
    check.true("the time of the change", put["updated"] > NOTE_6["updated"])
    check.same("PATCH without data", api.notes(6).patch({"title": "Patched", "author": None}), b"")
    check.rows("in the table", "SELECT title, author_id, slug FROM kitchen_note WHERE id = 6",
               [["Patched", None, "ginger-cider-6"]])
    subject = api.subjects(2).get()
    check.same("PUT with data", api.subjects(2).put(dict(subject, name="Put")), dict(subject, name="Put"))
    check.same("PATCH with data", api.subjects(2).patch({"notes": ["/api/v1/notes/9/"]}),
               dict(subject, name="Put", notes=["/api/v1/notes/9/"]))
    check.same("by its slug", api.slugnotes("kale-kale-10").patch({"title": "Kale"}), b"")
    check.same("PUT makes what is not there", api.subjects(77).put({"name": "New"})["id"], 77)
    error = check.raises("PATCH of what is not there", slumber.exceptions.HttpNotFoundError,
                         lambda: api.subjects(78).patch({"name": "New"}))
    check.same("its status", status(error), 404)


def patching_in_bulk(url, check):
    api = slumber.API(url)

    check.same("PATCH of the list", api.categories.patch({
        "objects": [
            {"name": "spoons", "parent": "/api/v1/categories/3/"},
            {"resource_uri": "/api/v1/categories/2/", "name": "meals"},
        ],
        "deleted_objects": ["/api/v1/categories/8/"],
    }), b"")
    check.rows("in the table", "SELECT id, parent_id, name FROM kitchen_category ORDER BY id", [
        [1, None, "root"], [2, 1, "meals"], [3, 1, "tools"], [4, 2, "sweet"], [5, 2, "savoury"], [6, 4, "cake"],
        [7, 3, "knives"], [10, 6, "sponge"], [11, 3, "spoons"],
    ])
    put = api.subjects.put({"objects": [{"name": "One"}, {"name": "Two", "notes": ["/api/v1/notes/1/"]}]})
    check.same("PUT of the list", [(made["name"], made["notes"]) for made in put["objects"]],
               [("One", []), ("Two", ["/api/v1/notes/1/"])])
    check.same("nothing else is left", api.subjects.get()["meta"]["total_count"], 2)


def deleting(url, check):
    api = slumber.API(url)

    check.same("a note", api.notes(13).delete(), True)
    check.raises("it is gone", slumber.exceptions.HttpNotFoundError, api.notes(13).get)
    check.rows("so are its links", "SELECT count(*) FROM kitchen_subject_notes WHERE note_id = 13", [[0]])
    check.rows("and its pictures", "SELECT count(*) FROM kitchen_mediabit WHERE note_id = 13", [[0]])
    check.same("those that a filter finds", api.notes.delete(title__startswith="Kale"), True)
    check.same("those are gone", api.notes.get(title__startswith="Kale")["meta"]["total_count"], 0)
    check.same("the others are not", api.notes.get()["meta"]["total_count"], 57)
    check.raises("twice", slumber.exceptions.HttpNotFoundError, api.notes(13).delete)


def api_keys(url, check):
    ada, brian = slumber.API(url, auth=ApiKey(*ADA)), slumber.API(url, auth=ApiKey(*BRIAN))

    check.same("one's own", ids(ada.keyed.get()), ADAS_NOTES)
    made = ada.keyed.post({"title": "Mine", "slug": "mine", "author": "/api/v1/auth/user/2/"})
    check.same("made by oneself", (made["id"], made["author"]), (61, "/api/v1/auth/user/1/"))
    check.same("changed", ada.keyed(61).patch({"title": "Still mine"})["title"], "Still mine")
    for what, call in (
        ("somebody else's", brian.keyed(61).get),
        ("its change", lambda: brian.keyed(61).patch({"title": "No"})),
        ("its end", brian.keyed(61).delete),
        ("no key", slumber.API(url).keyed.get),
        ("a wrong key", slumber.API(url, auth=ApiKey("ada", BRIAN[1])).keyed.get),
    ):
        error = check.raises(what, slumber.exceptions.HttpClientError, call)
        check.same("the status of " + what, status(error), 401)
    check.same("deleted", ada.keyed(61).delete(), True)
    check.rows("in the table", "SELECT count(*) FROM kitchen_note WHERE id = 61", [[0]])
    check.same("a password", len(ids(slumber.API(url, auth=ADAS_PASSWORD).basic.get())), 20)


PARTS = (reading, filtering, paging, creating, updating, patching_in_bulk, deleting, api_keys)
