"""The two sides of a contract and the roles on each."""

VENDOR = ("administrator", "contract_manager", "support", "privacy_officer", "finance", "auditor")
CLIENT = ("client_administrator", "client_finance", "client_privacy_officer", "authorised_contact")
