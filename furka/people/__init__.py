"""People: their accounts, how they log in, and the tokens with which their programs act for them."""
