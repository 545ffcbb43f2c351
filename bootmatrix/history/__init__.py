"""What earlier runs came to: kept in a database, compared with this one, told beside its results."""

NO_HISTORY = "none"  # what is written instead of a database's URL
