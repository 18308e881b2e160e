"""The journal: append-only events, chained by hash, so that an edited or missing row is found."""
