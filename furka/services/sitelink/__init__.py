"""Links between sites: the service that is configured at a reseller or a customer, over the sites below it."""
