"""How English writes them."""

DATE_FORMAT = "D j M Y"
DATETIME_FORMAT = "D j M Y H:i"
SHORT_DATE_FORMAT = "j M Y"
MONTH_DAY_FORMAT = "D j M"
YEAR_MONTH_FORMAT = "M Y"
