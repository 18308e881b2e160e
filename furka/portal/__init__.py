"""The HTML pages: thin views over queries and operations, one module per family of screens."""
