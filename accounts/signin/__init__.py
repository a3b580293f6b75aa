"""Sign-in as allauth does it: what of it is open, in which scope it runs, how it looks, and what it writes down."""
