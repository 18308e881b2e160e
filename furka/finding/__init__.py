"""What can be found: one table of texts, kept with every change, always read for somebody."""
