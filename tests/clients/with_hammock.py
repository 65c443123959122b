"""hammock 0.2.4: addresses as attributes, answers as requests gives them, so headers and bytes can be seen."""

from hammock import Hammock

from people import ADA, ADAS_NOTES, ADAS_PASSWORD


def connect(url, **options):
    # With a slash at its end the address would have two before each name.
    return Hammock(url.rstrip("/"), append_slash=True, **options)


def ids(answer):
    return [found["id"] for found in answer.json()["objects"]]


def seen(answer, *headers):
    return (answer.status_code, answer.text) + tuple(answer.headers.get(name) for name in headers)


def reading(url, check):
    api = connect(url)

    category = api.categories(2).GET()
    check.same("a category", seen(category, "Content-Type", "Vary", "Cache-Control"), (
        200, '{"id": 2, "name": "food", "parent": "/api/v1/categories/1/", "resource_uri": "/api/v1/categories/2/"}',
        "application/json", "Accept", "no-cache",
    ))
    check.same("a set", ids(api.categories.set("3;1").GET()), [3, 1])
    check.same("what is not there", seen(api.categories(99).GET()), (404, ""))
    check.same("what is allowed", seen(api.limited(1).OPTIONS(), "Allow"), (200, "GET,PUT", "GET,PUT"))
    check.same("HEAD", api.categories.HEAD().status_code, 405)
    moved = api.categories(2).GET(headers={"Accept": "text/html"})
    check.same("an unknown format", moved.headers["Content-Type"], "application/json")
    without_slash = Hammock(url.rstrip("/")).categories(2).GET()
    check.same("without a slash", [past.status_code for past in without_slash.history], [301])
    check.same("the same", without_slash.text, category.text)


def filtering(url, check):
    api = connect(url)

    check.same("two filters", ids(api.notes.GET(params={"title__endswith": "0", "is_active": "true"})), [30, 50])
    check.same("a repeated name", ids(api.notes.GET(params=[("order_by", "author__username"), ("order_by", "-id"),
                                                            ("author__isnull", "false"), ("limit", "2")])), [55, 50])
    check.same("what the client got wrong", seen(api.notes.GET(params={"author__password__startswith": "p"}))[0], 400)
    check.same("markup", api.notes.GET(params={"order_by": "<b>"}).json(),
               {"error": "No matching '&lt;b&gt;' field for ordering on."})


def paging(url, check):
    api = connect(url)

    page = api.categories.GET(params={"limit": 4, "name__contains": "o"})
    check.same("where the rest is", page.json()["meta"], {
        "limit": 4, "next": "/api/v1/categories/?name__contains=o&limit=4&offset=4", "offset": 0, "previous": None,
        "total_count": 6,
    })
    rest = Hammock(url[: url.index("/api/")] + page.json()["meta"]["next"]).GET()
    check.same("the rest", len(rest.json()["objects"]), 2)


def creating(url, check):
    api = connect(url)

    made = api.categories.POST(json={"name": "new", "parent": "/api/v1/categories/1/"})
    check.same("a category", seen(made, "Location", "Content-Type"),
               (201, "", "/api/v1/categories/11/", "text/html; charset=utf-8"))
    check.rows("in the table", "SELECT parent_id, name FROM kitchen_category WHERE id = 11", [[1, "new"]])
    check.same("what is no JSON", api.categories.POST(data="{", headers={"Content-Type": "application/json"}).status_code,
               400)


def updating(url, check):
    api = connect(url)

    check.same("PUT", seen(api.categories(2).PUT(json={"name": "meals", "parent": None})), (204, ""))
    check.same("PATCH", seen(api.categories(2).PATCH(json={"parent": "/api/v1/categories/3/"})), (202, ""))
    check.rows("in the table", "SELECT parent_id, name FROM kitchen_category WHERE id = 2", [[3, "meals"]])
    # hammock cannot send what it does not know, and so patches by POST as behind an old proxy.
    posted = api.categories(2).POST(json={"name": "food"}, headers={"X-HTTP-Method-Override": "PATCH"})
    check.same("an override", posted.status_code, 202)
    check.same("it came through", api.categories(2).GET().json()["name"], "food")


def patching_in_bulk(url, check):
    api = connect(url)

    patched = api.categories.PATCH(json={"objects": [{"name": "new"}], "deleted_objects": ["/api/v1/categories/3/"]})
    check.same("PATCH of the list", seen(patched), (202, ""))
    check.rows("in the table", "SELECT id FROM kitchen_category WHERE id IN (3, 7, 11)", [[11]])
    check.same("PUT of the list", seen(api.categories.PUT(json={"objects": [{"name": "alone"}]})), (204, ""))
    check.rows("nothing else is left", "SELECT name, parent_id FROM kitchen_category", [["alone", None]])
    check.same("without objects", api.categories.PATCH(json={"name": "x"}).status_code, 400)


def deleting(url, check):
    api = connect(url)

    check.same("a category", seen(api.categories(8).DELETE(), "Content-Type"), (204, "", None))
    check.rows("and what is below", "SELECT count(*) FROM kitchen_category WHERE id IN (8, 9)", [[0]])
    check.same("twice", seen(api.categories(8).DELETE())[0], 404)
    check.same("by a filter", api.categories.DELETE(params={"name": "knives"}).status_code, 204)
    check.rows("only that", "SELECT count(*) FROM kitchen_category", [[7]])


def api_keys(url, check):
    api = connect(url, headers={"Authorization": "ApiKey %s:%s" % ADA})

    check.same("one's own", ids(api.keyed.GET()), ADAS_NOTES)
    check.same("in the address", ids(connect(url).keyed.GET(params={"username": ADA[0], "api_key": ADA[1]})), ADAS_NOTES)
    check.same("no key", seen(connect(url).keyed.GET(), "WWW-Authenticate"), (401, "", None))
    made = api.keyed.POST(json={"title": "Mine", "slug": "mine"})
    check.same("made by oneself", (made.status_code, made.json()["author"]), (201, "/api/v1/auth/user/1/"))
    check.same("somebody else's", seen(api.keyed(1).PATCH(json={"title": "x"})), (401, ""))
    check.same("all of one's own", api.keyed.DELETE().status_code, 204)
    check.rows("the others stay", "SELECT count(*) FROM kitchen_note", [[60 - len(ADAS_NOTES)]])
    check.same("a challenge", seen(connect(url).basic.GET(), "WWW-Authenticate"),
               (401, "", 'Basic Realm="django-tastypie"'))
    check.same("a password", connect(url, auth=ADAS_PASSWORD).basic.GET().status_code, 200)


PARTS = (reading, filtering, paging, creating, updating, patching_in_bulk, deleting, api_keys)
