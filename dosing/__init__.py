"""The drug in the body: prescribed, measured, judged, decided."""
