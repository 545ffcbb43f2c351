"""One boot: prepared, launched, watched, judged, and tried again."""
