"""The REST endpoints of retention: requests and what blocks them, content, exports."""
