"""Who sees what: a world with two orgs and teams in a tree, what must be true in it, and mutants in which it is not."""
