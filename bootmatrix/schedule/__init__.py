"""What runs when: tasks that need one another and share a host, the longest first, by the times of earlier runs."""
