"""Live updates: one watcher of the log in a process, and a socket for each listener."""
