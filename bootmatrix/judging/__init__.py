"""From how a boot ended to what it means: outcome, verdict, metrics, quarantine."""
