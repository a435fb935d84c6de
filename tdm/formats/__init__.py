"""How dates are written in each language; every date carries its weekday."""
