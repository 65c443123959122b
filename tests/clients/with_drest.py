"""drest 0.9.12: resources by name, over httplib2."""

import drest

from people import ADA, ADAS_NOTES, ADAS_PASSWORD, BRIAN


def connect(url, **options):
    """Knows the resources whose names drest can take: `auth/user` is none."""
    api = drest.api.TastyPieAPI(url, auto_detect_resources=False, **options)
    for name in sorted(api.make_request("GET", "/").data):
        if "/" not in name:
            api.add_resource(name)
    return api


def ids(response):
    return [found["id"] for found in response.data["objects"]]


def refused(check, what, call, status):
    error = check.raises(what, drest.exc.dRestRequestError, call)
    check.same("the status of " + what, error and error.response.status, status)


def reading(url, check):
    api = connect(url)

    root = api.make_request("GET", "/").data
    check.same("the root", root["notes"], {"list_endpoint": "/api/v1/notes/", "schema": "/api/v1/notes/schema/"})
    note = api.notes.get(2)
    check.same("a note", (note.status, note.data["title"], note.data["author"]),
               (200, "Cider olive 2", "/api/v1/auth/user/3/"))
    check.same("its type", note.headers["content-type"], "application/json")
    check.same("by its address", api.notes.get_by_uri("/api/v1/notes/2/").data, note.data)
    check.same("by a word", api.slugnotes.get("kale-kale-10").data["id"], 10)
    check.same("a schema", api.notes.schema["filtering"]["slug"], ["exact", "in", "startswith"])
    check.same("its methods", api.limited.schema["allowed_detail_http_methods"], ["get", "put"])
    check.same("full objects", [found["name"] for found in api.fullnotes.get(7).data["subjects"]], ["Fruit", "Naïve"])
    refused(check, "a note that is not there", lambda: api.notes.get(9999), 404)
    check.raises("a name with a slash", drest.exc.dRestResourceError, lambda: drest.api.TastyPieAPI(url))


def filtering(url, check):
    api = connect(url)

    found = api.notes.get(params={"title__icontains": "HONEY", "order_by": "-id"})
    check.same("icontains", ids(found), [47, 41, 27, 21, 1])
    check.same("through links", ids(api.subjects.get(params={"notes__author__username": "ada"})), [1, 4])
    check.same("a price", ids(api.measurements.get(params={"price": "18.22"})), [6])
    check.same("a day", ids(api.measurements.get(params={"day__lt": "2000-01-01"})), [8])
    check.same("what is null", api.categories.get(params={"parent__isnull": "true"}).data["meta"]["total_count"], 2)
    refused(check, "an order not allowed", lambda: api.notes.get(params={"order_by": "content"}), 400)


def paging(url, check):
    api = connect(url)

    first = api.notes.get(params={"limit": 50}).data["meta"]
    check.same("the first page", first, {"limit": 50, "next": "/api/v1/notes/?limit=50&offset=50", "offset": 0,
                                         "previous": None, "total_count": 60})
    check.same("the next page", ids(api.notes.get(params={"limit": 50, "offset": 50})), list(range(51, 61)))
    check.same("behind the end", ids(api.notes.get(params={"offset": 500})), [])


def creating(url, check):
    api = connect(url)

    made = api.subjects.post({"name": "Cheese", "url": "http://example.test/c", "notes": ["/api/v1/notes/2/"]})
    check.same("with data", (made.status, made.data["id"], made.data["name"], made.data["notes"]),
               (201, 9, "Cheese", ["/api/v1/notes/2/"]))
    check.same("where it is", made.headers["location"], "/api/v1/subjects/9/")
    made = api.notes.create({"title": "Made", "slug": "made", "is_active": False})
    check.same("without data", (made.status, made.headers["location"]), (201, "/api/v1/notes/61/"))
    check.rows("in the table", "SELECT title, slug, content, is_active, author_id FROM kitchen_note WHERE id = 61",
               [["Made", "made", "", 0, None]])
    made = api.measurements.post({
        "whole": 1, "big": 2 ** 40, "ratio": 0.5, "price": "12.5", "day": "2020-02-29", "clock": "01:02:03",
        "stamp": "2020-02-29T01:02:03.000004", "label": "l", "code": "made",
    })
    check.same("numbers and days", made.status, 201)
    check.rows("as they are kept", "SELECT big, ratio, price, day, clock, stamp, kind, body FROM kitchen_measurement"
               " WHERE code = 'made'",
               [[2 ** 40, 0.5, 12.5, "2020-02-29", "01:02:03", "2020-02-29 01:02:03.000004", "plain", ""]])


