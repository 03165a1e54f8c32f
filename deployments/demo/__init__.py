"""`crm demo`: a cast of teams and reps, leads posted over HTTP, and a story whose sums are checked."""
