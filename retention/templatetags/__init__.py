"""What the templates of retention's pages use."""
