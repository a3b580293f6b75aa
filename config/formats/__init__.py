"""How days and times are written, where Django's own way would mislead: English without the American order."""
