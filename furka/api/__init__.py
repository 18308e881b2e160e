"""The REST API: the same operations as the pages, for programs, with a document that says all of it."""
