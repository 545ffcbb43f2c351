"""What earlier runs came to: kept in a database, compared with this one, told beside its results."""
