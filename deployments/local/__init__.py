"""The whole product on one machine: started in order, supervised, looked at, stopped."""
