"""Who may call: names, keys and passwords of the fixture (tests/conformance/README.md)."""

ADA = ("ada", "9e52503a0984e613e6ed5f6f9a3cf0b93b2d826b")
BRIAN = ("brian", "a90dff8ba6472d733cb0a37734fe28a8078f8444")
ADAS_PASSWORD = ("ada", "secret-1")

# The notes of ada, in order.
ADAS_NOTES = [5, 10, 15, 20, 25, 35, 40, 45, 50, 55]
