"""SCIM 2.0 (RFC 7643, RFC 7644): the face of licensed users and groups to clients' identity providers."""
