"""Links between sites: what belongs to which link, who may open connections to whom, and which addresses are taken."""
