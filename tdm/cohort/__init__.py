"""Many patients at once: who is meant, what is counted, drawn, shown and exported."""
