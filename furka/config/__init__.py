"""Settings, addresses and entry points: the only place that knows which rooms and services are present."""
