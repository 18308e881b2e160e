"""Paper: how what the portal says looks as a PDF, in the look of the house; knows nothing of what is said."""
