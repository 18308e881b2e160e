"""A watcher on another machine: looks at a portal from outside and publishes a static page. No Django."""
