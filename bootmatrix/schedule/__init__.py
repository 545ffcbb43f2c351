"""What runs when: tasks that need one another and share a host, the longest first, by what earlier runs took."""
