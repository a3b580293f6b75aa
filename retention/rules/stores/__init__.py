"""What the settings of stores beyond the vault must be, one kind a file. Pure: faults are named by field."""
