"""Tables of leads from other systems: how a file is cut into rows, what a mapping says of its columns, what each row means."""
