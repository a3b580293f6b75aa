"""The pure rules of forgetting: no Django, no clock."""
