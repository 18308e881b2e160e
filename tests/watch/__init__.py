"""The watcher outside."""