def updating(url, check):
    api = connect(url)

    note = api.notes.get(3).data
    put = api.notes.put(3, dict(note, title="Put"))
    check.same("PUT", put.status, 204)
    got = api.notes.get(3).data
    check.same("what it became", dict(got, updated=None), dict(note, title="Put", updated=None))
    patched = api.subjects.patch(1, {"name": "Patched"})
    check.same("PATCH", (patched.status, patched.data["name"], len(patched.data["notes"])), (202, "Patched", 6))
    check.same("PATCH without data", api.categories.patch(4, {"parent": "/api/v1/categories/3/"}).status, 202)
    check.rows("in the table", "SELECT parent_id, name FROM kitchen_category WHERE id = 4", [[3, "sweet"]])
    check.same("a synonym", api.notes.update(3, dict(note, title="Updated")).status, 204)
    refused(check, "PATCH of what is not there", lambda: api.notes.patch(9999, {"title": "x"}), 404)


def patching_in_bulk(url, check):
    api = connect(url)

    patched = api.categories.patch_list(
        [{"name": "new"}, {"resource_uri": "/api/v1/categories/1/", "name": "trunk"}],
        ["/api/v1/categories/10/", "/api/v1/categories/8/"],
    )
    check.same("its status", patched.status, 202)
    check.rows("in the table", "SELECT id, name FROM kitchen_category WHERE id NOT BETWEEN 2 AND 7 ORDER BY id",
               [[1, "trunk"], [11, "new"]])


def deleting(url, check):
    api = connect(url)

    check.same("its status", api.notes.delete(60).status, 204)
    check.rows("in the table", "SELECT count(*) FROM kitchen_note WHERE id = 60", [[0]])
    check.rows("and its link", "SELECT count(*) FROM kitchen_subject_notes WHERE note_id = 60", [[0]])
    refused(check, "twice", lambda: api.notes.delete(60), 404)
    check.same("what hangs on it", api.categories.delete(8).status, 204)
    check.rows("goes with it", "SELECT id FROM kitchen_category WHERE id > 7", [[10]])


def api_keys(url, check):
    api = connect(url)
    api.auth(*ADA)

    check.same("one's own", ids(api.keyed.get()), ADAS_NOTES)
    made = api.keyed.post({"title": "Mine", "slug": "mine"})
    check.same("made by oneself", (made.status, made.data["author"]), (201, "/api/v1/auth/user/1/"))
    put = api.keyed.put(61, dict(made.data, title="Put"))
    check.same("changed", (put.status, put.data["title"]), (200, "Put"))
    refused(check, "somebody else's", lambda: api.keyed.get(1), 401)
    refused(check, "its change", lambda: api.keyed.put(1, {"title": "x"}), 401)
    check.same("bulk of one's own", api.keyed.patch_list([{"resource_uri": "/api/v1/keyed/5/", "title": "Bulk"}]).status,
               202)
    check.rows("in the table", "SELECT id, title FROM kitchen_note WHERE id IN (1, 5)", [[1, "Bread honey 1"], [5, "Bulk"]])
    api.auth("brian", BRIAN[1])
    refused(check, "another caller", lambda: api.keyed.delete(61), 401)
    by_password = connect(url, auth_mech="basic")
    by_password.auth(*ADAS_PASSWORD)
    check.same("a password", by_password.basic.get(1).data["title"], "Bread honey 1")
    by_password.auth("ada", "wrong")
    refused(check, "a wrong password", lambda: by_password.basic.get(1), 401)


PARTS = (reading, filtering, paging, creating, updating, patching_in_bulk, deleting, api_keys)
